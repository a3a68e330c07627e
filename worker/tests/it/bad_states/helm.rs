//! States of helm's storage, made by changing the records of a real release.

use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, ListParams};
use shared::failure::FailureCode;
use shared::operation::OperationKind;

use crate::bad_states::{Case, Expected, Volume};
use crate::harness::Installation;
use crate::stores::{a_ready_store, again, is_ready, mark_never_ready, set_status, settle, volume};

/// Values that only the apiserver refuses, for one object.
const REFUSED: &str = "web: { replicas: 0, resources: { requests: { cpu: lots } } }";

/// A store that served, with its worker, and the command that comes next.
async fn served() -> Case {
    let here = Installation::unhurried().await;
    let worker = here.worker();
    here.open_shop().await;
    let command = a_ready_store(&here).await;
    let kept = volume(&here, &command).await;
    Case {
        here,
        _worker: worker,
        command,
        volume: Volume::Kept(kept),
        expected: Expected::Ready,
    }
}

/// The first revision has that status, and the store was never ready.
pub async fn first(status: &'static str) -> Case {
    let mut case = ready(status).await;
    mark_never_ready(&case.here, &case.command).await;
    let Volume::Kept(uid) = case.volume else {
        panic!("a store that served has a volume")
    };
    case.volume = Volume::Replaced(uid);
    case
}

/// The same of a store that was ready.
pub async fn ready(status: &'static str) -> Case {
    let case = served().await;
    set_status(&case.here, &case.command, 1, status).await;
    case
}

/// The second revision has that status, and the first one says `deployed`.
pub async fn second(status: &'static str) -> Case {
    let mut case = served().await;
    case.here
        .values("web: { replicas: 0, image: \"wordpress:7\" }");
    let (outcome, _) = settle(&case.here, &case.command).await;
    assert!(is_ready(&outcome), "{outcome:?}");
    set_status(&case.here, &case.command, 1, "deployed").await;
    set_status(&case.here, &case.command, 2, status).await;
    case.command = again(&case.command, OperationKind::Update);
    case
}

/// The upgrade itself fails.
pub async fn fails_now() -> Case {
    let mut case = served().await;
    case.here.values(REFUSED);
    case.expected = fails(FailureCode::ReleaseFailed, &["wordpress", "Deployment"]);
    case
}

/// The upgrade fails, and going back would lower the database's version.
pub async fn would_lower() -> Case {
    let mut case = served().await;
    case.here
        .values(&format!("database: {{ image: \"mysql:9.7\" }}\n{REFUSED}"));
    case.expected = fails(FailureCode::RollbackUnsafe, &["mysql:9.7", "mysql:8.4"]);
    case
}

/// helm's record is gone; the next install may fail, too.
pub async fn lost(install_fails: bool) -> Case {
    let mut case = served().await;
    let secrets = case
        .here
        .cluster
        .of::<Secret>(case.command.store_id.as_str());
    let of_helm = ListParams::default().labels("owner=helm");
    secrets
        .delete_collection(&DeleteParams::default(), &of_helm)
        .await
        .unwrap();
    if install_fails {
        case.here.values(REFUSED);
        case.expected = fails(FailureCode::ReleaseFailed, &["wordpress", "Deployment"]);
    }
    case
}

fn fails(code: FailureCode, words: &[&str]) -> Expected {
    Expected::Fails(code, words.iter().map(|word| (*word).to_owned()).collect())
}
