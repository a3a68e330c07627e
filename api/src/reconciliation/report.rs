//! The report: the newest inventory beside the records of all tenants. For who
//! runs the platform alone.

use sea_orm::{ConnectionTrait, EntityTrait as _};
use shared::store_status::StoreStatus;

use crate::db::DbError;
use crate::entity::store;
use crate::reconciliation::compare::{Difference, Recorded, compare};
use crate::reconciliation::guard::{self, Counts, Refusal};
use crate::reconciliation::inventory::{self, Inventory};
use crate::record::StoreRecord;
use crate::record::rows::now;
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
    let rows = store::Entity::find().all(db).await?;
    let records: Result<Vec<_>, DbError> = rows.iter().map(recorded).collect();
    let records = records?;
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

fn recorded(row: &store::Model) -> Result<Recorded, DbError> {
    let record = StoreRecord::try_from(row)?;
    Ok(Recorded {
        id: row.id.clone(),
        tenant: row.tenant_id,
        status: record.status,
        ever_ready: record.ever_ready,
        chart: record.chart,
        revision: record.revision,
        since: row.updated_at,
    })
}
