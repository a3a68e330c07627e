//! Publishing: persistent, mandatory, confirmed. A message counts as sent only
//! when the broker confirmed it and did not hand it back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation, Connection};
use secrecy::SecretString;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use crate::amqp::connection::{AmqpError, connect};
use crate::amqp::topology::EXCHANGE;
use crate::fault;
use crate::ids::MessageId;
use crate::telemetry::trace::TRACEPARENT;

/// How long a confirm may take; a blocked broker (memory, disk) gives none.
pub const CONFIRM_TIMEOUT: Duration = Duration::from_secs(10);

/// A message on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to.
    pub routing_key: &'static str,
    /// Its identity.
    pub id: MessageId,
    /// JSON.
    pub payload: Vec<u8>,
    /// The span it is said in.
    pub traceparent: Option<String>,
}

/// What its sender's span was, if the message says so.
#[must_use]
pub fn traceparent(properties: &BasicProperties) -> Option<&str> {
    let headers = properties.headers().as_ref()?;
    match headers.inner().get(TRACEPARENT)? {
        AMQPValue::LongString(text) => std::str::from_utf8(text.as_bytes()).ok(),
        AMQPValue::ShortString(text) => Some(text.as_str()),
        _ => None,
    }
}

/// A message that did not, or perhaps did not, arrive.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// There is no connection.
    #[error("no connection to RabbitMQ")]
    NotConnected(#[source] AmqpError),
    /// The connection was lost on the way.
    #[error("RabbitMQ was lost while publishing")]
    Lost(#[source] lapin::Error),
    /// No queue took it: the broker acknowledges *and* returns such a message.
    #[error("no queue is bound for `{0}`")]
    Unroutable(&'static str),
    /// The broker said no.
    #[error("RabbitMQ did not accept the message")]
    Nacked,
    /// No confirm in time.
    #[error("RabbitMQ did not confirm in time")]
    Unconfirmed,
}

/// Publishes on a connection of its own, opened when needed and again after
/// every failure.
#[derive(Debug)]
pub struct Publisher {
    url: SecretString,
    name: String,
    open: Mutex<Option<Open>>,
    /// Nothing was published yet.
    fresh: AtomicBool,
}

#[derive(Debug, Clone)]
struct Open {
    channel: Channel,
    // Kept because a connection ends when its last handle is dropped.
    connection: std::sync::Arc<Connection>,
}

impl Publisher {
    /// A publisher that shows `name` in the broker's lists. Opens nothing yet.
    #[must_use]
    pub fn new(url: SecretString, name: impl Into<String>) -> Self {
        Self {
            url,
            name: name.into(),
            open: Mutex::new(None),
            fresh: AtomicBool::new(true),
        }
    }

    /// Open the connection now, unless it is open.
    ///
    /// # Errors
    /// [`PublishError::NotConnected`].
    pub async fn connect(&self) -> Result<(), PublishError> {
        let opened = self.channel().await;
        opened.map(drop).map_err(PublishError::NotConnected)
    }

    /// Publish one message and wait for its confirm.
    ///
    /// # Errors
    /// [`PublishError`]: it may or may not have arrived; say it again.
    pub async fn publish(&self, message: &Outgoing) -> Result<(), PublishError> {
        let one = std::slice::from_ref(message);
        let mut results = self.publish_all(one, CONFIRM_TIMEOUT).await;
        results.pop().unwrap_or(Ok(()))
    }

    /// Publish all, then wait for all confirms, so long together; one result a message,
    /// in order.
    pub async fn publish_all(
        &self,
        messages: &[Outgoing],
        within: Duration,
    ) -> Vec<Result<(), PublishError>> {
        let until = Instant::now() + within;
        let mut waiting = Vec::with_capacity(messages.len());
        for message in messages {
            let begun = timeout_at(until, self.begin(message)).await;
            waiting.push(begun.unwrap_or(Err(PublishError::Unconfirmed)));
        }
        let mut results = Vec::with_capacity(messages.len());
        for (message, begun) in messages.iter().zip(waiting) {
            let result = match begun {
                Ok(confirm) => match timeout_at(until, confirm).await {
                    Ok(Ok(confirmation)) => settle(message, confirmation),
                    Ok(Err(error)) => Err(PublishError::Lost(error)),
                    Err(_) => Err(PublishError::Unconfirmed),
                },
                Err(error) => Err(error),
            };
            results.push(result);
        }
        let broken = |result: &Result<(), PublishError>| {
            matches!(
                result,
                Err(PublishError::Lost(_) | PublishError::Unconfirmed)
            )
        };
        if results.iter().any(broken) {
            self.forget().await;
        }
        results
    }

    /// Answer somebody who waits: to where they said, once, without waiting for a
    /// confirm. An answer that is lost is one that did not come.
    ///
    /// # Errors
    /// [`PublishError`], if it did not leave.
    #[expect(clippy::disallowed_methods, reason = "this is the one place for it")]
    pub async fn reply(&self, to: &str, id: MessageId, payload: &[u8]) -> Result<(), PublishError> {
        let channel = self.channel().await.map_err(PublishError::NotConnected)?;
        let properties = BasicProperties::default()
            .with_content_type("application/json".into())
            .with_correlation_id(id.to_string().into());
        let options = BasicPublishOptions::default();
        let sent = channel.basic_publish("".into(), to.into(), options, payload, properties);
        sent.await.map(drop).map_err(PublishError::Lost)
    }

    /// Whether nothing is known to be wrong: it is connected, or was never needed.
    pub async fn was_well(&self) -> bool {
        self.is_connected().await || self.fresh.load(Ordering::Relaxed)
    }

    /// Whether a connection is open right now.
    pub async fn is_connected(&self) -> bool {
        self.open
            .lock()
            .await
            .as_ref()
            .is_some_and(|open| open.channel.status().connected())
    }

    /// How many messages of a queue no consumer was given; asked on a channel of its
    /// own, which is closed if the queue is not there. `None` if that cannot be said.
    pub async fn unread(&self, queue: &str) -> Option<u32> {
        let connection = self.open.lock().await.as_ref()?.connection.clone();
        let channel = connection.create_channel().await.ok()?;
        let passive = QueueDeclareOptions {
            passive: true,
            ..Default::default()
        };
        let asked = channel.queue_declare(queue.into(), passive, FieldTable::default());
        let declared = asked.await.ok()?;
        // A channel that does not close goes with its connection.
        let _ = channel.close(200, "asked".into()).await;
        Some(declared.message_count())
    }

    /// Drop the connection; the next message opens a new one, which declares
    /// the topology again.
    pub async fn forget(&self) {
        *self.open.lock().await = None;
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place for it")]
    async fn begin(&self, message: &Outgoing) -> Result<lapin::PublisherConfirm, PublishError> {
        let channel = self.channel().await.map_err(PublishError::NotConnected)?;
        let mut properties = BasicProperties::default()
            .with_delivery_mode(2)
            .with_content_type("application/json".into())
            .with_message_id(message.id.to_string().into());
        if let Some(traceparent) = &message.traceparent {
            let mut headers = FieldTable::default();
            let text = AMQPValue::LongString(traceparent.as_str().into());
            headers.insert(TRACEPARENT.into(), text);
            properties = properties.with_headers(headers);
        }
        let options = BasicPublishOptions {
            mandatory: true,
            ..Default::default()
        };
        channel
            .basic_publish(
                EXCHANGE.into(),
                message.routing_key.into(),
                options,
                &message.payload,
                properties,
            )
            .await
            .map_err(PublishError::Lost)
    }

    async fn channel(&self) -> Result<Channel, AmqpError> {
        let mut open = self.open.lock().await;
        if let Some(open) = open
            .as_ref()
            .filter(|open| open.channel.status().connected())
        {
            return Ok(open.channel.clone());
        }
        self.fresh.store(false, Ordering::Relaxed);
        let connection = connect(&self.url, &self.name).await?;
        let channel = connection.create_channel().await?;
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await?;
        *open = Some(Open {
            channel: channel.clone(),
            connection: std::sync::Arc::new(connection),
        });
        Ok(channel)
    }
}

/// Only `Ack(None)` is a yes: an unroutable mandatory message comes back as an
/// acknowledged one that carries what was returned.
fn settle(message: &Outgoing, confirmation: Confirmation) -> Result<(), PublishError> {
    match confirmation {
        Confirmation::Ack(None) => Ok(()),
        _ if fault::without("ack-none") => Ok(()),
        Confirmation::Ack(Some(_)) => Err(PublishError::Unroutable(message.routing_key)),
        Confirmation::Nack(_) | Confirmation::NotRequested => Err(PublishError::Nacked),
    }
}
