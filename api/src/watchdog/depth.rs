//! How many messages wait unread in a queue. Keeps a connection while it is asked.

use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use lapin::{Channel, Connection};
use secrecy::SecretString;
use shared::amqp::connection::{AmqpError, connect};
use shared::amqp::topology::Queue;

/// Asks the broker for the length of queues.
#[derive(Debug)]
pub struct Depth {
    amqp_url: SecretString,
    open: Option<(Connection, Channel)>,
}

impl Depth {
    pub fn new(amqp_url: SecretString) -> Self {
        let open = None;
        Self { amqp_url, open }
    }

    /// Messages that no consumer was given. A queue that was lost is declared
    /// again by connecting, empty.
    ///
    /// # Errors
    /// The broker's; the next call opens a new connection.
    pub async fn of(&mut self, queue: Queue) -> Result<u32, AmqpError> {
        let asked = self.ask(queue).await;
        if asked.is_err() {
            self.close();
        }
        asked
    }

    /// Drop the connection.
    pub fn close(&mut self) {
        self.open = None;
    }

    async fn ask(&mut self, queue: Queue) -> Result<u32, AmqpError> {
        let (_, channel) = match self.open.take() {
            Some(open) => self.open.insert(open),
            None => {
                let connection = connect(&self.amqp_url, "urumi-api watchdog").await?;
                let channel = connection.create_channel().await?;
                self.open.insert((connection, channel))
            }
        };
        let passive = QueueDeclareOptions {
            passive: true,
            ..Default::default()
        };
        let declared = channel
            .queue_declare(queue.name.into(), passive, FieldTable::default())
            .await?;
        Ok(declared.message_count())
    }
}
