//! Records against the cluster: what is in one and not in the other. Nothing here
//! acts by itself; adopt and purge are calls that name their stores.

pub mod act;
pub mod compare;
pub mod guard;
pub mod inventory;
pub mod report;
