//! Publishes what the outbox holds: woken by NOTIFY, and once a second in any
//! case. A row is marked only after the broker's confirm, so a crash publishes
//! it twice rather than never.

use std::sync::Arc;
use std::time::Duration;

use shared::amqp::topology::{COMMANDS, CONTROL, Queue};
use shared::amqp::{Outgoing, PublishError, Publisher};
use shared::backoff::Backoff;
use shared::fault;
use shared::ids::MessageId;
use shared::telemetry::{chain, trace};
use shared::wait::pause;
use sqlx::postgres::PgListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::Span;
use tracing::field::Empty;

use crate::db::{Database, DbError};
use crate::metrics::METRICS;
use crate::outbox::window::{self, Claimed};
use crate::pulse::Pulse;

/// Looked at without being woken.
const POLL: Duration = Duration::from_secs(1);
/// A batch that takes longer is given up; below the claim's time.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(4);
const CHANNEL: &str = "urumi_outbox";

/// One relay; several may run at once.
#[derive(Debug)]
pub struct Relay {
    pub db: Database,
    pub publisher: Arc<Publisher>,
    pub in_flight: i64,
    pub pulse: Pulse,
}

/// Why a round came to nothing.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error("the outbox cannot be read")]
    Database(#[from] DbError),
    #[error("RabbitMQ does not take messages")]
    Publish(#[from] PublishError),
}

impl Relay {
    /// Relay until stopped; the batch in hand is finished.
    pub async fn run(self, stop: CancellationToken) {
        let mut listener = None;
        let mut failures = 0;
        while !stop.is_cancelled() {
            let Some(result) = self.round(&stop).await else {
                break;
            };
            match result {
                Ok(()) => {
                    if failures > 0 {
                        tracing::info!("the relay works again");
                    }
                    failures = 0;
                    self.wait(&mut listener, &stop).await;
                }
                Err(error) => {
                    failures += 1;
                    if failures == 1 {
                        tracing::warn!(
                            error = chain(&error),
                            "the relay waits; messages stay in the outbox"
                        );
                    }
                    pause(Backoff::RECONNECT.jittered(failures), &stop).await;
                }
            }
        }
    }

    /// Publish until nothing is due; `None` if stopped while connecting.
    async fn round(&self, stop: &CancellationToken) -> Option<Result<(), RelayError>> {
        let connected = tokio::select! {
            connected = self.publisher.connect() => connected,
            () = stop.cancelled() => return None,
        };
        self.pulse.set_publishing(connected.is_ok());
        Some(match connected {
            Ok(()) => self.publish_due(stop).await,
            Err(error) => Err(error.into()),
        })
    }

    async fn publish_due(&self, stop: &CancellationToken) -> Result<(), RelayError> {
        while !stop.is_cancelled() {
            let claimed = self.claim().await?;
            if claimed.is_empty() {
                break;
            }
            self.publish(&claimed).await?;
        }
        Ok(())
    }

    async fn claim(&self) -> Result<Vec<Claimed>, DbError> {
        self.db
            .transaction(async |tx| window::claim(tx, self.in_flight).await)
            .await
    }

    async fn publish(&self, claimed: &[Claimed]) -> Result<(), RelayError> {
        let spans: Vec<Span> = claimed.iter().map(span).collect();
        let messages = claimed.iter().zip(&spans);
        let messages: Vec<Outgoing> = messages.map(|(row, span)| outgoing(row, span)).collect();
        fault::point("api.relay.publish.before");
        control_point(claimed, "api.control.publish.before");
        let sending = timeout(PUBLISH_TIMEOUT, self.publisher.publish_all(&messages));
        let results = match sending.await {
            Ok(results) => results,
            Err(_) => {
                self.publisher.forget().await;
                claimed
                    .iter()
                    .map(|_| Err(PublishError::Unconfirmed))
                    .collect()
            }
        };
        control_point(claimed, "api.control.publish.after");
        fault::point("api.relay.mark.before");
        let mut refusal = None;
        let (mut sent, mut unsent) = (Vec::new(), Vec::new());
        for ((row, span), result) in claimed.iter().zip(&spans).zip(results) {
            METRICS.relayed(&row.kind, result.is_ok());
            match result {
                Ok(()) => sent.push(row),
                Err(error) => {
                    span.record("otel.status_code", "ERROR");
                    unsent.push(row);
                    refusal = Some(error);
                }
            }
        }
        let (sent, unsent) = (&sent, &unsent);
        self.db
            .transaction(async |tx| window::confirm(tx, sent).await)
            .await?;
        fault::point("api.relay.mark.after");
        self.db
            .transaction(async |tx| window::release(tx, unsent).await)
            .await?;
        let Some(error) = refusal else {
            return Ok(());
        };
        // No queue: a new connection declares it again.
        self.publisher.forget().await;
        self.pulse.set_publishing(false);
        Err(error.into())
    }

    /// Until there is news, a second has passed, or the end.
    async fn wait(&self, listener: &mut Option<PgListener>, stop: &CancellationToken) {
        if listener.is_none() {
            *listener = self.listen().await.ok();
        }
        let Some(open) = listener.as_mut() else {
            pause(POLL, stop).await;
            return;
        };
        let heard = tokio::select! {
            heard = timeout(POLL, open.recv()) => heard,
            () = stop.cancelled() => return,
        };
        if let Ok(Err(_)) = heard {
            *listener = None;
        }
    }

    async fn listen(&self) -> Result<PgListener, sqlx::Error> {
        let mut listener = PgListener::connect_with(self.db.pool()).await?;
        listener.listen(CHANNEL).await?;
        Ok(listener)
    }
}

fn control_point(claimed: &[Claimed], name: &'static str) {
    if claimed.iter().any(|row| row.kind == super::CONTROL_KIND) {
        fault::point(name);
    }
}

/// One saying of a message: in the trace of its cause, and each time a new span.
fn span(row: &Claimed) -> Span {
    let span = tracing::debug_span!(
        "relay",
        otel.name = format!("relay {}", row.kind),
        otel.kind = "producer",
        otel.status_code = Empty,
        messaging.system = "rabbitmq",
        messaging.destination.name = queue(row).name,
        messaging.message.id = %row.message_id,
    );
    trace::follow(&span, row.traceparent.as_deref());
    span
}

fn queue(row: &Claimed) -> Queue {
    if row.kind == super::COMMAND {
        COMMANDS
    } else {
        CONTROL
    }
}

fn outgoing(row: &Claimed, span: &Span) -> Outgoing {
    Outgoing {
        routing_key: queue(row).routing_key,
        id: MessageId(row.message_id),
        payload: row.payload.to_string().into_bytes(),
        traceparent: trace::of(span),
    }
}
