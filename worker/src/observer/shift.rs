//! One observer's time: watch, ask the shops, tell, until it is over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::lease::api::Leases;
use crate::metrics::METRICS;
use crate::observer::announce::Announcer;
use crate::observer::desk::{Answer, Desk};
use crate::observer::inventory::Agenda;
use crate::observer::picture::Told;
use crate::observer::{tombstones, watches};
use crate::storefront::Prober;

/// Changes that are taken in before anything is said.
const GULP: usize = 256;
/// Shops that are asked at the same time.
const AT_ONCE: usize = 32;
/// Intervals between two inventories in which nothing changed. Adopt and purge take one
/// that is five intervals old at most (`reconciliation_max_age_seconds`), so less.
const INVENTORY: u32 = 4;

struct Shift {
    context: Arc<Context>,
    leases: Leases,
    prober: Prober,
    desk: Desk,
    announcer: Announcer,
    asked: JoinSet<Answer>,
    removals: JoinSet<()>,
    agenda: Agenda,
    looks_due: Instant,
    tombstones_due: Instant,
}

/// Observe until the token is cancelled.
pub async fn work(context: Arc<Context>, leases: Leases, term: u64, over: CancellationToken) {
    let settings = &context.settings;
    let interval = settings.probe_interval;
    let prober = match Prober::light(settings.ingress.clone()) {
        Ok(prober) => prober,
        Err(error) => {
            tracing::error!(%error, "the shops cannot be asked, so nothing is observed");
            return;
        }
    };
    let (_watches, mut told) = watches::start(&context.cluster, &leases.namespace, &over);
    let now = Instant::now();
    let publisher = Arc::clone(&context.publisher);
    let mut shift = Shift {
        desk: Desk::new(&settings.installation, &leases.namespace, interval),
        announcer: Announcer::new(publisher, &settings.installation, term),
        agenda: Agenda::new(interval * INVENTORY, interval / 6, now),
        asked: JoinSet::new(),
        removals: JoinSet::new(),
        looks_due: now + interval,
        tombstones_due: now,
        prober,
        leases,
        context,
    };
    let tick = (interval / 20).clamp(Duration::from_millis(50), Duration::from_secs(1));
    let mut ticks = tokio::time::interval(tick);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut some: Vec<Told> = Vec::with_capacity(GULP);
    loop {
        tokio::select! {
            () = over.cancelled() => return,
            count = told.recv_many(&mut some, GULP) => {
                if count == 0 {
                    return;
                }
                let now = Instant::now();
                some.drain(..).for_each(|one| shift.desk.told(one, now));
            }
            Some(answer) = shift.asked.join_next() => match answer {
                Ok(answer) => shift.desk.answered(answer, Instant::now()),
                Err(error) => tracing::error!(%error, "a shop could not be asked"),
            },
            _ = ticks.tick() => shift.tick(),
        }
        let news = shift.desk.news();
        shift.announcer.looks(&news);
    }
}

impl Shift {
    fn tick(&mut self) {
        let now = Instant::now();
        if !self.desk.picture.is_told() {
            return;
        }
        self.desk.tick(now);
        self.ask(now);
        if self.announcer.missed() {
            // Nobody remembers what of it was said: all again, after a while.
            let soon = now + self.context.settings.probe_interval / 12;
            self.looks_due = self.looks_due.min(soon);
            self.agenda.changed(now);
        }
        if self.desk.came_or_went() {
            self.agenda.changed(now);
        }
        let live = self.desk.picture.is_live();
        if let Some(complete) = self.agenda.tell(live, now) {
            self.announcer.inventory(complete, self.desk.inventory());
        }
        // What is said to have been looked at just now must have been.
        if live && now >= self.looks_due {
            self.looks_due = now + self.context.settings.probe_interval;
            let looks = self.desk.looks(now);
            METRICS.observed(&looks);
            self.announcer.looks(&looks);
        }
        if now >= self.tombstones_due {
            self.tombstones_due = now + self.context.settings.probe_interval * 10;
            self.remove_tombstones();
        }
        while self.removals.try_join_next().is_some() {}
    }

    fn ask(&mut self, now: Instant) {
        let room = AT_ONCE.saturating_sub(self.asked.len());
        for (store, url, shop) in self.desk.to_ask(room, now) {
            let prober = self.prober.clone();
            let control = self.context.settings.control_host.clone();
            self.asked.spawn(async move {
                let result = prober.glance(&url, shop).await;
                let control_fails = result.is_err() && !prober.answers(&control, &url).await;
                Answer {
                    store,
                    result,
                    control_fails,
                }
            });
        }
    }

    fn remove_tombstones(&mut self) {
        let leases = self.desk.picture.leases();
        let leases = leases.map(|((_, name), facts)| (name.as_str(), facts));
        let expired = tombstones::expired(leases, self.leases.clock.ahead());
        if !expired.is_empty() && self.removals.is_empty() {
            let cluster = self.context.cluster.clone();
            let namespace = self.leases.namespace.clone();
            self.removals
                .spawn(tombstones::remove(cluster, namespace, expired));
        }
    }
}
