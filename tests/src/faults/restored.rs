//! The database lost and restored from an older copy, with the scripts of
//! deploy/backup: the cluster knows more than the records then, and what is asked for
//! next must be done, and not be taken for what was done and forgotten.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use sqlx::postgres::PgPoolOptions;
use tokio::process::Command;

use crate::faults::check::{Expected, check};
use crate::faults::cluster::places;
use crate::faults::ground::Ground;
use crate::faults::own::{Own, Plan};
use crate::faults::patience::until;
use crate::faults::store::Wish;
use crate::machine::root;

const PATIENCE: Duration = Duration::from_secs(90);

/// Play it, and tell each part; whether all was as it must be.
///
/// # Errors
/// If the test's own means fail.
pub async fn restored(ground: &Ground) -> Result<bool> {
    // An inventory of the cluster every ten seconds.
    let plan = Plan::new(13, 1).with("URUMI_PROBE_INTERVAL_MS", 2_000);
    let mut own = ground.platform(&plan).await?;
    let (known, forgotten) = go_back(&mut own).await?;
    let mut failed = 0;
    let mut tell = |what: &str, saw: Result<()>| match saw {
        Ok(()) => println!("ok     restored: {what}"),
        Err(error) => {
            failed += 1;
            println!("FAILED restored: {what}: {error:#}");
        }
    };
    tell(
        "a wish under a generation that the cluster has settled is issued again above it, and done",
        counts_on(&own, &known).await,
    );
    tell(
        "a store that the copy does not know is found and adopted",
        adopted(&own, &forgotten).await,
    );
    tell(
        "records, audit and cluster agree",
        agree(&own, &known, &forgotten).await,
    );
    ground.clear(own).await?;
    println!(
        "restored: {} passed, {failed} failed, 0 skipped",
        3 - failed
    );
    Ok(failed == 0)
}

/// A copy, two wishes after it, and the copy in the place of the database. Gives the
/// store that the copy knows, as it was before one of them, and that of the other.
async fn go_back(own: &mut Own) -> Result<(String, String)> {
    let known = own.create("known", "restored-1").await?;
    own.until_ended(&known, Wish::Create, PATIENCE).await?;
    let copy = own.folder.join("copy.dump");
    script(own, "backup.sh", &copy).await?;

    own.update(&known, "medium", "restored-2").await?;
    own.until_ended(&known, Wish::Update, PATIENCE).await?;
    let forgotten = own.create("forgotten", "restored-3").await?;
    own.until_ended(&forgotten, Wish::Create, PATIENCE).await?;

    let busy = script(own, "restore.sh", &copy).await;
    ensure!(busy.is_err(), "a database in use was replaced");
    own.api.fell().await?;
    own.records.close().await;
    script(own, "restore.sh", &copy).await?;
    own.records = PgPoolOptions::new()
        .max_connections(2)
        .connect_lazy(&address(own))?;
    own.api.rise();
    own.until_ready().await?;
    let store = own.store(&known).await.context("no answer")?;
    ensure!(
        store["generation"] == 1 && store["plan"] == "small",
        "not as it was: {store}"
    );
    Ok((known, forgotten))
}

/// The next wish gets the number of the forgotten one. Its outcome stands on the Lease.
async fn counts_on(own: &Own, known: &str) -> Result<()> {
    own.update(known, "large", "restored-4").await?;
    let store = own.until_ended(known, Wish::Update, PATIENCE).await?;
    let operation = &store["operation"];
    ensure!(operation["status"] == "Succeeded", "{operation}");
    ensure!(
        store["plan"] == "large" && store["generation"].as_i64() > Some(2),
        "{store}"
    );
    let places = places(&own.client, &own.name).await?;
    let releases = &places.get(known).context("no namespace")?.releases;
    let newest = releases.iter().map(|(_, revision, _)| *revision).max();
    ensure!(newest == Some(3), "helm did nothing: {releases:?}");
    let said = get(
        own,
        &format!("/stores/audit/logs?store_id={known}&limit=200"),
    )
    .await?;
    let reissued = said.to_string().contains("operation.reissued");
    ensure!(reissued, "the audit does not say so: {said}");
    Ok(())
}

async fn adopted(own: &Own, forgotten: &str) -> Result<()> {
    until("the inventory shows it", PATIENCE, async || {
        let report = get(own, "/reconciliation").await.ok()?;
        let items = report["items"].as_array()?;
        items
            .iter()
            .any(|item| {
                item["store_id"] == *forgotten && item["kind"] == "namespace_without_record"
            })
            .then_some(())
    })
    .await?;
    let adopt = own
        .http
        .post(format!("{}/reconciliation/adopt", own.base))
        .json(&json!({ "store_ids": [forgotten] }));
    let answer = adopt.send().await?;
    let (status, text) = (answer.status(), answer.text().await?);
    ensure!(status.as_u16() == 202, "{status} {text}");
    until("it is Ready again", PATIENCE, async || {
        let store = own.store(forgotten).await?;
        (store["status"] == "Ready").then_some(())
    })
    .await
}

async fn agree(own: &Own, known: &str, forgotten: &str) -> Result<()> {
    let expected = Expected::from([
        (known.to_owned(), Wish::Update.goal()),
        (forgotten.to_owned(), Wish::Create.goal()),
    ]);
    // An adopted store's create was never asked for as such.
    let wrong: Vec<String> = check(own, &expected)
        .await?
        .iter()
        .map(ToString::to_string)
        .filter(|finding| !finding.contains("was requested 0 times"))
        .collect();
    ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    Ok(())
}

async fn get(own: &Own, path: &str) -> Result<Value> {
    let answer = own.http.get(format!("{}{path}", own.base)).send().await?;
    Ok(answer.json().await?)
}

fn address(own: &Own) -> String {
    let mut url = own.servers.database.clone();
    url.set_path(&own.name);
    url.into()
}

async fn script(own: &Own, name: &str, copy: &Path) -> Result<()> {
    let output = Command::new(root().join("deploy/backup").join(name))
        .arg(copy)
        .env("DATABASE_URL", address(own))
        .output()
        .await?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    ensure!(output.status.success(), "{name}: {said}");
    println!("       {}", said.trim());
    Ok(())
}
