//! What both programs tell Prometheus after work on several stores: the numbers are
//! there, no store and no tenant is among them, and another store adds no series.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, ensure};
use shared::ids::TenantId;

use crate::faults::own::Own;
use crate::faults::patience::until;
use crate::faults::store::Wish;

const PATIENCE: Duration = Duration::from_secs(90);

/// Where they are told; for [`super::own::Plan`].
#[must_use]
pub fn addresses(ports: u16) -> [(&'static str, String); 2] {
    [
        ("URUMI_METRICS_LISTEN", format!("127.0.0.1:{}", ports + 12)),
        ("URUMI_WORKER_LISTEN", format!("127.0.0.1:{}", ports + 13)),
    ]
}

/// What must have been counted by now.
const TOLD: [&str; 12] = [
    r#"urumi_operations_total{kind="Create",outcome="Succeeded"}"#,
    r#"urumi_http_request_duration_seconds_count{method="POST",route="/stores",status="2xx"}"#,
    r#"urumi_relay_messages_total{kind="command",result="sent"}"#,
    r#"urumi_events_total{event="Ready",result="applied"}"#,
    r#"urumi_database_connections{pool="work",state="#,
    r#"urumi_queue_messages{queue="store.commands"}"#,
    r#"urumi_part_up{part="rabbitmq_consumer"} 1"#,
    r#"urumi_deliveries_total{came="said",queue="store.commands"}"#,
    r#"urumi_step_duration_seconds_count{outcome="done",step="Release"}"#,
    r#"urumi_helm_duration_seconds_count{command="upgrade",outcome="succeeded"}"#,
    r#"urumi_lease_claims_total{result="held"}"#,
    r#"urumi_part_up{part="helm"} 1"#,
];

/// Make stores and read what is told.
///
/// # Errors
/// What is missing, or told and must not be.
pub async fn told(own: &Own) -> Result<()> {
    let mut stores = Vec::new();
    for name in ["numbers 1", "numbers 2"] {
        let id = own.create(name, name).await?;
        own.until_ended(&id, Wish::Create, PATIENCE).await?;
        stores.push(id);
    }
    let before = until("the numbers are told", PATIENCE, async || {
        let text = both(own).await.ok()?;
        let all = TOLD.iter().all(|told| text.contains(told));
        all.then_some(text)
    })
    .await;
    let now = both(own).await?;
    let missing = TOLD.iter().find(|told| !now.contains(**told));
    ensure!(before.is_ok(), "{missing:?} is not told");
    let name = "numbers 3";
    let id = own.create(name, name).await?;
    own.until_ended(&id, Wish::Create, PATIENCE).await?;
    stores.push(id);
    let after = both(own).await?;
    for id in &stores {
        ensure!(!after.contains(id.as_str()), "{id} is among the numbers");
    }
    let tenant = TenantId::LOCAL.to_string();
    ensure!(!after.contains(&tenant), "a tenant is among the numbers");
    let ids = after
        .lines()
        .find(|line| line.contains("store-") || has_uuid(line));
    ensure!(ids.is_none(), "an id is among the numbers: {ids:?}");
    let new: Vec<_> = series(&after)
        .difference(&series(&before?))
        .cloned()
        .collect();
    // A path or a wait that was not met before is none of the store's.
    let of_store: Vec<_> = new.iter().filter(|name| !may_appear(name)).collect();
    ensure!(of_store.is_empty(), "another store added {of_store:?}");
    let count = series(&after).len();
    println!(
        "       {count} series, of which the third store added {}",
        new.len()
    );
    Ok(())
}

/// Series that come with chance: a wait's event, a rare answer.
fn may_appear(series: &str) -> bool {
    [
        "urumi_events_total",
        "urumi_commands_again_total",
        "urumi_lease_",
        "urumi_http_",
    ]
    .iter()
    .any(|name| series.starts_with(name))
}

async fn both(own: &Own) -> Result<String> {
    let mut text = String::new();
    for (_, address) in addresses(own.servers.ports) {
        let answer = own.http.get(format!("http://{address}/metrics")).send();
        text += &answer.await?.error_for_status()?.text().await?;
    }
    Ok(text)
}

/// Names and labels, without the values.
fn series(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned()))
        .collect()
}

fn has_uuid(line: &str) -> bool {
    line.split(|c: char| !(c.is_ascii_hexdigit() || c == '-'))
        .any(|word| word.len() == 36 && word.matches('-').count() == 4)
}
