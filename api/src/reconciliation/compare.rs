//! The comparison of records with an inventory. Pure.

use std::collections::BTreeMap;

use serde::Serialize;
use shared::contract::observation::NamespaceSeen;
use shared::ids::StoreId;
use shared::store_status::StoreStatus;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::reconciliation::inventory::Inventory;

/// What is on record of a store, as far as it is compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    pub id: String,
    pub tenant: Uuid,
    pub status: StoreStatus,
    pub ever_ready: bool,
    pub chart: Option<String>,
    pub revision: Option<i64>,
    /// Since when it stands so.
    pub since: OffsetDateTime,
}

/// How record and cluster differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// A namespace of this installation, and no living store on record.
    NamespaceWithoutRecord,
    /// A store that should have a namespace, and none of this installation.
    RecordWithoutNamespace,
    /// A namespace that looks like a store's and is not this installation's. It
    /// is never touched.
    ForeignNamespace,
    /// Another release in the cluster than on record.
    DriftedRelease,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Difference {
    /// How they differ.
    pub kind: DifferenceKind,
    /// The store's id, which is its namespace's name.
    pub store_id: String,
    /// Whose it is, by the record or else by the namespace's own word.
    pub tenant_id: Option<Uuid>,
    /// The status on record.
    pub status: Option<StoreStatus>,
    /// The chart on record.
    pub recorded_chart: Option<String>,
    /// helm's revision on record.
    pub recorded_revision: Option<i64>,
    /// The chart in the cluster.
    pub found_chart: Option<String>,
    /// helm's revision in the cluster.
    pub found_revision: Option<i64>,
    /// Whether the namespace is being removed.
    pub terminating: bool,
    /// Whether the namespace says that its store was ready once.
    pub ever_ready: bool,
}

/// Every difference, by kind and id. Of what an inventory does not tell nothing is
/// concluded, nor of what changed on record since it was taken.
pub fn compare(installation: &str, records: &[Recorded], inventory: &Inventory) -> Vec<Difference> {
    let records: BTreeMap<&str, &Recorded> = records
        .iter()
        .map(|record| (record.id.as_str(), record))
        .collect();
    let mut found = Vec::new();
    let mut ours = BTreeMap::new();
    for seen in &inventory.namespaces {
        let record = records.get(seen.name.as_str()).copied();
        if seen.installation.as_deref() != Some(installation) {
            found.push(difference(
                DifferenceKind::ForeignNamespace,
                record,
                Some(seen),
            ));
            continue;
        }
        ours.insert(seen.name.as_str(), seen);
        if !is_id(&seen.name) {
            continue;
        }
        if let Some(kind) = of_ours(record, seen, inventory.taken_at) {
            found.push(difference(kind, record, Some(seen)));
        }
    }
    for (id, record) in &records {
        let lost = needs_namespace(record) && record.since < inventory.taken_at;
        if inventory.complete && lost && !ours.contains_key(id) {
            let kind = DifferenceKind::RecordWithoutNamespace;
            found.push(difference(kind, Some(record), None));
        }
    }
    found.sort_by(|a, b| (a.kind, &a.store_id).cmp(&(b.kind, &b.store_id)));
    found
}

fn of_ours(
    record: Option<&Recorded>,
    seen: &NamespaceSeen,
    taken_at: OffsetDateTime,
) -> Option<DifferenceKind> {
    let Some(record) = record else {
        return Some(DifferenceKind::NamespaceWithoutRecord);
    };
    if record.since >= taken_at {
        return None;
    }
    match record.status {
        StoreStatus::Deleted if !seen.terminating => Some(DifferenceKind::NamespaceWithoutRecord),
        StoreStatus::Ready if seen.revision != record.revision || seen.chart != record.chart => {
            Some(DifferenceKind::DriftedRelease)
        }
        StoreStatus::Deleted
        | StoreStatus::Ready
        | StoreStatus::Queued
        | StoreStatus::Provisioning
        | StoreStatus::Failed
        | StoreStatus::Updating
        | StoreStatus::Suspended
        | StoreStatus::Deleting
        | StoreStatus::DeleteFailed => None,
    }
}

/// Whether a store in this status has a namespace unless something is wrong.
fn needs_namespace(record: &Recorded) -> bool {
    match record.status {
        StoreStatus::Ready | StoreStatus::Suspended | StoreStatus::DeleteFailed => true,
        StoreStatus::Failed => record.ever_ready,
        StoreStatus::Queued
        | StoreStatus::Provisioning
        | StoreStatus::Updating
        | StoreStatus::Deleting
        | StoreStatus::Deleted => false,
    }
}

fn is_id(name: &str) -> bool {
    name.parse::<StoreId>().is_ok()
}

