//! Rows to records and back. A row that does not fit its record means that
//! somebody else wrote to the database; the error names the column.

use std::time::Duration as StdDuration;

use sea_orm::ActiveValue::Set;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::ids::{Generation, OperationId, RequestId, TenantId};
use shared::operation::{OperationKind, OperationStatus};
use shared::step::Step;
use shared::store_spec::StoreSpec;
use shared::store_status::StoreStatus;
use time::{Duration, OffsetDateTime};

use crate::entity::{operation, operation_step, store};
use crate::record::{EndedBy, OperationRecord, StepOutcome, StepRecord, StoreRecord, Waiting};

/// A stored value that this build cannot read.
#[derive(Debug, thiserror::Error)]
#[error("the column `{column}` holds a value that this build does not know: {value}")]
pub struct UnreadableRow {
    column: &'static str,
    value: String,
}

impl UnreadableRow {
    pub fn new(column: &'static str, value: impl ToString) -> Self {
        let value = value.to_string();
        Self { column, value }
    }
}

/// Now, as exact as Postgres keeps it.
pub fn now() -> OffsetDateTime {
    to_micros(OffsetDateTime::now_utc())
}

/// The moment without what Postgres would drop.
pub fn to_micros(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(at.nanosecond() / 1000 * 1000)
        .unwrap_or(at)
}

/// JSON of one of our own types.
pub fn to_json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// A type of our own from its stored JSON.
pub fn from_json<T: DeserializeOwned>(
    column: &'static str,
    value: &Value,
) -> Result<T, UnreadableRow> {
    serde_json::from_value(value.clone()).map_err(|error| UnreadableRow::new(column, error))
}

fn optional<T: DeserializeOwned>(
    column: &'static str,
    value: Option<&Value>,
) -> Result<Option<T>, UnreadableRow> {
    value.map(|value| from_json(column, value)).transpose()
}

/// A number that was positive when it was written.
pub fn to_u32(column: &'static str, value: i32) -> Result<u32, UnreadableRow> {
    u32::try_from(value).map_err(|_| UnreadableRow::new(column, value))
}

