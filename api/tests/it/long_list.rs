//! Pages of long lists: what Postgres does for them, at 1,000 stores and at many.
//! `TEST_LIST_STORES` says how many (20,000; `make test-long-list`: 1,000,000), with
//! `TEST_LIST_AUDIT` (10) times as many audit rows. `TEST_LIST_PROGRAM` names the program
//! whose answers are timed, `TEST_LIST_ROUNDS` (100) times each; without it plans and
//! buffers alone are compared.

mod answers;
mod cost;
mod pages;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use api::plans::{self, Plan};
use sqlx::{AssertSqlSafe, Executor as _, PgConnection};

use self::answers::Asked;
use self::cost::{Beside, Cost};
use self::pages::{List, Page};
use crate::harness::TestApi;
use crate::harness::program::Program;

const FEW: i64 = 1_000;
/// A page at many may cost that much of the same page at few.
const AT_MOST: f64 = 1.2;
/// Or so many buffers more: each level of an index takes one, whatever the page.
const LEVELS: f64 = 3.0;
/// Or Postgres may take so many milliseconds more for its part: levels of indexes, and
/// rows that no cache of the processor holds.
const COLDER_MS: f64 = 0.5;
const LOCAL: &str = "00000000-0000-7000-8000-000000000001";

/// How long the test may be.
#[expect(clippy::disallowed_methods, reason = "the test's own settings")]
fn setting(name: &str, usual: i64) -> i64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

fn many() -> i64 {
    setting("TEST_LIST_STORES", 20_000)
}

/// Times as many audit rows as stores.
fn audit() -> i64 {
    setting("TEST_LIST_AUDIT", 10)
}

/// Times that each of the pages is asked for.
fn rounds() -> usize {
    usize::try_from(setting("TEST_LIST_ROUNDS", 100)).unwrap()
}

/// Stores as they come, each field by its number, so that every filter has as large
/// a part of few as of many. Indexes are made afterwards, as that is faster.
const FILL: &str = include_str!("long_list/fill.sql");

