//! What is wrong with a store, by its objects alone. Pure.

use std::time::Instant;

use shared::contract::observation::HealthReason;

use crate::observer::facts::{Part, PodFacts, WorkloadFacts};
use crate::observer::picture::StoreFacts;

/// The chart's StatefulSet.
const DATABASE: &str = "StatefulSet/mysql";
/// The chart's Deployment.
const WEB: &str = "Deployment/wordpress";

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ailment {
    /// What is said of it.
    pub reason: HealthReason,
    /// Whether it is told at once: a database has one pod, so its loss is an
    /// outage. The others may be the middle of a rolling update.
    pub at_once: bool,
}

/// What a store is to the observer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Examined {
    /// Nothing is said of it: it is no store of ours, was never ready, is
    /// suspended, or somebody works on it (until then at least).
    Aside(Option<Instant>),
    /// It should serve.
    Counted {
        /// Where its shop is; without it the shop is not asked.
        url: Option<String>,
        /// What is wrong.
        ailments: Vec<Ailment>,
    },
}

/// Judge a store's objects, for that installation.
#[must_use]
pub fn examine(store: &StoreFacts<'_>, installation: &str, now: Instant) -> Examined {
    if let Some(lease) = store.lease {
        if lease.is_held(now) {
            return Examined::Aside(lease.held);
        }
        if lease.tombstone.is_some() {
            return Examined::Aside(None);
        }
    }
    let was_ready = store.lease.is_some_and(|lease| lease.was_ready);
    let missing = |message: &str| match was_ready {
        true => counted(vec![ailment("NamespaceMissing", "", message, true)]),
        false => Examined::Aside(None),
    };
    let Some(namespace) = store.namespace else {
        return missing("the store's namespace is gone, and nobody asked for it");
    };
    let is_ours = namespace.installation.as_deref() == Some(installation);
    if !is_ours || !namespace.is_stores {
        return missing("the namespace of that name is somebody else's");
    }
    if !namespace.ever_ready || store.web.is_some_and(|web| web.suspended) {
        return Examined::Aside(None);
    }
    if namespace.terminating {
        let message = "the store's namespace is being removed, and nobody asked for it";
        return counted(vec![ailment("NamespaceMissing", "", message, false)]);
    }
    let mut ailments = database(store);
    ailments.extend(web(store));
    Examined::Counted {
        url: namespace.url.clone(),
        ailments,
    }
}

fn database(store: &StoreFacts<'_>) -> Vec<Ailment> {
    let Some(workload) = store.database else {
        return vec![absent(DATABASE)];
    };
    let serving = serving(store, Part::Database, workload);
    if workload.wanted > 0 && serving >= workload.wanted {
        return Vec::new();
    }
    let said = said(workload, serving, "ready");
    let first = ailment("DatabaseNotReady", DATABASE, &said, true);
    std::iter::once(first)
        .chain(causes(store, Part::Database, true))
        .collect()
}

/// Fewer web pods than are wanted are no fault by themselves (an autoscaler has
/// just asked for more); none at all are, and so is what keeps one from starting.
fn web(store: &StoreFacts<'_>) -> Vec<Ailment> {
    let Some(workload) = store.web else {
        return vec![absent(WEB)];
    };
    let serving = serving(store, Part::Web, workload);
    let said = said(workload, serving, "available");
    let first = (serving == 0).then(|| ailment("WebNotReady", WEB, &said, false));
    first
        .into_iter()
        .chain(causes(store, Part::Web, false))
        .collect()
}

/// The controller's count and the pods' own word: whichever is lower is newer.
fn serving(store: &StoreFacts<'_>, part: Part, workload: &WorkloadFacts) -> i32 {
    let pods = of_part(store, part).filter(|pod| pod.serving).count();
    workload
        .serving
        .min(i32::try_from(pods).unwrap_or(i32::MAX))
}

fn of_part<'a>(store: &'a StoreFacts<'_>, part: Part) -> impl Iterator<Item = &'a PodFacts> {
    let pods = store.pods.iter().copied();
    pods.filter(move |pod| pod.part == Some(part))
}

fn said(workload: &WorkloadFacts, serving: i32, how: &str) -> String {
    match workload.wanted {
        0 => "it was scaled to no pods".to_owned(),
        wanted => format!("{serving} of {wanted} pods {how}"),
    }
}

fn causes(store: &StoreFacts<'_>, part: Part, at_once: bool) -> Vec<Ailment> {
    let causes = of_part(store, part).flat_map(|pod| pod.causes.iter());
    let mut found: Vec<Ailment> = Vec::new();
    for reason in causes {
        // One pod's word for each kind of trouble is enough.
        if found.iter().all(|before| before.reason.code != reason.code) {
            found.push(Ailment {
                reason: reason.clone(),
                at_once,
            });
        }
    }
    found
}

fn absent(object: &str) -> Ailment {
    ailment("WorkloadMissing", object, "it is not there", false)
}

fn ailment(code: &str, object: &str, message: &str, at_once: bool) -> Ailment {
    let reason = HealthReason {
        code: code.to_owned(),
        object: object.to_owned(),
        message: message.to_owned(),
    };
    Ailment { reason, at_once }
}

fn counted(ailments: Vec<Ailment>) -> Examined {
    Examined::Counted {
        url: None,
        ailments,
    }
}

#[cfg(test)]
mod tests;
