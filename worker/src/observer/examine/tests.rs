//! Each row: one thing about a healthy store is changed, and what is said then.

use std::time::Duration;

use super::*;
use crate::observer::facts::{LeaseFacts, NamespaceFacts};
use crate::storefront::Shop;

#[derive(Clone)]
struct Store {
    namespace: Option<NamespaceFacts>,
    lease: Option<LeaseFacts>,
    database: Option<WorkloadFacts>,
    web: Option<WorkloadFacts>,
    pods: Vec<PodFacts>,
}

fn workload(part: Part, wanted: i32) -> WorkloadFacts {
    WorkloadFacts {
        part: Some(part),
        wanted,
        serving: wanted,
        suspended: false,
        shop: Shop::WordPress,
        revision: Some(1),
        chart: None,
    }
}

fn pod(part: Part) -> PodFacts {
    PodFacts {
        part: Some(part),
        serving: true,
        causes: Vec::new(),
    }
}

fn broken(part: Part, code: &str) -> PodFacts {
    let cause = HealthReason {
        code: code.to_owned(),
        object: "Pod/x".to_owned(),
        message: String::new(),
    };
    PodFacts {
        serving: false,
        causes: vec![cause],
        ..pod(part)
    }
}

fn healthy() -> Store {
    Store {
        namespace: Some(NamespaceFacts {
            installation: Some("here".to_owned()),
            is_stores: true,
            ever_ready: true,
            url: Some("http://store-k7q2mx.localhost".to_owned()),
            ..NamespaceFacts::default()
        }),
        lease: Some(LeaseFacts {
            held: None,
            was_ready: true,
            tombstone: None,
            uid: String::new(),
            version: String::new(),
        }),
        database: Some(workload(Part::Database, 1)),
        web: Some(workload(Part::Web, 2)),
        pods: vec![pod(Part::Database), pod(Part::Web), pod(Part::Web)],
    }
}

fn examined(store: &Store) -> Examined {
    let facts = StoreFacts {
        namespace: store.namespace.as_ref(),
        lease: store.lease.as_ref(),
        database: store.database.as_ref(),
        web: store.web.as_ref(),
        pods: store.pods.iter().collect(),
    };
    examine(&facts, "here", Instant::now())
}

fn words(change: impl FnOnce(&mut Store)) -> Option<Vec<String>> {
    let mut store = healthy();
    change(&mut store);
    match examined(&store) {
        Examined::Aside(_) => None,
        Examined::Counted { ailments, .. } => Some(
            ailments
                .into_iter()
                .map(|Ailment { reason, at_once }| {
                    let now = if at_once { " now" } else { "" };
                    format!("{} {}{now}", reason.code, reason.object)
                })
                .collect(),
        ),
    }
}

fn some(words: &[&str]) -> Option<Vec<String>> {
    Some(words.iter().map(|word| (*word).to_owned()).collect())
}

#[test]
fn a_whole_store_has_no_ailment() {
    let Examined::Counted { url, ailments } = examined(&healthy()) else {
        unreachable!("counted")
    };
    assert_eq!((url.is_some(), ailments), (true, vec![]));
}

#[test]
fn the_database_is_as_ready_as_its_pod_and_its_set_say() {
    let lost = some(&["DatabaseNotReady StatefulSet/mysql now"]);
    assert_eq!(
        words(|s| s.pods.retain(|p| p.part != Some(Part::Database))),
        lost
    );
    assert_eq!(words(|s| s.pods[0].serving = false), lost);
    assert_eq!(words(|s| s.database.as_mut().unwrap().serving = 0), lost);
    assert_eq!(words(|s| s.database.as_mut().unwrap().wanted = 0), lost);
    assert_eq!(
        words(|s| s.pods[0] = broken(Part::Database, "CrashLoop")),
        some(&[
            "DatabaseNotReady StatefulSet/mysql now",
            "CrashLoop Pod/x now"
        ])
    );
    assert_eq!(
        words(|s| s.database = None),
        some(&["WorkloadMissing StatefulSet/mysql"])
    );
}

#[test]
fn the_web_is_not_ready_when_no_pod_serves() {
    let none = some(&["WebNotReady Deployment/wordpress"]);
    assert_eq!(words(|s| s.web.as_mut().unwrap().serving = 0), none);
    assert_eq!(words(|s| s.web.as_mut().unwrap().serving = 1), some(&[]));
    assert_eq!(words(|s| s.pods.truncate(2)), some(&[]));
    assert_eq!(words(|s| s.pods.truncate(1)), none);
    assert_eq!(
        words(|s| s.web = None),
        some(&["WorkloadMissing Deployment/wordpress"])
    );
    assert_eq!(
        words(|s| s.pods[2] = broken(Part::Web, "OutOfMemory")),
        some(&["OutOfMemory Pod/x"])
    );
    let scaled_to_none = |s: &mut Store| {
        s.web = Some(workload(Part::Web, 0));
        s.pods.truncate(1);
    };
    assert_eq!(words(scaled_to_none), none);
}

#[test]
fn nothing_is_said_of_what_is_no_ready_store_of_ours() {
    assert_eq!(
        words(|s| s.namespace.as_mut().unwrap().ever_ready = false),
        None
    );
    assert_eq!(words(|s| s.web.as_mut().unwrap().suspended = true), None);
    let foreign = |s: &mut Store| {
        s.lease = None;
        s.namespace.as_mut().unwrap().installation = Some("elsewhere".to_owned());
    };
    assert_eq!(words(foreign), None);
    let gone = |s: &mut Store| {
        s.lease = None;
        s.namespace = None;
    };
    assert_eq!(words(gone), None);
}

#[test]
fn nothing_is_said_while_somebody_works_on_it_or_when_it_was_deleted() {
    let later = Instant::now() + Duration::from_secs(9);
    let mut held = healthy();
    held.pods.clear();
    held.lease.as_mut().unwrap().held = Some(later);
    assert_eq!(examined(&held), Examined::Aside(Some(later)));

    // A holder that died no longer counts.
    assert_eq!(
        words(|s| s.lease.as_mut().unwrap().held = Some(Instant::now())),
        some(&[])
    );
    let buried = |s: &mut Store| {
        s.namespace = None;
        s.lease.as_mut().unwrap().tombstone = Some(k8s_openapi::jiff::Timestamp::UNIX_EPOCH);
    };
    assert_eq!(words(buried), None);
}

#[test]
fn a_namespace_that_nobody_asked_to_remove_is_missed() {
    assert_eq!(
        words(|s| s.namespace = None),
        some(&["NamespaceMissing  now"])
    );
    assert_eq!(
        words(|s| s.namespace.as_mut().unwrap().is_stores = false),
        some(&["NamespaceMissing  now"])
    );
    assert_eq!(
        words(|s| s.namespace.as_mut().unwrap().terminating = true),
        some(&["NamespaceMissing "])
    );
}
