//! One of the servers is away or ill for a while. Requests must be answered
//! whenever Postgres is there, and all work must end soon after the heal.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use reqwest::Method;
use serde_json::json;
use tokio::process::Command;

use crate::faults::check::{Expected, check};
use crate::faults::ground::Ground;
use crate::faults::own::Own;
use crate::faults::patience::LOOK;
use crate::faults::proxy::{Mode, Proxy};
use crate::faults::report::seconds;
use crate::faults::store::Wish;
use crate::machine::root;

/// From the heal to the end of all work.
const HEAL: Duration = Duration::from_secs(30);
/// Stores that are under way when it begins; as many more are asked for meanwhile.
const STORES: usize = 4;

/// What happens to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    BrokerRestarted,
    BrokerAlarm,
    CommandsDeleted,
    EventsDeleted,
    ChannelsClosed,
    DatabaseRestarted,
    ConnectionsEnded,
    ClusterAway,
    ClusterSilent,
    ClusterBusy,
    ClusterIll,
}

impl Outage {
    pub const ALL: [Self; 11] = [
        Self::BrokerRestarted,
        Self::BrokerAlarm,
        Self::CommandsDeleted,
        Self::EventsDeleted,
        Self::ChannelsClosed,
        Self::DatabaseRestarted,
        Self::ConnectionsEnded,
        Self::ClusterAway,
        Self::ClusterSilent,
        Self::ClusterBusy,
        Self::ClusterIll,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BrokerRestarted => "RabbitMQ restarted",
            Self::BrokerAlarm => "RabbitMQ's memory alarm",
            Self::CommandsDeleted => "the commands' queue deleted",
            Self::EventsDeleted => "the events' queue deleted",
            Self::ChannelsClosed => "channels closed by the broker",
            Self::DatabaseRestarted => "PostgreSQL restarted",
            Self::ConnectionsEnded => "PostgreSQL's connections ended",
            Self::ClusterAway => "apiserver away",
            Self::ClusterSilent => "apiserver silent",
            Self::ClusterBusy => "apiserver answers 429",
            Self::ClusterIll => "apiserver answers 500",
        }
    }

    /// Requests cannot be kept without it.
    fn takes_the_records(self) -> bool {
        self == Self::DatabaseRestarted
    }
}

/// Who can break what.
pub struct Hand<'a> {
    pub ground: &'a Ground,
    pub own: &'a Own,
    /// Before the apiserver, on the worker's way.
    pub cluster: &'a Proxy,
    /// How long the apiserver is away.
    pub away: Duration,
}

/// How it went.
#[derive(Debug)]
pub struct Lasted {
    pub outage: Duration,
    /// Requests answered meanwhile, and the slowest of them.
    pub answered: usize,
    pub slowest: Duration,
    pub refused: Vec<String>,
    pub healed: Duration,
    pub findings: Vec<String>,
}

impl Lasted {
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.refused.is_empty() && self.findings.is_empty()
    }

    #[must_use]
    pub fn line(&self, outage: Outage) -> String {
        let verdict = if self.is_well() { "ok" } else { "FAILED" };
        format!(
            "{verdict:6} {:34} for {:>7}, {:3} requests answered (slowest {}), all work ended {} after the heal",
            outage.as_str(),
            seconds(self.outage),
            self.answered,
            seconds(self.slowest),
            seconds(self.healed),
        )
    }
}

