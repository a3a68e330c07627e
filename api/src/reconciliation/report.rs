//! The report: the newest inventory beside the records of all tenants. For who
//! runs the platform alone.

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement};
use shared::store_status::StoreStatus;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::db::DbError;
use crate::reconciliation::compare::{Difference, Recorded, compare};
use crate::reconciliation::guard::{self, Counts, Refusal};
use crate::reconciliation::inventory::{self, Inventory};
use crate::record::rows::{UnreadableRow, now};
use crate::settings::Settings;

/// What is known of records and cluster together.
#[derive(Debug)]
pub struct Report {
    pub inventory: Option<Inventory>,
    pub differences: Vec<Difference>,
    pub counts: Counts,
    /// Why nothing may be done on its ground.
    pub refusal: Option<Refusal>,
}

/// Compare now. Two queries, whatever the number of stores.
///
/// # Errors
/// The database's.
pub async fn report<C: ConnectionTrait>(db: &C, settings: &Settings) -> Result<Report, DbError> {
    let installation = settings.base.installation.as_str();
    let inventory = inventory::newest(db, installation).await?;
    let records = records(db, inventory.as_ref()).await?;
    let count = |is: fn(StoreStatus) -> bool| {
        let fit = records.iter().filter(|record| is(record.status));
        fit.count()
    };
    let counts = Counts {
        living: count(|status| status != StoreStatus::Deleted),
        ready: count(|status| status == StoreStatus::Ready),
    };
    let compared = |inventory| compare(installation, &records, inventory);
    let differences = inventory.as_ref().map(compared);
    let refusal = guard::usable(inventory.as_ref(), counts, now(), &settings.reconciliation).err();
    Ok(Report {
        inventory,
        differences: differences.unwrap_or_default(),
        counts,
        refusal,
    })
}

/// Of a store that is gone nothing is compared but what the cluster still has of it.
const RECORDS: &str = "
SELECT id, tenant_id, status, ever_ready, chart, revision, updated_at FROM stores
WHERE status <> 'Deleted' OR id = ANY($1)";

async fn records<C: ConnectionTrait>(
    db: &C,
    inventory: Option<&Inventory>,
) -> Result<Vec<Recorded>, DbError> {
    let seen = inventory.map(|inventory| &inventory.namespaces[..]);
    let seen = seen.unwrap_or_default().iter();
    let names: Vec<String> = seen.map(|seen| seen.name.clone()).collect();
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, RECORDS, [names.into()]);
    let rows = Row::find_by_statement(statement).all(db).await?;
    rows.into_iter().map(recorded).collect()
}

/// What is read of a store.
#[derive(Debug, FromQueryResult)]
struct Row {
    id: String,
    tenant_id: Uuid,
    status: String,
    ever_ready: bool,
    chart: Option<String>,
    revision: Option<i64>,
    updated_at: OffsetDateTime,
}

fn recorded(row: Row) -> Result<Recorded, DbError> {
    Ok(Recorded {
        status: StoreStatus::parse(&row.status)
            .ok_or_else(|| UnreadableRow::new("stores.status", &row.status))?,
        id: row.id,
        tenant: row.tenant_id,
        ever_ready: row.ever_ready,
        chart: row.chart,
        revision: row.revision,
        since: row.updated_at,
    })
}
