//! One row an object, at times before and after its own.

use serde_json::{Value, json};

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

/// With an apiserver that has always answered.
fn by(seconds: i64) -> Clock {
    Clock {
        now: at(seconds),
        answers_since: Timestamp::UNIX_EPOCH,
    }
}

/// Removal was asked for at second 100.
const ASKED: &str = "1970-01-01T00:01:40Z";

fn namespace(metadata: Value, conditions: Value) -> Namespace {
    let mut whole = json!({"name": "store-k7q2mx", "deletionTimestamp": ASKED});
    whole
        .as_object_mut()
        .unwrap()
        .extend(metadata.as_object().unwrap().clone());
    serde_json::from_value(json!({"metadata": whole, "status": {"conditions": conditions}}))
        .unwrap()
}

fn pod(metadata: Value, spec: Value) -> Pod {
    serde_json::from_value(json!({"metadata": metadata, "spec": spec})).unwrap()
}

fn ending_pod() -> Pod {
    let uses = json!([{"name": "data", "persistentVolumeClaim": {"claimName": "mysql-data"}}]);
    pod(
        json!({"name": "mysql-0", "deletionTimestamp": ASKED}),
        json!({"containers": [], "nodeName": "node-1", "volumes": uses}),
    )
}

fn object(kind: &str, metadata: Value) -> Found {
    Found {
        kind: kind.to_owned(),
        meta: serde_json::from_value(metadata).unwrap(),
    }
}

#[test]
fn kinds_that_remain_are_read_from_the_condition() {
    let message = "Some resources are remaining: pods. has 2 resource instances, persistentvolumeclaims. has 1 resource instances, widgets.example.com has 1 resource instances";
    let some = json!([{"type": CONTENT, "status": "True", "message": message}]);
    let none = json!([{"type": CONTENT, "status": "False", "message": "All content successfully removed"}]);

    let found = remaining(&namespace(json!({}), some));

    let words: Vec<String> = found
        .iter()
        .map(|kind| format!("{}.{}", kind.plural, kind.group))
        .collect();
    assert_eq!(
        words,
        ["pods.", "persistentvolumeclaims.", "widgets.example.com"]
    );
    assert!(remaining(&namespace(json!({}), none)).is_empty());
    assert!(remaining(&namespace(json!({}), json!([]))).is_empty());
}

#[test]
fn a_pod_in_its_grace_blocks_nothing() {
    let told = ending_pod();
    let untold = pod(json!({"name": "x"}), json!({"containers": []}));
    let nowhere = pod(
        json!({"name": "x", "deletionTimestamp": ASKED}),
        json!({"containers": []}),
    );
    let held = pod(
        json!({"name": "x", "deletionTimestamp": ASKED, "finalizers": ["a.b/c"]}),
        json!({"containers": []}),
    );
    for (pod, seconds, blocks, waits_for) in [
        (&told, 90, false, "it has until 00:01:40 UTC to end"),
        (&told, 110, false, "it has until 00:01:40 UTC to end"),
        (&told, 140, false, "it has until 00:01:40 UTC to end"),
        (&told, 141, true, "node `node-1` has not said so"),
        (&untold, 999, false, "not been told to end"),
        (&nowhere, 111, true, "should have ended at 00:01:40 UTC"),
        (&held, 111, true, "finalizer `a.b/c`"),
    ] {
        let holder = of_pod(pod, by(seconds));
        assert_eq!(holder.blocks, blocks, "{holder:?} at {seconds}");
        assert!(holder.waits_for.contains(waits_for), "{holder:?}");
    }
}

#[test]
fn nothings_time_passes_while_the_apiserver_is_away() {
    let pod = ending_pod();
    let held = json!({"name": "x", "deletionTimestamp": ASKED, "finalizers": ["a.b/c"]});
    let held = object("ConfigMap", held);
    let empty = namespace(json!({}), json!([]));
    for (since, now, pod_blocks, object_blocks, namespace_blocks) in [
        (0, 146, true, true, true),
        (400, 410, false, false, false),
        (400, 411, false, true, false),
        (400, 441, true, true, false),
        (400, 446, true, true, true),
    ] {
        let clock = Clock {
            now: at(now),
            answers_since: at(since),
        };
        assert_eq!(of_pod(&pod, clock).blocks, pod_blocks, "{now}");
        let object = of_object(&held, &[], clock).unwrap();
        assert_eq!(object.blocks, object_blocks, "{now}");
        let itself = of_namespace(&empty, &[], &[], &[], clock);
        assert_eq!(!itself.is_empty(), namespace_blocks, "{now}");
    }
}

