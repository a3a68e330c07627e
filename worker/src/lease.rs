//! One hand on one store: a Kubernetes Lease per store in the platform's
//! namespace, named like the store.
//!
//! **Whose clock.** `renewTime` is written in the apiserver's time, rounded up:
//! the `Date` of its last answer, plus a second (the header has no fractions),
//! plus what has passed since by our monotonic clock. Whoever judges expiry takes
//! the `Date` of the answer that carried the Lease, rounded down. So the clocks of
//! the workers' machines play no part, and the two roundings err to the same side:
//! a holder has stopped, by its own monotonic clock counted from before it sent
//! its last renewal, earlier than anybody can find its Lease expired.
//!
//! **What stands on it.** The holder (unique for each delivery), the highest
//! generation seen, and the last settled try. All writes are compare-and-set by
//! `resourceVersion`.

pub mod api;
pub mod clock;
pub mod holding;
pub mod record;

pub use api::{Acquired, acquire, raise};
pub use holding::{Holding, Loss};
