//! `GET /stores`: pages and filters, and the tenant's bounds.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::harness::{Answer, TestApi};

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

/// Stores with these names, oldest first.
async fn named(api: &TestApi, names: &[&str]) -> Vec<String> {
    let mut made = Vec::new();
    for name in names {
        let store = api.post("/stores", json!({ "name": name })).await;
        assert_eq!(store.status, 202, "{}", store.text);
        made.push(store.json["id"].as_str().unwrap().to_owned());
    }
    made
}

/// What a list shows.
async fn shown(api: &TestApi, query: &str) -> Vec<String> {
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
    Some(of[1..of.find('>').unwrap()].to_owned())
}

#[actix_web::test]
async fn filters_choose_by_plan_label_and_health_alone_and_together() {
    let api = TestApi::ready("list_chosen").await;
    let made = named(&api, &["a", "b", "c", "d"]).await;
    let mut sql = api.servers.sql().await;
    for (id, plan, labels, status, health) in [
        (
            &made[0],
            "small",
            json!({"team": "north"}),
            "Ready",
            "Degraded",
        ),
        (
            &made[1],
            "large",
            json!({"team": "north", "x": "1:2"}),
            "Ready",
            "Healthy",
        ),
        (
            &made[2],
            "large",
            json!({"team": "south"}),
            "Failed",
            "Unknown",
        ),
        (
            &made[3],
            "large",
            json!({"team": "north"}),
            "Deleted",
            "Unknown",
        ),
    ] {
        sqlx::query("UPDATE stores SET status = $2 WHERE id = $1")
            .bind(id)
            .bind(status)
            .execute(&mut sql)
            .await
            .unwrap();
        let change = "UPDATE stores SET plan = $2, labels = $3, health = $4 WHERE id = $1";
        sqlx::query(change)
            .bind(id)
            .bind(plan)
            .bind(labels)
            .bind(health)
            .execute(&mut sql)
            .await
            .unwrap();
    }
    for (query, expected) in [
        ("plan=large", &[2, 1][..]),
        ("plan=large&include_deleted=true", &[3, 2, 1]),
        ("label=team:north", &[1, 0]),
        ("label=team:north&include_deleted=true", &[3, 1, 0]),
        ("label=team:north&status=Deleted", &[3]),
        ("label=x:1%3A2", &[1]),
        ("label=team:north&label=x:1:2", &[1]),
        ("label=team:north&label=team:south", &[]),
        ("health=Degraded", &[0]),
        ("health=Unknown", &[2]),
        ("health=Healthy&plan=small", &[]),
        (
            "status=Ready&health=Healthy&plan=large&label=team:north&q=b",
            &[1],
        ),
        ("status=Failed&sort=name", &[2]),
    ] {
        let expected: Vec<_> = expected.iter().map(|n: &usize| made[*n].clone()).collect();
        assert_eq!(shown(&api, query).await, expected, "{query}");
    }
    // Gone labels and plans are not found any more.
    api.patch(
        &format!("/stores/{}", made[0]),
        json!({"labels": {"team": null}}),
    )
    .await;
    assert_eq!(shown(&api, "label=team:north").await, [made[1].clone()]);
}

