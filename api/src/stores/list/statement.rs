//! The list of stores in SQL: one filter leads, through an index that has its rows
//! in the list's order, so that a page is read from one place of it. Further filters
//! look at what the leading one gives, and at no more than [`LOOK`] of it, so that
//! no combination costs more than that. Decides nothing else; pure.
//!
//! Values of our own vocabulary stand in the text, so that Postgres knows which
//! partial index fits; what a caller wrote never does.

use sea_orm::{DbBackend, Statement, Value};
use serde_json::json;
use shared::contract::observation::Health;
use shared::plan::Plan;
use shared::store_status::StoreStatus;

use crate::paging::{Direction, PageRequest};
use crate::stores::list::wanted::{PlaceValue, SortKey, StoreFilter, StorePlace, Wanted};

/// Stores that a page of several filters looks at.
pub const LOOK: u64 = 2_000;

/// The filter whose index is read.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Lead {
    Living,
    All,
    Status(StoreStatus),
    Health(Health),
    Plan(Plan),
    Label,
    Text,
}

/// The one that leaves least to look at, as stores usually are. Only `All` and
/// `Status` know Deleted stores.
fn lead(filter: &StoreFilter) -> Lead {
    if filter.text.is_some() {
        return Lead::Text;
    }
    match (filter.status, filter.health, filter.plan) {
        (Some(status), _, _) if filter.wants_deleted() => Lead::Status(status),
        (None, _, _) if filter.wants_deleted() => Lead::All,
        _ if !filter.labels.is_empty() => Lead::Label,
        (Some(status), _, _) if status != StoreStatus::Ready => Lead::Status(status),
        (_, Some(Health::Degraded), _) => Lead::Health(Health::Degraded),
        (_, _, Some(plan)) => Lead::Plan(plan),
        (Some(status), _, None) => Lead::Status(status),
        (None, Some(health), None) => Lead::Health(health),
        (None, None, None) => Lead::Living,
    }
}

/// A list's page in the making.
#[derive(Debug)]
pub struct Reading<'a> {
    wanted: &'a Wanted,
    lead: Lead,
    cursor: Option<&'a StorePlace>,
    /// Smaller values first.
    ascending: bool,
    limit: u64,
}

impl<'a> Reading<'a> {
    pub fn new(wanted: &'a Wanted, request: &'a PageRequest<StorePlace>) -> Self {
        let forward = request.direction() == Direction::Forward;
        Self {
            wanted,
            lead: lead(&wanted.filter),
            cursor: request.cursor.as_ref().map(|cursor| &cursor.key),
            ascending: forward != wanted.order.descending,
            limit: request.limit + 1,
        }
    }

    /// The page's rows in its direction, one more than asked for, each with its
    /// `place`.
    pub fn rows(&self) -> Statement {
        let mut values = Values::default();
        let others = self.others(&mut values);
        let sql = if others.is_empty() {
            self.led(&mut values, self.limit)
        } else {
            format!(
                "SELECT * FROM ({}) AS s WHERE {} ORDER BY {} LIMIT {}",
                self.led(&mut values, LOOK),
                others.join(" AND "),
                self.sorted("s.place", "s.place_id"),
                self.limit
            )
        };
        values.statement(sql)
    }

    /// Where the look of a page with several filters ends, if it ends before the
    /// list does; none for another page.
    pub fn end(&self) -> Option<Statement> {
        if self.others(&mut Values::default()).is_empty() {
            return None;
        }
        let mut values = Values::default();
        let sql = format!(
            "SELECT s.id, s.place FROM ({}) AS s ORDER BY {} OFFSET {} LIMIT 1",
            self.led(&mut values, LOOK),
            self.sorted("s.place", "s.place_id"),
            LOOK - 1
        );
        Some(values.statement(sql))
    }

