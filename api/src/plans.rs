//! The statements that pages are read with, as text with their values in it, and what
//! asks for them: for tests that look at how Postgres carries them out. Nothing of the program uses it.

use sea_orm::sea_query::ArrayType;
use sea_orm::{DbBackend, QueryTrait as _, Statement, Value};
use shared::ids::{StoreId, TenantId};
use uuid::Uuid;

use crate::audit;
use crate::http::query::Query;
use crate::paging::{Cursor, DEFAULT_LIMIT, Direction, Key as _, PageRequest};
use crate::routes::stores::list::read;
use crate::stores::find;
use crate::stores::list::statement::Reading;
use crate::stores::list::wanted::StorePlace;

/// What every connection of the api sets for Postgres' planner.
pub const SETTING: (&str, &str) = crate::db::PLANNER;

/// What the relay's connections set besides.
pub const RELAY: [(&str, &str); 4] = crate::db::FOR_RELAY;

/// How the relay takes what it may publish.
pub const CLAIM: &str = crate::outbox::window::CLAIM;
/// How it marks what was confirmed.
pub const MARK: &str = crate::outbox::window::MARK;
/// How the watchdog finds what is silent.
pub const SILENT: &str = crate::watchdog::SILENT;

/// A statement with numbered places for its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Its text.
    pub sql: String,
    statement: Statement,
}

impl Plan {
    fn of(statement: Statement) -> Self {
        let sql = statement.sql.clone();
        Self { sql, statement }
    }

    /// With its values in it.
    #[must_use]
    pub fn inlined(&self) -> String {
        self.statement.to_string()
    }

    /// As the values for a statement that was prepared under that name.
    #[must_use]
    pub fn execute(&self, name: &str) -> String {
        let values = self
            .statement
            .values
            .iter()
            .flat_map(|values| values.iter());
        let values: Vec<_> = values.cloned().collect();
        if values.is_empty() {
            return format!("EXECUTE {name}");
        }
        let place = |(n, value): (usize, &Value)| match value {
            Value::Array(ArrayType::Uuid, _) => format!("${}::uuid[]", n + 1),
            _ => format!("${}", n + 1),
        };
        let places: Vec<_> = values.iter().enumerate().map(place).collect();
        let sql = format!("EXECUTE {name} ({})", places.join(", "));
        Statement::from_sql_and_values(DbBackend::Postgres, sql, values).to_string()
    }
}

/// Where a page begins: `Some` of a row's place as cursors write it, and whether the
/// page comes after it.
pub type At<'a> = Option<(&'a str, bool)>;

/// A page of `GET /stores` of the local tenant: its rows, and its path.
///
/// # Errors
/// What the api would complain about.
pub fn stores(query: &str, at: At<'_>) -> Result<(Plan, String), String> {
    let mut parsed = Query::parse(query);
    let (wanted, mut request) = read(&mut parsed, TenantId::LOCAL);
    parsed.finish().map_err(|error| error.to_string())?;
    let mut path = format!("/stores?{query}");
    if let Some((place, after)) = at {
        let key = StorePlace::read(place).ok_or("no place")?;
        let direction = direction(after);
        let cursor = Cursor { direction, key };
        path = format!("{path}&cursor={}", cursor.encode(request.listing));
        request.cursor = Some(cursor);
    }
    Ok((Plan::of(Reading::new(&wanted, &request).rows()), path))
}

/// What a page of `GET /stores` reads besides its rows: their operations, of which
/// those are open.
#[must_use]
pub fn operations(all: &[Uuid], open: &[Uuid]) -> Vec<Plan> {
    let [operations, steps, commands] = find::statements(all, open).map(Plan::of);
    if open.is_empty() {
        vec![operations, steps]
    } else {
        vec![operations, steps, commands]
    }
}

/// A page of `GET /stores/audit/logs` of the local tenant: its rows, and its path.
#[must_use]
pub fn audit(store: Option<&StoreId>, at: Option<(i64, bool)>) -> (Plan, String) {
    let request = PageRequest {
        listing: audit::list::listing(TenantId::LOCAL, store),
        limit: DEFAULT_LIMIT,
        cursor: at.map(|(key, after)| {
            let direction = direction(after);
            Cursor { direction, key }
        }),
    };
    let of = store.map(|store| format!("store_id={store}"));
    let cursor = request.cursor.as_ref();
    let cursor = cursor.map(|cursor| format!("cursor={}", cursor.encode(request.listing)));
    let query: Vec<_> = of.into_iter().chain(cursor).collect();
    let rows = audit::list::query(TenantId::LOCAL, store, &request);
    let path = format!("/stores/audit/logs?{}", query.join("&"));
    (Plan::of(rows.build(DbBackend::Postgres)), path)
}

/// `GET /stores/counts` of the local tenant.
#[must_use]
pub fn counts() -> Plan {
    Plan::of(crate::stores::counts::statement(TenantId::LOCAL))
}

fn direction(after: bool) -> Direction {
    if after {
        Direction::Forward
    } else {
        Direction::Backward
    }
}
