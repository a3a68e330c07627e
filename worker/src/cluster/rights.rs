//! The worker's rights in a store's namespace: a RoleBinding to one named
//! ClusterRole, made together with the namespace (docs/RBAC.md). A worker that is
//! given no role to bind has its rights from elsewhere, and binds nothing.

use std::time::{Duration, Instant};

use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use k8s_openapi::api::rbac::v1::{RoleBinding, RoleRef, Subject};
use kube::api::{Patch, PatchParams, PostParams};
use shared::wait::pause;
use tokio_util::sync::CancellationToken;

use crate::cluster::labels::{INSTANCE, MANAGED_BY, MANAGER, PART_OF, PART_OF_LABEL};
use crate::cluster::{Cluster, ClusterError};
use crate::settings::Settings;

/// The only name that the worker may give a RoleBinding.
pub const NAME: &str = "urumi-worker";
const GROUP: &str = "rbac.authorization.k8s.io";
/// Until a binding is in force, which takes an apiserver milliseconds.
const IN_FORCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(50);

/// Whether the worker can do its work in that namespace, as far as a RoleBinding of
/// its own decides.
///
/// # Errors
/// [`ClusterError`].
pub async fn are_given(
    cluster: &Cluster,
    settings: &Settings,
    store: &str,
) -> Result<bool, ClusterError> {
    let Some(wanted) = wanted(settings, store) else {
        return Ok(true);
    };
    let found = cluster.of::<RoleBinding>(store).get_opt(NAME).await?;
    Ok(found.is_some_and(|found| says(&found, &wanted)))
}

/// Give them, and wait until they are in force.
///
/// *Effect:* the RoleBinding is there. *Repeating it:* changes nothing. *Fails
/// when* it binds another role: that cannot be changed.
///
/// # Errors
/// [`ClusterError`].
pub async fn give(
    cluster: &Cluster,
    settings: &Settings,
    store: &str,
    stop: &CancellationToken,
) -> Result<(), ClusterError> {
    let Some(wanted) = wanted(settings, store) else {
        return Ok(());
    };
    let api = cluster.of::<RoleBinding>(store);
    // By its name, so that the right to make it can be for that name alone.
    let params = PatchParams::apply(MANAGER).force();
    api.patch(NAME, &params, &Patch::Apply(&wanted)).await?;
    let until = Instant::now() + IN_FORCE;
    while !in_force(cluster, store).await? && Instant::now() < until {
        if !pause(LOOK, stop).await {
            break;
        }
    }
    Ok(())
}

/// Whether the apiserver would let us make a Secret there.
async fn in_force(cluster: &Cluster, store: &str) -> Result<bool, ClusterError> {
    let question = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                namespace: Some(store.to_owned()),
                verb: Some("create".to_owned()),
                resource: Some("secrets".to_owned()),
                ..ResourceAttributes::default()
            }),
            ..SelfSubjectAccessReviewSpec::default()
        },
        ..SelfSubjectAccessReview::default()
    };
    let api = cluster.all::<SelfSubjectAccessReview>();
    let answer = api.create(&PostParams::default(), &question).await?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}

/// The binding as it should be; `None` where there is nothing to bind. Pure.
fn wanted(settings: &Settings, store: &str) -> Option<RoleBinding> {
    if settings.store_role.is_empty() {
        return None;
    }
    let mut binding = RoleBinding {
        role_ref: RoleRef {
            api_group: GROUP.to_owned(),
            kind: "ClusterRole".to_owned(),
            name: settings.store_role.clone(),
        },
        subjects: Some(vec![Subject {
            kind: "ServiceAccount".to_owned(),
            name: settings.service_account.clone(),
            namespace: Some(settings.namespace.clone()),
            ..Subject::default()
        }]),
        ..RoleBinding::default()
    };
    binding.metadata.name = Some(NAME.to_owned());
    let labels = [
        (MANAGED_BY, MANAGER),
        (PART_OF_LABEL, PART_OF),
        (INSTANCE, store),
    ];
    let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned()));
    binding.metadata.labels = Some(labels.into());
    Some(binding)
}

/// Whether it binds that role to that account, and nobody else. Pure.
fn says(found: &RoleBinding, wanted: &RoleBinding) -> bool {
    let who = |binding: &RoleBinding| -> Vec<(String, String, Option<String>)> {
        let all = binding.subjects.iter().flatten();
        all.map(|one| (one.kind.clone(), one.name.clone(), one.namespace.clone()))
            .collect()
    };
    let role = |binding: &RoleBinding| {
        let RoleRef { kind, name, .. } = &binding.role_ref;
        (kind.clone(), name.clone())
    };
    role(found) == role(wanted) && who(found) == who(wanted)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::settings::DEFAULTS;

    fn settings(role: &str) -> Settings {
        let variables: BTreeMap<String, String> = [
            ("AMQP_URL", "amqp://u:p@127.0.0.1/v"),
            ("URUMI_NAMESPACE", "platform"),
            ("URUMI_SERVICE_ACCOUNT", "acme-worker"),
            ("URUMI_STORE_ROLE", role),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
        shared::settings::load_from(DEFAULTS, &variables).unwrap()
    }

    #[test]
    fn without_a_role_nothing_is_bound() {
        assert_eq!(wanted(&settings(""), "store-k7q2mx"), None);
    }

    #[test]
    fn a_binding_counts_when_it_binds_that_role_to_that_account_alone() {
        let wanted = wanted(&settings("acme-store"), "store-k7q2mx").unwrap();
        let changed = |change: fn(&mut RoleBinding)| {
            let mut found = wanted.clone();
            change(&mut found);
            says(&found, &wanted)
        };
        assert!(changed(|_| {}));
        assert!(!changed(|found| found.role_ref.name = "admin".to_owned()));
        assert!(!changed(|found| found.role_ref.kind = "Role".to_owned()));
        assert!(!changed(|found| found.subjects = None));
        let another = |found: &mut RoleBinding| {
            let subjects = found.subjects.get_or_insert_default();
            subjects.push(Subject {
                kind: "ServiceAccount".to_owned(),
                name: "default".to_owned(),
                ..Subject::default()
            });
        };
        assert!(!changed(another));
        assert!(!changed(|found| {
            let subjects = found.subjects.get_or_insert_default();
            subjects[0].namespace = Some("elsewhere".to_owned());
        }));
    }
}
