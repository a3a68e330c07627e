//! The store's namespace: made with our marks and Pod Security's labels, and our
//! rights in it.
//!
//! *Precondition:* there is none of that name, or it is ours. *Effect:* it is
//! there with all labels and the shop's address, and we may work in it. *Repeating
//! it:* changes nothing. *Fails when* the name is taken by somebody else; such a
//! namespace is never touched.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use shared::contract::command::{Command, Goal};
use shared::contract::envelope::Envelope;

use crate::cluster::labels::{
    EVER_READY, HOST, INSTALLATION, MANAGED_BY, MANAGER, PART_OF, PART_OF_LABEL, POD_SECURITY,
    READY_REVISION, STORE, TENANT, URL, WEB_REPLICAS,
};
use crate::cluster::{ClusterError, rights, workloads};
use crate::converge::Job;
use crate::converge::observed::{self, Found, Observed};
use crate::steps::StepError;

pub(super) async fn run(job: &Job<'_>, seen: &Observed) -> Result<bool, StepError> {
    mark(job, seen).await?;
    let (cluster, settings) = (&job.context.cluster, &job.context.settings);
    rights::give(cluster, settings, job.command.store_id.as_str(), job.stop).await?;
    Ok(true)
}

/// It is there, with our marks.
async fn mark(job: &Job<'_>, seen: &Observed) -> Result<(), ClusterError> {
    let api = job.context.cluster.all::<Namespace>();
    let store = job.command.store_id.as_str();
    let labels = labels(job.command, &job.context.settings.installation);
    let annotations = annotations(job.command);
    if let observed::Namespace::Ours { uid, .. } = &seen.namespace {
        // The UID makes this a conflict if it is another namespace by now.
        let patch = json!({"metadata": {"uid": uid, "labels": labels, "annotations": annotations}});
        api.patch(store, &PatchParams::default(), &Patch::Merge(patch))
            .await?;
        return Ok(());
    }
    let mut namespace = Namespace::default();
    namespace.metadata.name = Some(store.to_owned());
    namespace.metadata.labels = Some(labels);
    namespace.metadata.annotations = Some(annotations);
    let params = PostParams {
        field_manager: Some(MANAGER.to_owned()),
        ..Default::default()
    };
    api.create(&params, &namespace).await?;
    Ok(())
}

/// Note how many web pods there are before they are taken away. Where there are
/// none any more, what was noted stays.
pub(super) async fn note_web_pods(job: &Job<'_>, seen: &Observed) -> Result<(), StepError> {
    let (cluster, store) = (&job.context.cluster, job.command.store_id.as_str());
    let found = workloads::fetch(cluster, store).await?;
    let some = workloads::web_replicas(&found).filter(|count| *count > 0);
    let (Some(count), observed::Namespace::Ours { uid, .. }) = (some, &seen.namespace) else {
        return Ok(());
    };
    let marks = json!({ WEB_REPLICAS: count.to_string() });
    let patch = json!({"metadata": {"uid": uid, "annotations": marks}});
    let api = cluster.all::<Namespace>();
    api.patch(store, &PatchParams::default(), &Patch::Merge(patch))
        .await?;
    Ok(())
}

/// Note that the store was ready, and as which revision; survives everything but
/// the namespace itself.
pub(super) async fn mark_ready(job: &Job<'_>, seen: &Observed) -> Result<(), ClusterError> {
    let observed::Namespace::Ours {
        uid,
        ever_ready,
        ready_revision,
        ..
    } = &seen.namespace
    else {
        return Ok(());
    };
    let revision = match &seen.release {
        Found::Release { release, .. } => release.revision,
        Found::Nothing => return Ok(()),
    };
    if *ever_ready && *ready_revision == Some(revision) {
        return Ok(());
    }
    let mut marks = json!({EVER_READY: "true", READY_REVISION: revision.to_string()});
    let arrived = matches!(&seen.release, Found::Release { wanted: true, .. });
    if arrived && matches!(&job.command.body.goal, Goal::Present { spec } if !spec.suspended) {
        marks[WEB_REPLICAS] = Value::Null;
    }
    let patch = json!({"metadata": {"uid": uid, "annotations": marks}});
    let api = job.context.cluster.all::<Namespace>();
    api.patch(
        job.command.store_id.as_str(),
        &PatchParams::default(),
        &Patch::Merge(patch),
    )
    .await?;
    Ok(())
}

