//! Clearing a store whose create was cancelled: what was made of it burns its room
//! for nothing. Only what the api says was never ready and the namespace says so
//! too; and only while nobody wants the store again.

use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt as _;
use kube::api::{DeleteParams, Preconditions};
use shared::contract::control::Control;
use shared::contract::envelope::Envelope;
use shared::wait::pause;
use tokio_util::sync::CancellationToken;

use crate::cluster::ClusterError;
use crate::cluster::labels::{EVER_READY, INSTALLATION, STORE};
use crate::context::Context;
use crate::lease::{Acquired, acquire};

/// Between two looks whether the holder has come to its end.
const LOOK: Duration = Duration::from_millis(250);

/// Remove the namespace of a store that was never ready.
///
/// *Precondition:* the generation is noted, so the holder stops. *Effect:* the
/// namespace is on its way out. *Repeating it:* finds none, or a newer intent, and
/// changes nothing. Gives `false` if the program stops before that.
pub(super) async fn run(
    context: &Context,
    message: &Envelope<Control>,
    stop: &CancellationToken,
) -> Result<bool, ClusterError> {
    let holder = format!("{}/{}", context.worker, uuid::Uuid::now_v7());
    let holding = loop {
        match acquire(&context.leases, message, &holder).await? {
            Acquired::Held(holding) => break holding,
            // Somebody wants the store again, or has ended it: it is theirs.
            Acquired::Newer(_) | Acquired::Settled(_) => return Ok(true),
            Acquired::Busy { .. } => {
                if !pause(LOOK, stop).await {
                    return Ok(false);
                }
            }
        }
    };
    let removed = remove(context, message).await;
    holding.release().await;
    removed.map(|()| true)
}

async fn remove(context: &Context, message: &Envelope<Control>) -> Result<(), ClusterError> {
    let api = context.cluster.all::<Namespace>();
    let store = message.store_id.as_str();
    let Some(found) = api.get_opt(store).await? else {
        return Ok(());
    };
    if !may_go(&found, store, &context.settings.installation) {
        tracing::warn!(store.id = store, "a cancelled store is left as it is");
        return Ok(());
    }
    let exactly = DeleteParams::default().preconditions(Preconditions {
        uid: found.uid(),
        resource_version: found.resource_version(),
    });
    match api
        .delete(store, &exactly)
        .await
        .map_err(ClusterError::from)
    {
        Ok(_) => {
            tracing::info!(
                store.id = store,
                "what was made of a cancelled store is removed"
            );
            Ok(())
        }
        Err(ClusterError::NotFound(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Ours, this store's, and never ready. Pure.
fn may_go(found: &Namespace, store: &str, installation: &str) -> bool {
    let is = |label: &str, value: &str| found.labels().get(label).is_some_and(|v| v == value);
    is(INSTALLATION, installation)
        && is(STORE, store)
        && !found.annotations().contains_key(EVER_READY)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_our_own_and_never_one_that_was_ready() {
        for (installation, store, ready, expected) in [
            ("here", "store-k7q2mx", false, true),
            ("here", "store-k7q2mx", true, false),
            ("elsewhere", "store-k7q2mx", false, false),
            ("here", "store-bcdfgh", false, false),
        ] {
            let marks = match ready {
                true => json!({EVER_READY: "true"}),
                false => json!({}),
            };
            let labels = json!({INSTALLATION: installation, STORE: store});
            let metadata = json!({"name": "store-k7q2mx", "labels": labels, "annotations": marks});
            let found: Namespace = serde_json::from_value(json!({"metadata": metadata})).unwrap();
            assert_eq!(
                may_go(&found, "store-k7q2mx", "here"),
                expected,
                "{found:?}"
            );
        }
    }
}
