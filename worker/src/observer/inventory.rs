//! Every namespace that is, or looks like, a store's, and when that is told. Pure.

use std::time::{Duration, Instant};

use shared::contract::observation::NamespaceSeen;

use crate::observer::picture::Picture;

/// The inventory of that picture.
#[must_use]
pub fn list(picture: &Picture, platform: &str) -> Vec<NamespaceSeen> {
    let namespaces = picture.namespaces.iter();
    namespaces
        .map(|((name, _), namespace)| {
            let store = picture.store(name, platform);
            let workloads = [store.web, store.database];
            let workloads = || workloads.iter().copied().flatten();
            NamespaceSeen {
                name: name.clone(),
                installation: namespace.installation.clone(),
                tenant: namespace.tenant,
                ever_ready: namespace.ever_ready,
                terminating: namespace.terminating,
                // Of two that differ, the older one is what is not as it should be.
                revision: workloads().filter_map(|workload| workload.revision).min(),
                chart: workloads().find_map(|workload| workload.chart.clone()),
            }
        })
        .collect()
}

/// When the inventory is told: at the start, after each change of namespaces,
/// and now and then. While a watch is broken it is told once, as incomplete, and
/// again as soon as all watches run.
#[derive(Debug)]
pub struct Agenda {
    every: Duration,
    settle: Duration,
    due: Instant,
    /// An incomplete one was told last.
    owed: bool,
}

impl Agenda {
    /// Due at once; then so often, and that long after a change.
    #[must_use]
    pub fn new(every: Duration, settle: Duration, now: Instant) -> Self {
        Self {
            every,
            settle,
            due: now,
            owed: false,
        }
    }

    /// A namespace came or went; a burst of them is told once.
    pub fn changed(&mut self, now: Instant) {
        self.due = self.due.min(now + self.settle);
    }

    /// Whether to tell it now, and if so whether it is complete; `live`: whether
    /// all watches run.
    pub fn tell(&mut self, live: bool, now: Instant) -> Option<bool> {
        if now < self.due {
            return None;
        }
        let again = self.owed && !live;
        self.owed = !live;
        self.due = now + if live { self.every } else { self.settle };
        (!again).then_some(live)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observer::facts::{NamespaceFacts, Part, WorkloadFacts};
    use crate::observer::mirror::Change;
    use crate::observer::picture::Told;
    use crate::storefront::Shop;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_is_complete_only_while_all_watches_run() {
        let begun = Instant::now();
        let mut agenda = Agenda::new(300 * SECOND, 10 * SECOND, begun);
        let mut told = Vec::new();
        // Broken from second 200 to 420; a namespace comes at 100.
        for second in 0..800 {
            let now = begun + SECOND * second;
            if second == 100 {
                agenda.changed(now);
                agenda.changed(now);
            }
            let live = !(200..420).contains(&second);
            if let Some(complete) = agenda.tell(live, now) {
                told.push((second, complete));
            }
        }
        assert_eq!(
            told,
            [
                (0, true),
                (110, true),
                (410, false),
                (420, true),
                (720, true)
            ]
        );
    }

    #[test]
    fn a_namespace_is_told_with_the_older_revision_of_its_workloads() {
        let workload = |part, revision| WorkloadFacts {
            part: Some(part),
            wanted: 1,
            serving: 1,
            suspended: false,
            shop: Shop::WordPress,
            revision,
            chart: Some("store-0.1.0".to_owned()),
        };
        let key = |name: &str| ("store-k7q2mx".to_owned(), name.to_owned());
        let mut picture = Picture::default();
        let namespace = NamespaceFacts {
            installation: Some("here".to_owned()),
            ever_ready: true,
            ..NamespaceFacts::default()
        };
        picture.apply(Told::Namespace(Change::Found(
            key("store-k7q2mx"),
            namespace.clone(),
        )));
        let foreign = ("store-zzzzzz".to_owned(), "store-zzzzzz".to_owned());
        picture.apply(Told::Namespace(Change::Found(
            foreign,
            NamespaceFacts::default(),
        )));
        picture.apply(Told::Deployment(Change::Found(
            key("wordpress"),
            workload(Part::Web, Some(3)),
        )));
        picture.apply(Told::StatefulSet(Change::Found(
            key("mysql"),
            workload(Part::Database, Some(2)),
        )));

        let all = list(&picture, "platform");

        let names: Vec<&str> = all.iter().map(|seen| seen.name.as_str()).collect();
        assert_eq!(names, ["store-k7q2mx", "store-zzzzzz"]);
        assert_eq!((all[0].revision, all[1].revision), (Some(2), None));
        assert_eq!(all[0].chart.as_deref(), Some("store-0.1.0"));
        assert_eq!(all[1].installation, None);
    }
}