/// The labels of a store's namespace.
fn labels(command: &Envelope<Command>, installation: &str) -> BTreeMap<String, String> {
    let ours = [
        (MANAGED_BY, MANAGER.to_owned()),
        (PART_OF_LABEL, PART_OF.to_owned()),
        (STORE, command.store_id.to_string()),
        (TENANT, command.tenant_id.to_string()),
        (INSTALLATION, installation.to_owned()),
    ];
    let restricted = POD_SECURITY.map(|mode| (mode, "restricted".to_owned()));
    let all = ours.into_iter().chain(restricted);
    all.map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Where the store's shop is found, for whoever probes it later.
fn annotations(command: &Envelope<Command>) -> BTreeMap<String, String> {
    let Goal::Present { spec } = &command.body.goal else {
        return BTreeMap::new();
    };
    let found = [(HOST, &spec.host), (URL, &spec.url)];
    found
        .map(|(key, value)| (key.to_owned(), value.clone()))
        .into()
}

/// What a namespace is to a command, by its marks alone. Pure.
#[must_use]
pub fn read(
    found: Option<&Namespace>,
    command: &Envelope<Command>,
    installation: &str,
) -> observed::Namespace {
    let Some(found) = found else {
        return observed::Namespace::Absent;
    };
    let is = |label: &str, value: &str| found.labels().get(label).is_some_and(|v| v == value);
    if !is(INSTALLATION, installation) || !is(STORE, command.store_id.as_str()) {
        let mark = |label: &str| found.labels().get(label).map_or("none", String::as_str);
        return observed::Namespace::Foreign {
            marks: format!(
                "Namespace `{}` carries {INSTALLATION}={}, {STORE}={}; expected {installation} and {}.",
                found.name_any(),
                mark(INSTALLATION),
                mark(STORE),
                command.store_id,
            ),
            ours: Vec::new(),
        };
    }
    if found.metadata.deletion_timestamp.is_some() {
        return observed::Namespace::Terminating {
            holders: Vec::new(),
        };
    }
    let labels = labels(command, installation);
    let marks = annotations(command);
    let has = |mark: &str, value: &str| found.annotations().get(mark).is_some_and(|v| v == value);
    observed::Namespace::Ours {
        uid: found.uid().unwrap_or_default(),
        ever_ready: found.annotations().contains_key(EVER_READY),
        ready_revision: found
            .annotations()
            .get(READY_REVISION)
            .and_then(|revision| revision.parse().ok()),
        labelled: labels.iter().all(|(label, value)| is(label, value))
            && marks.iter().all(|(mark, value)| has(mark, value)),
    }
}

/// Whether another installation, or one of this product's namespaces of another
/// store, may have put things of our kinds there. Pure.
#[must_use]
pub fn is_marked(found: &Namespace) -> bool {
    found.labels().contains_key(INSTALLATION)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::converge::observed::Namespace as Seen;

    fn command() -> Envelope<Command> {
        shared::testing::a_create()
    }

    fn made_for(command: &Envelope<Command>) -> Namespace {
        let mut namespace = Namespace::default();
        namespace.metadata.name = Some(command.store_id.to_string());
        namespace.metadata.uid = Some("u-1".to_owned());
        namespace.metadata.labels = Some(labels(command, "here"));
        namespace.metadata.annotations = Some(annotations(command));
        namespace
    }

    #[test]
    fn ours_is_what_carries_both_our_marks() {
        let command = command();
        let ours = made_for(&command);
        assert_eq!(
            read(Some(&ours), &command, "here"),
            Seen::Ours {
                uid: "u-1".to_owned(),
                ever_ready: false,
                ready_revision: None,
                labelled: true
            }
        );
        assert_eq!(read(None, &command, "here"), Seen::Absent);
        assert!(matches!(
            read(Some(&ours), &command, "elsewhere"),
            Seen::Foreign { .. }
        ));
        for label in [INSTALLATION, STORE] {
            let mut foreign = made_for(&command);
            foreign.labels_mut().remove(label);
            assert!(matches!(
                read(Some(&foreign), &command, "here"),
                Seen::Foreign { .. }
            ));
        }
    }

    #[test]
    fn a_namespace_without_its_shops_address_gets_it() {
        let command = command();
        for mark in [HOST, URL] {
            let mut namespace = made_for(&command);
            namespace.annotations_mut().remove(mark);
            let seen = read(Some(&namespace), &command, "here");
            assert!(matches!(
                seen,
                Seen::Ours {
                    labelled: false,
                    ..
                }
            ));
        }
    }

    #[test]
    fn a_lifted_pod_security_label_and_the_ready_mark_are_seen() {
        let command = command();
        let mut namespace = made_for(&command);
        namespace.labels_mut().remove(POD_SECURITY[0]);
        namespace
            .annotations_mut()
            .insert(EVER_READY.to_owned(), "true".to_owned());

        assert!(matches!(
            read(Some(&namespace), &command, "here"),
            Seen::Ours {
                ever_ready: true,
                labelled: false,
                ..
            }
        ));
    }

    #[test]
    fn a_namespace_on_its_way_out_is_no_longer_ours_to_use() {
        let command = command();
        let mut namespace = made_for(&command);
        let asked = k8s_openapi::jiff::Timestamp::UNIX_EPOCH;
        namespace.metadata.deletion_timestamp =
            Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(asked));

        assert_eq!(
            read(Some(&namespace), &command, "here"),
            Seen::Terminating {
                holders: Vec::new()
            }
        );
    }
}
