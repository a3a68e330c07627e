//! One row a situation, in the words of real clusters.

use serde_json::{Value, json};

use super::*;

mod blame;

fn facts(value: Value) -> Facts {
    let part = |name: &str| value.get(name).cloned().unwrap_or_else(|| json!([]));
    Facts {
        workloads: Workloads {
            stateful_sets: serde_json::from_value(part("stateful_sets")).unwrap(),
            jobs: serde_json::from_value(part("jobs")).unwrap(),
            deployments: serde_json::from_value(part("deployments")).unwrap(),
        },
        pods: serde_json::from_value(part("pods")).unwrap(),
        claims: serde_json::from_value(part("claims")).unwrap(),
        events: serde_json::from_value(part("events")).unwrap(),
    }
}

fn pod(status: Value) -> Value {
    json!({"metadata": {"name": "wordpress-1"}, "status": status})
}

fn container(state: Value, more: Value) -> Value {
    let mut status = json!({"name": "web", "image": "wordpress:7", "imageID": "", "ready": false, "restartCount": 0, "state": state});
    for (key, value) in more.as_object().unwrap() {
        status[key] = value.clone();
    }
    pod(json!({"phase": "Pending", "containerStatuses": [status]}))
}

fn waiting(reason: &str) -> Value {
    container(
        json!({"waiting": {"reason": reason, "message": "because"}}),
        json!({}),
    )
}

fn event(kind: &str, name: &str, reason: &str, message: &str) -> Value {
    json!({"metadata": {"name": "e"}, "involvedObject": {"kind": kind, "name": name}, "reason": reason, "message": message, "type": "Warning", "lastTimestamp": "2026-11-23T12:00:00Z"})
}

fn found(value: Value) -> Option<(FailureCode, bool)> {
    let verdict = Rollout::Waiting("…".to_owned());
    let found = diagnose(&facts(value), &verdict);
    found.map(|found| (found.failure.code, found.provable))
}

#[test]
fn an_image_that_is_not_there_is_provable_and_not_tried_again() {
    for (message, provable) in [
        (
            "rpc error: code = NotFound desc = failed to pull and unpack image \"docker.io/library/wordpress:nope\": docker.io/library/wordpress:nope: not found",
            true,
        ),
        (
            "Back-off pulling image \"w:nope\": ErrImagePull: rpc error: code = NotFound desc = not found",
            true,
        ),
        (
            "reading manifest nope in quay.io/x/y: manifest unknown",
            true,
        ),
        (
            "failed to do request: Head \"https://registry\": dial tcp: lookup registry: no such host",
            false,
        ),
        (
            "rpc error: code = Unknown desc = unexpected status: 503 Service Unavailable",
            false,
        ),
    ] {
        let mut pod = waiting("ErrImagePull");
        pod["status"]["containerStatuses"][0]["state"]["waiting"]["message"] = json!(message);
        let verdict = Rollout::Waiting("…".to_owned());
        let found = diagnose(&facts(json!({"pods": [pod]})), &verdict).unwrap();
        assert_eq!(found.failure.code, FailureCode::ImagePull);
        assert_eq!(
            (found.provable, found.failure.retryable),
            (provable, !provable),
            "{message}"
        );
    }
}

#[test]
fn the_state_of_a_container_tells() {
    for (reason, expected) in [
        ("InvalidImageName", Some((FailureCode::ImageInvalid, true))),
        ("ErrImagePull", Some((FailureCode::ImagePull, false))),
        ("ImagePullBackOff", Some((FailureCode::ImagePull, false))),
        ("ErrImageNeverPull", Some((FailureCode::ImagePull, true))),
        (
            "CreateContainerConfigError",
            Some((FailureCode::CrashLoop, false)),
        ),
        ("ContainerCreating", None),
        ("PodInitializing", None),
    ] {
        assert_eq!(
            found(json!({"pods": [waiting(reason)]})),
            expected,
            "{reason}"
        );
    }
}

#[test]
fn a_crash_is_seen_between_two_crashes_too() {
    let ended =
        |reason: &str, code: i32| json!({"terminated": {"reason": reason, "exitCode": code}});
    let running = json!({"running": {"startedAt": "2026-11-23T12:00:00Z"}});
    let back_off = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}});
    for (state, last, expected) in [
        (
            back_off.clone(),
            ended("Error", 1),
            Some((FailureCode::CrashLoop, false)),
        ),
        (
            running.clone(),
            ended("Error", 1),
            Some((FailureCode::CrashLoop, false)),
        ),
        (
            back_off,
            ended("OOMKilled", 137),
            Some((FailureCode::OutOfMemory, false)),
        ),
        (running.clone(), ended("Completed", 0), None),
        (running.clone(), json!({}), None),
    ] {
        let pod = container(state, json!({"lastState": last, "restartCount": 3}));
        assert_eq!(found(json!({"pods": [pod]})), expected);
    }
    let cured = container(
        running,
        json!({"lastState": ended("Error", 1), "ready": true}),
    );
    assert_eq!(found(json!({"pods": [cured]})), None);
}

