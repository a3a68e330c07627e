//! Publishes what the outbox holds: woken by NOTIFY, and once a second in any
//! case. A row is marked only after the broker's confirm, so a crash publishes
//! it twice rather than never.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
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
/// What is not confirmed by then is said again; below the claim's time.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(4);
/// A batch that was claimed longer ago is claimed anew before it is said.
const FRESH: Duration = Duration::from_secs(1);
/// Who is woken so soon after a round so often in a row gathers for a while: a claim of
/// one costs as much as a claim of many.
const SOON: Duration = Duration::from_millis(5);
const OFTEN: u32 = 3;
const GATHER: Duration = Duration::from_millis(20);
const CHANNEL: &str = "urumi_outbox";

/// One relay; several may run at once.
#[derive(Debug)]
pub struct Relay {
    /// Its commits need not wait for the disk: if Postgres falls and loses a claim or a
    /// mark, the message is said again, under the same id.
    pub db: Database,
    pub publisher: Arc<Publisher>,
    pub in_flight: i64,
    pub pulse: Pulse,
}

/// What came of a batch.
#[derive(Debug, Default)]
struct Said {
    /// Confirmed, and not yet marked.
    sent: Vec<Claimed>,
    unsent: Vec<Claimed>,
    refusal: Option<PublishError>,
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
        let (mut failures, mut soon) = (0, 0);
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
                    let ended = Instant::now();
                    self.wait(&mut listener, &stop).await;
                    soon = if ended.elapsed() < SOON {
                        OFTEN.min(soon + 1)
                    } else {
                        0
                    };
                    if soon >= OFTEN {
                        pause(GATHER, &stop).await;
                    }
                    // The next round takes what all of them told of.
                    while let Some(Some(Ok(_))) =
                        listener.as_mut().map(|open| open.recv().now_or_never())
                    {
                    }
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

    /// While one batch is said, the next is claimed and the one before is marked: each
    /// of the three waits for a disk of its own.
    async fn publish_due(&self, stop: &CancellationToken) -> Result<(), RelayError> {
        let mut claimed = self.claim().await?;
        let mut before = Said::default();
        while !claimed.is_empty() {
            let begun = Instant::now();
            let next = async {
                match stop.is_cancelled() {
                    true => Ok(Vec::new()),
                    false => self.claim().await,
                }
            };
            let (said, next, marked) =
                tokio::join!(self.say(claimed), next, self.mark(&before.sent));
            let next = next.unwrap_or_default();
            let well = marked.is_ok() && said.refusal.is_none();
            claimed = if well && begun.elapsed() < FRESH {
                next
            } else {
                // What is not said soon is free for others.
                self.release(&next).await?;
                if well {
                    self.claim().await?
                } else {
                    Vec::new()
                }
            };
            marked?;
            before = said;
            if before.refusal.is_some() {
                break;
            }
        }
        self.mark(&before.sent).await?;
        self.release(&before.unsent).await?;
        let Some(error) = before.refusal else {
            return Ok(());
        };
        // No queue: a new connection declares it again.
        self.publisher.forget().await;
        self.pulse.set_publishing(false);
        Err(error.into())
    }

    async fn claim(&self) -> Result<Vec<Claimed>, DbError> {
        self.db
            .repeatable(async |db| window::claim(db, self.in_flight).await)
            .await
    }

    /// Say them all and wait for the confirms.
    async fn say(&self, claimed: Vec<Claimed>) -> Said {
        let spans: Vec<Span> = claimed.iter().map(span).collect();
        let messages = claimed.iter().zip(&spans);
        let messages: Vec<Outgoing> = messages.map(|(row, span)| outgoing(row, span)).collect();
        fault::point("api.relay.publish.before");
        control_point(&claimed, "api.control.publish.before");
        let sending = self.publisher.publish_all(&messages, PUBLISH_TIMEOUT);
        let results = sending.await;
        control_point(&claimed, "api.control.publish.after");
        let mut said = Said::default();
        for ((row, span), result) in claimed.into_iter().zip(&spans).zip(results) {
            METRICS.relayed(&row.kind, result.is_ok());
            match result {
                Ok(()) => said.sent.push(row),
                Err(error) => {
                    span.record("otel.status_code", "ERROR");
                    said.unsent.push(row);
                    said.refusal = Some(error);
                }
            }
        }
        said
    }

    async fn mark(&self, sent: &[Claimed]) -> Result<(), DbError> {
        if sent.is_empty() {
            return Ok(());
        }
        fault::point("api.relay.mark.before");
        self.db
            .repeatable(async |db| window::confirm(db, sent).await)
            .await?;
        fault::point("api.relay.mark.after");
        Ok(())
    }

    async fn release(&self, unsent: &[Claimed]) -> Result<(), DbError> {
        if unsent.is_empty() {
            return Ok(());
        }
        self.db
            .transaction(async |tx| window::release(tx, unsent).await)
            .await
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
        payload: row.payload.clone().into_bytes(),
        traceparent: trace::of(span),
    }
}
