//! The tables as sea-orm sees them: columns only, no rules. The schema itself
//! is `api/migrations`.

pub mod api_key;
pub mod audit_event;
pub mod audit_pending;
pub mod idempotency_key;
pub mod operation;
pub mod operation_step;
pub mod outbox_message;
pub mod parked_message;
pub mod session;
pub mod store;
pub mod stream_event;
pub mod tenant;
pub mod webhook;
pub mod webhook_delivery;
