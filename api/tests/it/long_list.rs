//! Pages of long lists: what Postgres does for them, at 1,000 stores and at many.
//! `TEST_LIST_STORES` says how many (20,000; `make test-long-list`: 1,000,000, with
//! ten times as many audit rows, and times are compared too).

use std::collections::BTreeSet;

use api::plans::{self, Plan};
use serde_json::Value;
use shared::ids::StoreId;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Row as _};

use crate::harness::TestApi;

const FEW: i64 = 1_000;
/// A page at many may cost that much of the same page at few.
const AT_MOST: f64 = 1.2;
/// Or so many buffers more: each level of an index takes one, whatever the page.
const LEVELS: f64 = 3.0;
/// Runs of a page, of which the best counts.
const RUNS: usize = 60;
const LOCAL: &str = "00000000-0000-7000-8000-000000000001";

/// How many stores.
#[expect(clippy::disallowed_methods, reason = "how long the test may be")]
fn many() -> i64 {
    std::env::var("TEST_LIST_STORES").map_or(20_000, |text| text.parse().unwrap())
}

/// Stores as they come, each field by its number, so that every filter has as large
/// a part of few as of many. Indexes are made afterwards, as that is faster.
const FILL: &str = include_str!("long_list/fill.sql");

async fn filled(name: &str, stores: i64) -> TestApi {
    let api = TestApi::ready(name).await;
    let mut sql = api.servers.sql().await;
    let fill = FILL
        .replace("{STORES}", &stores.to_string())
        .replace("{LOCAL}", LOCAL);
    sql.execute(AssertSqlSafe(fill)).await.unwrap();
    for table in [
        "stores",
        "store_labels",
        "store_words",
        "store_counts",
        "audit_events",
    ] {
        sql.execute(AssertSqlSafe(format!("VACUUM ANALYZE {table}")))
            .await
            .unwrap();
    }
    api
}

/// A page by what is asked for: a query of the stores' list, or the audit's.
#[derive(Clone, Debug)]
enum List {
    Stores(String),
    Audit(Option<StoreId>),
}

impl List {
    fn page(&self, at: Option<(&str, bool)>) -> Plan {
        match self {
            Self::Stores(query) => plans::stores(query, at).unwrap(),
            Self::Audit(store) => {
                let at = at.map(|(seq, after)| (seq.parse().unwrap(), after));
                plans::audit(store.as_ref(), at)
            }
        }
    }

    /// A place before all, in the middle and behind all, in the list's order.
    fn places(&self, stores: i64) -> [String; 2] {
        let Self::Stores(query) = self else {
            // One store's rows stand among the first ten thousand.
            let one = matches!(self, Self::Audit(Some(_)));
            let rows = if one { FEW } else { stores };
            return [(rows * 5).to_string(), i64::MAX.to_string()];
        };
        let moment = |at: i64| format!("store-bbbbbb.m{}", at * 1_000_000);
        let (created, updated) = (1_767_225_600, 1_798_761_600);
        let (middle, last) = match query {
            _ if query.contains("q=") => (
                "store-bbbbbb.tteapots 8".to_owned(),
                "store-zzzzzz.t\u{10ffff}".to_owned(),
            ),
            _ if query.contains("name") => (
                format!(
                    "store-bbbbbb.tlamps {}",
                    if query.contains("-name") { 'c' } else { '2' }
                ),
                "store-zzzzzz.t\u{10ffff}".to_owned(),
            ),
            _ if query.contains("updated_at") => {
                (moment(updated + stores * 5), moment(250_000_000_000))
            }
            _ => (moment(created + stores * 5), moment(250_000_000_000)),
        };
        let first = if last.contains(".m") {
            moment(0)
        } else {
            "store-bbbbbb.t".to_owned()
        };
        let down = query.contains("sort=-") || !(query.contains("sort=") || query.contains("q="));
        [middle, if down { first } else { last }]
    }

