//! Takes what the broker dead-lettered: events are taken in as if nothing had
//! happened; commands and controls are parked (the watchdog says a lost command
//! again by itself).

use std::time::Duration;

use lapin::Channel;
use lapin::options::{BasicAckOptions, BasicGetOptions};
use shared::amqp::connection::{AmqpError, connect};
use shared::amqp::topology::{COMMANDS, CONTROL, EVENTS, Queue};
use shared::telemetry::chain;
use shared::wait::pause;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::parking;
use crate::projector::Projector;

/// Looked at this often; dead letters are rare.
const INTERVAL: Duration = Duration::from_secs(60);
/// Until the projector itself works.
const SOON: Duration = Duration::from_secs(1);

/// The broker gave a message out too often.
#[derive(Debug, thiserror::Error)]
#[error("the broker dead-lettered it: it was given out too often, or nobody took it")]
struct Exhausted;

/// Empty the dead-letter queues now and then, until stopped.
pub async fn run(projector: Projector, stop: CancellationToken) {
    let mut wait = SOON;
    while pause(wait, &stop).await {
        wait = SOON;
        if !projector.pulse.consuming() {
            continue;
        }
        match drain(&projector, &stop).await {
            Ok(()) => wait = INTERVAL,
            Err(error) => tracing::debug!(error = chain(&error), "dead letters wait"),
        }
    }
}

/// Empty each dead-letter queue once.
///
/// # Errors
/// The broker's.
pub async fn drain(projector: &Projector, stop: &CancellationToken) -> Result<(), AmqpError> {
    let connection = connect(&projector.amqp_url, "urumi-api dead letters").await?;
    let channel = connection.create_channel().await?;
    for queue in [EVENTS, COMMANDS, CONTROL] {
        while let Some(true) = take_one(projector, &channel, queue, stop).await? {}
    }
    connection.close(200, "done".into()).await?;
    Ok(())
}

/// `None` if the queue is empty, `false` if stopped.
async fn take_one(
    projector: &Projector,
    channel: &Channel,
    queue: Queue,
    stop: &CancellationToken,
) -> Result<Option<bool>, AmqpError> {
    let Some(message) = channel
        .basic_get(queue.dead.into(), BasicGetOptions::default())
        .await?
    else {
        return Ok(None);
    };
    let payload = &message.delivery.data;
    let done = if queue == EVENTS {
        let span = super::span(queue.dead, &message.delivery);
        let taken = projector.take_in(payload, queue.dead, stop);
        taken.instrument(span).await
    } else {
        parking::park(&projector.db, queue.dead, payload, &Exhausted)
            .await
            .is_ok()
    };
    if done {
        message.delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(Some(done))
}