fn difference(
    kind: DifferenceKind,
    record: Option<&Recorded>,
    seen: Option<&NamespaceSeen>,
) -> Difference {
    let id = record.map(|record| record.id.clone());
    let name = seen.map(|seen| seen.name.clone());
    Difference {
        kind,
        store_id: name.or(id).unwrap_or_default(),
        tenant_id: record
            .map(|record| record.tenant)
            .or_else(|| seen.and_then(|seen| seen.tenant)),
        status: record.map(|record| record.status),
        recorded_chart: record.and_then(|record| record.chart.clone()),
        recorded_revision: record.and_then(|record| record.revision),
        found_chart: seen.and_then(|seen| seen.chart.clone()),
        found_revision: seen.and_then(|seen| seen.revision),
        terminating: seen.is_some_and(|seen| seen.terminating),
        ever_ready: seen.is_some_and(|seen| seen.ever_ready),
    }
}

#[cfg(test)]
mod tests {
    use shared::ids::TenantId;
    use time::Duration;

    use super::*;

    /// Record, namespace, whether the inventory is complete, and what differs.
    type Row = (
        Option<Recorded>,
        Option<NamespaceSeen>,
        bool,
        Vec<DifferenceKind>,
    );

    const ID: &str = "store-bcdfgh";

    fn at(second: i64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::seconds(second)
    }

    fn record(status: StoreStatus) -> Option<Recorded> {
        Some(Recorded {
            id: ID.to_owned(),
            tenant: TenantId::LOCAL.0,
            status,
            ever_ready: true,
            chart: Some("store-0.1.0".to_owned()),
            revision: Some(3),
            since: at(10),
        })
    }

    fn seen(installation: Option<&str>) -> Option<NamespaceSeen> {
        Some(NamespaceSeen {
            name: ID.to_owned(),
            installation: installation.map(str::to_owned),
            tenant: Some(TenantId::LOCAL.0),
            ever_ready: true,
            terminating: false,
            revision: Some(3),
            chart: Some("store-0.1.0".to_owned()),
        })
    }

    #[test]
    fn each_difference_is_named_and_nothing_is_concluded_from_what_was_not_told() {
        use DifferenceKind::{
            DriftedRelease, ForeignNamespace, NamespaceWithoutRecord, RecordWithoutNamespace,
        };
        use StoreStatus::{Deleted, Deleting, Failed, Provisioning, Queued, Ready, Updating};
        let ours = || seen(Some("a"));
        let with = |change: fn(&mut NamespaceSeen)| {
            let mut seen = ours().unwrap();
            change(&mut seen);
            Some(seen)
        };
        let late = |status| {
            record(status).map(|record| Recorded {
                since: at(20),
                ..record
            })
        };
        let never = |status| {
            record(status).map(|record| Recorded {
                ever_ready: false,
                ..record
            })
        };
        let table: Vec<Row> = vec![
            (record(Ready), ours(), true, vec![]),
            (None, ours(), true, vec![NamespaceWithoutRecord]),
            (None, ours(), false, vec![NamespaceWithoutRecord]),
            (
                None,
                with(|seen| seen.tenant = Some(Uuid::nil())),
                true,
                vec![NamespaceWithoutRecord],
            ),
            (
                None,
                with(|seen| seen.name = "shop".to_owned()),
                true,
                vec![],
            ),
            (record(Deleted), ours(), true, vec![NamespaceWithoutRecord]),
            (
                record(Deleted),
                with(|seen| seen.terminating = true),
                true,
                vec![],
            ),
            (late(Deleted), ours(), true, vec![]),
            (record(Ready), None, true, vec![RecordWithoutNamespace]),
            (record(Ready), None, false, vec![]),
            (late(Ready), None, true, vec![]),
            (record(Failed), None, true, vec![RecordWithoutNamespace]),
            (never(Failed), None, true, vec![]),
            (record(Queued), None, true, vec![]),
            (record(Provisioning), None, true, vec![]),
            (record(Deleting), None, true, vec![]),
            (
                record(Ready),
                with(|seen| seen.revision = Some(4)),
                true,
                vec![DriftedRelease],
            ),
            (
                record(Ready),
                with(|seen| seen.chart = None),
                false,
                vec![DriftedRelease],
            ),
            (
                late(Ready),
                with(|seen| seen.revision = Some(4)),
                true,
                vec![],
            ),
            (
                record(Updating),
                with(|seen| seen.revision = Some(4)),
                true,
                vec![],
            ),
            (None, seen(None), true, vec![ForeignNamespace]),
            (None, seen(Some("b")), true, vec![ForeignNamespace]),
            (
                record(Ready),
                seen(Some("b")),
                true,
                vec![RecordWithoutNamespace, ForeignNamespace],
            ),
        ];
        for (record, seen, complete, expected) in table {
            let said = format!("{record:?} {seen:?} {complete}");
            let inventory = Inventory {
                taken_at: at(20),
                complete,
                namespaces: seen.into_iter().collect(),
            };
            let records: Vec<_> = record.into_iter().collect();
            let found = compare("a", &records, &inventory);
            let kinds: Vec<_> = found.iter().map(|difference| difference.kind).collect();
            assert_eq!(kinds, expected, "{said}");
        }
    }
}
