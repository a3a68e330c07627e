//! Opening connections and consumers. Nothing recovers by itself: whoever uses
//! a connection runs in a loop that opens a new one after every loss, so that
//! no delivery tag ever outlives its channel.

use std::time::Duration;

use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties, Consumer};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use crate::amqp::topology::{self, Queue};

/// How long opening a connection may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// RabbitMQ cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AmqpError {
    /// No answer within [`CONNECT_TIMEOUT`].
    #[error("RabbitMQ does not answer")]
    Unreachable(#[source] tokio::time::error::Elapsed),
    /// The broker or the network said no.
    #[error("RabbitMQ refused or was lost")]
    Broker(#[from] lapin::Error),
}

/// Open a connection that shows `name` in the broker's lists, and declare the
/// topology on it.
///
/// # Errors
/// [`AmqpError`]; the caller waits and tries again.
pub async fn connect(url: &SecretString, name: &str) -> Result<Connection, AmqpError> {
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    let opening = Connection::connect(url.expose_secret(), properties);
    let connection = timeout(CONNECT_TIMEOUT, opening)
        .await
        .map_err(AmqpError::Unreachable)??;
    let channel = connection.create_channel().await?;
    topology::declare(&channel).await?;
    channel.close(200, "topology declared".into()).await?;
    Ok(connection)
}

/// A consumer with a connection and a channel of its own. Dropping it closes
/// both; what was not acknowledged is delivered again.
#[derive(Debug)]
pub struct Inbound {
    /// Deliveries, as a stream.
    pub consumer: Consumer,
    /// The channel they must be acknowledged on.
    pub channel: Channel,
    connection: Connection,
}

impl Inbound {
    /// Open a connection and consume a queue with at most `prefetch` deliveries
    /// unacknowledged.
    ///
    /// # Errors
    /// [`AmqpError`]; the caller waits and tries again.
    pub async fn open(
        url: &SecretString,
        name: &str,
        queue: Queue,
        prefetch: u16,
    ) -> Result<Self, AmqpError> {
        let connection = connect(url, name).await?;
        let channel = connection.create_channel().await?;
        channel
            .basic_qos(prefetch, BasicQosOptions::default())
            .await?;
        let consumer = channel
            .basic_consume(
                queue.name.into(),
                name.into(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await?;
        Ok(Self {
            consumer,
            channel,
            connection,
        })
    }

    /// Close in order, so that the broker gives out at once what was unacknowledged.
    pub async fn close(self) {
        if let Err(error) = self.connection.close(200, "done".into()).await {
            tracing::debug!(%error, "closing a RabbitMQ connection");
        }
    }
}
