//! Opening connections and consumers. Nothing recovers by itself: whoever uses
//! a connection runs in a loop that opens a new one after every loss, so that
//! no delivery tag ever outlives its channel.

use std::time::Duration;

use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties, Consumer};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use crate::amqp::topology::{self, Queue};

/// How long opening a connection may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Largest frame that is agreed on; larger messages travel in several. lapin
/// keeps 32 frames each way for a connection, which with the broker's own 128 KiB
/// would be 8 MiB of memory for each. RabbitMQ 4 wants at least 8 KiB.
const FRAME_MAX: u32 = 16 * 1024;

/// RabbitMQ cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AmqpError {
    /// The address is no AMQP address; its text, which holds a password, is not
    /// repeated.
    #[error("AMQP_URL is not of the form amqp://user:password@host:port/vhost")]
    Url,
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
    let mut uri: AMQPUri = url
        .expose_secret()
        .parse()
        .map_err(|_: String| AmqpError::Url)?;
    uri.query.frame_max.get_or_insert(FRAME_MAX);
    let opening = Connection::connect_uri(uri, properties);
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
