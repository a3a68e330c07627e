//! What the state of a pod says. Pure.
//!
//! The reasons are the kubelet's and the scheduler's own words:
//! `k8s.io/kubernetes/pkg/kubelet/images/types.go`, `.../kuberuntime`, and the
//! condition `PodScheduled`.

use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus, Event, Pod};
use kube::ResourceExt as _;
use shared::failure::FailureCode;

use crate::cluster::diagnose::Finding;

/// Words of the scheduler that are about a volume, not about room.
const ABOUT_VOLUMES: [&str; 4] = [
    "PersistentVolumeClaim",
    "persistentvolumeclaim",
    "persistent volume",
    "volume node affinity",
];

/// All that is wrong with one pod.
#[must_use]
pub fn findings(pod: &Pod, events: &[Event]) -> Vec<Finding> {
    let name = pod.name_any();
    let status = pod.status.clone().unwrap_or_default();
    if pod.metadata.deletion_timestamp.is_some() || status.phase.as_deref() == Some("Succeeded") {
        return Vec::new();
    }
    if is_failed(pod) {
        return failed_try(pod).into_iter().collect();
    }
    let mut found: Vec<Finding> = scheduling(pod, &name).into_iter().collect();
    let containers = [status.init_container_statuses, status.container_statuses];
    let containers: Vec<ContainerStatus> = containers.into_iter().flatten().flatten().collect();
    found.extend(containers.iter().filter_map(|c| container(&name, c)));
    if found.is_empty() {
        found.extend(mounting(pod, &name, events));
    }
    if found.is_empty() {
        found.extend(probing(&name, &containers, events));
    }
    found
}

/// How a pod ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastFailed {
    /// The pod.
    pub name: String,
    /// The container that ended it.
    pub container: String,
    /// Its exit code.
    pub exit_code: i32,
    /// Whether it was killed for its memory.
    pub out_of_memory: bool,
}

/// The last pod that failed.
#[must_use]
pub fn last_failed(pods: &[Pod]) -> Option<LastFailed> {
    let failed = pods.iter().filter(|pod| is_failed(pod));
    of_failed(failed.max_by_key(|pod| pod.metadata.creation_timestamp.as_ref().map(|t| t.0))?)
}

fn is_failed(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|s| s.phase.as_deref());
    phase == Some("Failed")
}

fn of_failed(pod: &Pod) -> Option<LastFailed> {
    let status = pod.status.as_ref()?;
    let lists = [&status.init_container_statuses, &status.container_statuses];
    let ends = lists
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|container| {
            let end = container.state.as_ref()?.terminated.as_ref()?;
            Some(LastFailed {
                name: pod.name_any(),
                container: container.name.clone(),
                exit_code: end.exit_code,
                out_of_memory: end.reason.as_deref() == Some("OOMKilled"),
            })
        });
    ends.max_by_key(|end| end.exit_code)
}

/// A try of the set-up that failed. Its Job begins another one, or ends: then the
/// workload's own verdict counts.
fn failed_try(pod: &Pod) -> Option<Finding> {
    let end = of_failed(pod)?;
    let (code, why) = match end.out_of_memory {
        true => (
            FailureCode::OutOfMemory,
            "was killed for its memory".to_owned(),
        ),
        false => (
            FailureCode::SetupFailed,
            format!("ended with exit code {}, and is tried again", end.exit_code),
        ),
    };
    let detail = format!("Container `{}` of pod `{}` {why}.", end.container, end.name);
    Some(finding(code, &end.name, Some(&end.container), detail))
}

fn finding(code: FailureCode, pod: &str, container: Option<&str>, detail: String) -> Finding {
    Finding {
        code,
        detail,
        provable: code == FailureCode::ImageInvalid,
        object: format!("Pod/{pod}"),
        container: container.map(str::to_owned),
        follows: false,
    }
}

fn scheduling(pod: &Pod, name: &str) -> Option<Finding> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    let scheduled = conditions.iter().find(|c| c.type_ == "PodScheduled")?;
    if scheduled.status != "False" || scheduled.reason.as_deref() != Some("Unschedulable") {
        return None;
    }
    let message = scheduled.message.clone().unwrap_or_default();
    let about_volumes = ABOUT_VOLUMES.iter().any(|word| message.contains(word));
    let code = if about_volumes {
        FailureCode::VolumePending
    } else {
        FailureCode::Unschedulable
    };
    Some(finding(
        code,
        name,
        None,
        format!("Pod `{name}`: {message}"),
    ))
}

