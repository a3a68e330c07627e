//! Tenant-scoped reads: another tenant's store is as unknown as none.

use std::collections::HashMap;
use std::sync::LazyLock;

use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbBackend, EntityTrait as _, FromQueryResult, IdenStatic,
    Iterable, QueryFilter as _, QuerySelect as _, Statement,
};
use shared::ids::{OperationId, StoreId};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::entity::{operation, operation_step, store};
use crate::outbox;
use crate::stores::{Caller, StoreError};

/// A store with its newest operation and that one's steps.
#[derive(Debug, Clone)]
pub struct Found {
    pub store: store::Model,
    pub operation: Option<FoundOperation>,
}

impl Found {
    /// The store's id.
    ///
    /// # Panics
    /// Never: the table's check constraint repeats the id's form.
    #[expect(clippy::expect_used, reason = "a check constraint holds it")]
    pub fn store_id(&self) -> StoreId {
        self.store.id.parse().expect("stores_id_check")
    }
}

/// An operation with its steps, oldest first, and its command while there is one.
#[derive(Debug, Clone)]
pub struct FoundOperation {
    pub operation: operation::Model,
    pub steps: Vec<operation_step::Model>,
    pub command: Option<CommandPlace>,
}

/// Where an open operation's command is on its way to a worker.
#[derive(Debug, Clone, FromQueryResult)]
pub struct CommandPlace {
    pub operation_id: Uuid,
    pub attempt: i32,
    pub next_attempt_at: OffsetDateTime,
    pub dispatched_at: Option<OffsetDateTime>,
}

impl FoundOperation {
    /// One that was just made: it has no steps.
    pub fn fresh(operation: operation::Model) -> Self {
        Self {
            operation,
            steps: Vec::new(),
            command: None,
        }
    }
}

/// Which versions of the rows these are that a store `s` with its newest operation `o`
/// is shown from. A version of a row is told by where it stands and by the transaction
/// that wrote it: Postgres gives no two versions of a row both of them, as long as it
/// runs. After a failover or a restore it may, so the start of the server belongs to it.
pub const VERSIONS: &str = "concat_ws(' ', pg_postmaster_start_time(), s.xmin, s.ctid, o.xmin, o.ctid,
    (SELECT string_agg(concat(t.xmin, t.ctid), ' ' ORDER BY t.ctid) FROM operation_steps t WHERE t.operation_id = o.id))";

/// A store with all that is shown of it, as it is at one moment: one statement, which
/// gives a row for each step.
static WHOLE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {}, {}, {}, b.operation_id AS b_operation_id, b.attempt AS b_attempt,
    b.next_attempt_at AS b_next_attempt_at, b.dispatched_at AS b_dispatched_at, v.versions
FROM stores s
LEFT JOIN operations o ON o.id = s.current_operation_id
CROSS JOIN LATERAL (SELECT {VERSIONS} AS versions OFFSET 0) AS v
LEFT JOIN operation_steps t ON t.operation_id = o.id
LEFT JOIN outbox b ON b.operation_id = o.id AND b.kind = '{}'
WHERE s.id = $1 AND s.tenant_id = $2",
        columns::<store::Column>("s"),
        columns::<operation::Column>("o"),
        columns::<operation_step::Column>("t"),
        outbox::COMMAND,
    )
});

fn columns<C: Iterable + IdenStatic>(table: &str) -> String {
    let named = |column: C| format!("{table}.{0} AS {table}_{0}", column.as_str());
    C::iter().map(named).collect::<Vec<_>>().join(", ")
}

/// One store.
///
/// # Errors
/// [`StoreError::NotFound`], or the database's.
pub async fn one<C: ConnectionTrait>(
    db: &C,
    caller: &Caller,
    id: &StoreId,
) -> Result<Found, StoreError> {
    let (found, _) = versioned(db, caller, id).await?;
    Ok(found)
}

/// One store, and which versions of its rows were seen ([`VERSIONS`]).
///
/// # Errors
/// [`StoreError::NotFound`], or the database's.
pub async fn versioned<C: ConnectionTrait>(
    db: &C,
    caller: &Caller,
    id: &StoreId,
) -> Result<(Found, String), StoreError> {
    let values = [id.as_str().into(), caller.tenant.0.into()];
    let whole = Statement::from_sql_and_values(DbBackend::Postgres, WHOLE.as_str(), values);
    let rows = db.query_all_raw(whole).await?;
    let first = rows.first().ok_or(StoreError::NotFound)?;
    let versions: String = first.try_get("", "versions")?;
    let store = store::Model::from_query_result(first, "s_")?;
    let operation = Option::<operation::Model>::from_query_result(first, "o_")?;
    let Some(operation) = operation else {
        let operation = None;
        return Ok((Found { store, operation }, versions));
    };
    let mut steps = Vec::with_capacity(rows.len());
    for row in &rows {
        steps.extend(Option::<operation_step::Model>::from_query_result(
            row, "t_",
        )?);
    }
    in_order(&mut steps);
    let operation = Some(FoundOperation {
        operation,
        steps,
        command: Option::<CommandPlace>::from_query_result(first, "b_")?,
    });
    Ok((Found { store, operation }, versions))
}

