//! Saying what was seen, as observations. None is kept for later: whoever misses
//! one gets a newer one within a minute.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use shared::amqp::topology::OBSERVATIONS;
use shared::amqp::{Outgoing, PublishError, Publisher};
use shared::contract::observation::{Look, NamespaceSeen, Observation, ObservationBody};
use shared::ids::MessageId;
use shared::telemetry::trace;
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Most looks in one message.
const LOOKS: usize = 500;
/// Messages that wait for the broker; more than two rounds of 10,000 stores.
const BACKLOG: usize = 64;

/// Says observations of one term, in order.
#[derive(Debug)]
pub struct Announcer {
    installation: String,
    term: u64,
    out: mpsc::Sender<Outgoing>,
    missed: Arc<AtomicBool>,
    _speaker: JoinSet<()>,
}

impl Announcer {
    /// An announcer that speaks on this connection until it is dropped.
    #[must_use]
    pub fn new(publisher: Arc<Publisher>, installation: &str, term: u64) -> Self {
        let (out, mut queue) = mpsc::channel::<Outgoing>(BACKLOG);
        let missed = Arc::new(AtomicBool::new(false));
        let mut speaker = JoinSet::new();
        let noted = Arc::clone(&missed);
        speaker.spawn(async move {
            while let Some(message) = queue.recv().await {
                let Err(error) = publisher.publish(&message).await else {
                    continue;
                };
                noted.store(true, Ordering::Relaxed);
                if matches!(error, PublishError::Unroutable(_)) {
                    // The next connection declares the queues again.
                    publisher.forget().await;
                }
                let error = shared::telemetry::chain(&error);
                tracing::debug!(%error, "an observation was not said");
            }
        });
        Self {
            installation: installation.to_owned(),
            term,
            out,
            missed,
            _speaker: speaker,
        }
    }

    /// How stores do.
    pub fn looks(&self, looks: &[Look]) {
        for looks in looks.chunks(LOOKS) {
            self.say(ObservationBody::Health {
                looks: looks.to_vec(),
            });
        }
    }

    /// Which namespaces there are.
    pub fn inventory(&self, complete: bool, namespaces: Vec<NamespaceSeen>) {
        tracing::debug!(complete, count = namespaces.len(), "inventory");
        self.say(ObservationBody::Inventory {
            complete,
            namespaces,
        });
    }

    /// Whether anything was not said since this was asked last.
    #[must_use]
    pub fn missed(&self) -> bool {
        self.missed.swap(false, Ordering::Relaxed)
    }

    fn say(&self, body: ObservationBody) {
        let observation = Observation {
            id: MessageId::new(),
            installation: self.installation.clone(),
            term: self.term,
            taken_at: OffsetDateTime::now_utc(),
            body,
        };
        match observation.encode() {
            Ok(payload) => {
                let message = Outgoing {
                    routing_key: OBSERVATIONS.routing_key,
                    id: observation.id,
                    payload,
                    traceparent: trace::of(&tracing::debug_span!(
                        "announce",
                        otel.kind = "producer"
                    )),
                };
                if self.out.try_send(message).is_err() {
                    self.missed.store(true, Ordering::Relaxed);
                }
            }
            Err(error) => tracing::error!(%error, "an observation is not JSON"),
        }
    }
}
