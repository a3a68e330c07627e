//! Every exchange and queue, on one screen. Declaring is idempotent.
//!
//! Only durable quorum queues, an explicit delivery limit and per-consumer
//! prefetch: the portable set from RabbitMQ 3.10 to 4.3.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};

/// Where everything is published.
pub const EXCHANGE: &str = "stores";
/// Where refused and exhausted messages go.
pub const DEAD_EXCHANGE: &str = "stores.dead";

/// How often the broker gives a message out again before it is dead-lettered.
/// Attempts that count are kept in Postgres; this only stops a message that
/// kills its reader each time.
pub const DELIVERY_LIMIT: i64 = 20;

/// A queue and the routing key that leads to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// Its name.
    pub name: &'static str,
    /// The key, with the version of the messages on it.
    pub routing_key: &'static str,
    /// Where its dead letters go; empty for messages that are not kept.
    pub dead: &'static str,
}

/// api → worker: jobs.
pub const COMMANDS: Queue = Queue {
    name: "store.commands",
    routing_key: "store.command.v1",
    dead: "store.commands.dead",
};
/// api → worker: stop what is no longer wanted.
pub const CONTROL: Queue = Queue {
    name: "store.control",
    routing_key: "store.control.v1",
    dead: "store.control.dead",
};
/// worker → api: facts.
pub const EVENTS: Queue = Queue {
    name: "store.events",
    routing_key: "store.event.v1",
    dead: "store.events.dead",
};

/// worker → api: pictures. A newer one takes an older one's place, so this queue
/// is short and loses its oldest when nobody reads it.
pub const OBSERVATIONS: Queue = Queue {
    name: "store.observations",
    routing_key: "store.observation.v1",
    dead: "",
};
/// Observations that are kept for an api that is away.
pub const OBSERVATIONS_KEPT: i64 = 5_000;

/// api → worker: questions, each answered to whoever asked. Worth nothing when
/// nobody waits any more, so they end by themselves.
pub const QUESTIONS: Queue = Queue {
    name: "store.questions",
    routing_key: "store.question.v1",
    dead: "",
};
/// Questions that are kept while no worker takes any, and for how long.
const QUESTIONS_KEPT: i64 = 1_000;
const QUESTION_TTL_MS: i64 = 10_000;

/// Those whose messages may not be lost.
pub const QUEUES: [Queue; 3] = [COMMANDS, CONTROL, EVENTS];

/// Declare everything.
///
/// # Errors
/// The broker's refusal, such as a queue of the same name with other arguments.
pub async fn declare(channel: &Channel) -> Result<(), lapin::Error> {
    let durable = ExchangeDeclareOptions {
        durable: true,
        ..Default::default()
    };
    for (exchange, kind) in [
        (EXCHANGE, ExchangeKind::Topic),
        (DEAD_EXCHANGE, ExchangeKind::Direct),
    ] {
        channel
            .exchange_declare(exchange.into(), kind, durable, FieldTable::default())
            .await?;
    }
    for queue in QUEUES {
        declare_queue(channel, queue.dead, quorum(), DEAD_EXCHANGE, queue.dead).await?;
        declare_queue(
            channel,
            queue.name,
            arguments(queue),
            EXCHANGE,
            queue.routing_key,
        )
        .await?;
    }
    for (queue, kept, ttl_ms) in [
        (OBSERVATIONS, OBSERVATIONS_KEPT, None),
        (QUESTIONS, QUESTIONS_KEPT, Some(QUESTION_TTL_MS)),
    ] {
        let Queue {
            name, routing_key, ..
        } = queue;
        declare_queue(channel, name, short(kept, ttl_ms), EXCHANGE, routing_key).await?;
    }
    Ok(())
}

async fn declare_queue(
    channel: &Channel,
    name: &str,
    arguments: FieldTable,
    exchange: &str,
    routing_key: &str,
) -> Result<(), lapin::Error> {
    let durable = QueueDeclareOptions {
        durable: true,
        ..Default::default()
    };
    channel
        .queue_declare(name.into(), durable, arguments)
        .await?;
    channel
        .queue_bind(
            name.into(),
            exchange.into(),
            routing_key.into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

fn quorum() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    arguments
}

/// Of a queue that loses its oldest messages, by number or by age.
fn short(kept: i64, ttl_ms: Option<i64>) -> FieldTable {
    let mut arguments = quorum();
    arguments.insert("x-max-length".into(), AMQPValue::LongLongInt(kept));
    arguments.insert("x-overflow".into(), text("drop-head"));
    if let Some(ttl) = ttl_ms {
        arguments.insert("x-message-ttl".into(), AMQPValue::LongLongInt(ttl));
    }
    arguments
}

/// Dead-lettering at least once needs a quorum source and `reject-publish`.
/// Source: RabbitMQ documentation, "Quorum Queues", section on dead lettering.
fn arguments(queue: Queue) -> FieldTable {
    let mut arguments = quorum();
    arguments.insert(
        "x-delivery-limit".into(),
        AMQPValue::LongLongInt(DELIVERY_LIMIT),
    );
    arguments.insert("x-dead-letter-exchange".into(), text(DEAD_EXCHANGE));
    arguments.insert("x-dead-letter-routing-key".into(), text(queue.dead));
    arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
    arguments.insert("x-overflow".into(), text("reject-publish"));
    arguments
}
