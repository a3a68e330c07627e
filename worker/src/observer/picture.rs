//! All that the watches tell, put together by store. Pure: changes go in, the
//! stores that they touch come out.

use std::collections::BTreeSet;
use std::time::Instant;

use shared::ids::StoreId;

use crate::observer::facts::{LeaseFacts, NamespaceFacts, Part, PodFacts, WorkloadFacts};
use crate::observer::mirror::{Change, Key, Mirror};
use crate::storefront::Shop;

/// Something that a watch told. There are as many watches as there are kinds
/// here, however many stores there are.
#[derive(Debug)]
pub enum Told {
    /// Of namespaces.
    Namespace(Change<NamespaceFacts>),
    /// Of the stores' Leases.
    Lease(Change<LeaseFacts>),
    /// Of Deployments.
    Deployment(Change<WorkloadFacts>),
    /// Of StatefulSets.
    StatefulSet(Change<WorkloadFacts>),
    /// Of pods.
    Pod(Change<PodFacts>),
}

/// What is known of the cluster.
#[derive(Debug, Default)]
pub struct Picture {
    pub(super) namespaces: Mirror<NamespaceFacts>,
    leases: Mirror<LeaseFacts>,
    deployments: Mirror<WorkloadFacts>,
    stateful_sets: Mirror<WorkloadFacts>,
    pods: Mirror<PodFacts>,
}

/// What is known of one store.
#[derive(Debug)]
pub struct StoreFacts<'a> {
    /// Its namespace.
    pub namespace: Option<&'a NamespaceFacts>,
    /// Its Lease.
    pub lease: Option<&'a LeaseFacts>,
    /// Its database.
    pub database: Option<&'a WorkloadFacts>,
    /// Its web pods' Deployment.
    pub web: Option<&'a WorkloadFacts>,
    /// Its pods.
    pub pods: Vec<&'a PodFacts>,
}

impl Picture {
    /// Take in what was told; gives the stores that it touches, and whether it
    /// touches a namespace itself.
    pub fn apply(&mut self, told: Told) -> (BTreeSet<String>, bool) {
        let (keys, of_namespace) = match told {
            Told::Namespace(change) => (self.namespaces.apply(change), true),
            Told::Lease(change) => {
                let keys = self.leases.apply(change).into_iter();
                // Their namespace is the platform's; they are named like stores.
                (keys.map(|(_, name)| (name.clone(), name)).collect(), false)
            }
            Told::Deployment(change) => (self.deployments.apply(change), false),
            Told::StatefulSet(change) => (self.stateful_sets.apply(change), false),
            Told::Pod(change) => (self.pods.apply(change), false),
        };
        let touched: BTreeSet<String> = keys.into_iter().map(|(store, _)| store).collect();
        let of_namespace = of_namespace && !touched.is_empty();
        (touched, of_namespace)
    }

    /// Whether every watch has told all once.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.namespaces.is_told()
            && self.leases.is_told()
            && self.deployments.is_told()
            && self.stateful_sets.is_told()
            && self.pods.is_told()
    }

    /// Whether every watch runs, so that what is not here is not there.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.namespaces.is_live()
            && self.leases.is_live()
            && self.deployments.is_live()
            && self.stateful_sets.is_live()
            && self.pods.is_live()
    }

    /// Every name that a namespace or a Lease has.
    #[must_use]
    pub fn stores(&self) -> BTreeSet<String> {
        let namespaces = self.namespaces.iter().map(|((name, _), _)| name.clone());
        let leases = self.leases.iter().map(|((_, name), _)| name.clone());
        namespaces.chain(leases).collect()
    }

    /// What is known of a store; its Lease lies in the platform's namespace.
    #[must_use]
    pub fn store<'a>(&'a self, store: &'a str, platform: &str) -> StoreFacts<'a> {
        let part = |workloads: &'a Mirror<WorkloadFacts>, part: Part| {
            let mut of_store = workloads.of(store).map(|(_, facts)| facts);
            of_store.find(|facts| facts.part == Some(part))
        };
        StoreFacts {
            namespace: self.namespaces.get(store, store),
            lease: self.leases.get(platform, store),
            database: part(&self.stateful_sets, Part::Database),
            web: part(&self.deployments, Part::Web),
            pods: self.pods.of(store).map(|(_, facts)| facts).collect(),
        }
    }

    /// What a store is, as its chart says.
    #[must_use]
    pub fn shop(&self, store: &str) -> Shop {
        self.told_shop(store).unwrap_or(Shop::WordPress)
    }

    /// The same; `None` while its web pods' Deployment is not seen.
    #[must_use]
    pub fn told_shop(&self, store: &str) -> Option<Shop> {
        let mut of_store = self.deployments.of(store).map(|(_, facts)| facts);
        let web = of_store.find(|facts| facts.part == Some(Part::Web))?;
        Some(web.shop)
    }

    /// The stores' Leases.
    pub fn leases(&self) -> impl Iterator<Item = (&Key, &LeaseFacts)> {
        self.leases.iter()
    }
}

/// Whether a namespace's name could be a store's.
#[must_use]
pub fn looks_like_a_store(name: &str) -> bool {
    name.parse::<StoreId>().is_ok()
}

impl LeaseFacts {
    /// Whether somebody works on the store at that moment.
    #[must_use]
    pub fn is_held(&self, now: Instant) -> bool {
        self.held.is_some_and(|until| until > now)
    }
}
