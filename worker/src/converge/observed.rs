//! Facts about a store, without opinions. What was not looked at, because what
//! comes before it is not there yet, is `None`.

use std::collections::BTreeMap;
use std::time::Duration;

use shared::failure::Failure;

use crate::cluster::leaving::Holder;
use crate::cluster::rollout::Rollout;
use crate::cluster::room::Way;
use crate::cluster::workloads::PodIdentity;
use crate::helm::Release;

/// What was seen in one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The namespace of the store's name.
    pub namespace: Namespace,
    /// Whether the credentials Secret is there.
    pub credentials: bool,
    /// helm's word, and whether it is what is wanted.
    pub release: Found,
    /// Nothing can be in the namespace but what this try has put there.
    pub bare: bool,
    /// Volumes in the namespace while there is no release.
    pub volumes: Volumes,
    /// The workloads' word.
    pub rollout: Option<Rollout>,
    /// The images of the workloads, by container.
    pub images: BTreeMap<String, String>,
    /// Web pods that it had before it rested, where an autoscaler has fewer now.
    pub restore: Option<i32>,
    /// Pods that hold up their StatefulSet.
    pub stuck: Vec<PodIdentity>,
    /// What makes room for pods that a quota refuses.
    pub room: Vec<Way>,
    /// What keeps the workloads, the shop or a removal, where that was found.
    pub cause: Option<Cause>,
    /// The shop's own answer.
    pub storefront: Option<Result<(), String>>,
}

/// The namespace of the store's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Namespace {
    /// There is none.
    Absent,
    /// There is one that this installation did not make for this store.
    Foreign {
        /// What its marks say.
        marks: String,
        /// What is in it all the same that only we make.
        ours: Vec<String>,
    },
    /// Ours.
    Ours {
        /// Its identity.
        uid: String,
        /// Whether its store was ready once.
        ever_ready: bool,
        /// helm's revision that was ready last.
        ready_revision: Option<i64>,
        /// Whether all labels, and our rights in it, are as they should be.
        labelled: bool,
    },
    /// Ours, on its way out.
    Terminating {
        /// What is still there, what blocks first.
        holders: Vec<Holder>,
    },
}

/// The release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// helm knows of none.
    Nothing,
    /// helm knows of one.
    Release {
        /// By its newest revision.
        release: Release,
        /// Whether it was made of what is wanted now.
        wanted: bool,
        /// Objects of its manifest that are not there.
        missing: Vec<String>,
    },
}

/// Volume claims.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Volumes {
    /// How many there are.
    pub present: usize,
    /// How many of them are on their way out.
    pub ending: usize,
}

/// What keeps a step from its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// With its evidence.
    pub failure: Failure,
    /// Whether waiting provably cannot cure it.
    pub provable: bool,
    /// How long it has been seen without a break.
    pub lasting: Duration,
}

impl Observed {
    /// Only the namespace was looked at.
    #[must_use]
    pub fn only(namespace: Namespace) -> Self {
        Self {
            namespace,
            credentials: false,
            release: Found::Nothing,
            bare: false,
            volumes: Volumes::default(),
            rollout: None,
            images: BTreeMap::new(),
            restore: None,
            stuck: Vec::new(),
            room: Vec::new(),
            cause: None,
            storefront: None,
        }
    }
}
