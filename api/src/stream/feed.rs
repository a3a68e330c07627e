//! One reader of the stream for the whole process, woken by NOTIFY and once a second
//! in any case, which hands each row to everybody who watches. Who is too slow for
//! its buffer reads the table instead: nobody waits for anybody, and nothing grows.

use std::sync::Arc;
use std::time::Duration;

use shared::backoff::Backoff;
use shared::telemetry::chain;
use shared::wait::pause;
use sqlx::postgres::PgListener;
use tokio::sync::{broadcast, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::db::{Database, DbError};
use crate::entity::stream_event::Model;
use crate::stream::rows;

/// Looked at without being woken.
const POLL: Duration = Duration::from_secs(1);
/// What comes together is read at once.
const GATHER: Duration = Duration::from_millis(20);
/// Rows read at once.
const BATCH: u64 = 500;
/// Rows that wait for those who watch.
const BUFFER: usize = 1024;
const CHANNEL: &str = "urumi_stream";

/// Where those who watch get their rows from.
#[derive(Debug, Clone)]
pub struct Feed {
    news: broadcast::Sender<Arc<Model>>,
    /// It knows where it is: all that is committed from here on is handed on.
    begun: watch::Sender<bool>,
    closing: CancellationToken,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            news: broadcast::Sender::new(BUFFER),
            begun: watch::Sender::new(false),
            closing: CancellationToken::new(),
        }
    }
}

impl Feed {
    /// Rows from now on.
    pub fn follow(&self) -> broadcast::Receiver<Arc<Model>> {
        self.news.subscribe()
    }

    /// Whether it knows where it is. A row that is in the table before is handed to
    /// nobody, so whoever reads the table before that has to read it again.
    pub fn begun(&self) -> watch::Receiver<bool> {
        self.begun.subscribe()
    }

    /// Cancelled when the program ends: every stream ends with it.
    pub fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Read until stopped.
    pub async fn run(self, db: Database, stop: CancellationToken) {
        let mut listener = None;
        let mut at = None;
        let mut failures = 0;
        while !stop.is_cancelled() {
            match self.round(&db, &mut at).await {
                Ok(()) => {
                    failures = 0;
                    wait(&db, &mut listener, &stop).await;
                }
                Err(error) => {
                    failures += 1;
                    if failures == 1 {
                        tracing::warn!(error = chain(&error), "the stream waits for the database");
                    }
                    pause(Backoff::RECONNECT.jittered(failures), &stop).await;
                }
            }
        }
    }

    /// Hand on all that is new. `at` is unknown before the first round.
    async fn round(&self, db: &Database, at: &mut Option<i64>) -> Result<(), DbError> {
        let mut position = match *at {
            Some(position) => position,
            None => {
                let reach = db.read(async |db| rows::reach(db).await).await?;
                reach.head
            }
        };
        *at = Some(position);
        self.begun.send_replace(true);
        loop {
            let new = db
                .read(async |db| rows::after(db, position, BATCH).await)
                .await?;
            let Some(last) = new.last() else {
                return Ok(());
            };
            position = last.position;
            for row in new {
                // Nobody may be watching.
                let _ = self.news.send(Arc::new(row));
            }
            *at = Some(position);
        }
    }
}

/// Until there is news, a second has passed, or the end.
async fn wait(db: &Database, listener: &mut Option<PgListener>, stop: &CancellationToken) {
    if listener.is_none() {
        *listener = listen(db).await.ok();
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
    pause(GATHER, stop).await;
}

async fn listen(db: &Database) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(db.pool()).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}
