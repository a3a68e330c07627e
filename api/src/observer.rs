//! Takes in observations: pictures, of which the newest counts. They pass neither
//! inbox nor the rule that gives a store its status. What cannot be read is parked.

use std::time::Duration;

use futures_util::StreamExt as _;
use lapin::options::BasicAckOptions;
use secrecy::SecretString;
use shared::amqp::Inbound;
use shared::amqp::connection::AmqpError;
use shared::amqp::topology::OBSERVATIONS;
use shared::backoff::Backoff;
use shared::contract::observation::{Observation, ObservationBody};
use shared::telemetry::chain;
use shared::wait::pause;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::db::{Database, DbError};
use crate::projector::apply::readable;
use crate::stores::login;
use crate::{health, parking, projector, reconciliation};

/// Each may be about a thousand stores.
const PREFETCH: u16 = 4;
/// Looks that are written at once.
const BATCH: usize = 1_000;
/// How long saying goodbye to the broker may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// One reader of observations; several may run at once.
#[derive(Debug, Clone)]
pub struct Observer {
    pub db: Database,
    pub amqp_url: SecretString,
    pub installation: String,
}

impl Observer {
    /// Read until stopped.
    pub async fn run(self, stop: CancellationToken) {
        let mut failures = 0;
        while !stop.is_cancelled() {
            if let Err(error) = self.consume(&stop, &mut failures).await {
                tracing::debug!(error = chain(&error), "observations wait");
            }
            failures += 1;
            pause(Backoff::RECONNECT.jittered(failures), &stop).await;
        }
    }

    async fn consume(&self, stop: &CancellationToken, failures: &mut u32) -> Result<(), AmqpError> {
        let name = "urumi-api observations";
        let mut inbound = Inbound::open(&self.amqp_url, name, OBSERVATIONS, PREFETCH).await?;
        *failures = 0;
        loop {
            let delivery = tokio::select! {
                delivery = inbound.consumer.next() => delivery,
                () = stop.cancelled() => None,
            };
            let Some(delivery) = delivery else {
                break;
            };
            let delivery = delivery?;
            let span = projector::span(OBSERVATIONS.name, &delivery);
            if !self.take_in(&delivery.data, stop).instrument(span).await {
                break;
            }
            delivery.ack(BasicAckOptions::default()).await?;
        }
        // A broker that does not say goodbye is not waited for.
        let _ = timeout(CLOSE_TIMEOUT, inbound.close()).await;
        Ok(())
    }

    /// Keep what is newer in it, or park it; `false` if stopped before either.
    async fn take_in(&self, payload: &[u8], stop: &CancellationToken) -> bool {
        let mut failures = 0;
        loop {
            let kept = match Observation::decode(&readable(payload)) {
                Ok(seen) => self.keep(&seen).await,
                Err(error) => parking::park(&self.db, OBSERVATIONS.name, payload, &error).await,
            };
            let Err(error) = kept else { return true };
            failures += 1;
            if error.lasting() {
                tracing::error!(error = chain(&error), "an observation was dropped");
                return true;
            }
            if !pause(Backoff::RECONNECT.jittered(failures), stop).await {
                return false;
            }
        }
    }

    async fn keep(&self, seen: &Observation) -> Result<(), DbError> {
        if seen.installation != self.installation {
            return Ok(());
        }
        match &seen.body {
            ObservationBody::Health { looks } => {
                let term = i64::try_from(seen.term).unwrap_or(i64::MAX);
                for looks in looks.chunks(BATCH) {
                    self.db
                        .transaction(async |tx| health::keep(tx, term, looks).await)
                        .await?;
                }
                Ok(())
            }
            ObservationBody::Inventory { .. } => {
                self.db
                    .transaction(async |tx| reconciliation::inventory::keep(tx, seen).await)
                    .await
            }
            ObservationBody::Logins { store_id, logins } => {
                self.db
                    .transaction(async |tx| login::came(tx, store_id, logins).await)
                    .await
            }
        }
    }
}
