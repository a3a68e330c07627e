//! A changed spec: chart, image and replicas reach the release, once.

use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use shared::contract::command::{Command, Goal};
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::failure::FailureCode;
use shared::operation::OperationKind;
use shared::step::Step;
use shared::store_spec::StoreSpec;

use crate::harness::{Installation, fixture, until};
use crate::stores::{a_ready_store, again, settle};

const SOON: Duration = Duration::from_secs(60);

/// The next command, with the spec changed.
fn with(command: &Envelope<Command>, change: impl Fn(&mut StoreSpec)) -> Envelope<Command> {
    let mut next = again(command, OperationKind::Update);
    if let Goal::Present { spec } = &mut next.body.goal {
        change(spec);
    }
    next
}

async fn deployment(here: &Installation, command: &Envelope<Command>) -> (String, i32) {
    let api = here.cluster.of::<Deployment>(command.store_id.as_str());
    let spec = api.get("wordpress").await.unwrap().spec.unwrap();
    let container = &spec.template.spec.unwrap().containers[0];
    let image = container.image.clone().unwrap();
    (image, spec.replicas.unwrap())
}

/// A Ready of that revision and chart, after the shop was asked.
fn assert_ready(outcome: &EventBody, words: &[String], revision: i64, chart: &str) {
    let EventBody::Ready {
        revision: found,
        chart: of,
        images,
    } = outcome
    else {
        panic!("{outcome:?}")
    };
    assert_eq!((*found, of.as_str()), (revision, chart));
    assert!(images.contains_key("wordpress"), "{images:?}");
    assert!(
        words.contains(&"Finished:Storefront".to_owned()),
        "{words:?}"
    );
}

#[tokio::test]
async fn a_changed_image_is_one_upgrade_and_the_same_again_is_none() {
    let here = Installation::start().await;
    let _worker = here.worker();
    here.open_shop().await;
    let first = a_ready_store(&here).await;
    let asked = here.shop.received_requests().await.unwrap().len();

    let second = with(&first, |spec| spec.image = Some("7.2".to_owned()));
    let (outcome, words) = settle(&here, &second).await;

    assert_ready(&outcome, &words, 2, "miniature-0.1.0");
    assert_eq!(
        deployment(&here, &second).await,
        ("wordpress:7.2".to_owned(), 0)
    );
    let probed = here.shop.received_requests().await.unwrap().len();
    assert!(probed > asked, "Ready without a look at the shop");

    let third = again(&second, OperationKind::Update);
    here.broker.command(&third).await;
    let events = here.broker.until_settled(SOON).await;
    let changed = events.iter().any(|event| {
        matches!(
            event,
            EventBody::StepFinished {
                step: Step::Release,
                changed: true,
                ..
            }
        )
    });
    assert!(!changed, "{events:?}");
    assert!(matches!(
        events.last(),
        Some(EventBody::Ready { revision: 2, .. })
    ));
    here.clean(&[third.store_id.as_str()]).await;
}

#[tokio::test]
async fn wanted_replicas_reach_the_deployment() {
    let mut here = Installation::start().await;
    // There is no node here, so the pods never come.
    here.set("URUMI_PATIENCE_UNSCHEDULABLE_SECONDS", "600");
    let _worker = here.worker();
    here.open_shop().await;
    let first = a_ready_store(&here).await;

    let second = with(&first, |spec| spec.replicas = Some(2));
    here.broker.command(&second).await;

    until("two web pods are wanted", SOON, async || {
        deployment(&here, &second).await.1 == 2
    })
    .await;
    here.clean(&[second.store_id.as_str()]).await;
}

#[tokio::test]
async fn a_wanted_chart_is_taken_and_one_that_is_not_there_changes_nothing() {
    let mut here = Installation::start().await;
    let charts = here.folder.path().join("charts");
    std::fs::create_dir(&charts).unwrap();
    archive(&fixture("chart"), "0.2.0", &charts);
    here.set("URUMI_CHARTS", charts.display().to_string());
    let _worker = here.worker();
    here.open_shop().await;
    let first = a_ready_store(&here).await;

    let second = with(&first, |spec| spec.chart = Some("0.2.0".to_owned()));
    let (outcome, words) = settle(&here, &second).await;
    assert_ready(&outcome, &words, 2, "miniature-0.2.0");

    let third = with(&second, |spec| spec.chart = Some("9.9.9".to_owned()));
    let (outcome, _) = settle(&here, &third).await;
    let EventBody::Failed {
        failure, changed, ..
    } = outcome
    else {
        panic!("{outcome:?}")
    };
    assert_eq!((failure.code, changed), (FailureCode::ChartInvalid, false));
    let sentence = "no chart of version `9.9.9`; there are 0.1.0 and 0.2.0.";
    assert!(failure.message.contains(sentence), "{failure:?}");
    here.clean(&[third.store_id.as_str()]).await;
}

/// A chart that refuses what it does not know, as `store-0.1.0` does, and the values
/// files of a time when more is known.
#[tokio::test]
async fn an_older_chart_takes_the_values_of_today_and_the_newest_is_still_checked() {
    let mut here = Installation::unhurried().await;
    let charts = here.folder.path().join("charts");
    let strict = here.folder.path().join("strict");
    copy(&fixture("chart"), &strict);
    let schema = r#"{"type": "object", "properties": {"later": false}}"#;
    std::fs::write(strict.join("values.schema.json"), schema).unwrap();
    std::fs::create_dir(&charts).unwrap();
    archive(&strict, "0.0.9", &charts);
    here.set("URUMI_CHARTS", charts.display().to_string());
    let worker = here.worker();
    here.open_shop().await;
    let first = a_ready_store(&here).await;
    here.values("web: { replicas: 0 }\nlater: { known: true }");

    let second = with(&first, |spec| spec.chart = Some("0.0.9".to_owned()));
    let (outcome, words) = settle(&here, &second).await;
    assert_ready(&outcome, &words, 2, "miniature-0.0.9");

    // It would not know how to rest either, and must not seem to.
    let third = with(&second, |spec| spec.suspended = true);
    let (outcome, _) = settle(&here, &third).await;
    let invalid = |outcome: &EventBody| matches!(outcome, EventBody::Failed { failure, .. } if failure.code == FailureCode::ChartInvalid);
    assert!(invalid(&outcome), "{outcome:?}");

    drop(worker);
    here.set("URUMI_CHART", strict.display().to_string());
    let _worker = here.worker();
    let fourth = with(&third, |spec| {
        spec.suspended = false;
        spec.chart = None;
    });
    let (outcome, _) = settle(&here, &fourth).await;
    assert!(invalid(&outcome), "{outcome:?}");
    here.clean(&[fourth.store_id.as_str()]).await;
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The chart as an archive of another version, made by helm itself.
fn archive(chart: &std::path::Path, version: &str, folder: &std::path::Path) {
    #[expect(clippy::disallowed_methods, reason = "helm packs the test's chart")]
    let packed = std::process::Command::new(crate::harness::variable("TEST_HELM"))
        .args(["package", "--version", version, "--destination"])
        .arg(folder)
        .arg(chart)
        .env("HOME", folder)
        .output()
        .unwrap();
    assert!(packed.status.success(), "{packed:?}");
    let named = folder.join(format!("miniature-{version}.tgz"));
    std::fs::rename(named, folder.join(format!("store-{version}.tgz"))).unwrap();
}
