//! How one store stands: what its objects and its shop said of late, and the
//! verdict. Pure; time comes in from outside.
//!
//! *Hysteresis.* One failed probe changes nothing; the second in a row counts,
//! and one success wipes both out. What may be the middle of a rolling update
//! counts only after [`PATIENCE`].

use std::time::{Duration, Instant};

use shared::contract::observation::{Health, HealthReason};

use crate::observer::examine::Ailment;

/// How long an ailment may last before it is told, unless it is told at once.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// What is said of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// In one word.
    pub health: Health,
    /// Why it is not Healthy.
    pub reasons: Vec<HealthReason>,
}

/// What the shop said last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Shop {
    /// It was not asked yet.
    #[default]
    Unasked,
    /// It served.
    Serves,
    /// It did not.
    Fails {
        /// So many times in a row.
        times: u32,
        /// Why, the last time.
        why: String,
        /// Whether others failed as well, so that it is not the shop's fault.
        shared: bool,
        /// Whether it is told (only a second failure is).
        served_before: bool,
    },
}

/// One store.
#[derive(Debug, Default)]
pub struct Standing {
    /// Where its shop is.
    pub url: Option<String>,
    ailments: Vec<Ailment>,
    /// Since when there is something that needs patience.
    patient_since: Option<Instant>,
    shop: Shop,
    said: Option<Verdict>,
}

impl Standing {
    /// What its objects say now.
    pub fn examined(&mut self, ailments: Vec<Ailment>, now: Instant) {
        let patient = ailments.iter().any(|ailment| !ailment.at_once);
        self.patient_since = patient.then(|| self.patient_since.unwrap_or(now));
        self.ailments = ailments;
    }

    /// What its shop says; `shared`: others do not answer either.
    pub fn probed(&mut self, answer: Result<(), String>, shared: bool) {
        self.shop = match (answer, &self.shop) {
            (Ok(()), _) => Shop::Serves,
            (Err(why), before) => Shop::Fails {
                times: self.failures() + 1,
                why,
                shared,
                served_before: match before {
                    Shop::Serves => true,
                    Shop::Unasked => false,
                    Shop::Fails { served_before, .. } => *served_before,
                },
            },
        };
    }

    /// How often in a row the shop has failed.
    #[must_use]
    pub fn failures(&self) -> u32 {
        match &self.shop {
            Shop::Unasked | Shop::Serves => 0,
            Shop::Fails { times, .. } => *times,
        }
    }

    /// Whether its objects are as they should be.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.ailments.is_empty()
    }

    /// The verdict now; `None` while nothing is known yet.
    #[must_use]
    pub fn verdict(&self, now: Instant) -> Option<Verdict> {
        let since = self.patient_since;
        let is_old = since.is_some_and(|since| now.duration_since(since) >= PATIENCE);
        let told = self.ailments.iter().filter(|a| a.at_once || is_old);
        let mut reasons: Vec<HealthReason> = told.map(|a| a.reason.clone()).collect();
        let mut health = Health::Degraded;
        let mut known = true;
        match &self.shop {
            Shop::Serves => {}
            Shop::Unasked => known = self.url.is_none(),
            Shop::Fails {
                times: 1,
                served_before,
                ..
            } => known = *served_before,
            Shop::Fails { why, shared, .. } => {
                if *shared && reasons.is_empty() {
                    health = Health::Unknown;
                }
                reasons.push(unreachable(why, *shared));
            }
        }
        if !reasons.is_empty() {
            return Some(Verdict { health, reasons });
        }
        // While it ails but is not told yet, the last word stands.
        if !self.ailments.is_empty() || !known {
            return self.said.clone();
        }
        Some(Verdict {
            health: Health::Healthy,
            reasons,
        })
    }

    /// The verdict, if it is another than the one that was said last; from now
    /// on this is the one that was said.
    pub fn news(&mut self, now: Instant) -> Option<Verdict> {
        let verdict = self.verdict(now)?;
        let before = self.said.as_ref().map(Verdict::gist);
        if before == Some(verdict.gist()) {
            return None;
        }
        self.said = Some(verdict.clone());
        Some(verdict)
    }
}

