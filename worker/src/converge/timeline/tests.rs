//! Which steps are told when, in one row each.

use super::*;

#[test]
fn steps_that_needed_nothing_are_told_in_order() {
    assert_eq!(
        skipped(PRESENT, &[], Step::Release),
        [Step::Namespace, Step::Credentials]
    );
    assert_eq!(
        skipped(PRESENT, &[Step::Namespace], Step::Rollout),
        [Step::Credentials, Step::Release]
    );
    assert!(skipped(PRESENT, PRESENT, Step::Storefront).is_empty());
    assert!(skipped(PRESENT, &[], Step::Reset).is_empty());
    assert!(skipped(ABSENT, &[], Step::Purge).is_empty());
}

#[test]
fn runs_of_a_later_holder_are_greater_and_a_clean_try_has_only_the_first() {
    let (once, twice) = (
        [Step::Release],
        [Step::Release, Step::Unlock, Step::Release],
    );
    for (turn, told, step, expected) in [
        (0, once.as_slice(), Some(Step::Release), 0),
        (0, &twice, Some(Step::Release), 1),
        (0, &twice, Some(Step::Unlock), 0),
        (0, &[], None, 0),
        (1, &once, Some(Step::Release), 100),
        (1, &twice, Some(Step::Release), 101),
        (3, &[], None, 300),
    ] {
        assert_eq!(run(turn, told, step), expected, "{turn} {told:?} {step:?}");
    }
    assert!(run(0, &[Step::Release; 500], Some(Step::Release)) < 100);
}

#[test]
fn what_failed_is_told_as_failed_and_the_way_back_as_done() {
    let command = shared::testing::a_create();
    let (story, mut next) = Story::unpublished(command.clone());
    let mut timeline = Timeline::new(&command.body.goal, &story);
    timeline.enter(Step::Rollout);
    timeline.changed(true);
    timeline.fail();
    timeline.enter(Step::Rollback);
    timeline.finish();
    timeline.enter(Step::Rollout);
    timeline.finish();

    let mut ends = Vec::new();
    while let Some(event) = next() {
        if let EventBody::StepFinished {
            step, run, failed, ..
        } = event
        {
            ends.push((step, run, failed));
        }
    }
    assert_eq!(
        ends[3..],
        [
            (Step::Rollout, 0, true),
            (Step::Rollback, 0, false),
            (Step::Rollout, 1, false)
        ]
    );
    assert_eq!(timeline.run_of(Some(Step::Rollout)), 1);
    assert_eq!(timeline.run_that_failed(Some(Step::Rollout)), 0);
}

#[test]
fn a_release_that_a_rollback_follows_has_failed() {
    let command = shared::testing::a_create();
    let (story, next) = Story::unpublished(command.clone());
    let mut timeline = Timeline::new(&command.body.goal, &story);
    timeline.enter(Step::Release);
    timeline.enter(Step::Rollback);

    let failed = std::iter::from_fn(next).find_map(|event| match event {
        EventBody::StepFinished {
            step, failed: true, ..
        } => Some(step),
        _ => None,
    });
    assert_eq!(failed, Some(Step::Release));
}

#[test]
fn a_wait_is_told_for_each_reason_and_again_as_a_sign_of_life() {
    let wait = |message: &str| Waiting {
        step: Step::Rollout,
        message: message.to_owned(),
        cause: None,
    };
    let at = Instant::now();
    let told = Told {
        waiting: wait("0 of 1 pods ready"),
        at,
    };
    for (message, later, covered) in [
        ("0 of 1 pods ready", 9, true),
        ("0 of 1 pods ready", 10, false),
        ("set-up is running", 1, false),
    ] {
        let now = at + Duration::from_secs(later);
        assert_eq!(told.covers(&wait(message), now), covered, "{message}");
    }
}
