//! Records against the cluster: what is in one and not in the other. Nothing here
//! acts by itself; adopt and purge are calls that name their stores.

pub mod inventory;
