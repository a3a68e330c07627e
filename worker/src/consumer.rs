//! Commands from RabbitMQ: as many at a time as there are slots, one task each,
//! settled exactly once, after their outcome is confirmed. The only file (with
//! its part) that sees a delivery.
//!
//! After a loss everything is opened again. Jobs that run go on to their end;
//! their old acknowledgements are void, and the broker's second delivery takes the
//! first one's part. Otherwise a second delivery of what is being done has no
//! effect and holds no place: healthy stores wait for those.

pub mod settle;
pub mod underway;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{FutureExt as _, StreamExt as _};
use lapin::message::Delivery;
use lapin::options::BasicCancelOptions;
use lapin::{Acker, BasicProperties};
use shared::amqp::Inbound;
use shared::amqp::publisher::traceparent;
use shared::amqp::topology::COMMANDS;
use shared::backoff::Backoff;
use shared::contract::command::Command;
use shared::contract::envelope::Envelope;
use shared::fault;
use shared::telemetry::trace;
use shared::wait::pause;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument as _, Span};

use crate::consumer::settle::{Came, settle};
use crate::consumer::underway::{Entered, Turn, Underway};
use crate::context::Context;
use crate::job;
use crate::metrics::METRICS;

/// Consumes commands until told to stop.
#[derive(Debug)]
pub struct Consumer {
    context: Arc<Context>,
    stop: CancellationToken,
    slots: Arc<Semaphore>,
    underway: Underway<Acker>,
    jobs: TaskTracker,
    connected: Arc<AtomicBool>,
}

impl Consumer {
    /// A consumer that says in `connected` whether it is.
    #[must_use]
    pub fn new(context: Arc<Context>, stop: CancellationToken, connected: Arc<AtomicBool>) -> Self {
        let slots = Arc::new(Semaphore::new(context.settings.slots.into()));
        METRICS.slots(context.settings.slots, slots.available_permits());
        Self {
            context,
            stop,
            slots,
            underway: Underway::default(),
            jobs: TaskTracker::new(),
            connected,
        }
    }

    /// Until told to stop; then no new job begins, and those that run come to
    /// their end or hand their store back, within the bound that is set.
    pub async fn run(self) {
        let (mut failures, mut life) = (0, 0);
        while !self.stop.is_cancelled() {
            let name = format!("{}-commands", self.context.worker);
            let (url, slots) = (&self.context.settings.amqp_url, self.context.settings.slots);
            match Inbound::open(url, &name, COMMANDS, slots).await {
                Ok(inbound) => {
                    failures = 0;
                    self.connected.store(true, Ordering::Relaxed);
                    tracing::info!(slots, "taking commands");
                    life += 1;
                    self.consume(inbound, life).await;
                    self.connected.store(false, Ordering::Relaxed);
                }
                Err(error) => {
                    failures += 1;
                    let error = shared::telemetry::chain(&error);
                    tracing::warn!(%error, "RabbitMQ is away");
                }
            }
            if failures == 0 {
                failures = 1;
            }
            pause(Backoff::RECONNECT.jittered(failures), &self.stop).await;
        }
        self.drain().await;
    }

    /// One life of a channel.
    async fn consume(&self, mut inbound: Inbound, life: u64) {
        loop {
            tokio::select! {
                () = self.stop.cancelled() => {
                    let tag = inbound.consumer.tag();
                    let options = BasicCancelOptions::default();
                    if let Err(error) = inbound.channel.basic_cancel(tag, options).await {
                        tracing::debug!(%error, "the consumer is gone already");
                    }
                    // The channel stays open for the acknowledgements of jobs that end.
                    self.drain().await;
                    inbound.close().await;
                    return;
                }
                next = inbound.consumer.next() => match next {
                    Some(Ok(delivery)) => self.begin(delivery, life),
                    Some(Err(error)) => {
                        tracing::warn!(%error, "the command channel was lost");
                        return;
                    }
                    None => {
                        tracing::warn!("the command channel was closed");
                        return;
                    }
                }
            }
        }
    }

