//! Where all that is seen comes together and becomes verdicts. No IO: changes
//! and answers go in; shops to ask and looks to tell come out.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use shared::contract::observation::{Look, NamespaceSeen, ShopKind};
use shared::ids::StoreId;
use time::OffsetDateTime;

use crate::metrics::METRICS;
use crate::observer::crowd::Crowd;
use crate::observer::examine::{Examined, examine};
use crate::observer::inventory;
use crate::observer::picture::{Picture, Told};
use crate::observer::rounds::Rounds;
use crate::observer::standing::{Standing, Verdict};
use crate::storefront::Shop;

/// Others that are asked at once when a shop fails for the first time.
const SAMPLE: usize = 3;

/// What a shop said when it was asked.
#[derive(Debug)]
pub struct Answer {
    /// Whose.
    pub store: String,
    /// Why not, if not.
    pub result: Result<(), String>,
    /// Whether the control host failed as well; asked only after a failure.
    pub control_fails: bool,
}

/// Everything known, and what follows.
#[derive(Debug)]
pub struct Desk {
    installation: String,
    /// Where the stores' Leases are.
    platform: String,
    interval: Duration,
    /// What the watches told.
    pub picture: Picture,
    standings: BTreeMap<String, Standing>,
    rounds: Rounds,
    crowd: Crowd,
    sampled: Option<Instant>,
    /// Stores that somebody works on, and when to look at them again.
    later: BTreeMap<String, Instant>,
    begun: bool,
    came_or_went: bool,
    news: Vec<Look>,
}

impl Desk {
    /// Nothing known yet. `interval`: between two questions to a shop.
    #[must_use]
    pub fn new(installation: &str, platform: &str, interval: Duration) -> Self {
        Self {
            installation: installation.to_owned(),
            platform: platform.to_owned(),
            interval,
            picture: Picture::default(),
            standings: BTreeMap::new(),
            rounds: Rounds::new(interval),
            crowd: Crowd::default(),
            sampled: None,
            later: BTreeMap::new(),
            begun: false,
            came_or_went: false,
            news: Vec::new(),
        }
    }

    /// A watch told something. Before all have told all, nothing is judged.
    pub fn told(&mut self, told: Told, now: Instant) {
        let (touched, of_namespace) = self.picture.apply(told);
        if !self.picture.is_told() {
            return;
        }
        let touched = match self.begun {
            true => touched,
            false => self.picture.stores(),
        };
        self.came_or_went |= of_namespace || !self.begun;
        for store in touched {
            self.review(&store, now);
        }
        self.begun = true;
    }

    /// Time has passed: patience and leases end.
    pub fn tick(&mut self, now: Instant) {
        let free = self.later.iter().filter(|(_, until)| **until <= now);
        let free: Vec<String> = free.map(|(store, _)| store.clone()).collect();
        for store in free {
            self.review(&store, now);
        }
        let waiting = self
            .standings
            .iter()
            .filter(|(_, standing)| !standing.is_whole());
        let waiting: Vec<String> = waiting.map(|(store, _)| store.clone()).collect();
        for store in waiting {
            self.say(&store, now);
        }
    }

    /// Shops to ask now, their addresses and what they are, at most so many.
    pub fn to_ask(&mut self, room: usize, now: Instant) -> Vec<(String, String, Shop)> {
        let due = self.rounds.due(room, now).into_iter();
        due.filter_map(|store| {
            let url = self.standings.get(&store)?.url.clone()?;
            let shop = self.picture.shop(&store);
            Some((store, url, shop))
        })
        .collect()
    }

    /// A shop answered, or did not.
    pub fn answered(&mut self, answer: Answer, now: Instant) {
        let Answer {
            store,
            result,
            control_fails,
        } = answer;
        let Some(standing) = self.standings.get_mut(&store) else {
            return;
        };
        let serves = result.is_ok();
        // The shop of a store without its pods says nothing about the others.
        if standing.is_whole() {
            self.crowd.heard(&store, serves, now);
            if !serves && standing.failures() == 0 {
                self.sample(&store, now);
            }
        }
        let shared = !serves && (control_fails || self.crowd.mostly_fails());
        METRICS.probed(match (serves, shared) {
            (true, _) => "ok",
            (false, false) => "failed",
            (false, true) => "shared",
        });
        if let Some(standing) = self.standings.get_mut(&store) {
            standing.probed(result, shared);
            self.rounds.answered(&store, standing.failures(), now);
        }
        self.say(&store, now);
    }