async fn filled(name: &str, stores: i64) -> TestApi {
    let mut api = TestApi::ready_with(name, &[("URUMI_TENANT_MAX_OPERATIONS", "0")]).await;
    // It would do with the stores what it does.
    api.halt();
    let mut sql = api.servers.sql().await;
    let fill = FILL
        .replace("{STORES}", &stores.to_string())
        .replace("{AUDIT}", &audit().to_string())
        .replace("{LOCAL}", LOCAL);
    sql.execute(AssertSqlSafe(fill)).await.unwrap();
    for table in [
        "stores",
        "operations",
        "operation_steps",
        "outbox",
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

/// As the api connects.
async fn connected(api: &TestApi) -> PgConnection {
    let mut sql = api.servers.sql().await;
    let set = format!("SET {} = {}", plans::SETTING.0, plans::SETTING.1);
    sql.execute(AssertSqlSafe(set)).await.unwrap();
    sql
}

/// Run it, and look that it sorts nothing and reads no table as a whole. Twice, as the
/// connections of a pool do: the first time also reads what a connection keeps.
async fn explain(sql: &mut PgConnection, what: &str, statement: &str) -> Cost {
    cost::run(sql, statement).await;
    let (cost, plan) = cost::run(sql, statement).await;
    let mut wrong = vec!["\"Seq Scan\"", "Sort\""];
    // The few steps of one operation may be gathered; a list's rows may not.
    if !plan.contains("\"operation_steps\"") {
        wrong.push("\"Bitmap Heap Scan\"");
    }
    for node in wrong {
        assert!(!plan.contains(node), "{what}: {node} in {plan}");
    }
    cost
}

/// As Postgres plans it when it knows the values, and when it does not.
async fn planned(sql: &mut PgConnection, what: &str, page: &Page) -> Cost {
    let mut whole = Cost::default();
    for statement in &page.statements {
        sql.execute("SET plan_cache_mode = force_generic_plan")
            .await
            .unwrap();
        let prepare = format!("PREPARE page AS {}", statement.sql);
        sql.execute(AssertSqlSafe(prepare)).await.unwrap();
        explain(sql, what, &statement.execute("page")).await;
        sql.execute("DEALLOCATE page; RESET plan_cache_mode")
            .await
            .unwrap();
        let cost = explain(sql, what, &statement.inlined()).await;
        whole.buffers += cost.buffers;
        if whole.rows == 0.0 {
            whole.rows = cost.rows;
        }
    }
    whole
}

fn inlined(page: &Page) -> Vec<String> {
    page.statements.iter().map(Plan::inlined).collect()
}

/// What of a page is timed, by turns: the program's answers, and what Postgres says of
/// the statements. `None` unless a program is named.
async fn timed(
    asked: &mut Option<[Asked; 3]>,
    [few, again, lot]: [&mut PgConnection; 3],
    page: &Page,
    same: &Page,
) -> Option<(Beside, Beside)> {
    let asked = asked.as_mut()?;
    asked.iter_mut().for_each(Asked::anew);
    let answers = Beside::measured(rounds(), async |who| {
        asked[who].ms(if who == 2 { &same.path } else { &page.path })
    })
    .await;
    let (one, other) = (inlined(page), inlined(same));
    let statements = Beside::by_turns(rounds() / 5, async |who| match who {
        0 => cost::ms(few, &one).await,
        1 => cost::ms(again, &one).await,
        _ => cost::ms(lot, &other).await,
    });
    Some((answers, statements.await))
}

/// The program as it is built for people, thrice: on the few twice, and on the many.
async fn programs(small: &TestApi, large: &TestApi) -> Option<[Asked; 3]> {
    let path = std::env::var_os("TEST_LIST_PROGRAM")?;
    let on = |api: &TestApi| Asked::of(Program::on(&api.servers, Path::new(&path)));
    Some([on(small).await, on(small).await, on(large).await])
}

#[actix_web::test]
async fn a_page_of_any_order_and_filter_costs_the_same_at_many_stores_as_at_few() {
    let many = many();
    let (small, mut large) = (
        filled("list_few", FEW).await,
        filled("list_many", many).await,
    );
    let (mut few, mut again) = (connected(&small).await, connected(&small).await);
    let mut lot = connected(&large).await;
    let mut programs = programs(&small, &large).await;
    let mut wrong = Vec::new();
    let mut lists = pages::lists();
    let one: String = sqlx::query_scalar("SELECT store_id FROM audit_events WHERE seq = 7")
        .fetch_one(&mut few)
        .await
        .unwrap();
    lists.push(List::Audit(Some(one.parse().unwrap())));
    println!(
        "page | buffers at {FEW} | at {many} | ms of the answer at {FEW} | at {many} | times as long | beside itself | ms of Postgres at {FEW} | at {many} | times as long"
    );
    for list in lists {
        let (pages, same) = (
            list.pages(&mut few, FEW).await,
            list.pages(&mut lot, many).await,
        );
        for ((name, page), same) in ["first", "middle", "last"].iter().zip(pages).zip(same) {
            let what = format!("{list:?} {name}");
            let before = planned(&mut few, &what, &page).await;
            let after = planned(&mut lot, &what, &same).await;
            assert!(before.rows > 0.0, "{what}: there is nothing on it");
            assert_eq!(before.rows, after.rows, "{what}");
            let mut said = format!("{what} | {} | {}", before.buffers, after.buffers);
            let most = (before.buffers * AT_MOST).max(before.buffers + LEVELS);
            let mut dear = after.buffers > most;
            let three = [&mut few, &mut again, &mut lot];
            if let Some((answer, sql)) = timed(&mut programs, three, &page, &same).await {
                let (one, other) = answer.ms;
                let (ratio, control) = (answer.ratio, answer.control);
                write!(said, " | {one:.3} | {other:.3} | {ratio:.2} | {control:.2}").unwrap();
                dear |= ratio > AT_MOST || !answer.counts();
                let (one, other) = sql.ms;
                write!(said, " | {one:.3} | {other:.3} | {:.2}", sql.ratio).unwrap();
                dear |= sql.ratio > AT_MOST && other > one + COLDER_MS;
            }
            println!("{said}");
            if dear {
                wrong.push(said);
            }
        }
    }
    drop(programs);
    let counts = plans::counts().inlined();
    let (before, after) = (
        cost::run(&mut few, &counts).await.0,
        cost::run(&mut lot, &counts).await.0,
    );
    println!(
        "counts | {} | {} | {:.3} | {:.3}",
        before.buffers, after.buffers, before.ms, after.ms
    );
    assert!(
        after.buffers <= before.buffers * AT_MOST,
        "{before:?} {after:?}"
    );
    large.run();
    large.until_ready().await;
    several_filters_look_at_no_more_than_they_may(&large, &mut lot).await;
    a_walk_meets_every_store_once_while_others_are_made(&large).await;
    assert!(wrong.is_empty(), "cost more:\n{}", wrong.join("\n"));
}

/// Where no store fits, no more is read; where few do, short pages lead to all of them.
async fn several_filters_look_at_no_more_than_they_may(api: &TestApi, sql: &mut PgConnection) {
    let query = "plan=large&label=team:north&health=Healthy&status=Ready&label=none:here";
    let (page, _) = plans::stores(query, None).unwrap();
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