/// An attempt's number, as the column has it.
pub fn to_i32(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// A duration in whole milliseconds, as the column has it.
pub fn to_millis(duration: StdDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl TryFrom<&store::Model> for StoreRecord {
    type Error = UnreadableRow;

    fn try_from(row: &store::Model) -> Result<Self, Self::Error> {
        Ok(Self {
            id: row
                .id
                .parse()
                .map_err(|_| UnreadableRow::new("stores.id", &row.id))?,
            tenant_id: TenantId(row.tenant_id),
            status: StoreStatus::parse(&row.status)
                .ok_or_else(|| UnreadableRow::new("stores.status", &row.status))?,
            generation: Generation(row.generation),
            ever_ready: row.ever_ready,
            spec: spec_of(row)?,
            safe_spec: optional("stores.safe_spec", row.safe_spec.as_ref())?,
            previous: optional("stores.previous", row.previous.as_ref())?,
            failure: optional("stores.failure", row.failure.as_ref())?,
            current_operation_id: OperationId(row.current_operation_id),
            chart: row.chart.clone(),
            revision: row.revision,
            images: from_json("stores.images", &row.images)?,
            ready_at: row.ready_at,
            deleted_at: row.deleted_at,
        })
    }
}

/// The wanted store, from its columns.
fn spec_of(row: &store::Model) -> Result<StoreSpec, UnreadableRow> {
    let replicas = row.wanted_replicas;
    Ok(StoreSpec {
        id: row
            .id
            .parse()
            .map_err(|_| UnreadableRow::new("stores.id", &row.id))?,
        name: row
            .name
            .parse()
            .map_err(|_| UnreadableRow::new("stores.name", &row.name))?,
        host: row.host.clone(),
        url: row.url.clone(),
        plan: from_json("stores.plan", &Value::from(row.plan.as_str()))?,
        admin_email: row.admin_email.clone(),
        chart: row.wanted_chart.clone(),
        image: row.wanted_image.clone(),
        replicas: replicas
            .map(|count| to_u32("stores.wanted_replicas", count))
            .transpose()?,
        suspended: row.wanted_suspended,
        login_key: row.wanted_login_key.as_deref().map(Into::into),
    })
}

impl StoreRecord {
    /// The columns that a report can change.
    pub fn to_row(&self, row: &store::Model, now: OffsetDateTime) -> store::ActiveModel {
        store::ActiveModel {
            status: Set(self.status.as_str().to_owned()),
            generation: Set(self.generation.0),
            ever_ready: Set(self.ever_ready),
            name: Set(self.spec.name.to_string()),
            plan: Set(self.spec.plan.as_str().to_owned()),
            wanted_chart: Set(self.spec.chart.clone()),
            wanted_image: Set(self.spec.image.clone()),
            wanted_replicas: Set(self.spec.replicas.map(to_i32)),
            wanted_suspended: Set(self.spec.suspended),
            wanted_login_key: Set(self.spec.login_key.as_deref().map(Into::into)),
            safe_spec: Set(self.safe_spec.as_ref().map(to_json)),
            previous: Set(self.previous.as_ref().map(to_json)),
            images: Set(to_json(&self.images)),
            failure: Set(self.failure.as_ref().map(to_json)),
            current_operation_id: Set(self.current_operation_id.0),
            chart: Set(self.chart.clone()),
            revision: Set(self.revision),
            ready_at: Set(self.ready_at.map(to_micros)),
            deleted_at: Set(self.deleted_at.map(to_micros)),
            version: Set(row.version + 1),
            updated_at: Set(now),
            ..Default::default()
        }
    }
}

impl TryFrom<&operation::Model> for OperationRecord {
    type Error = UnreadableRow;

    fn try_from(row: &operation::Model) -> Result<Self, Self::Error> {
        let ended_by = row.ended_by.as_deref().map(|text| {
            let known = EndedBy::ALL.into_iter().find(|by| by.as_str() == text);
            known.ok_or_else(|| UnreadableRow::new("operations.ended_by", text))
        });
        Ok(Self {
            id: OperationId(row.id),
            store_id: row
                .store_id
                .parse()
                .map_err(|_| UnreadableRow::new("operations.store_id", &row.store_id))?,
            kind: OperationKind::parse(&row.kind)
                .ok_or_else(|| UnreadableRow::new("operations.kind", &row.kind))?,
            generation: Generation(row.generation),
            spec: optional("operations.spec", row.spec.as_ref())?,
            max_attempts: to_u32("operations.max_attempts", row.max_attempts)?,
            budget: Duration::milliseconds(row.budget_ms),
            not_after: row.not_after,
            not_before: row.not_before,
            request_id: RequestId(row.request_id),
            outcomes: from_json("operations.outcomes", &row.outcomes)?,
            deferrals: from_json("operations.deferrals", &row.deferrals)?,
            started_at: row.started_at,
            ended_by: ended_by.transpose()?,
            status: OperationStatus::parse(&row.status)
                .ok_or_else(|| UnreadableRow::new("operations.status", &row.status))?,
            attempt: to_u32("operations.attempt", row.attempt)?,
            failure: optional("operations.failure", row.failure.as_ref())?,
            finished_at: row.finished_at,
        })
    }
}

impl OperationRecord {
    /// The columns that a report or an ending can change.
    pub fn to_row(&self) -> operation::ActiveModel {
        operation::ActiveModel {
            status: Set(self.status.as_str().to_owned()),
            generation: Set(self.generation.0),
            attempt: Set(to_i32(self.attempt)),
            outcomes: Set(to_json(&self.outcomes)),
            deferrals: Set(to_json(&self.deferrals)),
            ended_by: Set(self.ended_by.map(|by| by.as_str().to_owned())),
            failure: Set(self.failure.as_ref().map(to_json)),
            started_at: Set(self.started_at.map(to_micros)),
            finished_at: Set(self.finished_at.map(to_micros)),
            deadline_at: Set(self.deadline_at().map(to_micros)),
            ..Default::default()
        }
    }
}

impl TryFrom<&operation_step::Model> for StepRecord {
    type Error = UnreadableRow;

    fn try_from(row: &operation_step::Model) -> Result<Self, Self::Error> {
        let outcome = StepOutcome::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == row.outcome);
        Ok(Self {
            attempt: to_u32("operation_steps.attempt", row.attempt)?,
            step: Step::parse(&row.step)
                .ok_or_else(|| UnreadableRow::new("operation_steps.step", &row.step))?,
            run: to_u32("operation_steps.run", row.run)?,
            started_at: row.started_at,
            finished_at: row.finished_at,
            outcome: outcome
                .ok_or_else(|| UnreadableRow::new("operation_steps.outcome", &row.outcome))?,
            changed: row.changed,
            waiting: optional::<Waiting>("operation_steps.waiting", row.waiting.as_ref())?,
        })
    }
}

impl StepRecord {
    /// The whole row.
    pub fn to_row(&self, operation: OperationId) -> operation_step::ActiveModel {
        operation_step::ActiveModel {
            operation_id: Set(operation.0),
            attempt: Set(to_i32(self.attempt)),
            step: Set(self.step.as_str().to_owned()),
            run: Set(to_i32(self.run)),
            started_at: Set(self.started_at.map(to_micros)),
            finished_at: Set(self.finished_at.map(to_micros)),
            outcome: Set(self.outcome.as_str().to_owned()),
            changed: Set(self.changed),
            waiting: Set(self.waiting.as_ref().map(to_json)),
            waiting_at: Set(self.waiting.as_ref().map(|waiting| to_micros(waiting.at))),
        }
    }
}
