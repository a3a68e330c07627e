//! What is kept of an object: the few words that health and the inventory are
//! judged by. The object itself is dropped at once, so a store costs about a
//! kilobyte. Pure; what follows from the facts is said in `examine.rs`.

use std::time::{Duration, Instant};

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;
use kube::core::PartialObjectMeta;
use shared::contract::event::EventBody;
use shared::contract::observation::HealthReason;
use uuid::Uuid;

use crate::cluster::diagnose;
use crate::cluster::labels::{
    CHART, COMPONENT, EVER_READY, INSTALLATION, REVISION, SHOP, STORE, SUSPENDED, TENANT,
    TOMBSTONE_UNTIL, URL,
};
use crate::lease::record;
use crate::storefront::Shop;

/// Longest message of a reason.
const LINE: usize = 300;

/// A part of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// MySQL.
    Database,
    /// WordPress.
    Web,
}

/// A namespace that is, or looks like, a store's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamespaceFacts {
    /// Who says to have made it.
    pub installation: Option<String>,
    /// Whether it is marked as the store's of its name.
    pub is_stores: bool,
    /// Whose store it is.
    pub tenant: Option<Uuid>,
    /// Whether the store was ready once.
    pub ever_ready: bool,
    /// Whether it is on its way out.
    pub terminating: bool,
    /// The shop's address.
    pub url: Option<String>,
}

/// A Deployment or StatefulSet of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadFacts {
    /// `None` if it is no part that a store must have.
    pub part: Option<Part>,
    /// Pods that are wanted.
    pub wanted: i32,
    /// Pods that serve, in the controller's words.
    pub serving: i32,
    /// Whether the chart says that the store is suspended.
    pub suspended: bool,
    /// What the chart says that it is, of a Deployment.
    pub shop: Shop,
    /// helm's revision.
    pub revision: Option<i64>,
    /// The chart's name and version.
    pub chart: Option<String>,
}

/// A pod of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodFacts {
    /// `None` for the set-up's.
    pub part: Option<Part>,
    /// Whether it serves: ready, and not on its way out.
    pub serving: bool,
    /// What is wrong with it.
    pub causes: Vec<HealthReason>,
}

/// A store's Lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseFacts {
    /// Somebody works on the store, until then at least (by our own clock).
    pub held: Option<Instant>,
    /// The last try ended with a store that serves.
    pub was_ready: bool,
    /// The store is gone; the Lease may go then.
    pub tombstone: Option<Timestamp>,
    /// For removing just this one.
    pub uid: String,
    /// For removing it only as it was seen.
    pub version: String,
}

/// Of a namespace.
#[must_use]
pub fn namespace(found: &PartialObjectMeta<Namespace>) -> NamespaceFacts {
    let label = |name: &str| found.labels().get(name);
    NamespaceFacts {
        installation: label(INSTALLATION).cloned(),
        is_stores: label(STORE) == found.metadata.name.as_ref(),
        tenant: label(TENANT).and_then(|tenant| tenant.parse().ok()),
        ever_ready: found.annotations().contains_key(EVER_READY),
        terminating: found.metadata.deletion_timestamp.is_some(),
        url: found.annotations().get(URL).cloned(),
    }
}

/// Of a Deployment.
#[must_use]
pub fn deployment(found: &Deployment) -> WorkloadFacts {
    let wanted = found.spec.as_ref().and_then(|spec| spec.replicas);
    let available = found.status.as_ref().and_then(|s| s.available_replicas);
    workload(found, wanted, available)
}

/// Of a StatefulSet.
#[must_use]
pub fn stateful_set(found: &StatefulSet) -> WorkloadFacts {
    let wanted = found.spec.as_ref().and_then(|spec| spec.replicas);
    let ready = found.status.as_ref().and_then(|s| s.ready_replicas);
    workload(found, wanted, ready)
}

fn workload(found: &impl ResourceExt, wanted: Option<i32>, serving: Option<i32>) -> WorkloadFacts {
    let revision = found.annotations().get(REVISION);
    WorkloadFacts {
        part: part(found),
        wanted: wanted.unwrap_or(1),
        serving: serving.unwrap_or(0),
        suspended: found
            .annotations()
            .get(SUSPENDED)
            .is_some_and(|v| v == "true"),
        shop: Shop::told(found.annotations().get(SHOP)),
        revision: revision.and_then(|revision| revision.parse().ok()),
        chart: found.labels().get(CHART).cloned(),
    }
}