    /// What the leading filter gives.
    fn led(&self, values: &mut Values, limit: u64) -> String {
        let tenant = values.put(self.wanted.tenant.0);
        let (table, which) = match &self.lead {
            Lead::Living => ("stores", "status <> 'Deleted'".to_owned()),
            Lead::All => ("stores", "true".to_owned()),
            Lead::Status(status) => ("stores", format!("status = '{}'", status.as_str())),
            Lead::Health(health) => (
                "stores",
                format!("health = '{}' AND status <> 'Deleted'", health.as_str()),
            ),
            Lead::Plan(plan) => (
                "stores",
                format!("plan = '{}' AND status <> 'Deleted'", plan.as_str()),
            ),
            Lead::Label => {
                let first = self.wanted.filter.labels.first();
                let label = first.map(|(key, value)| format!("{key}:{value}"));
                let label = values.put(label.unwrap_or_default());
                ("store_labels", format!("label = {label}"))
            }
            Lead::Text => {
                let text = values.put(self.wanted.filter.text.clone().unwrap_or_default());
                let text = format!("store_search_text({text})");
                let last = "chr(1114111)";
                let which = format!(
                    "word >= {text} AND word < {text} || {last} AND shared < length({text})"
                );
                ("store_words", which)
            }
        };
        let place = match self.wanted.order.by {
            SortKey::CreatedAt => "created_at",
            SortKey::UpdatedAt => "updated_at",
            SortKey::Name => "name_key",
            SortKey::Met => "word",
        };
        let id = if table == "stores" { "id" } else { "store_id" };
        let beyond = self.beyond(values, (place, id));
        let sorted = self.sorted(place, id);
        let index = format!(
            "FROM {table} WHERE tenant_id = {tenant} AND {which}{beyond} ORDER BY {sorted} LIMIT {limit}"
        );
        if table == "stores" {
            return format!("SELECT *, {place} AS place, id AS place_id {index}");
        }
        // One store for each, in their order.
        format!(
            "SELECT s.*, led.place, led.store_id AS place_id FROM (SELECT store_id, {place} AS place {index}) AS led, \
             LATERAL (SELECT * FROM stores WHERE id = led.store_id OFFSET 0) AS s ORDER BY {}",
            self.sorted("led.place", "led.store_id")
        )
    }

    fn beyond(&self, values: &mut Values, (place, id): (&str, &str)) -> String {
        let Some(cursor) = self.cursor else {
            return String::new();
        };
        let sign = if self.ascending { '>' } else { '<' };
        let at = match &cursor.value {
            PlaceValue::Moment(at) => values.put(*at),
            PlaceValue::Text(text) => values.put(text.clone()),
        };
        let store = values.put(cursor.id.to_string());
        format!(" AND ({place}, {id}) {sign} ({at}, {store})")
    }

    fn sorted(&self, place: &str, id: &str) -> String {
        let way = if self.ascending { "ASC" } else { "DESC" };
        format!("{place} {way}, {id} {way}")
    }

    /// What the leading filter leaves to the others.
    fn others(&self, values: &mut Values) -> Vec<String> {
        let filter = &self.wanted.filter;
        let mut others = Vec::new();
        if let Some(status) = filter.status
            && self.lead != Lead::Status(status)
        {
            others.push(format!("s.status = '{}'", status.as_str()));
        }
        if let Some(health) = filter.health
            && self.lead != Lead::Health(health)
        {
            others.push(format!("s.health = '{}'", health.as_str()));
        }
        if let Some(plan) = filter.plan
            && self.lead != Lead::Plan(plan)
        {
            others.push(format!("s.plan = '{}'", plan.as_str()));
        }
        let led = usize::from(self.lead == Lead::Label);
        for (key, value) in filter.labels.iter().skip(led) {
            let label = values.put(json!({ key: value }));
            others.push(format!("s.labels @> {label}"));
        }
        others
    }
}

/// What callers wrote, by number.
#[derive(Debug, Default)]
struct Values(Vec<Value>);

impl Values {
    fn put(&mut self, value: impl Into<Value>) -> String {
        self.0.push(value.into());
        format!("${}", self.0.len())
    }

    fn statement(self, sql: String) -> Statement {
        Statement::from_sql_and_values(DbBackend::Postgres, sql, self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_with_the_fewest_stores_leads() {
        use Health::{Degraded, Healthy};
        use StoreStatus::{Deleted, Failed, Ready};
        let filter = |status, health, plan, label: bool, include_deleted| StoreFilter {
            status,
            health,
            plan,
            labels: vec![("a".to_owned(), "b".to_owned()); usize::from(label)],
            text: None,
            include_deleted,
        };
        let small = Some(Plan::Small);
        for (filter, expected) in [
            (filter(None, None, None, false, false), Lead::Living),
            (filter(None, None, None, false, true), Lead::All),
            (filter(None, Some(Healthy), small, true, true), Lead::All),
            (
                filter(Some(Deleted), None, None, true, false),
                Lead::Status(Deleted),
            ),
            (
                filter(Some(Failed), None, None, false, true),
                Lead::Status(Failed),
            ),
            (filter(Some(Failed), None, small, true, false), Lead::Label),
            (
                filter(Some(Failed), None, small, false, false),
                Lead::Status(Failed),
            ),
            (
                filter(Some(Ready), Some(Degraded), small, false, false),
                Lead::Health(Degraded),
            ),
            (
                filter(Some(Ready), Some(Healthy), small, false, false),
                Lead::Plan(Plan::Small),
            ),
            (
                filter(Some(Ready), Some(Healthy), None, false, false),
                Lead::Status(Ready),
            ),
            (
                filter(None, Some(Healthy), None, false, false),
                Lead::Health(Healthy),
            ),
        ] {
            assert_eq!(lead(&filter), expected, "{filter:?}");
            let text = Some("a".to_owned());
            assert_eq!(lead(&StoreFilter { text, ..filter }), Lead::Text);
        }
    }
}
