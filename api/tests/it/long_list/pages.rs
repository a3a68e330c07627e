//! The lists whose pages are looked at, and all that a page of each asks Postgres.

use api::plans::{self, Plan};
use shared::ids::StoreId;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{FEW, audit};

/// A page by what is asked for: a query of the stores' list, or the audit's.
#[derive(Clone, Debug)]
pub enum List {
    Stores(String),
    Audit(Option<StoreId>),
}

/// A page: all that it asks Postgres, and what asks the api for it.
#[derive(Debug)]
pub struct Page {
    pub statements: Vec<Plan>,
    pub path: String,
}

impl List {
    /// A page's rows, and its path.
    fn page(&self, at: Option<(&str, bool)>) -> (Plan, String) {
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
            return [(rows * audit() / 2).to_string(), i64::MAX.to_string()];
        };
        let moment = |at: i64| format!("store-bbbbbb.m{}", at * 1_000_000);
        let (created, updated) = (1_767_225_600, 1_798_761_600);
        let (middle, last) = match query {
            _ if query.contains("q=") => (
                "store-bbbbbb.tteapots 8".to_owned(),
                "store-zzzzzz.t\u{10ffff}".to_owned(),
            ),
            _ if query.contains("name") => (
                // Those of one label are all teapots (fill.sql).
                format!(
                    "store-bbbbbb.t{} {}",
                    if query.contains("label") {
                        "teapots"
                    } else {
                        "lamps"
                    },
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

    async fn whole(&self, sql: &mut PgConnection, place: Option<&str>) -> Page {
        let (rows, path) = self.page(place.map(|place| (place, true)));
        if matches!(self, Self::Audit(_)) {
            let statements = vec![rows];
            return Page { statements, path };
        }
        let shown = format!(
            "SELECT o.id, o.finished_at IS NULL FROM (SELECT * FROM ({}) AS page LIMIT 50) AS page
             JOIN operations AS o ON o.id = page.current_operation_id",
            rows.inlined()
        );
        let shown: Vec<(Uuid, bool)> = sqlx::query_as(AssertSqlSafe(shown))
            .fetch_all(sql)
            .await
            .unwrap();
        let all: Vec<_> = shown.iter().map(|(id, _)| *id).collect();
        let open = shown.iter().filter(|(_, open)| *open);
        let open: Vec<_> = open.map(|(id, _)| *id).collect();
        let mut statements = vec![rows];
        statements.extend(plans::operations(&all, &open));
        Page { statements, path }
    }

    /// The first, the middle and the last page.
    pub async fn pages(&self, sql: &mut PgConnection, stores: i64) -> [Page; 3] {
        let [middle, end] = self.places(stores);
        let backwards = self.page(Some((&end, false))).0.inlined();
        let place = match self {
            Self::Audit(_) => "seq::text",
            Self::Stores(query) if query.contains("name") || query.contains("q=") => {
                "id || '.t' || place"
            }
            Self::Stores(_) => "id || '.m' || (extract(epoch FROM place) * 1000000)::bigint",
        };
        let place = format!("SELECT {place} FROM ({backwards}) AS page OFFSET 50");
        let before_last: String = sqlx::query_scalar(AssertSqlSafe(place))
            .fetch_one(&mut *sql)
            .await
            .unwrap();
        [
            self.whole(sql, None).await,
            self.whole(sql, Some(&middle)).await,
            self.whole(sql, Some(&before_last)).await,
        ]
    }
}

/// Of all orders and filters.
pub fn lists() -> Vec<List> {
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
