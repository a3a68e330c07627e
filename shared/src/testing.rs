//! Builders for the tests of both programs.

use time::{Duration, OffsetDateTime};

use crate::contract::command::{Command, Goal};
use crate::contract::envelope::Envelope;
use crate::ids::{Generation, MessageId, OperationId, StoreId, TenantId};
use crate::operation::OperationKind;
use crate::plan::Plan;
use crate::store_name::StoreName;
use crate::store_spec::StoreSpec;

/// A spec for that id.
///
/// # Panics
/// Never: the name is a valid one.
#[must_use]
pub fn a_spec(id: &StoreId) -> StoreSpec {
    StoreSpec {
        id: id.clone(),
        name: "My Shop".parse::<StoreName>().expect("a valid constant"),
        host: format!("{id}.localhost"),
        url: format!("http://{id}.localhost"),
        plan: Plan::Small,
        admin_email: "owner@example.com".to_owned(),
        chart: None,
        image: None,
        replicas: None,
        suspended: false,
        login_key: None,
    }
}

/// A first try at creating a fresh store.
#[must_use]
pub fn a_create() -> Envelope<Command> {
    let store_id = StoreId::random();
    let goal = Goal::Present {
        spec: a_spec(&store_id),
    };
    a_command(store_id, OperationKind::Create, goal)
}

/// A first try at that goal.
#[must_use]
pub fn a_command(store_id: StoreId, kind: OperationKind, goal: Goal) -> Envelope<Command> {
    let now = OffsetDateTime::now_utc();
    Envelope {
        id: MessageId::new(),
        store_id,
        tenant_id: TenantId::LOCAL,
        operation_id: OperationId::new(),
        generation: Generation::FIRST,
        attempt: 1,
        sent_at: now,
        body: Command {
            kind,
            goal,
            ever_ready: false,
            not_after: now + Duration::hours(1),
            budget_ms: 600_000,
        },
    }
}
