//! The least that publishes as our relay does: persistent, mandatory, confirmed, to a
//! durable quorum queue; a fixed window of messages that wait for their confirm.
//!
//!   bench-publisher MESSAGES WINDOW <payload     `AMQP_URL` says where
//!
//! Prints one line of JSON: seconds, and times from publish to confirm.

#![allow(clippy::disallowed_methods, reason = "a peer, no part of the product")]

use std::collections::VecDeque;
use std::io::Read as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, PublisherConfirm,
};

const QUEUE: &str = "bench.commands";

async fn publish(channel: &Channel, number: usize, payload: &[u8]) -> Result<PublisherConfirm> {
    let properties = BasicProperties::default()
        .with_delivery_mode(2)
        .with_content_type("application/json".into())
        .with_message_id(format!("00000000-0000-7000-8000-{number:012}").into());
    let options = BasicPublishOptions {
        mandatory: true,
        ..Default::default()
    };
    Ok(channel
        .basic_publish("".into(), QUEUE.into(), options, payload, properties)
        .await?)
}

async fn confirmed(waiting: (Instant, PublisherConfirm)) -> Result<Duration> {
    let (begun, confirm) = waiting;
    let confirmation = confirm.await?;
    ensure!(matches!(confirmation, Confirmation::Ack(None)), "not taken");
    Ok(begun.elapsed())
}

#[tokio::main]
async fn main() -> Result<()> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut arguments = std::env::args().skip(1);
    let mut argument = || arguments.next().context("bench-publisher MESSAGES WINDOW");
    let (messages, window): (usize, usize) = (argument()?.parse()?, argument()?.parse()?);
    let mut payload = Vec::new();
    std::io::stdin().read_to_end(&mut payload)?;
    let connection =
        Connection::connect(&std::env::var("AMQP_URL")?, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await?;
    let mut kind = FieldTable::default();
    kind.insert(
        "x-queue-type".into(),
        AMQPValue::LongString("quorum".into()),
    );
    let durable = QueueDeclareOptions {
        durable: true,
        ..Default::default()
    };
    channel.queue_declare(QUEUE.into(), durable, kind).await?;
    let (mut waiting, mut times) = (
        VecDeque::with_capacity(window),
        Vec::with_capacity(messages),
    );
    let begun = Instant::now();
    for number in 0..messages {
        if waiting.len() == window
            && let Some(first) = waiting.pop_front()
        {
            times.push(confirmed(first).await?);
        }
        waiting.push_back((Instant::now(), publish(&channel, number, &payload).await?));
    }
    for last in waiting {
        times.push(confirmed(last).await?);
    }
    let seconds = begun.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_micros();
    println!(
        r#"{{"messages":{messages},"seconds":{seconds},"p50_us":{},"p99_us":{}}}"#,
        at(50),
        at(99)
    );
    connection.close(200, "done".into()).await?;
    Ok(())
}
