//! Brings messages to webhooks until stopped: some at once, whichever are due. What
//! was under way when it stops is due again after its claim. Each delivery is a task
//! of its own: none holds a lock while the courier looks for more.

use std::rc::Rc;
use std::time::Duration;

use rand::RngExt as _;
use shared::backoff::Backoff;
use shared::telemetry::chain;
use shared::wait::pause;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::db::{Database, DbError};
use crate::entity::{webhook, webhook_delivery};
use crate::record::rows::now;
use crate::settings::WebhookSettings;
use crate::stream::feed::Feed;
use crate::webhooks::outcome::Try;
use crate::webhooks::schedule::Round;
use crate::webhooks::secret::{Sealed, Vault};
use crate::webhooks::send::{Message, Sender};
use crate::webhooks::{claim, schedule};

/// Messages under way at once.
const AT_ONCE: usize = 32;
/// Looked at without being woken.
const POLL: Duration = Duration::from_secs(1);
/// What comes together is looked for once.
const GATHER: Duration = Duration::from_millis(100);
/// How long the end may take.
const GRACE: Duration = Duration::from_secs(5);

/// One courier; several may run at once.
#[derive(Debug)]
pub struct Courier {
    pub db: Database,
    pub feed: Feed,
    pub sender: Sender,
    pub vault: Vault,
    pub settings: WebhookSettings,
}

impl Courier {
    /// Deliver until stopped.
    pub async fn run(self, stop: CancellationToken) {
        let courier = Rc::new(self);
        let mut under_way = JoinSet::new();
        let mut news = courier.feed.follow();
        let mut failures = 0;
        while !stop.is_cancelled() {
            match courier.take(AT_ONCE.saturating_sub(under_way.len())).await {
                Ok(claimed) => {
                    failures = 0;
                    for (hook, message) in claimed {
                        let courier = Rc::clone(&courier);
                        under_way.spawn_local(async move { courier.deliver(hook, message).await });
                    }
                }
                Err(error) => {
                    failures += 1;
                    if failures == 1 {
                        tracing::warn!(error = chain(&error), "webhooks wait for the database");
                    }
                    pause(Backoff::RECONNECT.jittered(failures), &stop).await;
                }
            }
            tokio::select! {
                Some(_) = under_way.join_next() => {}
                // What it says is read from the table.
                _ = timeout(POLL, news.recv()) => {}
                () = stop.cancelled() => {}
            }
            pause(GATHER, &stop).await;
            while under_way.try_join_next().is_some() {}
        }
        let _ = timeout(GRACE, async {
            while under_way.join_next().await.is_some() {}
        })
        .await;
    }

    /// Messages to send now, at most so many.
    async fn take(
        &self,
        places: usize,
    ) -> Result<Vec<(webhook::Model, webhook_delivery::Model)>, DbError> {
        let max_tries = self.settings.webhook_max_tries.max(1);
        let round = async || {
            self.db
                .transaction(async |tx| schedule::schedule(tx, max_tries).await)
                .await
        };
        while round().await? == Round::More {}
        let places = i64::try_from(places).unwrap_or(0);
        if places == 0 {
            return Ok(Vec::new());
        }
        self.db
            .transaction(async |tx| claim::claim(tx, places).await)
            .await
    }

    async fn deliver(&self, hook: webhook::Model, message: webhook_delivery::Model) {
        let tried = match self.signed(&hook, &message) {
            Ok(signed) => self.sender.send(signed).await,
            Err(error) => Try {
                at: now(),
                status: None,
                error: Some(error.to_string()),
                duration_ms: 0,
            },
        };
        let wait = self.wait(self.settings.webhook_max_tries - message.tries_left);
        let patience = time::Duration::seconds(self.settings.webhook_disable_after_seconds);
        let (message, tried) = (&message, &tried);
        let settled = self
            .db
            .transaction(async |tx| claim::settle(tx, message, tried, wait, patience).await)
            .await;
        if let Err(error) = settled {
            // It is sent again after its claim: at least once.
            tracing::warn!(webhook.id = %hook.id, error = chain(&error), "a delivery was not noted");
        }
    }

    /// The message as it goes out. After a rotation the secret before signs, too.
    fn signed(
        &self,
        hook: &webhook::Model,
        message: &webhook_delivery::Model,
    ) -> Result<Message, Sealed> {
        let at = now();
        let id = format!("msg_{}", message.id.simple());
        let timestamp = at.unix_timestamp();
        let sign = |kept: &[u8]| {
            let secret = self.vault.open(hook.id, kept)?;
            Ok(secret.sign(&id, timestamp, &message.body))
        };
        let mut signature = sign(&hook.secret)?;
        if let Some(previous) = &hook.previous_secret
            && hook.previous_until.is_some_and(|until| until > at)
        {
            signature = format!("{signature} {}", sign(previous)?);
        }
        Ok(Message {
            url: hook.url.clone(),
            timestamp,
            signature,
            body: message.body.clone(),
            id,
        })
    }

    /// Full jitter: anything up to the bound, so that those who failed together do
    /// not come back together.
    fn wait(&self, tries: i32) -> time::Duration {
        let failures = u32::try_from(tries).unwrap_or(1);
        let bound = self.settings.retry().bound(failures);
        let wait = bound.mul_f64(rand::rng().random_range(0.0..=1.0));
        time::Duration::try_from(wait).unwrap_or(time::Duration::MINUTE)
    }
}
