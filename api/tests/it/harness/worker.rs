//! The worker's side of the wire, played by the test.

use std::time::Duration;

use futures_util::StreamExt as _;
use lapin::BasicProperties;
use lapin::options::{BasicAckOptions, BasicPublishOptions};
use shared::amqp::topology::{COMMANDS, CONTROL, DEAD_EXCHANGE, EVENTS, Queue};
use shared::amqp::{Inbound, Outgoing, Publisher};
use shared::contract::command::Command;
use shared::contract::control::Control;
use shared::contract::envelope::Envelope;
use shared::contract::event::{EventBody, event_for};
use shared::failure::{Failure, FailureCode};
use shared::ids::MessageId;
use shared::step::Step;
use time::OffsetDateTime;
use tokio::time::timeout;

use super::TestApi;

/// Takes commands and says what the test tells it to.
#[derive(Debug)]
pub struct Worker {
    commands: Inbound,
    controls: Inbound,
    events: Publisher,
}

impl Worker {
    pub async fn of(api: &TestApi) -> Self {
        Self::at(&api.servers.amqp_url).await
    }

    pub async fn at(url: &str) -> Self {
        let url = url.to_owned();
        let open = async |queue: Queue| {
            Inbound::open(&url.clone().into(), "test worker", queue, 100)
                .await
                .unwrap()
        };
        Self {
            commands: open(COMMANDS).await,
            controls: open(CONTROL).await,
            events: Publisher::new(url.clone().into(), "test worker events"),
        }
    }

    /// The next command, acknowledged.
    pub async fn command(&mut self) -> Envelope<Command> {
        let payload = next(&mut self.commands, Duration::from_secs(20)).await;
        Envelope::decode(&payload.expect("a command")).unwrap()
    }

    /// No longer take anything.
    pub async fn leave(self) {
        self.commands.close().await;
        self.controls.close().await;
    }

    /// Nothing comes for so long.
    pub async fn no_command(&mut self, within: Duration) {
        if let Some(payload) = next(&mut self.commands, within).await {
            panic!(
                "an unexpected command: {}",
                String::from_utf8_lossy(&payload)
            );
        }
    }

    pub async fn control(&mut self) -> Envelope<Control> {
        let payload = next(&mut self.controls, Duration::from_secs(20)).await;
        Envelope::decode(&payload.expect("a control")).unwrap()
    }

    /// Report something about a command.
    pub async fn say(&self, command: &Envelope<Command>, body: EventBody) {
        self.say_at(command, OffsetDateTime::now_utc(), body).await;
    }

    pub async fn say_at(&self, command: &Envelope<Command>, at: OffsetDateTime, body: EventBody) {
        let event = event_for(command, at, body);
        self.send(event.encode().unwrap()).await;
    }

    /// Put bytes into the events' queue.
    pub async fn send(&self, payload: Vec<u8>) {
        let message = Outgoing {
            routing_key: EVENTS.routing_key,
            id: MessageId::new(),
            payload,
            traceparent: None,
        };
        self.events.publish(&message).await.unwrap();
    }

    /// Put bytes where the broker puts what it gave up on.
    #[expect(
        clippy::disallowed_methods,
        reason = "the broker's own deed, which no publisher of ours does"
    )]
    pub async fn bury(&self, queue: Queue, payload: Vec<u8>) {
        let confirmed = self
            .commands
            .channel
            .basic_publish(
                DEAD_EXCHANGE.into(),
                queue.dead.into(),
                BasicPublishOptions::default(),
                &payload,
                BasicProperties::default(),
            )
            .await;
        confirmed.unwrap().await.unwrap();
    }

    /// Do the whole of a create.
    pub async fn make(&self, command: &Envelope<Command>) {
        for step in [
            Step::Namespace,
            Step::Release,
            Step::Rollout,
            Step::Storefront,
        ] {
            self.say(command, EventBody::StepStarted { step, run: 0 })
                .await;
            self.say(
                command,
                EventBody::StepFinished {
                    step,
                    changed: true,
                    failed: false,
                    run: 0,
                },
            )
            .await;
        }
        self.say(command, ready()).await;
    }
}

pub fn ready() -> EventBody {
    let chart = "store-0.1.0".to_owned();
    let image = |name: &str, tag: &str| (name.to_owned(), format!("{name}:{tag}"));
    EventBody::Ready {
        revision: 1,
        chart,
        images: [image("mysql", "8.4"), image("wordpress", "7.1")].into(),
    }
}

pub fn failed(code: FailureCode, changed: bool) -> EventBody {
    let failure = Failure::new(code, "").in_step(Step::Rollout);
    EventBody::Failed {
        failure,
        changed,
        run: 0,
    }
}

async fn next(inbound: &mut Inbound, within: Duration) -> Option<Vec<u8>> {
    let delivery = timeout(within, inbound.consumer.next())
        .await
        .ok()??
        .unwrap();
    delivery.ack(BasicAckOptions::default()).await.unwrap();
    Some(delivery.data)
}