    /// The first, the middle and the last page.
    async fn pages(&self, sql: &mut PgConnection, stores: i64) -> [Plan; 3] {
        let [middle, end] = self.places(stores);
        let backwards = self.page(Some((&end, false))).inlined();
        let place = match self {
            Self::Audit(_) => "seq::text",
            Self::Stores(query) if query.contains("name") || query.contains("q=") => {
                "id || '.t' || place"
            }
            Self::Stores(_) => "id || '.m' || (extract(epoch FROM place) * 1000000)::bigint",
        };
        let place = format!("SELECT {place} FROM ({backwards}) AS page OFFSET 50");
        let before_last: String = sqlx::query_scalar(AssertSqlSafe(place))
            .fetch_one(sql)
            .await
            .unwrap();
        [None, Some(middle.as_str()), Some(before_last.as_str())]
            .map(|place| self.page(place.map(|place| (place, true))))
    }
}

/// What a plan cost.
#[derive(Clone, Copy, Debug)]
struct Cost {
    buffers: f64,
    ms: f64,
    rows: f64,
}

/// Run it.
async fn run(sql: &mut PgConnection, statement: &str) -> (Cost, String) {
    let explain = format!("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {statement}");
    let row = sql.fetch_one(AssertSqlSafe(explain)).await.unwrap();
    let plan: Value = row.get(0);
    let (top, whole) = (&plan[0]["Plan"], &plan[0]["Execution Time"]);
    let number = |name: &str| top[name].as_f64().unwrap();
    let cost = Cost {
        buffers: number("Shared Hit Blocks") + number("Shared Read Blocks"),
        ms: whole.as_f64().unwrap(),
        rows: number("Actual Rows"),
    };
    (cost, top.to_string())
}

/// Run it, and look that it sorts nothing and reads no table as a whole.
async fn explain(sql: &mut PgConnection, what: &str, statement: &str) -> Cost {
    let (cost, plan) = run(sql, statement).await;
    for node in ["\"Seq Scan\"", "Sort\"", "\"Bitmap Heap Scan\""] {
        assert!(!plan.contains(node), "{what}: {node} in {plan}");
    }
    cost
}

/// As Postgres plans it when it knows the values, and when it does not.
async fn planned(sql: &mut PgConnection, what: &str, page: &Plan) -> Cost {
    sql.execute("SET plan_cache_mode = force_generic_plan")
        .await
        .unwrap();
    let prepare = format!("PREPARE page AS {}", page.sql);
    sql.execute(AssertSqlSafe(prepare)).await.unwrap();
    explain(sql, what, &page.execute("page")).await;
    sql.execute("DEALLOCATE page; RESET plan_cache_mode")
        .await
        .unwrap();
    explain(sql, what, &page.inlined()).await
}

fn lists() -> Vec<List> {
    let filters = [
        "",
        "include_deleted=true",
        "status=Ready",
        "status=Failed",
        "status=Deleted",
        "health=Healthy",
        "health=Degraded",
        "plan=medium",
        "label=team:north",
    ];
    let sorts = [
        "created_at",
        "-created_at",
        "updated_at",
        "-updated_at",
        "name",
        "-name",
    ];
    let mut lists = vec![List::Audit(None), List::Stores("q=teap".to_owned())];
    for filter in filters {
        lists.extend(sorts.map(|sort| List::Stores(format!("{filter}&sort={sort}"))));
    }
    lists
}

