//! Several pods in trouble at once, or one after the other: which is the cause.

use super::*;

/// A pod of that owner, whose container keeps crashing.
fn crashing(name: &str, owner: &str) -> Value {
    let last = json!({"terminated": {"reason": "Error", "exitCode": 1}});
    let mut pod = container(
        json!({"waiting": {"reason": "CrashLoopBackOff"}}),
        json!({"lastState": last, "restartCount": 4}),
    );
    pod["metadata"]["name"] = json!(name);
    pod["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "v1", "kind": owner, "name": "o", "uid": owner}]);
    pod
}

#[test]
fn a_crash_without_a_database_only_follows_from_that() {
    let set = |ready: i32| json!({"metadata": {"name": "mysql", "generation": 1}, "spec": {"replicas": 1, "serviceName": "m", "selector": {}, "template": {}}, "status": {"replicas": 1, "readyReplicas": ready, "updatedReplicas": 1, "observedGeneration": 1}});
    let (web, database) = (
        crashing("wordpress-1", "ReplicaSet"),
        crashing("mysql-0", "StatefulSet"),
    );
    for (ready, pods, object, follows) in [
        (0, json!([web]), "Pod/wordpress-1", true),
        (1, json!([web]), "Pod/wordpress-1", false),
        // The database's own crash is the cause, wherever it stands in the list.
        (0, json!([web, database]), "Pod/mysql-0", false),
        (0, json!([database, web]), "Pod/mysql-0", false),
    ] {
        let facts = facts(json!({"stateful_sets": [set(ready)], "pods": pods}));
        let found = diagnose(&facts, &Rollout::Waiting(String::new())).unwrap();
        assert_eq!(found.failure.code, FailureCode::CrashLoop);
        assert_eq!(
            (found.object.as_str(), found.follows),
            (object, follows),
            "{ready}"
        );
    }
}

/// A pod of the set-up's Job that ended.
fn ended_try(reason: &str, exit_code: i32) -> Value {
    json!({"metadata": {"name": "setup-1-x", "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": "setup-1", "uid": "j"}]}, "status": {"phase": "Failed", "containerStatuses": [{"name": "setup", "image": "", "imageID": "", "ready": false, "restartCount": 0, "state": {"terminated": {"exitCode": exit_code, "reason": reason}}}]}})
}

#[test]
fn a_failed_try_of_the_set_up_is_no_crash_loop_and_is_forgotten_when_it_is_done() {
    for (reason, exit_code, code) in [
        ("Error", 10, FailureCode::SetupFailed),
        ("OOMKilled", 137, FailureCode::OutOfMemory),
    ] {
        let job =
            |status: Value| json!({"metadata": {"name": "setup-1", "uid": "j"}, "status": status});
        let running = json!({"jobs": [job(json!({"failed": 1, "active": 1}))], "pods": [ended_try(reason, exit_code)]});
        assert_eq!(found(running), Some((code, false)), "{reason}");

        let complete = json!({"conditions": [{"type": "Complete", "status": "True"}]});
        let done = json!({"jobs": [job(complete)], "pods": [ended_try(reason, exit_code)]});
        assert_eq!(found(done), None, "{reason}");
    }
}

#[test]
fn a_set_up_that_ended_for_its_memory_says_so() {
    let verdict = Rollout::Failed(
        FailureCode::SetupFailed,
        "Job/setup-1: it failed".to_owned(),
    );
    let facts = facts(json!({"pods": [ended_try("OOMKilled", 137)]}));

    let found = diagnose(&facts, &verdict).unwrap();

    assert_eq!(found.failure.code, FailureCode::OutOfMemory);
    assert!(found.provable);
}
