//! What must be true of a platform at rest, whatever was done to it before. Each
//! broken rule is one line, under the word by which the reports count it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use anyhow::Result;

use crate::faults::cluster::{Place, places};
use crate::faults::own::Own;
use crate::faults::patience::until;
use crate::faults::records::{OperationRow, Records};
use crate::faults::{audit, servers::Servers};

/// helm's `--history-max` of the worker.
const HISTORY: usize = 3;
/// How long what is in flight may take to come to rest.
const REST: Duration = Duration::from_secs(15);

/// What kind of wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    Lost,
    Doubled,
    Stuck,
    Orphan,
    Audit,
    State,
    NotHit,
    Slow,
    Error,
}

impl Wrong {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Doubled => "doubled",
            Self::Stuck => "stuck",
            Self::Orphan => "orphan",
            Self::Audit => "audit",
            Self::State => "state",
            Self::NotHit => "not hit",
            Self::Slow => "slow",
            Self::Error => "error",
        }
    }
}

/// A broken rule.
#[derive(Debug, Clone)]
pub struct Finding {
    pub wrong: Wrong,
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.wrong.as_str(), self.what)
    }
}

/// Findings, being gathered.
#[derive(Debug, Default)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    pub fn add(&mut self, wrong: Wrong, what: impl Into<String>) {
        let what = what.into();
        self.0.push(Finding { wrong, what });
    }

    fn unless(&mut self, right: bool, wrong: Wrong, what: impl FnOnce() -> String) {
        if !right {
            self.add(wrong, what());
        }
    }
}

/// The status that each store must have; no other store may be there.
pub type Expected = BTreeMap<String, &'static str>;

/// Wait until the platform rests, then hold every rule against it.
///
/// # Errors
/// If it cannot be looked at.
pub async fn check(own: &Own, expected: &Expected) -> Result<Vec<Finding>> {
    let mut findings = Findings::default();
    if let Err(error) = rest(own).await {
        findings.add(Wrong::Stuck, error.to_string());
    }
    let records = Records::read(&own.records).await?;
    of_records(&records, expected, &mut findings);
    for operation in &records.operations {
        of_audit(operation, &records, &mut findings);
    }
    for (operation, attempt) in &records.failed_twice {
        findings.add(
            Wrong::Audit,
            format!("try {attempt} of {operation} is said to have failed more than once"),
        );
    }
    for fault in audit::faults(&own.records).await? {
        findings.add(Wrong::Audit, fault);
    }
    let places = places(&own.client, &own.name).await?;
    of_cluster(&records, &places, &mut findings);
    of_shops(own, &records, &mut findings).await;
    Ok(findings.0)
}

async fn rest(own: &Own) -> Result<()> {
    until(
        "operations, outbox and queues are empty",
        REST,
        async || {
            let open = Records::unfinished(&own.records).await.ok()?;
            let waiting = waiting(&own.servers, &own.name).await.ok()?;
            (open == 0 && waiting.is_empty()).then_some(())
        },
    )
    .await
}

/// Queues that are not empty; pictures may wait.
async fn waiting(servers: &Servers, vhost: &str) -> Result<Vec<String>> {
    let queues = servers.queues(vhost).await?;
    Ok(queues
        .into_iter()
        .filter(|(name, messages)| *messages > 0 && name != "store.observations")
        .map(|(name, messages)| format!("{name} holds {messages}"))
        .collect())
}