#[actix_web::test]
async fn a_page_of_any_order_and_filter_costs_the_same_at_many_stores_as_at_few() {
    let many = many();
    let timed = many >= 1_000_000;
    let (small, large) = (
        filled("list_few", FEW).await,
        filled("list_many", many).await,
    );
    let (mut few, mut lot) = (small.servers.sql().await, large.servers.sql().await);
    let set = format!("SET {} = {}", plans::SETTING.0, plans::SETTING.1);
    few.execute(AssertSqlSafe(set.clone())).await.unwrap();
    lot.execute(AssertSqlSafe(set)).await.unwrap();
    let mut wrong = Vec::new();
    let mut lists = lists();
    let one: String = sqlx::query_scalar("SELECT store_id FROM audit_events WHERE seq = 7")
        .fetch_one(&mut few)
        .await
        .unwrap();
    lists.push(List::Audit(Some(one.parse().unwrap())));
    println!("page | buffers at {FEW} | at {many} | best ms at {FEW} | at {many}");
    for list in lists {
        let (pages, same) = (
            list.pages(&mut few, FEW).await,
            list.pages(&mut lot, many).await,
        );
        for ((name, page), same) in ["first", "middle", "last"].iter().zip(pages).zip(same) {
            let what = format!("{list:?} {name}");
            let mut before = planned(&mut few, &what, &page).await;
            let mut after = planned(&mut lot, &what, &same).await;
            for _ in 0..RUNS {
                let (one, other) = (
                    explain(&mut few, &what, &page.inlined()).await,
                    explain(&mut lot, &what, &same.inlined()).await,
                );
                before = Cost {
                    ms: before.ms.min(one.ms),
                    ..one
                };
                after = Cost {
                    ms: after.ms.min(other.ms),
                    ..other
                };
            }
            println!(
                "{what} | {} | {} | {:.3} | {:.3}",
                before.buffers, after.buffers, before.ms, after.ms
            );
            assert_eq!(before.rows, after.rows, "{what}");
            let most = (before.buffers * AT_MOST).max(before.buffers + LEVELS);
            if after.buffers > most || (timed && after.ms > before.ms * AT_MOST) {
                wrong.push(format!("{what}: {before:?} {after:?}"));
            }
        }
    }
    let counts = plans::counts().inlined();
    let (before, after) = (
        run(&mut few, &counts).await.0,
        run(&mut lot, &counts).await.0,
    );
    println!(
        "counts | {} | {} | {:.3} | {:.3}",
        before.buffers, after.buffers, before.ms, after.ms
    );
    assert!(
        after.buffers <= before.buffers * AT_MOST,
        "{before:?} {after:?}"
    );
    several_filters_look_at_no_more_than_they_may(&large, &mut lot).await;
    a_walk_meets_every_store_once_while_others_are_made(&large).await;
    assert!(wrong.is_empty(), "cost more:\n{}", wrong.join("\n"));
}

/// Where no store fits, no more is read; where few do, short pages lead to all of them.
async fn several_filters_look_at_no_more_than_they_may(api: &TestApi, sql: &mut PgConnection) {
    let query = "plan=large&label=team:north&health=Healthy&status=Ready&label=none:here";
    let page = plans::stores(query, None).unwrap();
    let cost = explain(sql, query, &page.inlined()).await;
    println!("{query}: {} buffers, {:.3} ms", cost.buffers, cost.ms);
    assert!(cost.buffers < 2_000.0 * 3.0, "{cost:?}");

    let expected: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM stores WHERE status = 'DeleteFailed' AND labels @> '{\"team\": \"north\"}' AND health = 'Degraded'",
    )
    .fetch_one(&mut *sql)
    .await
    .unwrap();
    let query = "status=DeleteFailed&label=team:north&health=Degraded&limit=200";
    let found = walk(api, query).await;
    assert_eq!(found.len(), usize::try_from(expected).unwrap());
}

/// The ids of all pages from the first on.
async fn walk(api: &TestApi, query: &str) -> Vec<String> {
    let mut seen = Vec::new();
    let mut path = format!("/stores?{query}");
    loop {
        let page = api.get(&path).await.json;
        let items = page["items"].as_array().unwrap().iter();
        seen.extend(items.map(|item| item["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/stores?{query}&cursor={cursor}"),
            None => return seen,
        }
    }
}

async fn a_walk_meets_every_store_once_while_others_are_made(api: &TestApi) {
    let mut sql = api.servers.sql().await;
    let there: Vec<String> = sqlx::query_scalar("SELECT id FROM stores WHERE status = 'Suspended'")
        .fetch_all(&mut sql)
        .await
        .unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let making = async {
        let mut made = 0;
        let mut stopped = stopped;
        while stopped.try_recv().is_err() {
            let id = api.a_store().await;
            let suspend = "UPDATE stores SET status = 'Suspended', name = $2 WHERE id = $1";
            let name = format!("Lamps {made:06}");
            sqlx::query(suspend)
                .bind(&id)
                .bind(name)
                .execute(&mut sql)
                .await
                .unwrap();
            made += 1;
        }
        made
    };
    let walking = async {
        let seen = walk(api, "status=Suspended&sort=name&limit=200").await;
        stop.send(()).unwrap();
        seen
    };
    let (made, seen) = futures_util::join!(making, walking);
    let unique: BTreeSet<_> = seen.iter().collect();
    assert_eq!(unique.len(), seen.len(), "a store came twice");
    assert!(
        there.iter().all(|id| unique.contains(id)),
        "a store was passed over"
    );
    println!("walked {} stores while {made} were made", seen.len());
    assert!(made > 0);
}
