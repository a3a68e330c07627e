//! Asking and being answered: RabbitMQ's direct reply-to, over one connection that
//! is opened when needed and again after a loss. Answers find their question by its
//! id; who asked waits no longer than it said. Source: RabbitMQ documentation,
//! "Direct Reply-to": consume without acknowledging and publish on one channel.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as Short};
use std::time::Duration;

use futures_util::StreamExt as _;
use lapin::options::{BasicConsumeOptions, BasicPublishOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, Consumer};
use secrecy::SecretString;
use tokio::sync::{Mutex, oneshot};
use tokio::time::timeout;

use crate::amqp::connection::{AmqpError, connect};
use crate::amqp::topology::{EXCHANGE, QUESTIONS};
use crate::contract::envelope::Undecodable;
use crate::contract::question::{Answer, Question};

/// The broker's name for "whoever asked, on this channel".
const REPLY_TO: &str = "amq.rabbitmq.reply-to";

type Waiting = Arc<Short<HashMap<String, oneshot::Sender<Vec<u8>>>>>;

/// A question without an answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// There is no connection.
    #[error("no connection to RabbitMQ")]
    NotConnected(#[source] AmqpError),
    /// The question did not leave.
    #[error("RabbitMQ was lost while asking")]
    Lost(#[source] lapin::Error),
    /// Nobody answered in time.
    #[error("nobody answered within {} s", .0.as_secs_f32())]
    Silent(Duration),
    /// The question is not JSON, or the answer not one of ours.
    #[error("the answer is not one this build understands")]
    Unreadable(#[source] Undecodable),
}

/// Asks on a connection of its own.
#[derive(Debug)]
pub struct Asker {
    url: SecretString,
    name: String,
    open: Mutex<Option<Line>>,
}

#[derive(Debug, Clone)]
struct Line {
    channel: Channel,
    waiting: Waiting,
    // Kept because a connection ends when its last handle is dropped.
    _connection: Arc<Connection>,
}

impl Asker {
    /// One that shows `name` in the broker's lists. Opens nothing yet.
    #[must_use]
    pub fn new(url: SecretString, name: impl Into<String>) -> Self {
        let (name, open) = (name.into(), Mutex::new(None));
        Self { url, name, open }
    }

    /// Ask, and wait that long for the answer.
    ///
    /// # Errors
    /// [`AskError`]; asking again is harmless.
    pub async fn ask(&self, question: &Question, patience: Duration) -> Result<Answer, AskError> {
        let asked = timeout(patience, self.ask_and_wait(question)).await;
        let answer = asked.map_err(|_| AskError::Silent(patience))??;
        // A line that broke off took its answers with it.
        let answer = answer.ok_or(AskError::Silent(patience))?;
        Answer::decode(&answer).map_err(AskError::Unreadable)
    }

    async fn ask_and_wait(&self, question: &Question) -> Result<Option<Vec<u8>>, AskError> {
        let line = self.line().await.map_err(AskError::NotConnected)?;
        let payload = question
            .encode()
            .map_err(|error| AskError::Unreadable(Undecodable(error)))?;
        let id = question.id.to_string();
        let (say, heard) = oneshot::channel();
        let _forgotten = Entry::add(&line.waiting, &id, say);
        if let Err(error) = line.say(&id, &payload).await {
            *self.open.lock().await = None;
            return Err(AskError::Lost(error));
        }
        Ok(heard.await.ok())
    }

    async fn line(&self) -> Result<Line, AmqpError> {
        let mut open = self.open.lock().await;
        let is_well = |line: &&Line| line.channel.status().connected();
        if let Some(line) = open.as_ref().filter(is_well) {
            return Ok(line.clone());
        }
        let connection = connect(&self.url, &self.name).await?;
        let channel = connection.create_channel().await?;
        let unacknowledged = BasicConsumeOptions {
            no_ack: true,
            ..Default::default()
        };
        let consumer = channel
            .basic_consume(
                REPLY_TO.into(),
                "".into(),
                unacknowledged,
                FieldTable::default(),
            )
            .await?;
        let waiting = Waiting::default();
        tokio::spawn(hear(consumer, Arc::clone(&waiting)));
        let line = Line {
            channel,
            waiting,
            _connection: Arc::new(connection),
        };
        *open = Some(line.clone());
        Ok(line)
    }
}

impl Line {
    #[expect(
        clippy::disallowed_methods,
        reason = "the channel that hears answers is the one to ask on; a lost question is one without an answer"
    )]
    async fn say(&self, id: &str, payload: &[u8]) -> Result<(), lapin::Error> {
        let properties = BasicProperties::default()
            .with_content_type("application/json".into())
            .with_message_id(id.into())
            .with_correlation_id(id.into())
            .with_reply_to(REPLY_TO.into());
        let (options, key) = (BasicPublishOptions::default(), QUESTIONS.routing_key);
        let sent =
            self.channel
                .basic_publish(EXCHANGE.into(), key.into(), options, payload, properties);
        sent.await.map(drop)
    }
}

/// Give each answer to whoever waits for it, as long as the channel lives. Its end
/// lets those who wait know: their senders go with the map's last entry.
async fn hear(mut consumer: Consumer, waiting: Waiting) {
    while let Some(Ok(delivery)) = consumer.next().await {
        let id = delivery.properties.correlation_id();
        let heard = id
            .as_ref()
            .and_then(|id| locked(&waiting).remove(id.as_str()));
        if let Some(say) = heard {
            // Who does not wait any more has no use for it.
            let _ = say.send(delivery.data);
        }
    }
    locked(&waiting).clear();
}

/// Somebody who waits; gone from the list however the waiting ends.
struct Entry<'a> {
    waiting: &'a Waiting,
    id: &'a str,
}

impl<'a> Entry<'a> {
    fn add(waiting: &'a Waiting, id: &'a str, say: oneshot::Sender<Vec<u8>>) -> Self {
        locked(waiting).insert(id.to_owned(), say);
        Self { waiting, id }
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        locked(self.waiting).remove(self.id);
    }
}

fn locked(
    waiting: &Waiting,
) -> std::sync::MutexGuard<'_, HashMap<String, oneshot::Sender<Vec<u8>>>> {
    waiting
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
