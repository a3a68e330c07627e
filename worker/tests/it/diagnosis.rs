//! Pods that do not come up: the real apiserver with its controllers, and this
//! test in the kubelet's place, which binds pods and writes their states and
//! events. Each cause is shown with its evidence; a provable one ends the wait at
//! once; what only follows from a database that starts ends nothing.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{Binding, Event, Pod, Secret};
use kube::ResourceExt as _;
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use shared::contract::command::Command;
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::failure::{Failure, FailureCode};
use shared::testing::a_create;

use crate::harness::{Installation, Worker, until};

const SOON: Duration = Duration::from_secs(40);
/// "At once" on a machine that does much besides: far below any patience here.
const AT_ONCE: Duration = Duration::from_secs(10);
const WEB: &str = "web: { replicas: 1 }";

/// A store on its way up, with a kubelet that is this test.
struct Node {
    here: Installation,
    _worker: Worker,
    command: Envelope<Command>,
}

impl Node {
    /// Every patience is long, but the named one.
    async fn start(values: &str, patience: Option<&'static str>) -> Self {
        let mut here = Installation::unhurried().await;
        here.limit().await;
        for variable in [
            "URUMI_PATIENCE_IMAGE_PULL_SECONDS",
            "URUMI_PATIENCE_CRASH_LOOP_SECONDS",
            "URUMI_PATIENCE_OUT_OF_MEMORY_SECONDS",
            "URUMI_PATIENCE_UNSCHEDULABLE_SECONDS",
            "URUMI_PATIENCE_QUOTA_EXCEEDED_SECONDS",
        ] {
            let seconds = if patience == Some(variable) {
                "2"
            } else {
                "600"
            };
            here.set(variable, seconds);
        }
        here.values(values);
        let worker = here.worker();
        let command = a_create();
        here.broker.command(&command).await;
        Self {
            here,
            _worker: worker,
            command,
        }
    }

    fn store(&self) -> &str {
        self.command.store_id.as_str()
    }

    /// The pod of that app, bound to a node as the scheduler would.
    async fn pod(&self, app: &str) -> Pod {
        let pods = self.here.cluster.of::<Pod>(self.store());
        let of_app = ListParams::default().labels(&format!("app={app}"));
        let mut found = None;
        until("the pod is made", SOON, async || {
            let list = pods.list(&of_app).await.unwrap().items.into_iter();
            found = list.max_by_key(|pod| pod.metadata.creation_timestamp.as_ref().map(|t| t.0));
            found.is_some()
        })
        .await;
        let pod = found.unwrap();
        let binding = json!({"metadata": {"name": pod.name_any()}, "target": {"kind": "Node", "name": "node-of-a-test"}});
        let binding: Binding = serde_json::from_value(binding).unwrap();
        let params = PostParams::default();
        pods.create_subresource::<Binding, Value>("binding", &pod.name_any(), &params, &binding)
            .await
            .unwrap();
        pod
    }

