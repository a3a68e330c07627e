//! Sees to it that no operation is stuck: a command whose operation is silent is
//! said again, an operation past its time is ended.

pub mod depth;
pub mod ending;

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait as _, DbBackend, EntityTrait as _, Statement};
use secrecy::SecretString;
use shared::amqp::topology::COMMANDS;
use shared::fault;
use shared::telemetry::{chain, trace};
use shared::wait::pause;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::db::{BY_INDEX, Database, DbError};
use crate::entity::operation;
use crate::metrics::METRICS;
use crate::pulse::Pulse;
use crate::settings::EngineSettings;
use crate::watchdog::depth::Depth;

/// One watchdog; several may run at once.
#[derive(Debug)]
pub struct Watchdog {
    db: Database,
    engine: EngineSettings,
    pulse: Pulse,
    depth: Depth,
    /// Since when the broker holds no unread command, while some are silent.
    empty_since: Option<Instant>,
}

/// Dispatched commands of silent operations, and whether a worker was heard since:
/// what it said about an earlier attempt tells nothing of this one.
/// A command whose broker holds it unread is not lost: it waits its turn.
/// What was dispatched since is not looked at: that follows from the last condition, and
/// is said first so that an index finds the rest; with `kind = 'command'` another index
/// would do, by which all of it is read.
pub const SILENT: &str = "
SELECT o.id, coalesce(o.last_heard_at > m.dispatched_at, false) AS heard
FROM outbox m JOIN operations o ON o.id = m.operation_id
WHERE m.kind <> 'control' AND m.dispatched_at < now() - make_interval(secs => $1)
  AND greatest(m.dispatched_at, o.last_heard_at) < now() - make_interval(secs => $1)";

const REDISPATCH: &str = "
UPDATE outbox SET dispatched_at = NULL, next_attempt_at = now()
WHERE kind = 'command' AND operation_id = ANY($1) AND dispatched_at IS NOT NULL";

const EXPIRED: &str = "
SELECT * FROM operations
WHERE status IN ('Queued', 'Running')
  AND coalesce(deadline_at, not_after) < now() - make_interval(secs => $1)
ORDER BY created_at LIMIT 50";

impl Watchdog {
    pub fn new(db: Database, amqp_url: SecretString, engine: EngineSettings, pulse: Pulse) -> Self {
        Self {
            db,
            engine,
            pulse,
            depth: Depth::new(amqp_url),
            empty_since: None,
        }
    }

    /// Watch until stopped.
    pub async fn run(mut self, stop: CancellationToken) {
        let interval = (self.engine.redispatch_after() / 6)
            .clamp(Duration::from_millis(200), Duration::from_secs(5));
        while pause(interval, &stop).await {
            if let Err(error) = self.expire().await {
                tracing::debug!(error = chain(&error), "the watchdog waits for the database");
                continue;
            }
            // With the broker away everything is silent and nothing is lost.
            if !self.pulse.publishing() || !self.pulse.consuming() {
                continue;
            }
            if let Err(error) = self.say_again().await {
                tracing::debug!(error = chain(&error), "the watchdog waits for the database");
            }
        }
    }

    async fn expire(&self) -> Result<(), DbError> {
        let grace = seconds(self.engine.deadline_grace_seconds);
        let statement =
            Statement::from_sql_and_values(DbBackend::Postgres, EXPIRED, [grace.into()]);
        let statement = &statement;
        let expired = self
            .db
            .read(async |db| -> Result<_, DbError> {
                let rows = operation::Entity::find()
                    .from_raw_sql(statement.clone())
                    .all(db)
                    .await?;
                Ok(rows)
            })
            .await?;
        for operation in expired {
            tracing::warn!(store.id = operation.store_id, operation.id = %operation.id, "an operation ran out of time");
            let span = tracing::debug_span!("expire", operation.id = %operation.id, store.id = operation.store_id);
            trace::follow(&span, operation.traceparent.as_deref());
            let ended = ending::expire(&self.db, &self.engine, &operation);
            ended.instrument(span).await?;
        }
        Ok(())
    }

    async fn say_again(&mut self) -> Result<(), DbError> {
        let silent = self.silent().await?;
        let begun = |(id, heard): &(Uuid, bool)| heard.then_some(*id);
        let mut lost: Vec<Uuid> = silent.iter().filter_map(begun).collect();
        let all_begun = lost.len() == silent.len();
        if !all_begun && self.nothing_waits().await {
            lost = silent.iter().map(|(id, _)| *id).collect();
        } else if all_begun {
            self.empty_since = None;
            self.depth.close();
        }
        if lost.is_empty() {
            return Ok(());
        }
        tracing::warn!(
            operations = lost.len(),
            "silent for too long; their commands are sent again"
        );
        let lost = &lost;
        fault::point("api.watchdog.republish.before");
        self.db
            .transaction(async |tx| -> Result<(), DbError> {
                let values = [lost.clone().into()];
                tx.execute_raw(Statement::from_sql_and_values(
                    DbBackend::Postgres,
                    REDISPATCH,
                    values,
                ))
                .await?;
                Ok(())
            })
            .await?;
        METRICS.said_again("redispatch", lost.len());
        fault::point("api.watchdog.republish.after");
        Ok(())
    }

    async fn silent(&self) -> Result<Vec<(Uuid, bool)>, DbError> {
        let after = self.engine.redispatch_after().as_secs_f64();
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, SILENT, [after.into()]);
        let statement = &statement;
        self.db
            .snapshot(async |db| -> Result<_, DbError> {
                // Whatever Postgres takes the outbox for: the index finds the silent ones.
                let (name, value) = BY_INDEX;
                db.execute_unprepared(&format!("SET LOCAL {name} = {value}"))
                    .await?;
                let rows = db.query_all_raw(statement.clone()).await?;
                let pairs = rows
                    .iter()
                    .map(|row| Ok((row.try_get("", "id")?, row.try_get("", "heard")?)));
                pairs
                    .collect::<Result<Vec<_>, sea_orm::DbErr>>()
                    .map_err(DbError::from)
            })
            .await
    }

    /// Whether no command has waited unread in the broker for as long as silence
    /// may last: then one that nobody began is lost, and not only just read.
    async fn nothing_waits(&mut self) -> bool {
        match self.depth.of(COMMANDS).await {
            Ok(0) => {
                let since = *self.empty_since.get_or_insert_with(Instant::now);
                since.elapsed() >= self.engine.redispatch_after()
            }
            Ok(_) => {
                self.empty_since = None;
                false
            }
            Err(error) => {
                tracing::debug!(error = chain(&error), "the watchdog waits for RabbitMQ");
                false
            }
        }
    }
}

fn seconds(whole: u64) -> f64 {
    Duration::from_secs(whole).as_secs_f64()
}
