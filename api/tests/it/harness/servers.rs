//! A database cloned from a migrated template, and a virtual host; both are
//! taken away again at the test's end.

use reqwest::Method;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection};
use tokio::sync::OnceCell;
use url::Url;

static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// Where a test's servers are.
#[derive(Debug)]
pub struct Servers {
    pub database_url: String,
    pub amqp_url: String,
    pub vhost: String,
    database: String,
}

impl Servers {
    pub async fn prepare(name: &str) -> Self {
        assert!(name.len() < 50, "a name fits Postgres' identifiers");
        let template = TEMPLATE.get_or_init(make_template).await;
        let database = format!("it_{name}");
        let mut admin = admin().await;
        recreate(&mut admin, &database, Some(template)).await;
        admin.close().await.unwrap();
        let vhost = format!("it-{name}");
        make_vhost(&vhost).await;
        let mut amqp_url = Url::parse(&variable("TEST_AMQP_URL")).unwrap();
        amqp_url.set_path(&vhost);
        Self {
            database_url: database_url(&database),
            amqp_url: amqp_url.to_string(),
            vhost,
            database,
        }
    }

    /// A connection to the test's own database.
    pub async fn sql(&self) -> PgConnection {
        connect(&self.database_url).await
    }

    /// End every connection to the test's database and refuse new ones, or allow
    /// them again.
    pub async fn allow_database(&self, yes: bool) {
        let mut admin = admin().await;
        run(
            &mut admin,
            format!("ALTER DATABASE {} ALLOW_CONNECTIONS {yes}", self.database),
        )
        .await;
        if !yes {
            run(
                &mut admin,
                format!(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
                    self.database
                ),
            )
            .await;
        }
        admin.close().await.unwrap();
    }

    /// Have the broker close every connection of the test's virtual host, once it
    /// lists them.
    pub async fn close_connections(&self) {
        let path = format!("vhosts/{}/connections", self.vhost);
        let names = super::eventually("the broker lists connections", async || {
            let listed: serde_json::Value = reqwest::get(management_url(&path))
                .await
                .unwrap()
                .json()
                .await
                .unwrap();
            let names = listed.as_array()?.iter();
            let names: Vec<String> = names
                .filter_map(|connection| connection["name"].as_str().map(str::to_owned))
                .collect();
            (!names.is_empty()).then_some(names)
        })
        .await;
        for name in names {
            let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
            let path = format!("connections/{}", name.replace('+', "%20"));
            management(Method::DELETE, &path, None).await;
        }
    }

    /// Messages of one of the test's queues, over the broker's HTTP API.
    pub async fn delete_queue(&self, queue: &str) {
        management(
            Method::DELETE,
            &format!("queues/{}/{queue}", self.vhost),
            None,
        )
        .await;
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let (database, vhost) = (self.database.clone(), self.vhost.clone());
        let clean = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                management(Method::DELETE, &format!("vhosts/{vhost}"), None).await;
                let mut admin = admin().await;
                run(
                    &mut admin,
                    format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)"),
                )
                .await;
            });
        };
        // In a thread of its own: the test's runtime may be at its end.
        let _ = std::thread::spawn(clean).join();
    }
}

async fn make_template() -> String {
    let name = format!("it_template_{}", std::process::id());
    let mut admin = admin().await;
    recreate(&mut admin, &name, None).await;
    api::migrate::run(&database_url(&name).into())
        .await
        .unwrap();
    guard_changes(&name).await;
    name
}

/// In tests a row of the audit that stands for a change and does not say what was
/// and what is, is refused. An action that is in no list counts as a change.
async fn guard_changes(database: &str) {
    let tells: Vec<String> = api::AUDIT_TELLS
        .iter()
        .map(|action| format!("'{action}'"))
        .collect();
    let tells = tells.join(", ");
    let sql = format!(
        "ALTER TABLE audit_events ADD CONSTRAINT audit_events_change_check CHECK
         (action LIKE '%.refused' OR action IN ({tells}) OR details ?& ARRAY['before', 'after'])"
    );
    let mut connection = connect(&database_url(database)).await;
    run(&mut connection, sql).await;
    // A template with somebody connected cannot be copied.
    connection.close().await.unwrap();
}

async fn recreate(admin: &mut PgConnection, name: &str, template: Option<&str>) {
    run(
        admin,
        format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
    )
    .await;
    let template = template.unwrap_or("template0");
    // Only one copy of a template at a time.
    run(admin, "SELECT pg_advisory_lock(7)".to_owned()).await;
    run(admin, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    run(admin, "SELECT pg_advisory_unlock(7)".to_owned()).await;
}

async fn run(connection: &mut PgConnection, sql: String) {
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
}

async fn admin() -> PgConnection {
    connect(&variable("TEST_DATABASE_URL")).await
}

async fn connect(url: &str) -> PgConnection {
    let options: PgConnectOptions = url.parse().unwrap();
    options.connect().await.unwrap()
}

fn database_url(name: &str) -> String {
    let mut url = Url::parse(&variable("TEST_DATABASE_URL")).unwrap();
    url.set_path(name);
    url.to_string()
}

async fn make_vhost(name: &str) {
    let user = Url::parse(&variable("TEST_AMQP_URL"))
        .unwrap()
        .username()
        .to_owned();
    management(Method::DELETE, &format!("vhosts/{name}"), None).await;
    management(Method::PUT, &format!("vhosts/{name}"), Some("{}")).await;
    let all = r#"{"configure":".*","write":".*","read":".*"}"#;
    management(
        Method::PUT,
        &format!("permissions/{name}/{user}"),
        Some(all),
    )
    .await;
}

fn management_url(path: &str) -> String {
    let base = variable("TEST_AMQP_MANAGEMENT_URL");
    format!("{}/api/{path}", base.trim_end_matches('/'))
}

async fn management(method: Method, path: &str, body: Option<&'static str>) {
    let url = management_url(path);
    let mut request = reqwest::Client::new().request(method.clone(), url);
    if let Some(body) = body {
        request = request
            .header("content-type", "application/json")
            .body(body);
    }
    let status = request.send().await.unwrap().status();
    let gone = method == Method::DELETE && status.as_u16() == 404;
    assert!(
        status.is_success() || gone,
        "RabbitMQ's management said {status} to {path}"
    );
}

#[expect(clippy::disallowed_methods, reason = "where the test servers are")]
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!(
            "{name} is not set: these tests need a real PostgreSQL and RabbitMQ. `tests/run.sh` starts both and sets it; \
             by hand: URUMI_INSTANCE=test URUMI_AMQP_MANAGEMENT=1 deploy/local/postgres.sh start, the same with rabbitmq.sh, \
             then TEST_DATABASE_URL=$(deploy/local/postgres.sh url), TEST_AMQP_URL=$(deploy/local/rabbitmq.sh url), \
             TEST_AMQP_MANAGEMENT_URL=$(deploy/local/rabbitmq.sh management-url)"
        )
    })
}