    /// What the kubelet says of it.
    async fn says(&self, pod: &Pod, phase: &str, container: Value, ready: bool) {
        let ready = if ready { "True" } else { "False" };
        let mut status = json!({"name": "", "image": "wordpress", "imageID": "", "ready": ready == "True", "restartCount": 3});
        status["name"] = json!(pod.spec.as_ref().unwrap().containers[0].name);
        for (key, value) in container.as_object().unwrap() {
            status[key] = value.clone();
        }
        let conditions =
            json!([{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": ready}]);
        let patch = json!({"status": {"phase": phase, "conditions": conditions, "containerStatuses": [status]}});
        self.here
            .cluster
            .of::<Pod>(self.store())
            .patch_status(
                &pod.name_any(),
                &PatchParams::default(),
                &Patch::Strategic(patch),
            )
            .await
            .unwrap();
    }

    async fn warns(&self, pod: &Pod, reason: &str, message: &str) {
        let object = json!({"kind": "Pod", "name": pod.name_any(), "namespace": self.store(), "uid": pod.uid()});
        let event = json!({"metadata": {"generateName": "of-the-test-"}, "involvedObject": object, "type": "Warning", "reason": reason, "message": message, "lastTimestamp": "2026-11-23T12:00:00Z", "count": 4});
        let event: Event = serde_json::from_value(event).unwrap();
        let events = self.here.cluster.of::<Event>(self.store());
        events.create(&PostParams::default(), &event).await.unwrap();
    }

    /// The first cause of that code that is shown.
    async fn shows(&self, code: FailureCode) -> Failure {
        let is_it = |event: &EventBody| {
            let cause = match event {
                EventBody::StepWaiting { cause, .. } => cause.as_ref(),
                _ => None,
            };
            cause.is_some_and(|cause| cause.code == code) || event.settles()
        };
        let mut events = self.here.broker.until(SOON, is_it).await;
        match events.pop().unwrap().body {
            EventBody::StepWaiting { cause, .. } => cause.unwrap(),
            other => panic!("{other:#?}\n{}", self.here.log()),
        }
    }

    /// It fails at the very look at which its cause is first seen: that was never
    /// waited for.
    async fn fails_at_first_sight(&self) -> Failure {
        let events = self.here.broker.until_settled(SOON).await;
        let Some(EventBody::Failed { failure, .. }) = events.last() else {
            panic!("{events:#?}\n{}", self.here.log())
        };
        let waited = events.iter().any(|event| match event {
            EventBody::StepWaiting { cause, .. } => cause
                .as_ref()
                .is_some_and(|cause| cause.code == failure.code),
            _ => false,
        });
        assert!(!waited, "{events:#?}");
        failure.clone()
    }

    async fn fails(&self) -> Failure {
        let events = self.here.broker.until_settled(SOON).await;
        match events.last() {
            Some(EventBody::Failed { failure, .. }) => failure.clone(),
            other => panic!("{other:#?}\n{}", self.here.log()),
        }
    }

    async fn end(&self) {
        self.here.clean(&[self.store()]).await;
    }
}

#[tokio::test]
async fn an_image_that_is_not_there_is_shown_with_its_evidence_and_without_secrets() {
    let node = Node::start(WEB, None).await;
    let pod = node.pod("wordpress").await;
    let secrets = node.here.cluster.of::<Secret>(node.store());
    let data = secrets
        .get("store-credentials")
        .await
        .unwrap()
        .data
        .unwrap();
    let secret = String::from_utf8(data["mysql-password"].0.clone()).unwrap();
    let message = format!("pull access denied for {secret}, cut: {}", &secret[..12]);
    node.warns(&pod, "Failed", &message).await;
    let waiting = json!({"waiting": {"reason": "ErrImagePull", "message": message}});
    let begun = Instant::now();
    node.says(&pod, "Pending", json!({"state": waiting}), false)
        .await;

    let failure = node.shows(FailureCode::ImagePull).await;

    println!("image not found: shown after {:?}", begun.elapsed());
    assert!(failure.message.contains(&pod.name_any()), "{failure:?}");
    assert_eq!(failure.evidence[0].kind, "Event", "{failure:?}");
    let all = format!("{failure:?}\n{}", node.here.log());
    assert!(all.contains("[secret]"), "{failure:?}");
    assert!(!all.contains(&secret[..12]), "{failure:?}");
    node.end().await;
}

#[tokio::test]
async fn an_image_name_that_is_none_ends_the_wait_at_once() {
    let node = Node::start(WEB, None).await;
    let pod = node.pod("wordpress").await;
    let waiting = json!({"waiting": {"reason": "InvalidImageName", "message": "couldn't parse"}});
    let begun = Instant::now();
    node.says(&pod, "Pending", json!({"state": waiting}), false)
        .await;

    let failure = node.fails_at_first_sight().await;

    println!("invalid image name: ended after {:?}", begun.elapsed());
    assert_eq!(failure.code, FailureCode::ImageInvalid, "{failure:?}");
    assert!(begun.elapsed() < AT_ONCE && !failure.retryable && !failure.evidence.is_empty());
    node.end().await;
}

#[tokio::test]
async fn a_container_out_of_memory_is_shown_and_then_fails() {
    let node = Node::start(WEB, Some("URUMI_PATIENCE_OUT_OF_MEMORY_SECONDS")).await;
    let pod = node.pod("wordpress").await;
    let killed = json!({"terminated": {"reason": "OOMKilled", "exitCode": 137}});
    let waiting = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}});
    let container = json!({"state": waiting, "lastState": killed});
    node.says(&pod, "Running", container, false).await;