    /// Begin what a delivery asks for. Not asynchronous up to where it is entered:
    /// deliveries are entered in their order.
    fn begin(&self, delivery: Delivery, life: u64) {
        let acker = delivery.acker;
        let command = match Envelope::<Command>::decode(&delivery.data) {
            Ok(command) => command,
            Err(error) => {
                let error = shared::telemetry::chain(&error);
                tracing::error!(%error, "a command is not readable, it is put aside");
                self.jobs
                    .spawn(async move { settle(COMMANDS.name, &acker, Came::Unreadable).await });
                return;
            }
        };
        let span = span(&delivery.properties, delivery.redelivered);
        match self.underway.enter(&command, life, acker) {
            Entered::First(turn) => self.begin_first(command, turn, span),
            Entered::InPlace => {
                tracing::info!(operation.id = %command.operation_id, "a lost delivery came again");
            }
            Entered::Again(acker) => {
                tracing::info!(operation.id = %command.operation_id, "said twice, and done once");
                self.jobs
                    .spawn(async move { settle(COMMANDS.name, &acker, Came::Twice).await });
            }
        }
    }

    fn begin_first(&self, command: Envelope<Command>, turn: Turn<Acker>, span: Span) {
        let (context, stop) = (Arc::clone(&self.context), self.stop.clone());
        let (slots, places) = (Arc::clone(&self.slots), Arc::clone(&self.slots));
        let turn_of_it = async move {
            let slot = tokio::select! {
                slot = slots.acquire_owned() => slot,
                () = stop.cancelled() => return,
            };
            let all = context.settings.slots;
            METRICS.slots(all, places.available_permits());
            fault::point("worker.command.received");
            if fault::without("ack-after-effect")
                && let Some(acker) = turn.acker()
            {
                settle(COMMANDS.name, &acker, Came::Said).await;
            }
            let came = work(&context, &command, &stop, &turn).await;
            drop(slot);
            METRICS.slots(all, places.available_permits());
            fault::point("worker.ack.before");
            if let Some(acker) = turn.end() {
                settle(COMMANDS.name, &acker, came).await;
            }
            fault::point("worker.ack.after");
        };
        self.jobs.spawn(turn_of_it.instrument(span));
    }

    async fn drain(&self) {
        self.jobs.close();
        let bound = self.context.settings.stop;
        if tokio::time::timeout(bound, self.jobs.wait()).await.is_err() {
            tracing::warn!("jobs did not come to their end in time");
        }
    }
}

/// One delivery, until it is settled: in the trace of what asked for it, and each
/// time a new span.
fn span(properties: &BasicProperties, redelivered: bool) -> Span {
    let span = tracing::debug_span!(
        "delivery",
        otel.name = format!("take {}", COMMANDS.name),
        otel.kind = "consumer",
        messaging.system = "rabbitmq",
        messaging.destination.name = COMMANDS.name,
        redelivered,
    );
    trace::follow(&span, traceparent(properties));
    span
}

async fn work(
    context: &Context,
    command: &Envelope<Command>,
    stop: &CancellationToken,
    turn: &Turn<Acker>,
) -> Came {
    let span = tracing::info_span!(
        "job",
        store.id = %command.store_id,
        tenant.id = %command.tenant_id,
        operation.id = %command.operation_id,
        generation = %command.generation,
        attempt = command.attempt,
    );
    // The job guards its own work; this is for the rest of it.
    let concluding = || turn.leave();
    let job = AssertUnwindSafe(job::run(context, command, stop, &concluding)).catch_unwind();
    match job.instrument(span).await {
        Ok(Ok(())) => Came::Said,
        Ok(Err(unsaid)) => {
            tracing::warn!(%unsaid, "a delivery is left to another worker");
            Came::Unsaid
        }
        Err(_) => {
            tracing::error!("a delivery broke its job, it is put aside");
            Came::Broken
        }
    }
}