impl Hand<'_> {
    /// Break, look, heal, look.
    ///
    /// # Errors
    /// If the test's own means fail.
    pub async fn suffer(&self, outage: Outage, expected: &mut Expected) -> Result<Lasted> {
        for number in 0..STORES {
            let name = format!("{} {number}", outage.as_str());
            let id = self.own.create(&name, &name).await?;
            expected.insert(id, "Ready");
        }
        let begun = Instant::now();
        let mut asking = Asking::new(self.own, outage);
        let over = Cell::new(false);
        let breaking = async {
            let broken = self.break_and_heal(outage).await;
            over.set(true);
            broken
        };
        let client = async {
            while !over.get() {
                asking.turn().await;
            }
        };
        let (broken, ()) = tokio::join!(breaking, client);
        broken?;
        let (outage_took, healed) = (begun.elapsed(), Instant::now());
        let mut findings = Vec::new();
        expected.extend(asking.ids.drain(..).map(|id| (id, "Ready")));
        let living = expected.iter().filter(|(_, status)| **status == "Ready");
        for (id, _) in living {
            let left = (HEAL * 2).saturating_sub(healed.elapsed());
            if let Err(error) = self.own.until_ended(id, Wish::Create, left).await {
                findings.push(format!("{error:#}"));
            }
        }
        let lasted = healed.elapsed();
        if lasted > HEAL {
            findings.push(format!("work ended {} after the heal", seconds(lasted)));
        }
        for finding in check(self.own, expected).await? {
            findings.push(finding.to_string());
        }
        Ok(Lasted {
            outage: outage_took,
            answered: asking.answered,
            slowest: asking.slowest,
            refused: asking.refused,
            healed: lasted,
            findings,
        })
    }

    async fn break_and_heal(&self, outage: Outage) -> Result<()> {
        let short = Duration::from_secs(5);
        let vhost = &self.own.name;
        match outage {
            Outage::BrokerRestarted => {
                self.script("rabbitmq.sh", &["stop"]).await?;
                tokio::time::sleep(short).await;
                self.script("rabbitmq.sh", &["start"]).await
            }
            Outage::BrokerAlarm => {
                self.watermark("1MB").await?;
                tokio::time::sleep(short * 2).await;
                self.watermark("384MB").await
            }
            Outage::CommandsDeleted => self.delete_queue(vhost, "store.commands").await,
            Outage::EventsDeleted => self.delete_queue(vhost, "store.events").await,
            Outage::ChannelsClosed => self.close_channels().await,
            Outage::DatabaseRestarted => {
                self.script("postgres.sh", &["stop"]).await?;
                tokio::time::sleep(short).await;
                self.script("postgres.sh", &["start"]).await
            }
            Outage::ConnectionsEnded => {
                for _ in 0..5 {
                    self.ground.servers.end_connections(vhost).await?;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                Ok(())
            }
            Outage::ClusterAway => self.cluster(Mode::Refuse, self.away).await,
            Outage::ClusterSilent => self.cluster(Mode::Swallow, short * 4).await,
            Outage::ClusterBusy => self.cluster(Mode::Answer(429), short * 4).await,
            Outage::ClusterIll => self.cluster(Mode::Answer(500), short * 4).await,
        }
    }

    async fn cluster(&self, mode: Mode, time: Duration) -> Result<()> {
        self.cluster.set(mode);
        tokio::time::sleep(time).await;
        self.cluster.set(Mode::Pass);
        Ok(())
    }

    async fn delete_queue(&self, vhost: &str, queue: &str) -> Result<()> {
        let path = format!("queues/{vhost}/{queue}");
        self.ground
            .servers
            .management(Method::DELETE, &path, None)
            .await
            .map(|_| ())
    }

    async fn watermark(&self, limit: &str) -> Result<()> {
        let words = ["ctl", "set_vm_memory_high_watermark", "absolute", limit];
        self.script("rabbitmq.sh", &words).await
    }

    /// As the broker does it when an acknowledgement is overdue.
    async fn close_channels(&self) -> Result<()> {
        let close = "[P ! {channel_exit, C, rabbit_misc:amqp_error(precondition_failed, \"closed by a test\", [], none)} \
                     || P <- rabbit_networking:connections(), C <- [1, 2, 3]].";
        for _ in 0..3 {
            self.script("rabbitmq.sh", &["ctl", "eval", close]).await?;
        }
        Ok(())
    }

    async fn script(&self, name: &str, words: &[&str]) -> Result<()> {
        let output = Command::new(root().join("deploy/local").join(name))
            .args(words)
            .env("URUMI_INSTANCE", &self.ground.servers.instance)
            .env("URUMI_PG_UNSAFE", "1")
            .env("URUMI_AMQP_MANAGEMENT", "1")
            .output()
            .await
            .context(name.to_owned())?;
        if !output.status.success() {
            bail!(
                "{name} {words:?}: {}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(())
    }
}

/// A client that asks twice a second, and is to be answered.
struct Asking<'a> {
    own: &'a Own,
    outage: Outage,
    ids: Vec<String>,
    turns: usize,
    answered: usize,
    slowest: Duration,
    refused: Vec<String>,
}

impl<'a> Asking<'a> {
    fn new(own: &'a Own, outage: Outage) -> Self {
        Self {
            own,
            outage,
            ids: Vec::new(),
            turns: 0,
            answered: 0,
            slowest: Duration::ZERO,
            refused: Vec::new(),
        }
    }

    async fn turn(&mut self) {
        tokio::time::sleep(LOOK * 5).await;
        self.turns += 1;
        let begun = Instant::now();
        let posts = self.ids.len() < STORES;
        let said = if posts {
            self.post().await
        } else {
            self.get().await
        };
        match said {
            Ok(()) => {
                self.answered += 1;
                self.slowest = self.slowest.max(begun.elapsed());
            }
            Err(_) if self.outage.takes_the_records() => {}
            Err(error) => self.refused.push(format!("{error:#}")),
        }
    }

    async fn post(&mut self) -> Result<()> {
        let name = format!("{} meanwhile {}", self.outage.as_str(), self.ids.len());
        let request = self
            .own
            .http
            .post(format!("{}/stores", self.own.base))
            .header("Idempotency-Key", name.replace(' ', "-"))
            .json(&json!({ "name": name }));
        let answer = request.send().await?;
        let status = answer.status();
        let store: serde_json::Value = answer.json().await?;
        if status != 202 {
            bail!("POST /stores: {status} {store}");
        }
        self.ids
            .push(store["id"].as_str().unwrap_or_default().to_owned());
        Ok(())
    }

    async fn get(&self) -> Result<()> {
        let answer = self
            .own
            .http
            .get(format!("{}/stores", self.own.base))
            .send()
            .await?;
        if answer.status() != 200 {
            bail!("GET /stores: {}", answer.status());
        }
        Ok(())
    }
}
