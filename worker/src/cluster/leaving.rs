//! What is still there of something that is being removed, by name, and what
//! each object waits for. A pod that has its grace, or a volume that a pod still
//! uses, blocks nothing; a finalizer that nobody takes off does. The judgement
//! is pure; fetching is `leaving/look.rs`.

pub mod look;

use k8s_openapi::api::core::v1::{Namespace, NamespaceCondition, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::jiff::{SignedDuration, Timestamp, tz::TimeZone};
use kube::ResourceExt as _;

/// How long an object may take to go after its time, on a loaded machine.
const SLACK: SignedDuration = SignedDuration::from_secs(10);
/// How long a node may take to say that a pod has ended: after an apiserver that
/// was away its kubelet asks again only after up to half a minute.
const NODE: SignedDuration = SignedDuration::from_secs(40);
/// How long the namespace controller may take when nothing is left to be seen.
const CONTROLLER: SignedDuration = SignedDuration::from_secs(45);
/// Taken off by Kubernetes itself when no pod uses the claim any more.
const IN_USE: &str = "kubernetes.io/pvc-protection";
/// Conditions of a namespace that are trouble of their own.
const TROUBLE: [&str; 3] = [
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
    "NamespaceDeletionContentFailure",
];
const CONTENT: &str = "NamespaceContentRemaining";
const FINALIZERS: &str = "NamespaceFinalizersRemaining";

/// An object that holds a removal up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Such as `Pod/mysql-0`.
    pub object: String,
    /// Such as ``finalizer `a.b/c` ``.
    pub waits_for: String,
    /// Whether its time is over, so that it may stay for ever.
    pub blocks: bool,
}

impl Holder {
    /// In one line.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{}: {}", self.object, self.waits_for)
    }
}

/// An object of a kind, with its metadata.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Such as `ConfigMap`.
    pub kind: String,
    /// Its metadata.
    pub meta: ObjectMeta,
}

/// A kind of which objects remain: `pods.` or `widgets.example.com`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remaining {
    /// Its plural.
    pub plural: String,
    /// Its group; empty for the core.
    pub group: String,
}

/// The kinds of which the namespace controller still sees objects.
/// Source: `k8s.io/kubernetes/pkg/controller/namespace/deletion/status_condition_utils.go`.
#[must_use]
pub fn remaining(namespace: &Namespace) -> Vec<Remaining> {
    let message = condition(namespace, CONTENT, "True").unwrap_or_default();
    let words = message.split(": ").nth(1).unwrap_or_default().split(", ");
    let kinds = words.filter_map(|part| {
        let (plural, group) = part.split(' ').next()?.split_once('.')?;
        Some(Remaining {
            plural: plural.to_owned(),
            group: group.to_owned(),
        })
    });
    kinds.collect()
}

/// The time, and since when somebody has looked without a break: nothing could go
/// while the apiserver was away, so nothing's time has passed meanwhile.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// A time that had come on the apiserver.
    pub now: Timestamp,
    /// Since then it has answered.
    pub answers_since: Timestamp,
}

impl Clock {
    /// For how long something that was asked for then could have gone.
    fn passed(self, since: Timestamp) -> SignedDuration {
        self.now.duration_since(since.max(self.answers_since))
    }
}

/// Everything that holds the namespace, what blocks first; with the kinds that we
/// may not look at any more, because our rights in it went before them.
#[must_use]
pub fn of_namespace(
    namespace: &Namespace,
    pods: &[Pod],
    others: &[Found],
    unseen: &[Remaining],
    clock: Clock,
) -> Vec<Holder> {
    let mut holders: Vec<Holder> = pods.iter().map(|pod| of_pod(pod, clock)).collect();
    holders.extend(
        others
            .iter()
            .filter_map(|found| of_object(found, pods, clock)),
    );
    holders.extend(of_unseen(namespace, pods, unseen, clock));
    holders.extend(trouble(namespace, clock));
    let is_empty = condition(namespace, CONTENT, "False").is_some();
    if holders.is_empty() {
        holders.extend(of_itself(namespace, is_empty, clock));
    }
    holders.sort_by_key(|holder| !holder.blocks);
    holders
}

/// A pod: it has until its deletion's time, which includes its grace.
#[must_use]
pub fn of_pod(pod: &Pod, clock: Clock) -> Holder {
    let object = format!("Pod/{}", pod.name_any());
    let Some(until) = pod.metadata.deletion_timestamp.as_ref().map(|time| time.0) else {
        return Holder {
            object,
            waits_for: "it has not been told to end yet".to_owned(),
            blocks: false,
        };
    };
    let finalizers = finalizers(&pod.metadata);
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
    let slack = match (finalizers.is_empty(), node) {
        (true, Some(_)) => NODE,
        _ => SLACK,
    };
    let blocks = clock.passed(until) > slack;
    let until = clock_time(until);
    let waits_for = match (blocks, node) {
        (false, _) => format!("it has until {until} to end"),
        (true, _) if !finalizers.is_empty() => finalizers,
        (true, Some(node)) => {
            format!("it should have ended at {until}, but node `{node}` has not said so")
        }
        (true, None) => format!("it should have ended at {until}"),
    };
    Holder {
        object,
        waits_for,
        blocks,
    }
}

