//! `GET /stores/counts`: kept counts are those of the stores, whatever happened.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{TestApi, Worker};

/// By status and by health, from the stores themselves.
async fn counted(api: &TestApi) -> (BTreeMap<String, i64>, BTreeMap<String, i64>) {
    let mut sql = api.servers.sql().await;
    let mut by = async |question: &'static str| -> BTreeMap<String, i64> {
        let rows: Vec<(String, i64)> = sqlx::query_as(question).fetch_all(&mut sql).await.unwrap();
        rows.into_iter().collect()
    };
    (
        by("SELECT status, count(*) FROM stores GROUP BY 1").await,
        by("SELECT health, count(*) FROM stores WHERE status <> 'Deleted' GROUP BY 1").await,
    )
}

fn told(view: &Value) -> BTreeMap<String, i64> {
    let counts = view.as_object().unwrap().iter();
    let counts = counts.map(|(name, count)| (name.clone(), count.as_i64().unwrap()));
    counts.filter(|(_, count)| *count != 0).collect()
}

async fn agree(api: &TestApi) -> Value {
    let view = api.get("/stores/counts").await.json;
    let (by_status, by_health) = counted(api).await;
    assert_eq!(told(&view["by_status"]), by_status);
    assert_eq!(told(&view["by_health"]), by_health);
    assert_eq!(
        view["total"].as_i64().unwrap(),
        by_health.values().sum::<i64>()
    );
    view
}

#[actix_web::test]
async fn counts_follow_the_life_of_stores() {
    let api = TestApi::ready("counts").await;
    let mut worker = Worker::of(&api).await;
    let empty = agree(&api).await;
    assert_eq!(
        (
            &empty["total"],
            empty["by_status"].as_object().unwrap().len()
        ),
        (&json!(0), 9)
    );
    let ready = api.a_ready_store(&mut worker).await;
    let queued = api.a_store().await;
    let view = agree(&api).await;
    assert_eq!(view["by_status"]["Ready"], 1);
    api.delete(&format!("/stores/{queued}")).await;
    api.patch(&format!("/stores/{ready}"), json!({"plan": "large"}))
        .await;
    let view = agree(&api).await;
    assert_eq!(
        (
            &view["by_status"]["Updating"],
            &view["by_status"]["Deleting"],
            &view["total"]
        ),
        (&json!(1), &json!(1), &json!(2))
    );
}

#[actix_web::test]
async fn counts_are_exact_after_thousands_of_changes_at_once_and_stay_few_rows() {
    let api = TestApi::ready("counts_storm").await;
    let ids: Vec<String> = futures_util::future::join_all((0..8).map(|_| api.a_store())).await;
    let storm = |n: usize| {
        let (ids, api) = (&ids, &api);
        async move {
            let mut sql = api.servers.sql().await;
            for round in 0..250_usize {
                let status = ["Ready", "Failed", "Suspended", "Deleted"][(round + n) % 4];
                let health = ["Unknown", "Healthy"][(round / 2) % 2];
                let id = &ids[(round * 7 + n) % ids.len()];
                sqlx::query("UPDATE stores SET status = $1, health = $2 WHERE id = $3")
                    .bind(status)
                    .bind(health)
                    .bind(id)
                    .execute(&mut sql)
                    .await
                    .unwrap();
            }
        }
    };
    futures_util::future::join_all((0..6).map(storm)).await;
    agree(&api).await;
    let mut sql = api.servers.sql().await;
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM store_counts")
        .fetch_one(&mut sql)
        .await
        .unwrap();
    // Some 2,500 changes; one of a hundred rows adds its tenant's up.
    assert!(rows < 1_500, "{rows} rows");
}

#[actix_web::test]
async fn a_tenant_counts_its_own() {
    let api = TestApi::with_login("counts_tenants").await;
    let (one, other) = (
        api.person("acme", "admin").await,
        api.person("globex", "admin").await,
    );
    one.a_store("Mine").await;
    assert_eq!(one.get("/stores/counts").await.json["total"], 1);
    assert_eq!(other.get("/stores/counts").await.json["total"], 0);
}
