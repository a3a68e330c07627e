//! `GET /stores`: pages and filters, and the tenant's bounds.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::harness::{Answer, TestApi};

pub fn ids(page: &Value) -> Vec<String> {
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

/// Stores with these names, oldest first.
pub async fn named(api: &TestApi, names: &[&str]) -> Vec<String> {
    let mut made = Vec::new();
    for name in names {
        let store = api.post("/stores", json!({ "name": name })).await;
        assert_eq!(store.status, 202, "{}", store.text);
        made.push(store.json["id"].as_str().unwrap().to_owned());
    }
    made
}

/// What a list shows.
pub async fn shown(api: &TestApi, query: &str) -> Vec<String> {
    let page = api.get(&format!("/stores?{query}")).await;
    assert_eq!(page.status, 200, "{query}: {}", page.text);
    ids(&page.json)
}

#[actix_web::test]
async fn a_list_is_sorted_as_asked_in_both_directions_and_its_links_lead_through_it() {
    let api = TestApi::ready("list_sorts").await;
    let made = named(&api, &["cherry", "Apple", "banana", "apple", "Éclair"]).await;
    let patch = json!({"labels": {"a": "b"}});
    api.patch(&format!("/stores/{}", made[1]), patch).await;
    let by_name = {
        let mut apples = [made[1].clone(), made[3].clone()];
        apples.sort();
        let [first, second] = apples;
        [
            first,
            second,
            made[2].clone(),
            made[0].clone(),
            made[4].clone(),
        ]
    };
    let by_update = [0, 2, 3, 4, 1].map(|n: usize| made[n].clone());
    for (sort, expected) in [
        ("created_at", made.clone()),
        ("updated_at", by_update.to_vec()),
        ("name", by_name.to_vec()),
    ] {
        let backwards: Vec<_> = expected.iter().rev().cloned().collect();
        assert_eq!(shown(&api, &format!("sort={sort}")).await, expected);
        assert_eq!(shown(&api, &format!("sort=-{sort}")).await, backwards);

        let mut path = format!("/stores?sort={sort}&limit=2");
        let mut pages = Vec::new();
        let last = loop {
            let page = api.get(&path).await;
            pages.push(ids(&page.json));
            assert_eq!(
                link(&page, "first").as_deref(),
                Some(&*format!("/stores?sort={sort}&limit=2"))
            );
            match link(&page, "next") {
                Some(next) => path = next,
                None => break page,
            }
        };
        assert_eq!(pages.concat(), expected, "{sort}");
        let before = api.get(&link(&last, "prev").unwrap()).await;
        assert_eq!(ids(&before.json), pages[1], "{sort}");
        let first = api.get(&link(&before, "prev").unwrap()).await;
        assert_eq!(ids(&first.json), pages[0], "{sort}");
        assert_eq!(link(&first, "prev"), None, "{sort}");
    }
}

/// Where a link of an answer leads.
fn link(answer: &Answer, relation: &str) -> Option<String> {
    let mut links = answer.header("link").split(", ");
    let of = links.find(|link| link.ends_with(&format!("rel=\"{relation}\"")))?;
    let (path, _) = of.strip_prefix('<')?.split_once('>')?;
    Some(path.to_owned())
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
    for path in [format!("/stores/{id}"), "/stores".to_owned()] {
        let (mut sql, mut look) = (api.servers.sql().await, api.servers.sql().await);
        // Whatever reads the operation has to wait until both rows are changed.
        sql.execute("BEGIN; LOCK TABLE operations IN ACCESS EXCLUSIVE MODE")
            .await
            .unwrap();
        let change = async {
            let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database =
                (SELECT oid FROM pg_database WHERE datname = current_database())";
            while sqlx::query_scalar::<_, i64>(waits)
                .fetch_one(&mut look)
                .await
                .unwrap()
                == 0
            {
                tokio::task::yield_now().await;
            }
            let both = format!(
                "UPDATE stores SET status = 'Provisioning' WHERE id = '{id}';
                 UPDATE operations SET status = 'Running' WHERE store_id = '{id}';
                 COMMIT;"
            );
            sql.execute(sqlx::AssertSqlSafe(both)).await.unwrap();
        };
        let (answer, ()) = futures_util::join!(api.get(&path), change);

        let mut seen = answer.json;
        if let Some(item) = seen["items"].as_array().and_then(|items| items.first()) {
            seen = item.clone();
        }
        // Before the change or behind it, and not one half of each.
        let (store, operation) = (&seen["status"], &seen["operation"]["status"]);
        assert!(
            (store == "Queued" && operation == "Queued")
                || (store == "Provisioning" && operation == "Running"),
            "{path}: {store} and {operation}"
        );
        let back = format!(
            "UPDATE stores SET status = 'Queued' WHERE id = '{id}';
             UPDATE operations SET status = 'Queued' WHERE store_id = '{id}';"
        );
        sql.execute(sqlx::AssertSqlSafe(back)).await.unwrap();
    }
}
