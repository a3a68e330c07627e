//! Another plan for a shop that sells: more room in the cluster, the same shop.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use system_tests::machine::{kubectl, secret};
use system_tests::platform::Platform;

const READY: Duration = Duration::from_secs(180);

/// What the cluster grants, and what is the shop's own.
#[derive(Debug, PartialEq)]
struct Seen {
    quota: Value,
    web: Value,
    database: Value,
}

fn seen(id: &str) -> Seen {
    let get = |kind: &str, name: &str| kubectl(&["get", kind, name, "-n", id]).unwrap();
    let resources =
        |object: Value| object["spec"]["template"]["spec"]["containers"][0]["resources"].clone();
    Seen {
        quota: get("resourcequota", "store")["spec"]["hard"].clone(),
        web: resources(get("deployment", "wordpress")),
        database: resources(get("statefulset", "mysql")),
    }
}

fn own(id: &str) -> (String, Vec<String>) {
    let password = secret(id, "store-credentials", "wordpress-admin-password").unwrap();
    let claims = kubectl(&["get", "persistentvolumeclaim", "-n", id]).unwrap();
    let claims = claims["items"].as_array().unwrap().iter();
    let uids = claims.map(|claim| claim["metadata"]["uid"].as_str().unwrap().to_owned());
    (password, uids.collect())
}

async fn change(platform: &Platform, id: &str, plan: &str) {
    let begun = Instant::now();
    let answer = platform.patch(id, &json!({ "plan": plan })).await.unwrap();
    assert_eq!(answer.status(), 202);
    let changed: Value = answer.json().await.unwrap();
    assert_eq!(changed["status"], "Updating", "{changed:#}");
    let ready = platform.until(id, "Ready", READY).await.unwrap();
    assert_eq!(ready["plan"], plan);
    assert_eq!(ready["operation"]["status"], "Succeeded", "{ready:#}");
    println!("plan {plan} after {:.1?}", begun.elapsed());
}

#[tokio::test]
async fn another_plan_moves_quota_and_limits_there_and_back_and_keeps_the_shop() {
    let platform = Platform::alone().await.unwrap();
    let id = platform.create("Growing").await.unwrap();
    platform.until(&id, "Ready", READY).await.unwrap();
    let (small, mine) = (seen(&id), own(&id));
    assert_eq!(mine.1.len(), 2, "{mine:?}");

    change(&platform, &id, "medium").await;
    let medium = seen(&id);
    for figure in ["requests.cpu", "requests.memory", "limits.memory"] {
        assert_ne!(small.quota[figure], medium.quota[figure], "{figure}");
    }
    assert_ne!(small.web, medium.web);
    assert_ne!(small.database, medium.database);
    assert_eq!(own(&id), mine);

    change(&platform, &id, "small").await;
    assert_eq!(seen(&id), small);
    assert_eq!(own(&id), mine);

    platform.delete(&id).await.unwrap();
    let gone = Duration::from_secs(120);
    platform.until(&id, "Deleted", gone).await.unwrap();
}
