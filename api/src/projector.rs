//! Takes in what workers report: one transaction { inbox · step · operation ·
//! store · outbox · audit } an event, then the ack. Events that nobody can use
//! are parked with their reason.
//!
//! With the database away nothing is acknowledged or given back: the event in
//! hand is tried until it is back, the others wait in the broker.

pub mod apply;
pub mod believed;
pub mod dead_letters;
pub mod facts;
pub mod ledger;
pub mod rule;
pub mod settle;
pub mod status;
pub mod timeline;

#[cfg(test)]
mod states_doc;
#[cfg(test)]
pub mod tests;

use std::time::Duration;

use futures_util::StreamExt as _;
use lapin::message::Delivery;
use lapin::options::BasicAckOptions;
use secrecy::SecretString;
use shared::amqp::Inbound;
use shared::amqp::connection::AmqpError;
use shared::amqp::publisher::traceparent;
use shared::amqp::topology::EVENTS;
use shared::backoff::Backoff;
use shared::fault;
use shared::telemetry::{chain, trace};
use shared::wait::pause;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::db::Database;
use crate::parking;
use crate::projector::apply::{Applied, ApplyError};
use crate::pulse::Pulse;
use crate::settings::EngineSettings;

/// Events given out before the first of them is acknowledged.
const PREFETCH: u16 = 64;

/// How long saying goodbye to the broker may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// One projector; several may run at once.
#[derive(Debug, Clone)]
pub struct Projector {
    pub db: Database,
    pub amqp_url: SecretString,
    pub engine: EngineSettings,
    pub pulse: Pulse,
}

impl Projector {
    /// Consume until stopped; the event in hand is finished.
    pub async fn run(self, stop: CancellationToken) {
        let mut failures = 0;
        while !stop.is_cancelled() {
            match self.consume(&stop, &mut failures).await {
                Ok(()) => tracing::debug!("the projector's consumer ended"),
                Err(error) if failures == 0 => {
                    tracing::warn!(
                        error = chain(&error),
                        "the projector waits; events stay in RabbitMQ"
                    );
                }
                Err(_) => {}
            }
            self.pulse.set_consuming(false);
            failures += 1;
            pause(Backoff::RECONNECT.jittered(failures), &stop).await;
        }
    }

    async fn consume(&self, stop: &CancellationToken, failures: &mut u32) -> Result<(), AmqpError> {
        let mut inbound =
            Inbound::open(&self.amqp_url, "urumi-api events", EVENTS, PREFETCH).await?;
        tracing::info!("taking in events");
        *failures = 0;
        self.pulse.set_consuming(true);
        loop {
            let delivery = tokio::select! {
                delivery = inbound.consumer.next() => delivery,
                () = stop.cancelled() => None,
            };
            let Some(delivery) = delivery else {
                break;
            };
            let delivery = delivery?;
            fault::point("api.projector.apply.before");
            let span = span(EVENTS.name, &delivery);
            let taken = self.take_in(&delivery.data, EVENTS.name, stop);
            if !taken.instrument(span).await {
                break;
            }
            fault::point("api.projector.ack.before");
            acknowledge(&delivery).await?;
            fault::point("api.projector.ack.after");
        }
        // A broker that does not say goodbye is not waited for.
        let _ = timeout(CLOSE_TIMEOUT, inbound.close()).await;
        Ok(())
    }

    /// Bring one message into the records, or park it; `false` if stopped before
    /// either was done.
    pub async fn take_in(
        &self,
        payload: &[u8],
        queue: &'static str,
        stop: &CancellationToken,
    ) -> bool {
        let mut failures = 0;
        loop {
            let error = match apply::apply(&self.db, &self.engine, payload).await {
                Ok(applied) => {
                    log(&applied);
                    return true;
                }
                Err(error) if error.lasting() => {
                    match parking::park(&self.db, queue, payload, &error).await {
                        Ok(()) => {
                            tracing::warn!(queue, error = chain(&error), "parked a message");
                            return true;
                        }
                        Err(parking) => ApplyError::from(parking),
                    }
                }
                Err(error) => error,
            };
            failures += 1;
            if failures == 1 {
                tracing::warn!(
                    error = chain(&error),
                    "the projector waits for the database"
                );
            }
            if !pause(Backoff::RECONNECT.jittered(failures), stop).await {
                return false;
            }
        }
    }
}

fn log(applied: &Applied) {
    match applied {
        Applied::Duplicate => tracing::debug!("an event came again"),
        Applied::Changed { store, status } => {
            tracing::debug!(store.id = %store, status = status.as_str(), "an event was taken in");
        }
    }
}

/// What a message from a worker is taken in with, in its trace.
pub fn span(queue: &'static str, delivery: &Delivery) -> Span {
    let span = tracing::debug_span!(
        "project",
        otel.name = format!("project {queue}"),
        otel.kind = "consumer",
        messaging.system = "rabbitmq",
        messaging.destination.name = queue,
        store.id = Empty,
        operation.id = Empty,
        event = Empty,
    );
    trace::follow(&span, traceparent(&delivery.properties));
    span
}

async fn acknowledge(delivery: &Delivery) -> Result<(), AmqpError> {
    delivery.ack(BasicAckOptions::default()).await?;
    Ok(())
}
