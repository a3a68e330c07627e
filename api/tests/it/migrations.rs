//! Tables that somebody else makes: waited for, and never made by who serves.

use std::time::{Duration, Instant};

use api::migrate::{self, MigrateError};
use api::settings::Migrations;
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Executor as _};
use tokio_util::sync::CancellationToken;

use crate::harness::servers::Servers;
use crate::harness::{Proxy, TestApi};

const AWAIT: [(&str, &str); 1] = [("URUMI_MIGRATIONS", "await")];

fn url(servers: &Servers) -> SecretString {
    servers.database_url.clone().into()
}

async fn has_stores(servers: &Servers) -> bool {
    let asked = "SELECT to_regclass('stores') IS NOT NULL";
    let asked = sqlx::query_scalar(asked);
    asked.fetch_one(&mut servers.sql().await).await.unwrap()
}

#[actix_web::test]
async fn who_awaits_the_tables_needs_no_right_to_make_them() {
    let mut api = TestApi::ready_with("migrations_rights", &AWAIT).await;
    api.halt();
    let mut sql = api.servers.sql().await;
    let name: String = sqlx::query_scalar("SELECT current_database()")
        .fetch_one(&mut sql)
        .await
        .unwrap();
    // Even a CREATE TABLE IF NOT EXISTS of what is there is refused then.
    let read_only = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    sql.execute(AssertSqlSafe(read_only)).await.unwrap();

    api.run();
    api.until_ready().await;
    assert_eq!(api.get("/stores").await.status, 200);
}

#[actix_web::test]
async fn requests_wait_with_503_until_the_tables_are_made() {
    let mut api = TestApi::ready_with("migrations_wait", &AWAIT).await;
    api.halt();
    let mut sql = api.servers.sql().await;
    sql.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        .await
        .unwrap();
    let waited = migrate::prepare(&url(&api.servers), Migrations::Await).await;
    assert!(matches!(waited, Err(MigrateError::Awaited(missing)) if missing > 10));

    api.run();
    let answer = api.get("/stores").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), "2");
    assert!(!has_stores(&api.servers).await);

    migrate::run(&url(&api.servers)).await.unwrap();
    api.until_ready().await;
    assert_eq!(api.get("/stores").await.status, 200);
}

#[actix_web::test]
async fn migrations_of_a_newer_program_are_no_reason_to_wait() {
    let servers = Servers::prepare("migrations_newer").await;
    let newer =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (20991231235959, 'newer', true, '\\x00', 1)";
    servers.sql().await.execute(newer).await.unwrap();

    let found = migrate::prepare(&url(&servers), Migrations::Await).await;
    assert!(found.is_ok(), "{found:?}");
}

#[actix_web::test]
async fn a_database_that_comes_late_is_waited_for() {
    let servers = Servers::prepare("migrations_late").await;
    let proxy = Proxy::cut_off(&servers.database_url, 5432).await;
    let late = proxy.url(&servers.database_url).into();
    let stop = CancellationToken::new();

    let none = migrate::run_within(&late, Duration::ZERO, &stop).await;
    assert!(matches!(none, Err(MigrateError::Connect(_))), "{none:?}");

    let begun = Instant::now();
    let patience = Duration::from_secs(20);
    let (made, ()) = tokio::join!(migrate::run_within(&late, patience, &stop), async {
        let short = migrate::run_within(&late, Duration::from_millis(300), &stop).await;
        assert!(short.is_err(), "nobody is there yet");
        proxy.mend().await;
    });
    assert!(made.is_ok(), "{made:?}");
    assert!(begun.elapsed() < patience);
}
