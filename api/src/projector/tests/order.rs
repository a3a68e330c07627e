//! The proof by many cases that the order and repetition of events do not matter.

use std::collections::BTreeMap;

use proptest::prelude::*;
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::failure::{Failure, FailureCode};
use shared::ids::Generation;
use shared::operation::OperationKind;
use shared::step::Step;

use super::{World, at, event, records};

fn any_step() -> impl Strategy<Value = Step> {
    proptest::sample::select(Step::ALL.to_vec())
}

fn any_code() -> impl Strategy<Value = FailureCode> {
    proptest::sample::select(FailureCode::ALL.to_vec())
}

/// Any event a worker could send, and many that no worker would send together.
fn any_body(kind: OperationKind) -> impl Strategy<Value = EventBody> {
    let goal = if kind == OperationKind::Delete {
        Just(EventBody::Deleted).boxed()
    } else {
        (1..3_i64)
            .prop_map(|revision| EventBody::Ready {
                revision,
                chart: "store-0.1.0".to_owned(),
                images: Default::default(),
            })
            .boxed()
    };
    prop_oneof![
        3 => (any_step(), 0..3_u32).prop_map(|(step, run)| EventBody::StepStarted { step, run }),
        3 => (any_step(), 0..3_u32, any::<bool>(), any::<bool>()).prop_map(|(step, run, changed, failed)| EventBody::StepFinished { step, changed, failed, run }),
        2 => (any_step(), 0..3_u32, "[ab]").prop_map(|(step, run, message)| EventBody::StepWaiting { step, message, cause: None, run }),
        3 => (any_code(), any::<bool>(), proptest::option::of(any_step()), 0..3_u32).prop_map(|(code, changed, step, run)| {
            let mut failure = Failure::new(code, "");
            failure.step = step;
            EventBody::Failed { failure, changed, run }
        }),
        1 => goal,
        1 => Just(EventBody::Stopped { newer: Generation(2) }),
        1 => (0..100_i64, "[ab]").prop_map(|(n, reason)| EventBody::Deferred { until: at(n), reason }),
    ]
}

fn any_history() -> impl Strategy<
    Value = (
        OperationKind,
        Vec<Envelope<EventBody>>,
        Vec<Envelope<EventBody>>,
    ),
> {
    proptest::sample::select(OperationKind::ALL.to_vec()).prop_flat_map(|kind| {
        let (_, operation) = records(kind);
        let events = proptest::collection::vec((1..4_u32, 0..2_000_i64, any_body(kind)), 1..12)
            .prop_map(move |parts| {
                // The same fact is told with one time.
                let mut told = BTreeMap::new();
                for (attempt, second, body) in parts {
                    let event = event(&operation, attempt, second, body);
                    told.entry(event.id).or_insert(event);
                }
                told.into_values().collect::<Vec<_>>()
            });
        events.prop_flat_map(move |events| {
            let mut twice = events.clone();
            twice.extend(events.iter().cloned());
            (Just(kind), Just(events), Just(twice).prop_shuffle())
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_order_and_repetition_of_events_gives_the_same_record((kind, events, shuffled) in any_history()) {
        let told_in_order = World::after(kind, &events);
        let told_otherwise = World::after(kind, &shuffled);
        prop_assert_eq!(told_in_order, told_otherwise);
    }

    #[test]
    fn a_closed_operation_has_nothing_left_to_say_and_never_opens_again((kind, _, shuffled) in any_history()) {
        let mut world = World::new(kind);
        let mut closed = false;
        for event in &shuffled {
            world.take_in(event);
            prop_assert!(!closed || !world.operation.is_open());
            closed = !world.operation.is_open();
            prop_assert_eq!(closed, world.command.is_none());
            prop_assert_eq!(closed, world.operation.finished_at.is_some());
        }
    }
}