/// One store's row, locked until the transaction ends.
///
/// # Errors
/// [`StoreError::NotFound`], or the database's.
pub async fn locked<C: ConnectionTrait>(
    tx: &C,
    caller: &Caller,
    id: &StoreId,
) -> Result<store::Model, StoreError> {
    scoped(caller, id)
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or(StoreError::NotFound)
}

/// Whether the caller has such a store.
///
/// # Errors
/// [`StoreError::NotFound`], or the database's.
pub async fn exists<C: ConnectionTrait>(
    db: &C,
    caller: &Caller,
    id: &StoreId,
) -> Result<(), StoreError> {
    let found = scoped(caller, id).one(db).await?;
    found.map(|_| ()).ok_or(StoreError::NotFound)
}

fn scoped(caller: &Caller, id: &StoreId) -> sea_orm::Select<store::Entity> {
    store::Entity::find_by_id(id.as_str()).filter(store::Column::TenantId.eq(caller.tenant.0))
}

/// One operation.
///
/// # Errors
/// [`StoreError::NotFound`], or the database's.
pub async fn operation<C: ConnectionTrait>(
    db: &C,
    caller: &Caller,
    id: OperationId,
) -> Result<FoundOperation, StoreError> {
    let found = operations(db, &[id.0]).await?.remove(&id.0);
    found
        .filter(|found| found.operation.tenant_id == caller.tenant.0)
        .ok_or(StoreError::NotFound)
}

/// Each row by itself: a hash leads to it among a million as quickly as among a
/// thousand. For a list of values Postgres would go down a tree.
const OPERATIONS: &str = "SELECT found.* FROM unnest($1::uuid[]) AS wanted (id),
    LATERAL (SELECT * FROM operations WHERE id = wanted.id OFFSET 0) AS found";
const STEPS: &str = "SELECT found.* FROM unnest($1::uuid[]) AS wanted (id),
    LATERAL (SELECT * FROM operation_steps WHERE operation_id = wanted.id OFFSET 0) AS found";
const COMMANDS: &str = "SELECT found.* FROM unnest($1::uuid[]) AS wanted (id),
    LATERAL (SELECT operation_id, attempt, next_attempt_at, dispatched_at FROM outbox
        WHERE kind = 'command' AND operation_id = wanted.id OFFSET 0) AS found";

/// What is read of those operations: their rows, their steps, and the commands of
/// those that are open.
pub fn statements(ids: &[Uuid], open: &[Uuid]) -> [Statement; 3] {
    [(OPERATIONS, ids), (STEPS, ids), (COMMANDS, open)].map(|(sql, ids)| {
        Statement::from_sql_and_values(DbBackend::Postgres, sql, [ids.to_vec().into()])
    })
}

/// Operations with their steps and commands, by id; three queries, however many.
/// Only an open one has a command.
///
/// # Errors
/// The database's.
pub async fn operations<C: ConnectionTrait>(
    db: &C,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, FoundOperation>, StoreError> {
    let [rows, steps, _] = statements(ids, &[]);
    let rows = operation::Entity::find().from_raw_sql(rows).all(db).await?;
    let open: Vec<Uuid> = rows
        .iter()
        .filter(|row| row.finished_at.is_none())
        .map(|row| row.id)
        .collect();
    let mut found: HashMap<Uuid, FoundOperation> = rows
        .into_iter()
        .map(|operation| (operation.id, FoundOperation::fresh(operation)))
        .collect();
    let mut steps = operation_step::Entity::find()
        .from_raw_sql(steps)
        .all(db)
        .await?;
    in_order(&mut steps);
    for step in steps {
        if let Some(found) = found.get_mut(&step.operation_id) {
            found.steps.push(step);
        }
    }
    if open.is_empty() {
        return Ok(found);
    }
    let [_, _, commands] = statements(&[], &open);
    for command in CommandPlace::find_by_statement(commands).all(db).await? {
        if let Some(found) = found.get_mut(&command.operation_id) {
            found.command = Some(command);
        }
    }
    Ok(found)
}

/// By time; what has none yet comes last.
fn in_order(steps: &mut [operation_step::Model]) {
    let place = |at: Option<OffsetDateTime>| (at.is_none(), at);
    steps.sort_by_key(|step| {
        (
            step.attempt,
            place(step.started_at),
            place(step.waiting_at),
            step.run,
        )
    });
}
