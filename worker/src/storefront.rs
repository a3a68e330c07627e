//! The shop itself, asked from outside: through the ingress, with the store's own
//! host name, as a visitor's browser would. There is no switch that skips this.

pub mod page;
pub mod probe;
pub mod verdict;

pub use probe::Prober;