#[actix_web::test]
async fn a_text_finds_words_of_the_name_the_id_and_the_host_each_store_once() {
    let api = TestApi::ready("list_text").await;
    let names = [
        "Moonlit Tea Teapots",
        "tea-house",
        "Caf\u{e9} T.",
        "Books & Co",
        "50% off",
    ];
    let made = named(&api, &names).await;
    let tail = |n: usize| made[n][6..].to_owned();
    for (text, expected) in [
        ("tea", &[1, 0][..]),
        ("TEAP", &[0]),
        ("moonlit tea", &[0]),
        ("tea h", &[1]),
        ("Tea-House", &[1]),
        ("caf\u{e9}", &[2]),
        ("books co", &[3]),
        ("50%", &[4]),
        ("pots", &[]),
        ("tea%", &[1, 0]),
        (&tail(1), &[1]),
        (&tail(1)[..4], &[1]),
        (&made[3], &[3]),
        (&format!("{}.localhost", made[3]), &[3]),
    ] {
        let query: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let mut found = shown(&api, &format!("q={query}")).await;
        let mut expected: Vec<_> = expected.iter().map(|n: &usize| made[*n].clone()).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{text}");
    }
    assert_eq!(shown(&api, "q=store").await.len(), 5);
    api.patch(
        &format!("/stores/{}", made[1]),
        json!({"labels": {"a": "b"}}),
    )
    .await;
    api.delete(&format!("/stores/{}", made[1])).await;
    assert_eq!(
        shown(&api, "q=tea%20h").await,
        [made[1].clone()],
        "still there"
    );
}

#[actix_web::test]
async fn what_a_list_does_not_know_is_refused_with_what_it_knows() {
    let api = TestApi::ready("list_refusals").await;
    named(&api, &["a", "b", "c"]).await;
    let page = api.get("/stores?limit=1&sort=name").await.json;
    let cursor = page["next_cursor"].as_str().unwrap();
    let audit = api.get("/stores/audit/logs?limit=1").await.json;
    let foreign = audit["next_cursor"].as_str().unwrap();
    for (query, pointer, says) in [
        ("sort=status".to_owned(), "/sort", "`-created_at`"),
        ("sort=name&q=a".to_owned(), "/sort", "left out with `q`"),
        ("q=a&include_deleted=true".to_owned(), "/q", "Deleted"),
        ("q=a&status=Deleted".to_owned(), "/q", "Deleted"),
        ("q=%20-%20".to_owned(), "/q", "a letter or a digit"),
        ("q=a%00".to_owned(), "/q", "control characters"),
        ("label=team".to_owned(), "/label", "`key:value`"),
        ("label=Team:a".to_owned(), "/label", "a-z"),
        ("health=Ill".to_owned(), "/health", "`Degraded`"),
        ("plan=huge".to_owned(), "/plan", "`large`"),
        (
            format!("label=a:b{}", "&label=a:b".repeat(5)),
            "/label",
            "at most 5",
        ),
        (format!("cursor={cursor}"), "/cursor", "another sort"),
        (
            format!("sort=-name&cursor={cursor}"),
            "/cursor",
            "another sort",
        ),
        (
            format!("sort=name&plan=small&cursor={cursor}"),
            "/cursor",
            "other filters",
        ),
        (
            format!("sort=name&cursor={foreign}"),
            "/cursor",
            "another sort",
        ),
        (format!("sort=name&cursor=x{cursor}"), "/cursor", "gave out"),
    ] {
        let answer = api.get(&format!("/stores?{query}")).await;
        assert_eq!(
            (answer.status, &answer.json["code"]),
            (400, &json!("invalid_query")),
            "{query}"
        );
        let complaint = &answer.json["errors"][0];
        assert_eq!(complaint["pointer"], pointer, "{query}");
        assert!(
            complaint["detail"].as_str().unwrap().contains(says),
            "{query}: {complaint}"
        );
    }
    // The size of a page may change on the way.
    let longer = api
        .get(&format!("/stores?sort=name&limit=2&cursor={cursor}"))
        .await;
    assert_eq!((longer.status, ids(&longer.json).len()), (200, 2));
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
        // The answer's second statement has to wait until both rows are changed.
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
        assert_eq!(
            (&seen["status"], &seen["operation"]["status"]),
            (&"Queued".into(), &"Queued".into()),
            "{path}"
        );
        let back = format!(
            "UPDATE stores SET status = 'Queued' WHERE id = '{id}';
             UPDATE operations SET status = 'Queued' WHERE store_id = '{id}';"
        );
        sql.execute(sqlx::AssertSqlSafe(back)).await.unwrap();
    }
}