/// Any other object; `None` while it is only waiting for its turn.
#[must_use]
pub fn of_object(found: &Found, pods: &[Pod], clock: Clock) -> Option<Holder> {
    let asked = found.meta.deletion_timestamp.as_ref()?.0;
    let name = found.meta.name.clone().unwrap_or_default();
    let object = format!("{}/{name}", found.kind);
    let only_in_use = found.meta.finalizers.as_deref() == Some(&[IN_USE.to_owned()]);
    if only_in_use && let Some(pod) = pods.iter().find(|pod| uses(pod, &name)) {
        return Some(Holder {
            object,
            waits_for: format!("Pod/{} uses it", pod.name_any()),
            blocks: false,
        });
    }
    let finalizers = finalizers(&found.meta);
    (!finalizers.is_empty()).then(|| Holder {
        object,
        waits_for: finalizers,
        blocks: clock.passed(asked) > SLACK,
    })
}

/// What the namespace itself says of kinds that we may not look at; `None` while
/// they are only waiting for their turn.
fn of_unseen(
    namespace: &Namespace,
    pods: &[Pod],
    unseen: &[Remaining],
    clock: Clock,
) -> Option<Holder> {
    let condition = conditions(namespace).find(|c| c.type_ == FINALIZERS && c.status == "True")?;
    let message = condition.message.as_deref().unwrap_or_default();
    let words = message.split(": ").nth(1).unwrap_or_default().split(", ");
    let finalizers: Vec<&str> = words.filter_map(|part| part.split(' ').next()).collect();
    let kinds: Vec<&str> = unseen.iter().map(|kind| kind.plural.as_str()).collect();
    if kinds.is_empty() || finalizers.is_empty() {
        return None;
    }
    let in_use = !pods.is_empty() && finalizers.iter().all(|name| *name == IN_USE);
    let since = condition.last_transition_time.as_ref().map(|time| time.0);
    let names: Vec<String> = finalizers.iter().map(|name| quoted(name)).collect();
    Some(Holder {
        object: kinds.join(", "),
        waits_for: names.join(", "),
        blocks: !in_use && since.is_none_or(|at| clock.passed(at) > SLACK),
    })
}

fn uses(pod: &Pod, claim: &str) -> bool {
    let volumes = pod
        .spec
        .iter()
        .flat_map(|spec| spec.volumes.iter().flatten());
    let mut claims = volumes.filter_map(|volume| volume.persistent_volume_claim.as_ref());
    claims.any(|used| used.claim_name == claim)
}

/// What the namespace controller itself cannot do.
fn trouble(namespace: &Namespace, clock: Clock) -> Vec<Holder> {
    let holds = conditions(namespace).filter(|condition| {
        condition.status == "True" && TROUBLE.contains(&condition.type_.as_str())
    });
    let lasting = |since: Option<Timestamp>| since.is_none_or(|at| clock.passed(at) > SLACK);
    holds
        .map(|condition| Holder {
            object: format!("Namespace/{}", namespace.name_any()),
            waits_for: condition.message.clone().unwrap_or_default(),
            blocks: lasting(condition.last_transition_time.as_ref().map(|time| time.0)),
        })
        .collect()
}

/// Nothing is left in it: its own finalizers, or its controller is away.
fn of_itself(namespace: &Namespace, is_empty: bool, clock: Clock) -> Option<Holder> {
    let asked = namespace.metadata.deletion_timestamp.as_ref()?.0;
    let passed = clock.passed(asked);
    let finalizers = finalizers(&namespace.metadata);
    let (waits_for, blocks) = if is_empty && !finalizers.is_empty() {
        (finalizers, passed > SLACK)
    } else if passed > CONTROLLER {
        let since = clock_time(asked);
        (
            format!("its controller has not removed it since {since}"),
            true,
        )
    } else {
        return None;
    };
    Some(Holder {
        object: format!("Namespace/{}", namespace.name_any()),
        waits_for,
        blocks,
    })
}

fn condition<'a>(namespace: &'a Namespace, kind: &str, status: &str) -> Option<&'a str> {
    let mut found = conditions(namespace)
        .filter(|condition| condition.type_ == kind && condition.status == status);
    Some(found.next()?.message.as_deref().unwrap_or_default())
}

fn conditions(namespace: &Namespace) -> impl Iterator<Item = &NamespaceCondition> {
    let status = namespace.status.iter();
    status.flat_map(|status| status.conditions.iter().flatten())
}

fn finalizers(meta: &ObjectMeta) -> String {
    let names = meta.finalizers.iter().flatten();
    let names: Vec<String> = names.map(|name| quoted(name)).collect();
    names.join(", ")
}

fn quoted(finalizer: &str) -> String {
    format!("finalizer `{finalizer}`")
}

fn clock_time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%H:%M:%S UTC")
        .to_string()
}

#[cfg(test)]
mod tests;
