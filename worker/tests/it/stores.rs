//! Stores of a test: brought up, told again, looked at.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::ResourceExt as _;
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
    move |event| matches!(event, EventBody::StepStarted { step: found, run: 0 } if *found == step)
}
