//! Table tests of the rule, and a small world to tell events to.

mod facts;
mod generations;
mod order;

use std::collections::{BTreeMap, BTreeSet};

use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::failure::{Failure, FailureCode};
use shared::ids::{Generation, MessageId, OperationId, StoreId, TenantId};
use shared::operation::{OperationKind, OperationStatus};
use shared::step::Step;
use shared::store_spec::StoreSpec;
use shared::store_status::StoreStatus;
use time::{Duration, OffsetDateTime};

use crate::projector::rule::{CommandChange, project};
use crate::projector::{status, timeline};
use crate::record::{EndedBy, OperationRecord, StepOutcome, StepRecord, StoreRecord};

/// Second `n` of the test's time.
pub fn at(n: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::seconds(n)
}

/// A store and its open operation of that kind, as a request leaves them.
pub fn records(kind: OperationKind) -> (StoreRecord, OperationRecord) {
    let id: StoreId = "store-bcdfgh".parse().unwrap();
    let operation = OperationRecord {
        id: OperationId(uuid::Uuid::from_u128(7)),
        store_id: id.clone(),
        kind,
        generation: Generation(2),
        spec: (kind != OperationKind::Delete).then(|| spec("wanted")),
        max_attempts: 3,
        budget: Duration::seconds(900),
        not_after: at(86_400),
        not_before: None,
        request_id: shared::ids::RequestId(uuid::Uuid::from_u128(8)),
        outcomes: Vec::new(),
        deferrals: BTreeMap::new(),
        started_at: None,
        ended_by: None,
        status: OperationStatus::Queued,
        attempt: 1,
        failure: None,
        finished_at: None,
    };
    let store = StoreRecord {
        id,
        tenant_id: TenantId::LOCAL,
        status: status::of(kind, OperationStatus::Queued),
        generation: Generation(2),
        ever_ready: kind != OperationKind::Create,
        spec: spec("wanted"),
        safe_spec: (kind != OperationKind::Create).then(|| spec("safe")),
        previous: None,
        failure: None,
        current_operation_id: operation.id,
        chart: None,
        revision: None,
        images: Default::default(),
        ready_at: None,
        deleted_at: None,
    };
    (store, operation)
}

/// A spec, told apart by its image.
pub fn spec(image: &str) -> StoreSpec {
    StoreSpec {
        image: Some(image.to_owned()),
        ..shared::testing::a_spec(&"store-bcdfgh".parse().unwrap())
    }
}

/// An event about that operation.
pub fn event(
    operation: &OperationRecord,
    attempt: u32,
    second: i64,
    body: EventBody,
) -> Envelope<EventBody> {
    Envelope {
        id: MessageId(body.id(operation.id, attempt).0),
        store_id: operation.store_id.clone(),
        tenant_id: TenantId::LOCAL,
        operation_id: operation.id,
        generation: operation.generation,
        attempt,
        sent_at: at(second),
        body,
    }
}

pub fn started(step: Step) -> EventBody {
    EventBody::StepStarted { step, run: 0 }
}

pub fn ready() -> EventBody {
    EventBody::Ready {
        revision: 1,
        chart: "store-0.1.0".to_owned(),
        images: Default::default(),
    }
}

pub fn failed(code: FailureCode, changed: bool) -> EventBody {
    let failure = Failure::new(code, "").in_step(Step::Rollout);
    EventBody::Failed {
        failure,
        changed,
        run: 0,
    }
}

/// Everything that a store's events leave behind.
#[derive(Debug, Clone, PartialEq)]
struct World {
    store: StoreRecord,
    operation: OperationRecord,
    steps: BTreeMap<(u32, Step, u32), StepRecord>,
    /// The attempt that is still to be said, if any.
    command: Option<u32>,
    inbox: BTreeSet<MessageId>,
}

impl World {
    fn new(kind: OperationKind) -> Self {
        let (store, operation) = records(kind);
        Self {
            store,
            operation,
            steps: BTreeMap::new(),
            command: Some(1),
            inbox: BTreeSet::new(),
        }
    }

    /// What `apply.rs` does with the database.
    fn take_in(&mut self, event: &Envelope<EventBody>) {
        let key = timeline::step_of(&event.body).map(|(step, run)| (event.attempt, step, run));
        let step = key.and_then(|key| self.steps.get(&key));
        let changes = project(&self.store, &self.operation, step, event).unwrap();
        if let (Some(key), Some(step)) = (key, changes.step) {
            self.steps.insert(key, step);
        }
        if !self.inbox.insert(event.id) {
            return;
        }
        self.store = changes.store;
        self.operation = changes.operation;
        match changes.command {
            CommandChange::Keep | CommandChange::Defer { .. } => {}
            CommandChange::Settle => self.command = None,
            CommandChange::Retry { attempt, .. } => {
                self.command = self.command.map(|_| attempt);
            }
            CommandChange::Reissue { .. } => self.command = Some(self.operation.attempt),
        }
    }

    fn after(kind: OperationKind, events: &[Envelope<EventBody>]) -> Self {
        let mut world = Self::new(kind);
        for event in events {
            world.take_in(event);
        }
        world
    }
}

#[test]
fn a_create_goes_from_queued_over_provisioning_to_ready() {
    let mut world = World::new(OperationKind::Create);
    let operation = world.operation.clone();

    world.take_in(&event(&operation, 1, 10, started(Step::Namespace)));
    assert_eq!(world.store.status, StoreStatus::Provisioning);
    assert_eq!(world.operation.deadline_at(), Some(at(910)));

    world.take_in(&event(&operation, 1, 30, ready()));
    assert_eq!(world.store.status, StoreStatus::Ready);
    assert_eq!(world.store.ready_at, Some(at(30)));
    assert!(world.store.ever_ready);
    assert_eq!(world.command, None);
}

