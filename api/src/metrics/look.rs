//! What is looked up when the numbers are asked for: Postgres, RabbitMQ, the pools.
//! Everything within [`PATIENCE`], and not more often than every [`FRESH`]; what
//! cannot be seen is left as absent, and `urumi_part_up` says why.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait as _, DbBackend, QueryResult, Statement};
use shared::amqp::Publisher;
use shared::amqp::topology::{OBSERVATIONS, QUEUES};
use shared::metrics::CONTENT_TYPE;
use shared::operation::OperationKind;
use shared::pages::{self, Page};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::db::{Database, DbError};
use crate::metrics::{METRICS, pool};
use crate::pulse::Pulse;

const PATIENCE: Duration = Duration::from_secs(2);
const FRESH: Duration = Duration::from_secs(2);

const OPEN: &str = "SELECT kind AS a, status AS b, count(*)::float8 AS n, 0::float8 AS age
FROM operations WHERE status IN ('Queued', 'Running') GROUP BY kind, status";
const OUTBOX: &str = "
SELECT kind AS a, CASE WHEN dispatched_at IS NULL THEN 'waiting' ELSE 'sent' END AS b, count(*)::float8 AS n,
       greatest(0, extract(epoch FROM now() - min(coalesce(dispatched_at, next_attempt_at))))::float8 AS age
FROM outbox GROUP BY 1, 2";
const PARKED: &str = "SELECT queue AS a, '' AS b, count(*)::float8 AS n, 0::float8 AS age
FROM parked_messages WHERE replayed_at IS NULL GROUP BY queue";

/// Who looks.
#[derive(Debug, Clone)]
pub struct Look {
    /// Of requests.
    pub requests: Database,
    /// Of the work behind them.
    pub work: Database,
    pub publisher: Arc<Publisher>,
    pub pulse: Pulse,
    pub last: Arc<Mutex<Option<Instant>>>,
}

impl Look {
    /// Tell them on that listener until told to stop.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        pages::serve(listener, stop, move |path| self.clone().page(path)).await;
    }

    async fn page(self, path: String) -> Page {
        if path != "/metrics" {
            return Page::text("404 Not Found", "there is /metrics\n");
        }
        let mut last = self.last.lock().await;
        if last.is_none_or(|at| at.elapsed() >= FRESH) {
            self.look().await;
            *last = Some(Instant::now());
        }
        Page {
            status: "200 OK",
            content_type: CONTENT_TYPE,
            body: METRICS.numbers.text(),
        }
    }

    async fn look(&self) {
        let found = timeout(PATIENCE, self.records()).await;
        let postgres = matches!(found, Ok(Ok(())));
        if !postgres {
            for gauge in [&METRICS.open, &METRICS.outbox, &METRICS.outbox_oldest] {
                gauge.reset();
            }
            METRICS.parked.reset();
        }
        if timeout(PATIENCE, self.queues()).await.is_err() {
            METRICS.queued.reset();
        }
        for (database, for_requests) in [(&self.requests, true), (&self.work, false)] {
            let (used, idle) = database.connections();
            for (state, count) in [("used", used), ("idle", idle)] {
                let labels = [pool(for_requests), state];
                METRICS
                    .connections
                    .with_label_values(&labels)
                    .set(count.into());
            }
        }
        for (part, up) in [
            ("postgres", postgres),
            ("migrations", self.work.is_migrated()),
            ("rabbitmq_publisher", self.pulse.publishing()),
            ("rabbitmq_consumer", self.pulse.consuming()),
        ] {
            let up = if up { 1.0 } else { 0.0 };
            METRICS.parts.with_label_values(&[part]).set(up);
        }
    }

    async fn records(&self) -> Result<(), DbError> {
        let rows = self
            .work
            .read(async |db| -> Result<_, DbError> {
                let mut found = Vec::new();
                for sql in [OPEN, OUTBOX, PARKED] {
                    let statement = Statement::from_string(DbBackend::Postgres, sql);
                    let rows = db.query_all_raw(statement).await?;
                    let rows: Result<Vec<_>, _> = rows.iter().map(row).collect();
                    found.push(rows?);
                }
                Ok(found)
            })
            .await?;
        let [open, outbox, parked] = rows.as_slice() else {
            return Ok(());
        };
        METRICS.open.reset();
        for kind in OperationKind::ALL {
            for status in ["Queued", "Running"] {
                METRICS
                    .open
                    .with_label_values(&[kind.as_str(), status])
                    .set(0.0);
            }
        }
        for (kind, status, count, _) in open {
            METRICS.open.with_label_values(&[kind, status]).set(*count);
        }
        for kind in [crate::outbox::COMMAND, crate::outbox::CONTROL_KIND] {
            for state in ["waiting", "sent"] {
                METRICS.outbox.with_label_values(&[kind, state]).set(0.0);
                METRICS
                    .outbox_oldest
                    .with_label_values(&[kind, state])
                    .set(0.0);
            }
        }
        for (kind, state, count, age) in outbox {
            METRICS.outbox.with_label_values(&[kind, state]).set(*count);
            METRICS
                .outbox_oldest
                .with_label_values(&[kind, state])
                .set(*age);
        }
        METRICS.parked.reset();
        for queue in QUEUES {
            METRICS.parked.with_label_values(&[queue.name]).set(0.0);
        }
        for (queue, _, count, _) in parked {
            METRICS.parked.with_label_values(&[queue]).set(*count);
        }
        Ok(())
    }

    async fn queues(&self) {
        METRICS.queued.reset();
        let dead = QUEUES.iter().map(|queue| queue.dead);
        let names = QUEUES.iter().chain([&OBSERVATIONS]).map(|queue| queue.name);
        for name in names.chain(dead) {
            if let Some(unread) = self.publisher.unread(name).await {
                METRICS.queued.with_label_values(&[name]).set(unread.into());
            }
        }
    }
}

fn row(row: &QueryResult) -> Result<(String, String, f64, f64), DbError> {
    Ok((
        row.try_get("", "a")?,
        row.try_get("", "b")?,
        row.try_get("", "n")?,
        row.try_get("", "age")?,
    ))
}
