//! The last lines of a store's containers. A store's own passwords and keys are
//! struck out before a line leaves here.

use futures_util::future::join_all;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, LogParams};
use kube::{Api, ResourceExt as _};
use secrecy::SecretString;
use shared::contract::question::Log;

use crate::cluster::evidence::{secrets, strike_out};
use crate::cluster::{Cluster, ClusterError};

/// Lines of one container at most, the characters of them that are kept, and the
/// bytes that are read for that.
const LINES: u32 = 1_000;
const LENGTH: usize = 100_000;
const READ: i64 = 1_000_000;
/// Containers that are read at most.
const CONTAINERS: usize = 12;

/// Which lines.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) pod: Option<&'a str>,
    pub(super) container: Option<&'a str>,
    pub(super) lines: u32,
    pub(super) previous: bool,
}

/// Read them. A container that says nothing, or did not run before, has no entry.
///
/// # Errors
/// [`ClusterError`].
pub(super) async fn read(
    cluster: &Cluster,
    store: &str,
    wanted: &Wanted<'_>,
) -> Result<Vec<Log>, ClusterError> {
    let api = cluster.of::<Pod>(store);
    let pods = api.list(&ListParams::default()).await?;
    let secrets = secrets(cluster, store).await?;
    let asked = asked(&pods.items, wanted);
    let read = asked
        .iter()
        .take(CONTAINERS)
        .map(|(pod, container)| of(&api, pod, container, wanted, &secrets));
    Ok(join_all(read).await.into_iter().flatten().collect())
}

/// Which containers of which pods, by name. Pure.
fn asked(pods: &[Pod], wanted: &Wanted<'_>) -> Vec<(String, String)> {
    let is_meant = |wanted: Option<&str>, name: &str| wanted.is_none_or(|one| one == name);
    let mut asked: Vec<(String, String)> = pods
        .iter()
        .filter(|pod| is_meant(wanted.pod, &pod.name_any()))
        .flat_map(|pod| {
            let spec = pod.spec.iter();
            let containers = spec.flat_map(|spec| {
                let setting_up = spec.init_containers.iter().flatten();
                setting_up.chain(&spec.containers)
            });
            containers.map(|container| (pod.name_any(), container.name.clone()))
        })
        .filter(|(_, container)| is_meant(wanted.container, container))
        .collect();
    asked.sort();
    asked
}

async fn of(
    api: &Api<Pod>,
    pod: &str,
    container: &str,
    wanted: &Wanted<'_>,
    secrets: &[SecretString],
) -> Option<Log> {
    let params = LogParams {
        container: Some(container.to_owned()),
        tail_lines: Some(wanted.lines.min(LINES).into()),
        limit_bytes: Some(READ),
        previous: wanted.previous,
        ..LogParams::default()
    };
    let text = api.logs(pod, &params).await.ok()?;
    (!text.is_empty()).then(|| Log {
        pod: pod.to_owned(),
        container: container.to_owned(),
        // Only now: a secret that is cut in two would not be found.
        text: newest(&strike_out(&text, secrets)),
    })
}

fn newest(text: &str) -> String {
    let skip = text.chars().count().saturating_sub(LENGTH);
    text.chars().skip(skip).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_containers_are_asked_or_those_of_that_name() {
        let pods: Vec<Pod> = ["web-b", "web-a"]
            .map(|name| {
                json!({"metadata": {"name": name}, "spec": {
                    "initContainers": [{"name": "files"}], "containers": [{"name": "web"}]}})
            })
            .map(|pod| serde_json::from_value(pod).unwrap())
            .into();
        let of = |pod, container| {
            let (lines, previous) = (10, false);
            let wanted = Wanted {
                pod,
                container,
                lines,
                previous,
            };
            asked(&pods, &wanted)
                .into_iter()
                .map(|(pod, container)| format!("{pod}/{container}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            of(None, None),
            ["web-a/files", "web-a/web", "web-b/files", "web-b/web"]
        );
        assert_eq!(of(None, Some("web")), ["web-a/web", "web-b/web"]);
        assert_eq!(of(Some("web-b"), Some("files")), ["web-b/files"]);
        assert_eq!(of(Some("other"), None), [""; 0]);
    }
}
