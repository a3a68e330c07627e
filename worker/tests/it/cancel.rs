//! A running create that is no longer wanted: its helm goes, its slot is free, and
//! the store can be wanted again or deleted.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Namespace;
use shared::contract::command::Goal;
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::ids::Generation;
use shared::operation::OperationKind;
use shared::testing::{a_command, a_create};

use crate::harness::{Installation, helm_script, lives, until, variable};
use crate::stores::{again, until_ready};

const SOON: Duration = Duration::from_secs(60);

/// While the file `hang` is there: do that, and then nothing for ever, whatever
/// the signal. Else the real helm.
fn hanging_helm(here: &mut Installation, first: &str) -> std::path::PathBuf {
    let folder = here.folder.path().to_owned();
    let script = format!(
        "if [ -e {0}/hang ]; then\n{first}\ntrap '' TERM\necho $$ >{0}/helm.pid\n\
         while :; do sleep 0.1; done\nfi\nexec {1} \"$@\"",
        folder.display(),
        variable("TEST_HELM")
    );
    let helm = helm_script(&folder, &script, SOON);
    here.set("URUMI_HELM", helm.program.display().to_string());
    std::fs::write(folder.join("hang"), "").unwrap();
    folder.join("helm.pid")
}

async fn cancel_while_helm_hangs(first: &str) {
    let mut here = Installation::start().await;
    here.set("URUMI_SLOTS", "1");
    here.set("URUMI_HELM_LIMIT_MS", "60000");
    // The longest that is shipped: TERM, five seconds, KILL.
    here.set("URUMI_HELM_GRACE_MS", "5000");
    let pid = hanging_helm(&mut here, first);
    here.open_shop().await;
    let _worker = here.worker();
    let command = a_create();
    here.broker.command(&command).await;
    until("helm hangs", SOON, async || lives(&pid)).await;

    here.broker.control(&command.store_id, 2, &command).await;
    let begun = Instant::now();
    until("helm is gone", Duration::from_secs(10), async || {
        !lives(&pid)
    })
    .await;
    let gone = begun.elapsed();
    let events = here.broker.until_settled(SOON).await;
    let said = begun.elapsed();
    println!("helm gone {gone:?}, said {said:?} after the cancel");

    let stopped = EventBody::Stopped {
        newer: Generation(2),
    };
    assert_eq!(events.last(), Some(&stopped), "{}", here.log());
    assert!(said < Duration::from_secs(10), "{said:?}");
    std::fs::remove_file(here.folder.path().join("hang")).unwrap();
    // The only slot is free for another store.
    let other = a_create();
    here.broker.command(&other).await;
    until_ready(&here, &other, SOON).await;
    // The cancelled one can be wanted again, and deleted.
    let wanted = Envelope {
        generation: Generation(3),
        ..again(&command, OperationKind::Create)
    };
    here.broker.command(&wanted).await;
    until_ready(&here, &wanted, SOON).await;
    let delete = Envelope {
        generation: Generation(4),
        ..a_command(
            command.store_id.clone(),
            OperationKind::Delete,
            Goal::Absent,
        )
    };
    here.broker.command(&delete).await;
    let events = here.broker.until_settled(SOON).await;
    assert_eq!(events.last(), Some(&EventBody::Deleted), "{}", here.log());
    let namespaces = here.cluster.all::<Namespace>();
    let left = namespaces.get_opt(command.store_id.as_str()).await.unwrap();
    assert!(left.is_none());
    here.clean(&[other.store_id.as_str()]).await;
}

#[tokio::test]
async fn a_cancel_ends_a_helm_that_has_done_nothing_yet() {
    cancel_while_helm_hangs("").await;
}

#[tokio::test]
async fn a_cancel_ends_a_helm_that_has_done_all_but_end() {
    let helm = variable("TEST_HELM");
    cancel_while_helm_hangs(&format!("{helm} \"$@\"")).await;
}

#[tokio::test]
async fn a_cancelled_store_that_is_deleted_at_once_is_gone() {
    let mut here = Installation::start().await;
    let pid = hanging_helm(&mut here, "");
    here.open_shop().await;
    let _worker = here.worker();
    let command = a_create();
    here.broker.command(&command).await;
    until("helm hangs", SOON, async || lives(&pid)).await;

    here.broker.control(&command.store_id, 2, &command).await;
    let delete = Envelope {
        generation: Generation(2),
        ..a_command(
            command.store_id.clone(),
            OperationKind::Delete,
            Goal::Absent,
        )
    };
    here.broker.command(&delete).await;

    let first = here.broker.until_settled(SOON).await;
    let second = here.broker.until_settled(SOON).await;
    let ends = [first.last().unwrap(), second.last().unwrap()].map(EventBody::kind);
    assert_eq!(ends, ["Stopped", "Deleted"], "{}", here.log());
    here.clean(&[]).await;
}

#[tokio::test]
async fn what_was_made_of_a_cancelled_create_goes_and_the_store_can_be_wanted_again() {
    let mut here = Installation::start().await;
    let helm = variable("TEST_HELM");
    let pid = hanging_helm(&mut here, &format!("{helm} \"$@\""));
    here.open_shop().await;
    let _worker = here.worker();
    let command = a_create();
    here.broker.command(&command).await;
    until("helm hangs", SOON, async || lives(&pid)).await;

    here.broker.clear(&command.store_id, 2, &command).await;
    let namespaces = here.cluster.all::<Namespace>();
    until("nothing of it is left", SOON, async || {
        let found = namespaces.get_opt(command.store_id.as_str()).await;
        found.unwrap().is_none()
    })
    .await;

    let events = here.broker.until_settled(SOON).await;
    assert!(matches!(events.last(), Some(EventBody::Stopped { .. })));
    std::fs::remove_file(here.folder.path().join("hang")).unwrap();
    let wanted = Envelope {
        generation: Generation(3),
        ..again(&command, OperationKind::Create)
    };
    here.broker.command(&wanted).await;
    until_ready(&here, &wanted, SOON).await;

    // The same word again, said late, finds a newer intent; and one that is as new
    // finds a store that was ready.
    for generation in [2, 4] {
        here.broker
            .clear(&wanted.store_id, generation, &wanted)
            .await;
    }
    until("it was refused", SOON, async || {
        here.log().contains("a cancelled store is left as it is")
    })
    .await;
    let left = namespaces.get(wanted.store_id.as_str()).await.unwrap();
    assert!(left.metadata.deletion_timestamp.is_none());
    here.clean(&[wanted.store_id.as_str()]).await;
}
