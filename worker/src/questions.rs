//! Questions about a store's inside, answered from the cluster as it is at that
//! moment. They change nothing, so they take no lease, no slot and no retry; who
//! asked waits a few seconds and asks again.

mod inside;
mod logs;

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt as _;
use lapin::message::Delivery;
use shared::amqp::Inbound;
use shared::amqp::topology::QUESTIONS;
use shared::backoff::Backoff;
use shared::contract::question::{Answer, Ask, Inside, Logs, Question};
use shared::wait::pause;
use time::OffsetDateTime;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cluster::ClusterError;
use crate::cluster::labels::INSTALLATION;
use crate::consumer::settle::{Came, settle};
use crate::context::Context;

/// Questions that are answered at once.
const PREFETCH: u16 = 8;
/// Nobody waits longer than that, whatever the clocks say.
const LONGEST: Duration = Duration::from_secs(10);

/// Answer questions until told to stop, on a connection of their own.
pub async fn run(context: Arc<Context>, stop: CancellationToken) {
    let mut failures = 0;
    while !stop.is_cancelled() {
        let name = format!("{}-questions", context.worker);
        match Inbound::open(&context.settings.amqp_url, &name, QUESTIONS, PREFETCH).await {
            Ok(inbound) => {
                failures = 0;
                consume(&context, inbound, &stop).await;
            }
            Err(error) => {
                let error = shared::telemetry::chain(&error);
                tracing::debug!(%error, "no channel for questions");
            }
        }
        failures += 1;
        pause(Backoff::RECONNECT.jittered(failures), &stop).await;
    }
}

async fn consume(context: &Arc<Context>, mut inbound: Inbound, stop: &CancellationToken) {
    let under_way = TaskTracker::new();
    loop {
        let next = tokio::select! {
            () = stop.cancelled() => break,
            next = inbound.consumer.next() => next,
        };
        let Some(Ok(delivery)) = next else { break };
        let context = Arc::clone(context);
        under_way.spawn(async move {
            let came = take(&context, &delivery).await;
            settle(QUESTIONS.name, &delivery.acker, came).await;
        });
    }
    under_way.close();
    under_way.wait().await;
    inbound.close().await;
}

async fn take(context: &Context, delivery: &Delivery) -> Came {
    let question = match Question::decode(&delivery.data) {
        Ok(question) => question,
        Err(error) => {
            let error = shared::telemetry::chain(&error);
            tracing::error!(%error, "a question is not readable");
            return Came::Unreadable;
        }
    };
    let Some(to) = delivery.properties.reply_to() else {
        tracing::error!("a question does not say who asks");
        return Came::Unreadable;
    };
    let left = question.until - OffsetDateTime::now_utc();
    let Ok(left) = Duration::try_from(left) else {
        tracing::debug!(store.id = %question.store_id, "nobody waits for this answer any more");
        return Came::Said;
    };
    let Ok(answer) = timeout(left.min(LONGEST), answer(context, &question)).await else {
        tracing::warn!(store.id = %question.store_id, "the cluster did not answer a question in time");
        return Came::Said;
    };
    let answer = answer.unwrap_or_else(|error| {
        tracing::warn!(store.id = %question.store_id, error = error.detail(), "a question has no answer");
        Answer::Unreachable {
            message: error.to_string(),
        }
    });
    match answer.encode() {
        Err(error) => tracing::error!(%error, "an answer is not JSON"),
        Ok(payload) => {
            let sent = context.publisher.reply(to.as_str(), question.id, &payload);
            if let Err(error) = sent.await {
                let error = shared::telemetry::chain(&error);
                tracing::debug!(%error, "an answer did not leave");
            }
        }
    }
    Came::Said
}

/// What the cluster says. A namespace that is not of this installation has nothing
/// to tell, as if it were not there.
async fn answer(context: &Context, question: &Question) -> Result<Answer, ClusterError> {
    let (cluster, store) = (&context.cluster, question.store_id.as_str());
    let found = cluster.all::<Namespace>().get_opt(store).await?;
    let is_ours = found.is_some_and(|found| {
        let installation = found.labels().get(INSTALLATION);
        installation == Some(&context.settings.installation)
    });
    let looked_at = OffsetDateTime::now_utc();
    Ok(match &question.ask {
        Ask::Inside {} => Answer::Inside(match is_ours {
            true => inside::look(cluster, store, looked_at).await?,
            false => Inside {
                looked_at,
                pods: Vec::new(),
                volumes: Vec::new(),
                usage: Vec::new(),
            },
        }),
        Ask::Logs {
            pod,
            container,
            lines,
            previous,
        } => {
            let wanted = logs::Wanted {
                pod: pod.as_deref(),
                container: container.as_deref(),
                lines: *lines,
                previous: *previous,
            };
            let logs = match is_ours {
                true => logs::read(cluster, store, &wanted).await?,
                false => Vec::new(),
            };
            Answer::Logs(Logs { looked_at, logs })
        }
    })
}
