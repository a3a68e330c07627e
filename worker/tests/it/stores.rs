//! Stores of a test: brought up, told again, looked at.

use std::time::{Duration, Instant};

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{Namespace, PersistentVolumeClaim, Secret};
use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams};
use serde_json::json;
use shared::contract::command::Command;
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::ids::Generation;
use shared::operation::OperationKind;
use shared::step::Step;
use shared::testing::{a_command, a_create};
use time::OffsetDateTime;

use crate::harness::{Installation, until};
use crate::journey::words;

const SOON: Duration = Duration::from_secs(60);

/// Bring a store up, and give the next generation of its command.
pub async fn a_ready_store(here: &Installation) -> Envelope<Command> {
    let create = a_create();
    here.broker.command(&create).await;
    let events = here.broker.until_settled(SOON).await;
    assert!(
        matches!(events.last(), Some(EventBody::Ready { .. })),
        "{events:#?}"
    );
    again(&create, OperationKind::Update)
}

pub fn again(command: &Envelope<Command>, kind: OperationKind) -> Envelope<Command> {
    Envelope {
        generation: Generation(command.generation.0 + 1),
        ..a_command(command.store_id.clone(), kind, command.body.goal.clone())
    }
}

pub async fn volume(here: &Installation, command: &Envelope<Command>) -> String {
    let api = here
        .cluster
        .of::<PersistentVolumeClaim>(command.store_id.as_str());
    api.get("mysql").await.unwrap().uid().unwrap()
}

/// The Secret of a revision as it would be, had helm been killed.
pub async fn set_status(
    here: &Installation,
    command: &Envelope<Command>,
    revision: i64,
    status: &str,
) {
    let store = &command.store_id;
    let name = format!("sh.helm.release.v1.{store}.v{revision}");
    let api = here.cluster.of::<Secret>(store.as_str());
    let mut secret = api.get(&name).await.unwrap();
    secret
        .labels_mut()
        .insert("status".to_owned(), status.to_owned());
    let data = secret.data.as_mut().unwrap();
    data.insert(
        "release".to_owned(),
        with_status(&data["release"].0, status),
    );
    api.replace(&name, &Default::default(), &secret)
        .await
        .unwrap();
}

fn with_status(record: &[u8], status: &str) -> ByteString {
    use base64::Engine as _;
    use std::io::{Read as _, Write as _};
    let engine = base64::engine::general_purpose::STANDARD;
    let mut text = String::new();
    flate2::read::GzDecoder::new(engine.decode(record).unwrap().as_slice())
        .read_to_string(&mut text)
        .unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    value["info"]["status"] = json!(status);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(value.to_string().as_bytes()).unwrap();
    ByteString(engine.encode(packer.finish().unwrap()).into_bytes())
}

pub async fn mark_never_ready(here: &Installation, command: &Envelope<Command>) {
    let patch = json!({"metadata": {"annotations": {"urumi.dev/ever-ready": null}}});
    here.cluster
        .all::<Namespace>()
        .patch(
            command.store_id.as_str(),
            &PatchParams::default(),
            &Patch::Merge(patch),
        )
        .await
        .unwrap();
}

pub async fn settle(here: &Installation, command: &Envelope<Command>) -> (EventBody, Vec<String>) {
    here.broker.command(command).await;
    let events = here.broker.until_settled(SOON).await;
    (events.last().unwrap().clone(), words(&events))
}

pub fn is_ready(outcome: &EventBody) -> bool {
    matches!(outcome, EventBody::Ready { .. })
}

/// As the api does: say a deferred command again when its time has come.
pub async fn until_ready(here: &Installation, command: &Envelope<Command>, within: Duration) {
    let deadline = Instant::now() + within;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let settled = here.broker.until(left, EventBody::settles).await;
        match &settled.last().unwrap().body {
            EventBody::Ready { .. } => return,
            EventBody::Deferred { until: moment, .. } => {
                let moment = *moment;
                until("the deferral ends", left, async || {
                    OffsetDateTime::now_utc() >= moment
                })
                .await;
                here.broker.command(command).await;
            }
            other => panic!("{other:?}\n{}", here.log()),
        }
    }
}

/// As [`until_ready`], for several stores at once.
pub async fn until_all_ready(
    here: &Installation,
    commands: &[Envelope<Command>],
    within: Duration,
) {
    let deadline = Instant::now() + within;
    let mut open: Vec<&Envelope<Command>> = commands.iter().collect();
    let mut later: Vec<(OffsetDateTime, &Envelope<Command>)> = Vec::new();
    while !open.is_empty() {
        assert!(
            Instant::now() < deadline,
            "not ready: {open:?}\n{}",
            here.log()
        );
        let now = OffsetDateTime::now_utc();
        for (_, command) in later.extract_if(.., |(moment, _)| *moment <= now) {
            here.broker.command(command).await;
        }
        let Some(event) = here.broker.event(Duration::from_millis(200)).await else {
            continue;
        };
        let of_this = |command: &&Envelope<Command>| command.store_id == event.store_id;
        match event.body {
            EventBody::Ready { .. } => open.retain(|command| !of_this(command)),
            EventBody::Deferred { until, .. } => {
                later.extend(
                    open.iter()
                        .find(|command| of_this(command))
                        .map(|c| (until, *c)),
                );
            }
            body => assert!(!body.settles(), "{body:?}\n{}", here.log()),
        }
    }
}

/// A helm that takes its time, then is the real one.
pub fn slow_helm(here: &mut Installation, seconds: u32) -> std::path::PathBuf {
    let folder = here.folder.path().to_owned();
    let script = format!(
        "echo $$ >>{0}/helm.pid\nsleep {seconds}\nexec {1} \"$@\"",
        folder.display(),
        crate::harness::variable("TEST_HELM")
    );
    let helm = crate::harness::helm_script(&folder, &script, SOON);
    here.set("URUMI_HELM", helm.program.display().to_string());
    folder.join("helm.pid")
}

pub fn at(step: Step) -> impl Fn(&EventBody) -> bool {
    move |event| matches!(event, EventBody::StepStarted { step: found, .. } if *found == step)
}
