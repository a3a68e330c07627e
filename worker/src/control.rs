//! Control messages: what was begun for a store is no longer wanted. Handling
//! one = raise the generation on the store's Lease; whoever holds it stops. After
//! a cancelled create also to clear what was made of a store that was never ready.
//! Or, instead: say what a store's logs tell of login links.

mod clear;
mod logins;

use std::sync::Arc;

use futures_util::StreamExt as _;
use lapin::message::Delivery;
use shared::amqp::Inbound;
use shared::amqp::publisher::traceparent;
use shared::amqp::topology::CONTROL;
use shared::backoff::Backoff;
use shared::contract::control::Control;
use shared::contract::envelope::Envelope;
use shared::fault;
use shared::telemetry::trace;
use shared::wait::pause;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::cluster::ClusterError;
use crate::consumer::settle::{Came, settle};
use crate::context::Context;
use crate::lease;

/// Messages that may wait here while one is handled; each takes milliseconds.
const PREFETCH: u16 = 16;

/// Handle control messages until told to stop, on a connection of their own.
pub async fn run(context: Arc<Context>, stop: CancellationToken) {
    let mut failures = 0;
    while !stop.is_cancelled() {
        let name = format!("{}-control", context.worker);
        match Inbound::open(&context.settings.amqp_url, &name, CONTROL, PREFETCH).await {
            Ok(inbound) => {
                failures = 0;
                consume(&context, inbound, &stop).await;
            }
            Err(error) => {
                let error = shared::telemetry::chain(&error);
                tracing::debug!(%error, "no control channel");
            }
        }
        failures += 1;
        pause(Backoff::RECONNECT.jittered(failures), &stop).await;
    }
}

async fn consume(context: &Arc<Context>, mut inbound: Inbound, stop: &CancellationToken) {
    // Clearing waits for the holder's end; other messages do not wait for that.
    let under_way = TaskTracker::new();
    loop {
        let next = tokio::select! {
            () = stop.cancelled() => break,
            next = inbound.consumer.next() => next,
        };
        let Some(Ok(delivery)) = next else { break };
        let (context, stop) = (Arc::clone(context), stop.clone());
        let span = tracing::debug_span!(
            "control",
            otel.name = format!("take {}", CONTROL.name),
            otel.kind = "consumer",
            messaging.system = "rabbitmq",
            messaging.destination.name = CONTROL.name,
        );
        trace::follow(&span, traceparent(&delivery.properties));
        let taken = async move {
            let came = take(&context, &delivery, &stop).await;
            settle(CONTROL.name, &delivery.acker, came).await;
        };
        under_way.spawn(taken.instrument(span));
    }
    under_way.close();
    under_way.wait().await;
    inbound.close().await;
}

async fn take(context: &Context, delivery: &Delivery, stop: &CancellationToken) -> Came {
    let message = match Envelope::<Control>::decode(&delivery.data) {
        Ok(message) => message,
        Err(error) => {
            let error = shared::telemetry::chain(&error);
            tracing::error!(%error, "a control message is not readable, it is put aside");
            return Came::Unreadable;
        }
    };
    let mut failures = 0;
    loop {
        fault::point("worker.control.before");
        let done = handle(context, &message, stop).await;
        fault::point("worker.control.after");
        match done {
            Ok(true) if message.body.logins_since.is_some() => return Came::Said,
            Ok(true) => {
                tracing::info!(store.id = %message.store_id, generation = %message.generation, reason = ?message.body.reason, "a newer generation is noted");
                return Came::Said;
            }
            Ok(false) => return Came::Unsaid,
            Err(error @ ClusterError::Refused(_)) => {
                tracing::error!(store.id = %message.store_id, error = %error.detail(), "a generation cannot be noted, the message is put aside");
                return Came::Unreadable;
            }
            Err(error) => {
                failures += 1;
                tracing::warn!(store.id = %message.store_id, error = %error.detail(), "a generation waits for the cluster");
                if !pause(Backoff::RECONNECT.jittered(failures), stop).await {
                    return Came::Unsaid;
                }
            }
        }
    }
}

/// Raise the generation and, where that is asked for, clear what was made; `false`
/// if the program stops first. *Repeating it:* changes nothing more.
async fn handle(
    context: &Context,
    message: &Envelope<Control>,
    stop: &CancellationToken,
) -> Result<bool, ClusterError> {
    if let Some(since) = message.body.logins_since {
        return logins::tell(context, message, since, stop).await;
    }
    lease::raise(&context.leases, &message.store_id, message.generation).await?;
    if !message.body.clear {
        return Ok(true);
    }
    clear::run(context, message, stop).await
}
