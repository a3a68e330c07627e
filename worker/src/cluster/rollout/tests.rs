//! Tables: one row a situation.

mod histories;

use serde_json::{Value, json};

use super::*;

fn deployed(generation: i64, spec: Value, status: Value) -> Rollout {
    let object = json!({"metadata": {"name": "wordpress", "generation": generation}, "spec": spec, "status": status});
    deployment(&serde_json::from_value(object).unwrap())
}

fn stateful(generation: i64, status: Value) -> Rollout {
    let object = json!({"metadata": {"name": "mysql", "generation": generation}, "spec": {"replicas": 1, "serviceName": "mysql", "selector": {}, "template": {}}, "status": status});
    stateful_set(&serde_json::from_value(object).unwrap())
}

fn a_job(status: Value) -> Rollout {
    let object =
        json!({"metadata": {"name": "setup-1"}, "spec": {"template": {}}, "status": status});
    job(&serde_json::from_value(object).unwrap())
}

fn waits(rollout: &Rollout, words: &str) -> bool {
    matches!(rollout, Rollout::Waiting(why) if why.contains(words))
}

#[test]
fn deployments() {
    let spec = json!({"replicas": 2, "selector": {}, "template": {}});
    for (generation, status, expected) in [
        (1, json!({}), "not seen"),
        // The condition of the revision before still holds; it must not count.
        (
            2,
            json!({"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}),
            "not seen",
        ),
        (
            2,
            json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 1, "availableReplicas": 2}),
            "1 of 2 new",
        ),
        (
            2,
            json!({"observedGeneration": 2, "replicas": 3, "updatedReplicas": 2, "availableReplicas": 3}),
            "1 old",
        ),
        (
            2,
            json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 1}),
            "1 of 2 pods available",
        ),
    ] {
        let found = deployed(generation, spec.clone(), status);
        assert!(waits(&found, expected), "{expected}: {found:?}");
    }
    let done = json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2});
    assert_eq!(deployed(2, spec, done), Rollout::Complete);
}

#[test]
fn a_suspended_deployment_is_complete_without_pods() {
    let spec = json!({"replicas": 0, "selector": {}, "template": {}});
    assert_eq!(
        deployed(1, spec, json!({"observedGeneration": 1})),
        Rollout::Complete
    );
}

#[test]
fn one_pod_is_not_enough_where_an_autoscaler_will_ask_for_two() {
    let with = |replicas: i64| {
        let status = json!({"observedGeneration": 1, "replicas": replicas, "updatedReplicas": replicas, "availableReplicas": replicas});
        let metadata = json!({"name": "wordpress", "generation": 1, "annotations": {"urumi.dev/min-replicas": "2"}});
        let spec = json!({"replicas": replicas, "selector": {}, "template": {}});
        let object = json!({"metadata": metadata, "spec": spec, "status": status});
        deployment(&serde_json::from_value(object).unwrap())
    };
    assert!(waits(&with(1), "the autoscaler has not asked for its 2"));
    for enough in [0, 2, 3] {
        assert_eq!(with(enough), Rollout::Complete, "{enough}");
    }
}

#[test]
fn stateful_sets() {
    for (status, expected) in [
        (json!({"replicas": 0}), "not seen"),
        (
            json!({"observedGeneration": 1, "replicas": 1, "readyReplicas": 1}),
            "not seen",
        ),
        (
            json!({"observedGeneration": 2, "replicas": 1}),
            "0 of 1 pods ready",
        ),
        (
            json!({"observedGeneration": 2, "replicas": 1, "readyReplicas": 1, "updatedReplicas": 0, "currentRevision": "a", "updateRevision": "b"}),
            "0 of 1 pods updated",
        ),
    ] {
        let found = stateful(2, status);
        assert!(waits(&found, expected), "{expected}: {found:?}");
    }
    let done = json!({"observedGeneration": 2, "replicas": 1, "readyReplicas": 1, "updatedReplicas": 1, "currentRevision": "b", "updateRevision": "b"});
    assert_eq!(stateful(2, done), Rollout::Complete);
}

#[test]
fn jobs() {
    let condition = |kind: &str| json!({"conditions": [{"type": kind, "status": "True", "reason": "BackoffLimitExceeded", "message": "it ended"}]});

    assert!(waits(&a_job(json!({})), "running"));
    assert!(waits(&a_job(json!({"failed": 2})), "2 tries"));
    assert_eq!(a_job(condition("Complete")), Rollout::Complete);
    assert!(matches!(
        a_job(condition("Failed")),
        Rollout::Failed(FailureCode::SetupFailed, _)
    ));
}

#[test]
fn a_job_is_done_when_its_own_pod_has_succeeded() {
    let job = |status: Value| -> Job {
        serde_json::from_value(json!({"metadata": {"name": "setup-2", "uid": "j"}, "spec": {"template": {}}, "status": status})).unwrap()
    };
    let pod = |owner: &str, phase: &str| -> Pod {
        serde_json::from_value(json!({"metadata": {"name": "p", "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": "setup-2", "uid": owner}]}, "status": {"phase": phase}})).unwrap()
    };
    let running = json!({"active": 1});
    for (pods, complete) in [
        (vec![], false),
        (vec![pod("j", "Running")], false),
        (vec![pod("j", "Failed")], false),
        // Of the set-up before, under the same name.
        (vec![pod("i", "Succeeded")], false),
        (vec![pod("j", "Failed"), pod("j", "Succeeded")], true),
    ] {
        let found = job_with(&job(running.clone()), &pods);
        assert_eq!(found == Rollout::Complete, complete, "{pods:?}");
    }
    let failed = json!({"conditions": [{"type": "Failed", "status": "True"}]});
    let found = job_with(&job(failed), &[pod("j", "Succeeded")]);
    assert!(matches!(found, Rollout::Failed(..)));
}

#[test]
fn a_failure_wins_and_nothing_at_all_is_not_complete() {
    let failed: Job = serde_json::from_value(json!({"metadata": {"name": "s"}, "spec": {"template": {}}, "status": {"conditions": [{"type": "Failed", "status": "True"}]}})).unwrap();
    let waiting: Deployment = serde_json::from_value(json!({"metadata": {"name": "w", "generation": 1}, "spec": {"selector": {}, "template": {}}})).unwrap();

    let both = Workloads {
        jobs: vec![failed],
        deployments: vec![waiting],
        ..Workloads::default()
    };
    assert!(matches!(together(&both, &[]), Rollout::Failed(..)));
    assert!(matches!(
        together(&Workloads::default(), &[]),
        Rollout::Waiting(_)
    ));
}