fn of_records(records: &Records, expected: &Expected, findings: &mut Findings) {
    for operation in records.operations.iter().filter(|row| row.is_open()) {
        findings.add(
            Wrong::Stuck,
            format!(
                "{} {} is {}",
                operation.kind, operation.store, operation.status
            ),
        );
    }
    findings.unless(records.outbox == 0, Wrong::Stuck, || {
        format!("{} rows in the outbox", records.outbox)
    });
    findings.unless(records.parked == 0, Wrong::Lost, || {
        format!("{} messages parked", records.parked)
    });
    let mut names = BTreeSet::new();
    for store in &records.stores {
        findings.unless(names.insert(&store.name), Wrong::Doubled, || {
            format!("two stores are called `{}`", store.name)
        });
        let Some(wanted) = expected.get(&store.id) else {
            findings.add(Wrong::Doubled, format!("nobody asked for {}", store.id));
            continue;
        };
        findings.unless(store.status == *wanted, Wrong::State, || {
            format!("{} is {} instead of {wanted}", store.id, store.status)
        });
    }
    for id in expected.keys() {
        let there = records.stores.iter().any(|store| &store.id == id);
        findings.unless(there, Wrong::Lost, || format!("{id} has no record"));
    }
}

/// One wish, one beginning, one ending, each said once.
fn of_audit(operation: &OperationRow, records: &Records, findings: &mut Findings) {
    let said = |action: &str| {
        let key = (operation.id.clone(), action.to_owned());
        records.said.get(&key).copied().unwrap_or(0)
    };
    let name = format!("{} {}", operation.kind, operation.store);
    let asked = said(&format!(
        "store.{}.requested",
        operation.kind.to_lowercase()
    ));
    findings.unless(asked == 1, Wrong::Audit, || {
        format!("{name} was requested {asked} times")
    });
    if operation.begun {
        let begun = said("operation.started");
        findings.unless(begun == 1, Wrong::Audit, || {
            format!("{name} was started {begun} times")
        });
    }
    if !operation.is_open() {
        let endings = ["succeeded", "failed", "cancelled", "superseded"];
        let ended: i64 = endings
            .iter()
            .map(|ending| said(&format!("operation.{ending}")))
            .sum();
        findings.unless(ended == 1, Wrong::Audit, || {
            format!("{name} ended {ended} times")
        });
    }
}

fn of_cluster(records: &Records, places: &BTreeMap<String, Place>, findings: &mut Findings) {
    for (name, place) in places {
        let store = records.stores.iter().find(|store| &store.id == name);
        let living = store.is_some_and(|store| store.status != "Deleted");
        findings.unless(living, Wrong::Orphan, || {
            let how = if place.terminating {
                " (terminating)"
            } else {
                ""
            };
            format!("the namespace {name} belongs to no living store{how}")
        });
    }
    for store in records
        .stores
        .iter()
        .filter(|store| store.status == "Ready")
    {
        let Some(place) = places.get(&store.id) else {
            findings.add(
                Wrong::Lost,
                format!("{} is Ready and has no namespace", store.id),
            );
            continue;
        };
        let id = &store.id;
        let releases = &place.releases;
        findings.unless(place.release_count() == 1, Wrong::Doubled, || {
            format!("{id} has releases {releases:?}")
        });
        let newest = releases.iter().max_by_key(|(_, revision, _)| revision);
        let deployed = newest.is_some_and(|(_, _, status)| status == "deployed");
        findings.unless(
            deployed && place.with_status("deployed") == 1,
            Wrong::State,
            || format!("{id} has releases {releases:?}"),
        );
        findings.unless(releases.len() <= HISTORY, Wrong::State, || {
            format!("{id} keeps {} revisions", releases.len())
        });
        let sets = (place.deployments, place.statefulsets);
        findings.unless(sets == (1, 1), Wrong::Doubled, || {
            format!(
                "{id} has {} Deployments and {} StatefulSets",
                sets.0, sets.1
            )
        });
    }
}

async fn of_shops(own: &Own, records: &Records, findings: &mut Findings) {
    for store in &records.stores {
        let request = own.http.get(format!("http://{}/", own.ingress));
        let answer = request.header("Host", &store.host).send().await;
        let status = answer.map_or(0, |answer| answer.status().as_u16());
        let right = match store.status.as_str() {
            "Ready" => status == 200,
            "Deleted" => status == 404,
            _ => continue,
        };
        findings.unless(right, Wrong::State, || {
            format!("{} is {} and answers {status}", store.id, store.status)
        });
    }
}