    let shown = node.shows(FailureCode::OutOfMemory).await;
    let failure = node.fails().await;

    assert_eq!(failure.code, FailureCode::OutOfMemory, "{failure:?}");
    assert_eq!(shown.next_action, failure.next_action);
    assert!(!failure.evidence.is_empty(), "{failure:?}");
    node.end().await;
}

#[tokio::test]
async fn a_request_above_the_quota_ends_the_wait_at_once() {
    // Of a StatefulSet: only an event tells.
    let node = Node::start(
        "quota: { pods: 0 }\ndatabase: { image: mysql, replicas: 1 }",
        None,
    )
    .await;

    let failure = node.fails_at_first_sight().await;

    assert_eq!(failure.code, FailureCode::QuotaExceeded, "{failure:?}");
    assert!(failure.message.contains("StatefulSet/mysql"), "{failure:?}");
    assert!(
        failure.evidence[0].text.contains("exceeded quota"),
        "{failure:?}"
    );
    node.end().await;
}

#[tokio::test]
async fn a_set_up_says_its_exit_code_and_ends_the_wait_at_once() {
    let node = Node::start("setup: true\nweb: { replicas: 1 }", None).await;
    let pod = node.pod("setup").await;
    let ended = json!({"terminated": {"reason": "Error", "exitCode": 12}});
    let begun = Instant::now();
    node.says(&pod, "Failed", json!({"state": ended}), false)
        .await;

    let failure = node.fails().await;

    println!("set-up's exit code: ended after {:?}", begun.elapsed());
    assert_eq!(failure.code, FailureCode::SetupFailed, "{failure:?}");
    assert!(failure.message.contains("exit code 12"), "{failure:?}");
    assert!(
        begun.elapsed() < AT_ONCE && !failure.evidence.is_empty(),
        "{failure:?}"
    );
    node.end().await;
}

#[tokio::test]
async fn a_crash_loop_while_the_database_starts_does_not_fail_the_store() {
    let values = "database: { image: mysql, replicas: 1 }\nweb: { replicas: 1 }";
    let node = Node::start(values, Some("URUMI_PATIENCE_CRASH_LOOP_SECONDS")).await;
    let (database, web) = (node.pod("mysql").await, node.pod("wordpress").await);
    let running = || json!({"running": {"startedAt": "2026-11-23T12:00:00Z"}});
    node.says(&database, "Running", json!({"state": running()}), false)
        .await;
    let crashed = json!({"terminated": {"reason": "Error", "exitCode": 1}});
    let waiting = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}});
    let crashing = json!({"state": waiting, "lastState": crashed});
    node.says(&web, "Running", crashing.clone(), false).await;

    node.shows(FailureCode::CrashLoop).await;
    // Three times its patience, and nothing settles.
    let deadline = Instant::now() + Duration::from_secs(6);
    while let Some(event) = {
        let left = deadline.saturating_duration_since(Instant::now());
        node.here.broker.event(left).await
    } {
        assert!(!event.body.settles(), "{:#?}", event.body);
    }
    // With its database there, it is the cause, and has no longer than that.
    node.says(&database, "Running", json!({"state": running()}), true)
        .await;
    let failure = node.fails().await;

    assert_eq!(failure.code, FailureCode::CrashLoop, "{failure:?}");
    node.end().await;
}