#[test]
fn the_scheduler_speaks_of_room_or_of_volumes() {
    for (message, code) in [
        (
            "0/1 nodes are available: 1 Insufficient memory.",
            FailureCode::Unschedulable,
        ),
        (
            "no nodes available to schedule pods",
            FailureCode::Unschedulable,
        ),
        (
            "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
            FailureCode::VolumePending,
        ),
        (
            "0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind.",
            FailureCode::VolumePending,
        ),
        (
            "0/2 nodes are available: 2 node(s) had volume node affinity conflict.",
            FailureCode::VolumePending,
        ),
    ] {
        let pod = pod(
            json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}]}),
        );
        assert_eq!(
            found(json!({"pods": [pod]})),
            Some((code, false)),
            "{message}"
        );
    }
}

#[test]
fn a_deaf_container_and_a_missing_mount_are_told_by_events() {
    let running = container(
        json!({"running": {"startedAt": "2026-11-23T12:00:00Z"}}),
        json!({}),
    );
    let probe = event(
        "Pod",
        "wordpress-1",
        "Unhealthy",
        "Readiness probe failed: 503",
    );
    assert_eq!(
        found(json!({"pods": [running], "events": [probe]})),
        Some((FailureCode::ProbeFailing, false))
    );

    let mount = event(
        "Pod",
        "wordpress-1",
        "FailedMount",
        "MountVolume.SetUp failed",
    );
    assert_eq!(
        found(json!({"pods": [waiting("ContainerCreating")], "events": [mount]})),
        Some((FailureCode::VolumePending, false))
    );
    let other = event("Pod", "another", "FailedMount", "MountVolume.SetUp failed");
    assert_eq!(
        found(json!({"pods": [waiting("ContainerCreating")], "events": [other]})),
        None
    );
}

#[test]
fn refused_pods_are_told_by_their_workloads() {
    let security = "pods \"x\" is forbidden: violates PodSecurity \"restricted:latest\"";
    let deployment = json!({"metadata": {"name": "wordpress"}, "status": {"conditions": [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": security}]}});
    assert_eq!(
        found(json!({"deployments": [deployment]})),
        Some((FailureCode::PodSecurity, true))
    );

    let quota = "exceeded quota: store, requested: pods=1, used: pods=2, limited: pods=2";
    let refused = event("StatefulSet", "mysql", "FailedCreate", quota);
    let set = |there: i32| json!({"metadata": {"name": "mysql"}, "spec": {"replicas": 1, "serviceName": "m", "selector": {}, "template": {}}, "status": {"replicas": there}});
    assert_eq!(
        found(json!({"stateful_sets": [set(0)], "events": [refused.clone()]})),
        Some((FailureCode::QuotaExceeded, false))
    );
    assert_eq!(
        found(json!({"stateful_sets": [set(1)], "events": [refused]})),
        None
    );
}

#[test]
fn a_claim_in_trouble_is_told_and_one_that_waits_for_its_pod_is_not() {
    let claim = json!({"metadata": {"name": "mysql"}, "status": {"phase": "Pending"}});
    let waits = event(
        "PersistentVolumeClaim",
        "mysql",
        "WaitForFirstConsumer",
        "waiting",
    );
    assert_eq!(
        found(json!({"claims": [claim.clone()], "events": [waits]})),
        None
    );
    let trouble = event(
        "PersistentVolumeClaim",
        "mysql",
        "ProvisioningFailed",
        "storageclass \"fast\" not found",
    );
    assert_eq!(
        found(json!({"claims": [claim], "events": [trouble]})),
        Some((FailureCode::VolumePending, false))
    );
}

#[test]
fn what_can_be_proven_is_told_before_what_may_pass() {
    let pods = json!({"pods": [waiting("ErrImagePull"), waiting("InvalidImageName")]});
    assert_eq!(found(pods), Some((FailureCode::ImageInvalid, true)));
}

#[test]
fn a_set_up_that_ended_says_its_exit_code() {
    let failed = json!({"metadata": {"name": "setup-1-x"}, "status": {"phase": "Failed", "containerStatuses": [{"name": "setup", "image": "", "imageID": "", "ready": false, "restartCount": 0, "state": {"terminated": {"exitCode": 12, "reason": "Error"}}}]}});
    let verdict = Rollout::Failed(
        FailureCode::SetupFailed,
        "Job/setup-1: it failed".to_owned(),
    );

    let found = diagnose(&facts(json!({"pods": [failed]})), &verdict).unwrap();

    assert_eq!(found.failure.code, FailureCode::SetupFailed);
    assert!(found.failure.message.contains("exit code 12"));
    assert_eq!(found.object, "Pod/setup-1-x");
    assert!(found.provable);
}