/// Of a pod. A serving one has no causes.
#[must_use]
pub fn pod(found: &Pod) -> PodFacts {
    let ending = found.metadata.deletion_timestamp.is_some();
    let conditions = found.status.as_ref().and_then(|s| s.conditions.as_ref());
    let mut conditions = conditions.into_iter().flatten();
    let serving = !ending && conditions.any(|c| c.type_ == "Ready" && c.status == "True");
    // Events are not watched: they would be most of the traffic.
    let findings = match serving {
        true => Vec::new(),
        false => diagnose::pod::findings(found, &[]),
    };
    let causes = findings.into_iter().map(|finding| HealthReason {
        code: finding.code.as_str().to_owned(),
        object: finding.object,
        message: one_line(&finding.detail),
    });
    PodFacts {
        part: part(found),
        serving,
        causes: causes.collect(),
    }
}

/// Of a store's Lease, seen at that moment.
#[must_use]
pub fn lease(found: &Lease, now: Instant) -> LeaseFacts {
    let length = found.spec.as_ref().and_then(|s| s.lease_duration_seconds);
    let length = Duration::from_secs(length.unwrap_or(0).try_into().unwrap_or(0));
    let outcome = record::settled_of(found).map(|settled| settled.outcome);
    let tombstone = found.annotations().get(TOMBSTONE_UNTIL);
    LeaseFacts {
        held: record::holder_of(found).map(|_| now + length),
        was_ready: matches!(outcome, Some(EventBody::Ready { .. })),
        tombstone: tombstone.and_then(|until| until.parse().ok()),
        uid: found.uid().unwrap_or_default(),
        version: found.resource_version().unwrap_or_default(),
    }
}

fn part(found: &impl ResourceExt) -> Option<Part> {
    match found.labels().get(COMPONENT).map(String::as_str) {
        Some("mysql") => Some(Part::Database),
        Some("wordpress") => Some(Part::Web),
        _ => None,
    }
}

/// In one line, and not a long one.
#[must_use]
pub fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(LINE).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pod_serves_when_it_is_ready_and_stays() {
        for (status, deleted, serving, codes) in [
            (
                json!({"conditions": [{"type": "Ready", "status": "True"}]}),
                false,
                true,
                vec![],
            ),
            (
                json!({"conditions": [{"type": "Ready", "status": "True"}]}),
                true,
                false,
                vec![],
            ),
            (
                json!({"conditions": [{"type": "Ready", "status": "False"}]}),
                false,
                false,
                vec![],
            ),
            (json!({}), false, false, vec![]),
            (
                json!({"containerStatuses": [{"name": "mysql", "image": "mysql:8.4", "imageID": "", "ready": false, "restartCount": 4,
                    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                    "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]}),
                false,
                false,
                vec!["OutOfMemory"],
            ),
        ] {
            let deleted = deleted.then_some("2026-11-23T12:00:00Z");
            let found: Pod = serde_json::from_value(json!({
                "metadata": {"name": "mysql-0", "labels": {COMPONENT: "mysql"}, "deletionTimestamp": deleted},
                "status": status,
            }))
            .unwrap();

            let facts = pod(&found);

            let found: Vec<&str> = facts
                .causes
                .iter()
                .map(|cause| cause.code.as_str())
                .collect();
            assert_eq!((facts.serving, found), (serving, codes), "{status}");
            assert_eq!(facts.part, Some(Part::Database));
        }
    }

    #[test]
    fn a_workload_keeps_its_revision_chart_and_counts() {
        let found: Deployment = serde_json::from_value(json!({
            "metadata": {"name": "wordpress", "labels": {COMPONENT: "wordpress", CHART: "store-0.1.0"},
                "annotations": {REVISION: "7", SUSPENDED: "true", SHOP: "woocommerce"}},
            "spec": {"replicas": 3, "selector": {}, "template": {}},
            "status": {"availableReplicas": 2},
        }))
        .unwrap();

        assert_eq!(
            deployment(&found),
            WorkloadFacts {
                part: Some(Part::Web),
                wanted: 3,
                serving: 2,
                suspended: true,
                shop: Shop::WooCommerce,
                revision: Some(7),
                chart: Some("store-0.1.0".to_owned()),
            }
        );
    }

    #[test]
    fn a_lease_is_held_for_its_length_from_when_it_was_seen() {
        let now = Instant::now();
        let mut found = record::blank("store-k7q2mx");
        assert_eq!(lease(&found, now).held, None);

        record::take(
            &mut found,
            "a",
            1,
            Duration::from_secs(15),
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(lease(&found, now).held, Some(now + Duration::from_secs(15)));

        record::bury(&mut found, time::OffsetDateTime::UNIX_EPOCH);
        assert_eq!(lease(&found, now).tombstone, Some(Timestamp::UNIX_EPOCH));
    }

    #[test]
    fn a_message_is_one_short_line() {
        assert_eq!(one_line(" a\n\tb  c "), "a b c");
        assert_eq!(one_line(&"x".repeat(999)).len(), LINE);
    }
}
