//! The statements that pages are read with, as text with their values in it: for
//! tests that look at how Postgres carries them out. Nothing of the program uses it.

use sea_orm::{DbBackend, QueryTrait as _, Statement};
use shared::ids::{StoreId, TenantId};

use crate::audit;
use crate::http::query::Query;
use crate::paging::{Cursor, DEFAULT_LIMIT, Direction, Key as _, Listing, PageRequest};
use crate::routes::stores::list::read;
use crate::stores::list::statement::Reading;
use crate::stores::list::wanted::StorePlace;

/// What every connection of the api sets for Postgres' planner.
pub const SETTING: (&str, &str) = crate::db::PLANNER;

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
        let places: Vec<_> = (1..=values.len()).map(|n| format!("${n}")).collect();
        let sql = format!("EXECUTE {name} ({})", places.join(", "));
        Statement::from_sql_and_values(DbBackend::Postgres, sql, values).to_string()
    }
}

/// Where a page begins: `Some` of a row's place as cursors write it, and whether the
/// page comes after it.
pub type At<'a> = Option<(&'a str, bool)>;

/// A page of `GET /stores` of the local tenant.
///
/// # Errors
/// What the api would complain about.
pub fn stores(query: &str, at: At<'_>) -> Result<Plan, String> {
    let mut query = Query::parse(query);
    let (wanted, mut request) = read(&mut query, TenantId::LOCAL);
    query.finish().map_err(|error| error.to_string())?;
    if let Some((place, after)) = at {
        let key = StorePlace::read(place).ok_or("no place")?;
        let direction = direction(after);
        request.cursor = Some(Cursor { direction, key });
    }
    Ok(Plan::of(Reading::new(&wanted, &request).rows()))
}

/// A page of `GET /stores/audit/logs` of the local tenant.
#[must_use]
pub fn audit(store: Option<&StoreId>, at: Option<(i64, bool)>) -> Plan {
    let request = PageRequest {
        listing: Listing::of(&[]),
        limit: DEFAULT_LIMIT,
        cursor: at.map(|(key, after)| {
            let direction = direction(after);
            Cursor { direction, key }
        }),
    };
    let query = audit::list::query(TenantId::LOCAL, store, &request);
    Plan::of(query.build(DbBackend::Postgres))
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
