//! Commands from RabbitMQ: as many at a time as there are slots, one task each,
//! settled exactly once, after their outcome is confirmed. The only file (with
//! its part) that sees a delivery.
//!
//! After a loss everything is opened again. Jobs that run go on to their end;
//! their old acknowledgements are void, and the broker's second delivery waits
//! for their slot and then finds the outcome on the Lease.

pub mod settle;
pub mod underway;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{FutureExt as _, StreamExt as _};
use lapin::message::Delivery;
use lapin::options::BasicCancelOptions;
use shared::amqp::Inbound;
use shared::amqp::topology::COMMANDS;
use shared::backoff::Backoff;
use shared::contract::command::Command;
use shared::contract::envelope::Envelope;
use shared::fault;
use shared::wait::pause;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::consumer::settle::{Came, settle};
use crate::consumer::underway::Underway;
use crate::context::Context;
use crate::job;

/// Consumes commands until told to stop.
#[derive(Debug)]
pub struct Consumer {
    context: Arc<Context>,
    stop: CancellationToken,
    slots: Arc<Semaphore>,
    underway: Underway,
    jobs: TaskTracker,
    connected: Arc<AtomicBool>,
}

impl Consumer {
    /// A consumer that says in `connected` whether it is.
    #[must_use]
    pub fn new(context: Arc<Context>, stop: CancellationToken, connected: Arc<AtomicBool>) -> Self {
        let slots = Arc::new(Semaphore::new(context.settings.slots.into()));
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
        let mut failures = 0;
        while !self.stop.is_cancelled() {
            let name = format!("{}-commands", self.context.worker);
            let (url, slots) = (&self.context.settings.amqp_url, self.context.settings.slots);
            match Inbound::open(url, &name, COMMANDS, slots).await {
                Ok(inbound) => {
                    failures = 0;
                    self.connected.store(true, Ordering::Relaxed);
                    tracing::info!(slots, "taking commands");
                    self.consume(inbound).await;
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
    async fn consume(&self, mut inbound: Inbound) {
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
                    Some(Ok(delivery)) => self.begin(delivery),
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

    fn begin(&self, delivery: Delivery) {
        let (context, stop) = (Arc::clone(&self.context), self.stop.clone());
        let (slots, underway) = (Arc::clone(&self.slots), self.underway.clone());
        self.jobs.spawn(async move {
            let came = match Envelope::<Command>::decode(&delivery.data) {
                Ok(command) => {
                    let begin = async {
                        let alone = underway.enter(command.operation_id, command.attempt).await;
                        (alone, slots.acquire_owned().await)
                    };
                    let slot = tokio::select! {
                        slot = begin => slot,
                        () = stop.cancelled() => return,
                    };
                    fault::point("worker.command.received");
                    if fault::without("ack-after-effect") {
                        settle(&delivery, Came::Said).await;
                    }
                    let came = work(&context, &command, &stop).await;
                    drop(slot);
                    came
                }
                Err(error) => {
                    let error = shared::telemetry::chain(&error);
                    tracing::error!(%error, "a command is not readable, it is put aside");
                    Came::Unreadable
                }
            };
            fault::point("worker.ack.before");
            settle(&delivery, came).await;
            fault::point("worker.ack.after");
        });
    }

    async fn drain(&self) {
        self.jobs.close();
        let bound = self.context.settings.stop;
        if tokio::time::timeout(bound, self.jobs.wait()).await.is_err() {
            tracing::warn!("jobs did not come to their end in time");
        }
    }
}

async fn work(context: &Context, command: &Envelope<Command>, stop: &CancellationToken) -> Came {
    let span = tracing::info_span!(
        "job",
        store.id = %command.store_id,
        tenant.id = %command.tenant_id,
        operation.id = %command.operation_id,
        generation = %command.generation,
        attempt = command.attempt,
    );
    // The job guards its own work; this is for the rest of it.
    let job = AssertUnwindSafe(job::run(context, command, stop)).catch_unwind();
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
