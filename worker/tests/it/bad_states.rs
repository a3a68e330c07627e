//! Every bad state that a store can be found in, made with real helm records on a
//! real apiserver. One row a state: each converges, or ends within a minute in a
//! failure that names the object in the way; and the volumes of a store that was
//! ever ready are the same afterwards. How a row is made is in `bad_states/`.

mod cluster;
mod helm;

use std::rc::Rc;
use std::time::{Duration, Instant};

use futures_util::future::{LocalBoxFuture, join_all};
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::ResourceExt as _;
use shared::contract::command::Command;
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::failure::FailureCode;
use tokio::sync::Semaphore;
use tokio::task::{LocalSet, spawn_local};

use crate::harness::{Installation, Worker};

/// A row's own time, without its preparation.
const LIMIT: Duration = Duration::from_secs(60);
/// Rows at the same time.
const TOGETHER: usize = 6;

/// A state that was made, and what is asked for in it.
pub struct Case {
    here: Installation,
    _worker: Worker,
    command: Envelope<Command>,
    volume: Volume,
    expected: Expected,
}

/// What is to become of the volume.
pub enum Volume {
    /// There was none, or it does not matter.
    Any,
    /// The one with this UID is still there.
    Kept(String),
    /// The one with this UID is gone.
    Replaced(String),
}

/// What is to come.
pub enum Expected {
    Ready,
    Deleted,
    /// The code, and words of its message.
    Fails(FailureCode, Vec<String>),
}

type Prepare = fn() -> LocalBoxFuture<'static, Case>;

macro_rules! row {
    ($name:literal, $prepare:expr) => {
        ($name, (|| Box::pin($prepare)) as Prepare)
    };
}

fn rows() -> Vec<(&'static str, Prepare)> {
    vec![
        // These take their whole patience: they begin first.
        row!("Terminating, finalizer inside", cluster::held_inside()),
        row!("Terminating, finalizer of its own", cluster::held_itself()),
        row!("volume left that cannot go", cluster::volume_held()),
        row!(
            "pending-install, never ready",
            helm::first("pending-install")
        ),
        row!("pending-install, ready", helm::ready("pending-install")),
        row!(
            "pending-upgrade, good one before",
            helm::second("pending-upgrade")
        ),
        row!(
            "pending-rollback, good one before",
            helm::second("pending-rollback")
        ),
        row!("failed first install, never ready", helm::first("failed")),
        row!("failed first install, ready", helm::ready("failed")),
        row!("failed upgrade found", helm::second("failed")),
        row!("failed upgrade now", helm::fails_now()),
        row!("failed upgrade, older database", helm::would_lower()),
        row!("uninstalling, never ready", helm::first("uninstalling")),
        row!("uninstalling, ready", helm::ready("uninstalling")),
        row!("two deployed revisions", helm::second("deployed")),
        row!("release Secret deleted", helm::lost(false)),
        row!("release Secret deleted, install fails", helm::lost(true)),
        row!("foreign namespace, create", cluster::foreign_create()),
        row!("foreign namespace, delete", cluster::foreign_delete()),
        row!("marks lost, delete", cluster::marks_lost()),
        row!("quota refuses helm", cluster::quota_of_objects()),
        row!("quota refuses a pod", cluster::quota_of_pods()),
        row!("Pod Security refuses a pod", cluster::pod_security()),
        row!("volume left, never ready", cluster::volume_left(false)),
        row!("volume left, ready", cluster::volume_left(true)),
        row!("host taken, shop silent", cluster::host_taken()),
        row!("host taken, refused", cluster::host_refused()),
    ]
}

#[tokio::test]
async fn every_bad_state_converges_or_names_what_is_in_the_way() {
    let verdicts = LocalSet::new().run_until(all()).await;
    let mut failed = 0;
    for (name, verdict) in &verdicts {
        match verdict {
            Ok(said) => println!("ok    {name}: {said}"),
            Err(why) => println!("FAIL  {name}: {why}"),
        }
        failed += usize::from(verdict.is_err());
    }
    println!("{} rows, {failed} failed", verdicts.len());
    assert_eq!(failed, 0, "see the rows above");
}

async fn all() -> Vec<(&'static str, Result<String, String>)> {
    let slots = Rc::new(Semaphore::new(TOGETHER));
    let runs = rows().into_iter().map(|(name, prepare)| {
        let slots = Rc::clone(&slots);
        let run = spawn_local(async move {
            let _slot = slots.acquire().await.unwrap();
            judge(prepare().await).await
        });
        async move {
            // A panic while a state is made is that row's failure.
            let verdict = run.await.unwrap_or_else(|error| Err(error.to_string()));
            (name, verdict)
        }
    });
    join_all(runs.collect::<Vec<_>>()).await
}

async fn judge(case: Case) -> Result<String, String> {
    let begun = Instant::now();
    case.here.broker.command(&case.command).await;
    let mut words = Vec::new();
    let outcome = loop {
        let left = LIMIT.saturating_sub(begun.elapsed());
        let Some(event) = case.here.broker.event(left).await else {
            return Err(format!(
                "not settled in {LIMIT:?}: {words:#?}\n{}",
                case.here.log()
            ));
        };
        if event.body.settles() {
            break event.body;
        }
        words.push(event.body);
    };
    let took = begun.elapsed();
    let said = of_outcome(&outcome, &case.expected);
    let volume = of_volume(&case).await;
    let log = case.here.log();
    cluster::undo(&case).await;
    case.here.clean(&[case.command.store_id.as_str()]).await;
    match said.and_then(|said| volume.map(|()| said)) {
        Ok(said) => Ok(format!("{:.1} s, {said}", took.as_secs_f32())),
        Err(why) => Err(format!("{why}\n{words:#?}\n{log}")),
    }
}

fn of_outcome(outcome: &EventBody, expected: &Expected) -> Result<String, String> {
    match (expected, outcome) {
        (Expected::Ready, EventBody::Ready { revision, .. }) => {
            Ok(format!("Ready, revision {revision}"))
        }
        (Expected::Deleted, EventBody::Deleted) => Ok("Deleted".to_owned()),
        (Expected::Fails(code, words), EventBody::Failed { failure, .. }) => {
            let missing = words.iter().find(|word| !failure.message.contains(*word));
            match missing {
                None if failure.code == *code => Ok(failure.message.clone()),
                _ => Err(format!("{failure:#?}, not {code:?} with {words:?}")),
            }
        }
        (_, other) => Err(format!("{other:#?}")),
    }
}

async fn of_volume(case: &Case) -> Result<(), String> {
    let claims = case
        .here
        .cluster
        .of::<PersistentVolumeClaim>(case.command.store_id.as_str());
    let now = claims
        .get_opt("mysql")
        .await
        .unwrap()
        .and_then(|claim| claim.uid());
    match &case.volume {
        Volume::Any => Ok(()),
        Volume::Kept(uid) if now.as_ref() == Some(uid) => Ok(()),
        Volume::Replaced(uid) if now.is_some() && now.as_ref() != Some(uid) => Ok(()),
        Volume::Kept(uid) => Err(format!("the volume was {uid} and is {now:?}")),
        Volume::Replaced(uid) => Err(format!("the volume is still {uid}: {now:?}")),
    }
}
