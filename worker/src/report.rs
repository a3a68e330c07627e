//! What the worker says: events in order, each in its step's trace and confirmed by
//! the broker. While
//! RabbitMQ is away they wait here, and the outcome waits on the Lease.

use std::sync::Arc;

use shared::amqp::topology::EVENTS;
use shared::amqp::{Outgoing, PublishError, Publisher};
use shared::backoff::Backoff;
use shared::contract::command::Command;
use shared::contract::envelope::Envelope;
use shared::contract::event::{EventBody, event_for};
use shared::fault;
use shared::telemetry::trace;
use shared::wait::pause;
use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Tries to reach the broker while stopping.
const LAST_TRIES: u32 = 5;

/// Says events on the worker's publishing connection.
#[derive(Debug, Clone)]
pub struct Reporter {
    publisher: Arc<Publisher>,
    /// Cancelled when the program is to come to its end.
    stop: CancellationToken,
}

/// The story of one try: events keep their order, and none holds up the work.
#[derive(Debug)]
pub struct Story {
    command: Envelope<Command>,
    outgoing: mpsc::UnboundedSender<(Outgoing, Option<oneshot::Sender<()>>)>,
}

/// The program ended before the broker confirmed.
#[derive(Debug, thiserror::Error)]
#[error("stopped before RabbitMQ confirmed the outcome")]
pub struct Unsaid;

impl Reporter {
    /// A reporter that gives up only after the token was cancelled.
    #[must_use]
    pub fn new(publisher: Arc<Publisher>, stop: CancellationToken) -> Self {
        Self { publisher, stop }
    }

    /// Begin the story of a try.
    #[must_use]
    pub fn story(&self, command: &Envelope<Command>) -> Story {
        let (outgoing, mut queue) =
            mpsc::unbounded_channel::<(Outgoing, Option<oneshot::Sender<()>>)>();
        let reporter = self.clone();
        tokio::spawn(async move {
            while let Some((message, confirmed)) = queue.recv().await {
                if !reporter.publish(&message).await {
                    return;
                }
                if let Some(confirmed) = confirmed {
                    // Whoever waited may be gone.
                    let _ = confirmed.send(());
                }
            }
        });
        Story {
            command: command.clone(),
            outgoing,
        }
    }

    /// Until it is confirmed; `false` when told to give up.
    async fn publish(&self, message: &Outgoing) -> bool {
        let mut failures = 0;
        loop {
            fault::point("worker.event.before");
            let Err(error) = self.publisher.publish(message).await else {
                fault::point("worker.event.after");
                return true;
            };
            failures += 1;
            if failures == 1 {
                let error = shared::telemetry::chain(&error);
                tracing::warn!(%error, "an event waits for RabbitMQ");
            }
            if matches!(error, PublishError::Unroutable(_)) {
                // The next connection declares the queues again.
                self.publisher.forget().await;
            }
            // What is not said now is said by whoever gets the delivery next.
            if self.stop.is_cancelled() && failures >= LAST_TRIES {
                return false;
            }
            if !pause(Backoff::RECONNECT.jittered(failures), &self.stop).await {
                pause(Backoff::RECONNECT.base, &CancellationToken::new()).await;
            }
        }
    }
}

#[cfg(test)]
impl Story {
    /// One that nobody publishes, and what is told in it.
    pub(crate) fn unpublished(
        command: Envelope<Command>,
    ) -> (Self, impl FnMut() -> Option<EventBody>) {
        let (outgoing, mut told) = mpsc::unbounded_channel::<(Outgoing, _)>();
        let next = move || {
            let (message, _) = told.try_recv().ok()?;
            Some(Envelope::decode(&message.payload).ok()?.body)
        };
        (Self { command, outgoing }, next)
    }
}

impl Story {
    /// Say it in its turn, without waiting.
    pub fn tell(&self, body: EventBody) {
        self.send(body, None);
    }

    /// Say it, and wait until the broker has it and all that was said before.
    ///
    /// # Errors
    /// [`Unsaid`], when the program stops.
    pub async fn conclude(&self, body: EventBody) -> Result<(), Unsaid> {
        let (confirmed, wait) = oneshot::channel();
        fault::point("worker.outcome.before");
        self.send(body, Some(confirmed));
        wait.await.map_err(|_| Unsaid)?;
        fault::point("worker.outcome.after");
        Ok(())
    }

    fn send(&self, body: EventBody, confirmed: Option<oneshot::Sender<()>>) {
        tracing::info!(kind = body.kind(), event = ?Words(&body), "event");
        let event = event_for(&self.command, OffsetDateTime::now_utc(), body);
        match event.encode() {
            Ok(payload) => {
                let message = Outgoing {
                    routing_key: EVENTS.routing_key,
                    id: event.id,
                    payload,
                    traceparent: trace::here(),
                };
                // The other side ends only with the program.
                let _ = self.outgoing.send((message, confirmed));
            }
            Err(error) => tracing::error!(%error, "an event is not JSON"),
        }
    }
}

/// An event for the log: short, without evidence.
struct Words<'a>(&'a EventBody);

impl std::fmt::Debug for Words<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            EventBody::StepStarted { step, .. } => f.write_str(step.as_str()),
            EventBody::StepWaiting { step, message, .. } => {
                write!(f, "{}: {message}", step.as_str())
            }
            EventBody::StepFinished {
                step,
                changed,
                failed,
                ..
            } => {
                let failed = if *failed { ", failed" } else { "" };
                write!(f, "{}, changed: {changed}{failed}", step.as_str())
            }
            EventBody::Ready {
                revision, chart, ..
            } => write!(f, "revision {revision} of {chart}"),
            EventBody::Deleted => f.write_str("gone"),
            EventBody::Failed { failure, .. } => {
                write!(f, "{}: {}", failure.code.as_str(), failure.message)
            }
            EventBody::Stopped { newer } => write!(f, "generation {newer} is wanted"),
            EventBody::Deferred { until, reason } => write!(f, "until {until}: {reason}"),
        }
    }
}