    /// Looks whose verdict is new, since this was asked last.
    pub fn news(&mut self) -> Vec<Look> {
        std::mem::take(&mut self.news)
    }

    /// A look at every store of which anything is known.
    #[must_use]
    pub fn looks(&self, now: Instant) -> Vec<Look> {
        let at = OffsetDateTime::now_utc();
        let all = self.standings.iter();
        all.filter_map(|(store, standing)| {
            let shop = self.picture.told_shop(store);
            look(store, standing.verdict(now)?, shop, at)
        })
        .collect()
    }

    /// Every namespace that is, or looks like, a store's; empty before all is told.
    #[must_use]
    pub fn inventory(&self) -> Vec<NamespaceSeen> {
        inventory::list(&self.picture, &self.platform)
    }

    /// Whether a namespace came, went or changed since this was asked last.
    pub fn came_or_went(&mut self) -> bool {
        std::mem::take(&mut self.came_or_went)
    }

    fn review(&mut self, store: &str, now: Instant) {
        let facts = self.picture.store(store, &self.platform);
        self.later.remove(store);
        match examine(&facts, &self.installation, now) {
            Examined::Aside(until) => {
                if let Some(until) = until {
                    self.later.insert(store.to_owned(), until);
                }
                // Whatever comes of it is another store than the one known.
                self.standings.remove(store);
                self.rounds.leave(store);
            }
            Examined::Counted { url, ailments } => {
                let standing = self.standings.entry(store.to_owned()).or_default();
                let was_whole = standing.is_whole();
                standing.examined(ailments, now);
                let is_asked = url.is_some();
                standing.url = url;
                if is_asked {
                    // After a take-over all are due at once: spread them.
                    let within = match self.begun {
                        true => self.rounds.again(),
                        false => self.interval,
                    };
                    self.rounds.enter(store, within, now);
                } else {
                    self.rounds.leave(store);
                }
                if !was_whole && standing.is_whole() && standing.failures() > 0 {
                    self.rounds.hasten(store, now);
                }
                self.say(store, now);
            }
        }
    }

    /// Ask some others as well, to know whether it is this shop's own fault.
    fn sample(&mut self, failing: &str, now: Instant) {
        let again = self.rounds.again();
        if self
            .sampled
            .is_some_and(|at| now.duration_since(at) < again)
        {
            return;
        }
        self.sampled = Some(now);
        let well = self.standings.iter().filter(|(store, standing)| {
            store.as_str() != failing && standing.is_whole() && standing.failures() == 0
        });
        let well: Vec<&String> = well.map(|(store, _)| store).collect();
        let start = rand::random_range(0..well.len().max(1));
        for store in well.iter().cycle().skip(start).take(SAMPLE.min(well.len())) {
            self.rounds.hasten(store, now);
        }
    }

    fn say(&mut self, store: &str, now: Instant) {
        let Some(standing) = self.standings.get_mut(store) else {
            return;
        };
        let Some(verdict) = standing.news(now) else {
            return;
        };
        let reasons = verdict.reasons.iter();
        let reasons: Vec<&str> = reasons.map(|reason| reason.code.as_str()).collect();
        tracing::info!(
            store.id = store,
            health = verdict.health.as_str(),
            ?reasons,
            "health"
        );
        let shop = self.picture.told_shop(store);
        self.news
            .extend(look(store, verdict, shop, OffsetDateTime::now_utc()));
    }
}

fn look(store: &str, verdict: Verdict, shop: Option<Shop>, at: OffsetDateTime) -> Option<Look> {
    let shop = shop.map(|shop| match shop {
        Shop::WordPress => ShopKind::WordPress,
        Shop::WooCommerce => ShopKind::WooCommerce,
    });
    Some(Look {
        store_id: store.parse::<StoreId>().ok()?,
        health: verdict.health,
        reasons: verdict.reasons,
        at,
        shop,
    })
}
