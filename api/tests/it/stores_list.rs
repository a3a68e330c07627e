//! `GET /stores`: pages and filters, and the tenant's bounds.

use std::collections::BTreeSet;

use serde_json::Value;
use sqlx::Executor as _;

use crate::harness::TestApi;

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

#[actix_web::test]
async fn pages_show_every_store_once_newest_first_while_others_are_made() {
    let api = TestApi::ready("list_pages").await;
    let mut made = Vec::new();
    for _ in 0..7 {
        made.push(api.a_store().await);
    }
    made.reverse();

    let first = api.get("/stores?limit=3").await.json;
    assert_eq!(first["prev_cursor"], Value::Null);
    let mut seen = ids(&first);
    let mut next = first["next_cursor"].clone();
    let mut last = first;
    while let Some(cursor) = next.as_str() {
        api.a_store().await;
        last = api
            .get(&format!("/stores?limit=3&cursor={cursor}"))
            .await
            .json;
        seen.extend(ids(&last));
        next = last["next_cursor"].clone();
    }
    assert_eq!(seen, made);

    let back = api
        .get(&format!(
            "/stores?limit=3&cursor={}",
            last["prev_cursor"].as_str().unwrap()
        ))
        .await
        .json;
    assert_eq!(ids(&back), made[3..6]);
}

#[actix_web::test]
async fn filters_choose_by_status() {
    let api = TestApi::ready("list_filters").await;
    let (one, other) = (api.a_store().await, api.a_store().await);
    api.delete(&format!("/stores/{one}")).await;

    assert_eq!(ids(&api.get("/stores?status=Deleting").await.json), [one]);
    assert_eq!(ids(&api.get("/stores?status=Queued").await.json), [other]);
    assert_eq!(ids(&api.get("/stores?status=Ready").await.json), [""; 0]);
}

#[actix_web::test]
async fn another_tenants_store_is_as_unknown_as_none() {
    let api = TestApi::ready("tenancy").await;
    let (theirs, ours) = (api.a_store().await, api.a_store().await);
    let operation = api.get(&format!("/stores/{theirs}")).await.json["operation"]["id"].clone();
    let mut sql = api.servers.sql().await;
    let tenant = "01900000-0000-7000-8000-00000000beef";
    sql.execute(sqlx::AssertSqlSafe(format!(
        "INSERT INTO tenants (id, name) VALUES ('{tenant}', 'other');
         UPDATE stores SET tenant_id = '{tenant}', name = 'Their Secret' WHERE id = '{theirs}';
         UPDATE operations SET tenant_id = '{tenant}' WHERE store_id = '{theirs}';"
    )))
    .await
    .unwrap();

    assert_eq!(
        ids(&api.get("/stores?include_deleted=true").await.json),
        [ours]
    );
    for path in [
        format!("/stores/{theirs}"),
        format!("/operations/{}", operation.as_str().unwrap()),
    ] {
        let answer = api.get(&path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.text.contains("Their Secret"));
    }
    assert_eq!(api.delete(&format!("/stores/{theirs}")).await.status, 404);
    let found: BTreeSet<String> =
        sqlx::query_scalar("SELECT status FROM stores WHERE name = 'Their Secret'")
            .fetch_all(&mut sql)
            .await
            .unwrap()
            .into_iter()
            .collect();
    assert_eq!(found, BTreeSet::from(["Queued".to_owned()]));
}

#[actix_web::test]
async fn a_store_and_its_operation_are_shown_as_of_one_moment() {
    let api = TestApi::ready("one_moment").await;
    let id = api.a_store().await;
    let mut sql = api.servers.sql().await;
    // Both rows change in one transaction, again and again.
    let turns = tokio::spawn({
        let id = id.clone();
        async move {
            for turn in 0..400 {
                let (store, operation) =
                    [("Queued", "Queued"), ("Provisioning", "Running")][turn % 2];
                let both = format!(
                    "BEGIN;
                     UPDATE stores SET status = '{store}' WHERE id = '{id}';
                     UPDATE operations SET status = '{operation}' WHERE store_id = '{id}';
                     COMMIT;"
                );
                sql.execute(sqlx::AssertSqlSafe(both)).await.unwrap();
            }
        }
    });

    while !turns.is_finished() {
        for path in [format!("/stores/{id}"), "/stores".to_owned()] {
            let mut seen = api.get(&path).await.json;
            if let Some(item) = seen["items"].as_array().and_then(|items| items.first()) {
                seen = item.clone();
            }
            let pair = (
                seen["status"].as_str().unwrap(),
                seen["operation"]["status"].as_str().unwrap(),
            );
            assert!(
                [("Queued", "Queued"), ("Provisioning", "Running")].contains(&pair),
                "{path}: {pair:?}"
            );
        }
    }
    turns.await.unwrap();
}
