//! The Kubernetes cluster, as the worker sees it: clients with bounds, errors by
//! cause, the words of our labels, and pure verdicts on what is found.

pub mod client;
pub mod diagnose;
pub mod error;
pub mod evidence;
pub mod hosts;
pub mod labels;
pub mod leaving;
pub mod rights;
pub mod rollout;
pub mod room;
pub mod sight;
pub mod wake;
pub mod watched;
pub mod workloads;

pub use client::Cluster;
pub use error::ClusterError;