#[test]
fn a_terminal_event_is_legal_before_any_progress_which_then_only_fills_the_timeline() {
    let mut world = World::new(OperationKind::Create);
    let operation = world.operation.clone();

    world.take_in(&event(&operation, 1, 30, ready()));
    world.take_in(&event(&operation, 1, 10, started(Step::Release)));

    assert_eq!(world.store.status, StoreStatus::Ready);
    assert_eq!(world.operation.status, OperationStatus::Succeeded);
    assert_eq!(world.steps[&(1, Step::Release, 0)].started_at, Some(at(10)));
}

#[test]
fn a_retryable_failure_is_another_attempt_until_the_counted_ones_are_used_up() {
    let mut world = World::new(OperationKind::Create);
    let operation = world.operation.clone();
    world.take_in(&event(&operation, 1, 1, started(Step::Release)));

    for attempt in 1..=2 {
        world.take_in(&event(
            &operation,
            attempt,
            10,
            failed(FailureCode::CrashLoop, true),
        ));
        assert_eq!(world.operation.attempt, attempt + 1);
        assert_eq!(world.command, Some(attempt + 1));
        assert_eq!(world.store.status, StoreStatus::Provisioning);
        assert!(
            world.operation.failure.is_some(),
            "the last failure is shown"
        );
    }
    world.take_in(&event(
        &operation,
        3,
        20,
        failed(FailureCode::CrashLoop, true),
    ));
    assert_eq!(world.store.status, StoreStatus::Failed);
    assert_eq!(world.store.failure.unwrap().code, FailureCode::CrashLoop);
    assert_eq!(world.command, None);
}

#[test]
fn an_attempt_that_changed_nothing_is_not_counted() {
    let mut world = World::new(OperationKind::Create);
    let operation = world.operation.clone();
    for attempt in 1..=20 {
        world.take_in(&event(
            &operation,
            attempt,
            10,
            failed(FailureCode::ClusterUnreachable, false),
        ));
    }
    assert_eq!(world.operation.status, OperationStatus::Queued);
    assert_eq!(world.command, Some(21));
}

#[test]
fn a_failure_that_no_retry_cures_ends_it_at_once() {
    let (_, operation) = records(OperationKind::Create);
    let world = World::after(
        OperationKind::Create,
        &[event(
            &operation,
            1,
            5,
            failed(FailureCode::HostConflict, true),
        )],
    );
    assert_eq!(world.store.status, StoreStatus::Failed);
}

#[test]
fn a_failure_past_the_deadline_ends_it_though_a_retry_could_help() {
    let (_, operation) = records(OperationKind::Create);
    let events = [
        event(&operation, 1, 0, started(Step::Release)),
        event(&operation, 1, 901, failed(FailureCode::ImagePull, true)),
    ];
    assert_eq!(
        World::after(OperationKind::Create, &events).store.status,
        StoreStatus::Failed
    );
}

#[test]
fn a_failed_delete_is_delete_failed_and_a_failed_update_leaves_the_store_ready() {
    for (kind, status) in [
        (OperationKind::Delete, StoreStatus::DeleteFailed),
        (OperationKind::Update, StoreStatus::Ready),
        (OperationKind::Resume, StoreStatus::Suspended),
    ] {
        let (_, operation) = records(kind);
        let world = World::after(
            kind,
            &[event(
                &operation,
                1,
                5,
                failed(FailureCode::ChartInvalid, true),
            )],
        );
        assert_eq!(world.store.status, status);
        assert_eq!(world.operation.status, OperationStatus::Failed);
    }
}

#[test]
fn an_event_that_cannot_belong_to_its_operation_is_refused() {
    let (store, operation) = records(OperationKind::Delete);
    assert!(project(&store, &operation, None, &event(&operation, 1, 5, ready())).is_err());
    let (store, operation) = records(OperationKind::Create);
    assert!(
        project(
            &store,
            &operation,
            None,
            &event(&operation, 1, 5, EventBody::Deleted)
        )
        .is_err()
    );
}

#[test]
fn a_wait_is_replaced_by_a_later_one_also_when_its_words_come_again() {
    let (_, operation) = records(OperationKind::Create);
    let wait = |second, message: &str| {
        let body = EventBody::StepWaiting {
            step: Step::Rollout,
            message: message.to_owned(),
            cause: None,
            run: 0,
        };
        event(&operation, 1, second, body)
    };
    let world = World::after(
        OperationKind::Create,
        &[wait(1, "a"), wait(2, "b"), wait(3, "a")],
    );
    let waiting = world.steps[&(1, Step::Rollout, 0)].waiting.clone().unwrap();
    assert_eq!((waiting.message.as_str(), waiting.at), ("a", at(3)));
}

#[test]
fn the_step_in_which_an_attempt_failed_is_failed() {
    let (_, operation) = records(OperationKind::Create);
    let events = [
        event(&operation, 1, 1, started(Step::Rollout)),
        event(&operation, 1, 9, failed(FailureCode::CrashLoop, true)),
    ];
    let world = World::after(OperationKind::Create, &events);
    let step = &world.steps[&(1, Step::Rollout, 0)];
    assert_eq!(
        (step.outcome, step.finished_at),
        (StepOutcome::Failed, Some(at(9)))
    );
}