/// A container that does not start, or does not stay.
fn container(pod: &str, status: &ContainerStatus) -> Option<Finding> {
    let name = status.name.as_str();
    let state = status.state.clone().unwrap_or_default();
    if let Some(waiting) = state.waiting {
        let reason = waiting.reason.unwrap_or_default();
        let message = waiting.message.unwrap_or_default();
        let image = &status.image;
        let code = match reason.as_str() {
            "InvalidImageName" => Some(FailureCode::ImageInvalid),
            "ErrImagePull"
            | "ImagePullBackOff"
            | "ErrImageNeverPull"
            | "ImageInspectError"
            | "RegistryUnavailable"
            | "SignatureValidationFailed" => Some(FailureCode::ImagePull),
            "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => {
                Some(FailureCode::CrashLoop)
            }
            _ => None,
        };
        if let Some(code) = code {
            let about = match code {
                FailureCode::CrashLoop => String::new(),
                _ => format!(" with image `{image}`"),
            };
            let detail = format!("Container `{name}` of pod `{pod}`{about}: {reason}: {message}");
            let mut found = finding(code, pod, None, detail);
            found.provable |= is_not_there(&reason, &message);
            return Some(found);
        }
    }
    if status.ready {
        return None;
    }
    let before = status.last_state.clone().unwrap_or_default().terminated;
    let ended = state.terminated.or(before)?;
    if ended.exit_code == 0 {
        return None;
    }
    Some(crash(pod, name, status.restart_count, &ended))
}

/// Whether the registry (or, where nothing is pulled, the node) has said that there
/// is no such image; one that is away or refuses has not.
/// Source: gRPC's code as containerd and CRI-O give it; `manifest unknown` is the
/// registry's own (OCI distribution specification).
fn is_not_there(reason: &str, message: &str) -> bool {
    reason == "ErrImageNeverPull"
        || ["code = NotFound", "manifest unknown"]
            .iter()
            .any(|words| message.contains(words))
}

fn crash(pod: &str, name: &str, restarts: i32, ended: &ContainerStateTerminated) -> Finding {
    let reason = ended.reason.clone().unwrap_or_default();
    if reason == "OOMKilled" {
        let detail = format!("Container `{name}` of pod `{pod}` was killed for its memory.");
        return finding(FailureCode::OutOfMemory, pod, Some(name), detail);
    }
    let detail = format!(
        "Container `{name}` of pod `{pod}` ended with exit code {} ({reason}), {restarts} restarts so far.",
        ended.exit_code
    );
    finding(FailureCode::CrashLoop, pod, Some(name), detail)
}

/// Scheduled, but its volumes do not come.
fn mounting(pod: &Pod, name: &str, events: &[Event]) -> Option<Finding> {
    let started = pod
        .status
        .as_ref()
        .and_then(|s| s.container_statuses.as_ref());
    let runs = |c: &ContainerStatus| c.state.as_ref().is_some_and(|s| s.waiting.is_none());
    if started.into_iter().flatten().any(runs) {
        return None;
    }
    let event = last_event(events, "Pod", name, &["FailedMount", "FailedAttachVolume"])?;
    let message = event.message.clone().unwrap_or_default();
    // A Secret or ConfigMap that is about to be made is mounted a moment later.
    let detail = format!("Pod `{name}`: {message}");
    Some(finding(FailureCode::VolumePending, name, None, detail))
}

/// It runs, but does not answer.
fn probing(pod: &str, containers: &[ContainerStatus], events: &[Event]) -> Option<Finding> {
    let deaf = containers.iter().find(|status| {
        let running = status.state.as_ref().is_some_and(|s| s.running.is_some());
        running && !status.ready
    })?;
    let event = last_event(events, "Pod", pod, &["Unhealthy", "ProbeWarning"])?;
    let message = event.message.clone().unwrap_or_default();
    let detail = format!("Container `{}` of pod `{pod}`: {message}", deaf.name);
    let finding = finding(FailureCode::ProbeFailing, pod, Some(&deaf.name), detail);
    Some(finding)
}

/// The newest event about an object with one of these reasons.
pub(super) fn last_event<'a>(
    events: &'a [Event],
    kind: &str,
    name: &str,
    reasons: &[&str],
) -> Option<&'a Event> {
    let about = events.iter().filter(|event| {
        let object = &event.involved_object;
        object.kind.as_deref() == Some(kind)
            && object.name.as_deref() == Some(name)
            && event
                .reason
                .as_deref()
                .is_some_and(|reason| reasons.contains(&reason))
    });
    about.max_by_key(|event| {
        let last = event.last_timestamp.as_ref().map(|time| time.0);
        last.or_else(|| event.event_time.as_ref().map(|time| time.0))
    })
}