#[test]
fn an_object_blocks_by_a_finalizer_that_stays() {
    let held = json!({"name": "mysql-data", "deletionTimestamp": ASKED, "finalizers": ["a.b/c"]});
    let used = json!({"name": "mysql-data", "deletionTimestamp": ASKED, "finalizers": [IN_USE]});
    let going = json!({"name": "mysql-data", "deletionTimestamp": ASKED});
    let untold = json!({"name": "mysql-data", "finalizers": ["a.b/c"]});
    let pods = [ending_pod()];
    for (metadata, pods, seconds, expected) in [
        (&held, &pods[..], 105, Some((false, "finalizer `a.b/c`"))),
        (&held, &pods[..], 111, Some((true, "finalizer `a.b/c`"))),
        (&used, &pods[..], 999, Some((false, "Pod/mysql-0 uses it"))),
        (&used, &[], 111, Some((true, IN_USE))),
        (&going, &[], 999, None),
        (&untold, &[], 999, None),
    ] {
        let found = object("PersistentVolumeClaim", metadata.clone());
        let holder = of_object(&found, pods, by(seconds));
        let Some((blocks, waits_for)) = expected else {
            assert_eq!(holder, None);
            continue;
        };
        let holder = holder.unwrap();
        assert_eq!(holder.object, "PersistentVolumeClaim/mysql-data");
        assert_eq!(holder.blocks, blocks, "{holder:?} at {seconds}");
        assert!(holder.waits_for.contains(waits_for), "{holder:?}");
    }
}

#[test]
fn what_blocks_comes_first() {
    let found = object(
        "ConfigMap",
        json!({"name": "wordpress", "deletionTimestamp": ASKED, "finalizers": ["a.b/c"]}),
    );
    let mut pod = ending_pod();
    pod.metadata.deletion_timestamp = None;

    let holders = of_namespace(
        &namespace(json!({}), json!([])),
        &[pod],
        &[found],
        &[],
        by(120),
    );

    let lines: Vec<String> = holders.iter().map(Holder::line).collect();
    assert_eq!(lines[0], "ConfigMap/wordpress: finalizer `a.b/c`");
    assert!(lines[1].starts_with("Pod/mysql-0: "), "{lines:?}");
}

#[test]
fn an_empty_namespace_is_held_by_itself() {
    let emptied = json!([{"type": CONTENT, "status": "False", "message": "gone"}]);
    let held = json!({"finalizers": ["a.b/c"]});
    let failing = json!([{"type": TROUBLE[0], "status": "True", "message": "Discovery failed for some groups, 1 failing: metrics.k8s.io/v1beta1", "lastTransitionTime": ASKED}]);
    for (metadata, conditions, seconds, expected) in [
        (json!({}), json!([]), 110, None),
        (json!({}), json!([]), 146, Some("its controller")),
        (held.clone(), emptied, 111, Some("finalizer `a.b/c`")),
        // Its finalizers come last: not before its content is known to be gone.
        (held, json!([]), 111, None),
        (json!({}), failing, 111, Some("metrics.k8s.io")),
    ] {
        let found = of_namespace(&namespace(metadata, conditions), &[], &[], &[], by(seconds));
        let line = found.first().filter(|h| h.blocks).map(Holder::line);
        let expected_found = match (expected, &line) {
            (Some(words), Some(line)) => {
                line.starts_with("Namespace/store-k7q2mx: ") && line.contains(words)
            }
            (expected, line) => expected.is_none() && line.is_none(),
        };
        assert!(expected_found, "{expected:?}: {found:?}");
    }
}

/// With our RoleBinding, which goes with the namespace, went the right to look.
#[test]
fn kinds_that_may_not_be_looked_at_are_told_by_the_namespace() {
    let said = |finalizers: &str| {
        let message =
            format!("Some content in the namespace has finalizers remaining: {finalizers}");
        let condition = json!([{"type": FINALIZERS, "status": "True", "message": message, "lastTransitionTime": ASKED}]);
        namespace(json!({}), condition)
    };
    let kinds = |names: &[&str]| -> Vec<Remaining> {
        let kind = |name: &&str| Remaining {
            plural: (*name).to_owned(),
            group: String::new(),
        };
        names.iter().map(kind).collect()
    };
    let mine = "a.b/c in 1 resource instances";
    let claims = "kubernetes.io/pvc-protection in 2 resource instances";
    for (finalizers, unseen, pods, seconds, expected) in [
        (
            mine,
            &["configmaps"][..],
            vec![],
            105,
            Some("configmaps: finalizer `a.b/c`, false"),
        ),
        (
            mine,
            &["configmaps"],
            vec![],
            111,
            Some("configmaps: finalizer `a.b/c`, true"),
        ),
        (
            mine,
            &["configmaps"],
            vec![ending_pod()],
            111,
            Some("configmaps: finalizer `a.b/c`, true"),
        ),
        // Claims wait for the pods that use them, which have their own time.
        (
            claims,
            &["persistentvolumeclaims"],
            vec![ending_pod()],
            111,
            Some("persistentvolumeclaims: finalizer `kubernetes.io/pvc-protection`, false"),
        ),
        (
            claims,
            &["persistentvolumeclaims"],
            vec![],
            111,
            Some("persistentvolumeclaims: finalizer `kubernetes.io/pvc-protection`, true"),
        ),
        // What could be looked at speaks for itself.
        (mine, &[], vec![], 111, None),
    ] {
        let found = of_unseen(&said(finalizers), &pods, &kinds(unseen), by(seconds));
        let found = found.map(|holder| format!("{}, {}", holder.line(), holder.blocks));
        assert_eq!(
            found.as_deref(),
            expected,
            "{finalizers} {unseen:?} {seconds}"
        );
    }
    let silent = namespace(json!({}), json!([]));
    assert_eq!(
        of_unseen(&silent, &[], &kinds(&["configmaps"]), by(200)),
        None
    );
}
