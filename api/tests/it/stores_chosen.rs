//! `GET /stores`: filters by plan, label, health and text, and what is refused.

use serde_json::json;

use crate::harness::TestApi;
use crate::stores_list::{ids, named, shown};

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