impl Verdict {
    /// What makes two verdicts different; numbers in a message do not.
    fn gist(&self) -> (Health, Vec<(&str, &str)>) {
        let reasons = self.reasons.iter();
        let reasons = reasons.map(|r| (r.code.as_str(), r.object.as_str()));
        (self.health, reasons.collect())
    }
}

fn unreachable(why: &str, shared: bool) -> HealthReason {
    let message = match shared {
        true => format!("other stores do not answer either: {why}"),
        false => why.to_owned(),
    };
    HealthReason {
        code: "StorefrontUnreachable".to_owned(),
        object: String::new(),
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ailment(code: &str, at_once: bool) -> Ailment {
        let reason = HealthReason {
            code: code.to_owned(),
            object: String::new(),
            message: String::new(),
        };
        Ailment { reason, at_once }
    }

    fn asked() -> Standing {
        Standing {
            url: Some("http://store-k7q2mx.localhost".to_owned()),
            ..Standing::default()
        }
    }

    /// `+` a success, `-` a failure, `~` one that others share, `d` the database
    /// goes, `w` the web goes, `.` all objects are well again, ` ` time passes.
    fn story(steps: &str) -> String {
        let mut now = Instant::now();
        let mut standing = asked();
        let mut said = Vec::new();
        for step in steps.chars() {
            match step {
                '+' => standing.probed(Ok(()), false),
                '-' => standing.probed(Err("503".to_owned()), false),
                '~' => standing.probed(Err("503".to_owned()), true),
                'd' => standing.examined(vec![ailment("DatabaseNotReady", true)], now),
                'w' => standing.examined(vec![ailment("WebNotReady", false)], now),
                '.' => standing.examined(Vec::new(), now),
                _ => now += PATIENCE,
            }
            if let Some(verdict) = standing.news(now) {
                let codes = verdict
                    .reasons
                    .iter()
                    .map(|r| r.code.replace("StorefrontUnreachable", "Shop"));
                let codes: Vec<String> = codes.collect();
                said.push(format!(
                    "{}{}",
                    verdict.health.as_str(),
                    codes.iter().map(|c| format!("/{c}")).collect::<String>()
                ));
            }
        }
        said.join(" ")
    }

    #[test]
    fn what_is_said_after_each_story() {
        for (steps, said) in [
            // Not known before it was asked.
            (".", ""),
            (".+", "Healthy"),
            // One failed probe changes nothing, also the very first.
            ("+-", "Healthy"),
            ("+-+-+-+", "Healthy"),
            ("-", ""),
            ("-+", "Healthy"),
            // Two in a row do, and one success heals.
            ("+--", "Healthy Degraded/Shop"),
            ("--", "Degraded/Shop"),
            ("+-----+", "Healthy Degraded/Shop Healthy"),
            // Others fail, too: not the shop's fault.
            ("+-~", "Healthy Unknown/Shop"),
            ("+~~~+", "Healthy Unknown/Shop Healthy"),
            ("+~~-", "Healthy Unknown/Shop Degraded/Shop"),
            // The database's loss is told at once, a rolling update never.
            ("+d.", "Healthy Degraded/DatabaseNotReady Healthy"),
            ("+w.", "Healthy"),
            ("+w.w.w.", "Healthy"),
            ("+w .", "Healthy Degraded/WebNotReady Healthy"),
            // Objects are evidence, whatever the way to the shops is like.
            (
                "+d~~",
                "Healthy Degraded/DatabaseNotReady Degraded/DatabaseNotReady/Shop",
            ),
            // Without a single probe the objects can only speak ill.
            ("d", "Degraded/DatabaseNotReady"),
            ("d.", "Degraded/DatabaseNotReady"),
            ("d.+", "Degraded/DatabaseNotReady Healthy"),
            // Well again, but the shop does not serve yet.
            (
                "+d--.+",
                "Healthy Degraded/DatabaseNotReady Degraded/DatabaseNotReady/Shop Degraded/Shop Healthy",
            ),
        ] {
            assert_eq!(story(steps), said, "`{steps}`");
        }
    }

    #[test]
    fn a_store_without_an_address_is_judged_by_its_objects() {
        let mut standing = Standing::default();
        standing.examined(Vec::new(), Instant::now());
        let verdict = standing.news(Instant::now()).unwrap();
        assert_eq!(verdict.health, Health::Healthy);
    }
}
