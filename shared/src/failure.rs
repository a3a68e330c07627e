//! Typed failures: a stable code, whether trying again can help, a sentence a
//! tenant understands, what to do next, and the evidence. Never a secret.
//!
//! docs/ERRORS.md is compared with this table by a test.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::step::Step;

macro_rules! failure_codes {
    ($($(#[$doc:meta])* $code:ident, retryable: $retryable:literal, $sentence:literal, $next:literal;)*) => {
        /// Why an operation did not reach its end. Codes are stable; new ones
        /// may come, so a reader treats an unknown one as [`FailureCode::Internal`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ToSchema)]
        pub enum FailureCode {
            $($(#[$doc])* $code,)*
        }

        impl FailureCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// The name used in JSON, metrics and the database.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$code => stringify!($code),)* }
            }

            /// Whether another attempt by the platform itself can help.
            #[must_use]
            pub fn retryable(self) -> bool {
                match self { $(Self::$code => $retryable,)* }
            }

            /// One sentence for the tenant.
            #[must_use]
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$code => $sentence,)* }
            }

            /// What to do next.
            #[must_use]
            pub fn next_action(self) -> &'static str {
                match self { $(Self::$code => $next,)* }
            }
        }
    };
}

failure_codes! {
    /// The image could not be pulled (registry away, no such tag, no rights).
    ImagePull, retryable: true, "A container image could not be pulled.", "Check that the image exists and that the cluster reaches its registry, then retry.";
    /// The image's name is not valid.
    ImageInvalid, retryable: false, "A container image has an invalid name.", "Correct the image in the values, then retry.";
    /// No node has room.
    Unschedulable, retryable: true, "The cluster has no room for the store's pods.", "Add a node or free resources, then retry.";
    /// The namespace's quota refuses a pod.
    QuotaExceeded, retryable: false, "The store's resource quota refuses one of its pods.", "Choose a larger plan or correct the quota, then retry.";
    /// Pod Security admission refuses a pod.
    PodSecurity, retryable: false, "Pod Security admission refuses one of the store's pods.", "Correct the chart's security context, then retry.";
    /// A volume is not bound or cannot be attached.
    VolumePending, retryable: true, "A volume of the store is not available.", "Check the storage class and its provisioner, then retry.";
    /// A container ends again and again.
    CrashLoop, retryable: true, "A container of the store keeps crashing.", "Read the last log lines below, correct the cause, then retry.";
    /// A container was killed for its memory.
    OutOfMemory, retryable: false, "A container of the store ran out of memory.", "Choose a larger plan or raise its memory limit, then retry.";
    /// Pods run, but their probes fail.
    ProbeFailing, retryable: true, "A container of the store runs but does not answer its probe.", "Read the last log lines below, then retry.";
    /// The set-up job ended with an error.
    SetupFailed, retryable: false, "Setting up WordPress failed.", "Read the set-up's last log lines below, correct the cause, then retry.";
    /// Pods are ready, but the shop does not answer through the ingress.
    StorefrontUnreachable, retryable: true, "The shop does not answer at its address.", "Check the ingress controller and the host name's DNS, then retry.";
    /// Another object already claims the host.
    HostConflict, retryable: false, "Another ingress of the cluster already claims the store's host name.", "Remove the other ingress, then retry.";
    /// A namespace of that name exists and is not ours.
    NamespaceConflict, retryable: false, "A namespace with the store's name exists and does not belong to this installation.", "Remove or rename that namespace, then retry.";
    /// helm refused or failed.
    ReleaseFailed, retryable: true, "Installing the store's release failed.", "Read helm's last lines below, then retry.";
    /// The chart or its values do not render.
    ChartInvalid, retryable: false, "The store's chart does not accept its values.", "Correct the chart or the values files, then retry.";
    /// The release is locked and could not be freed.
    ReleaseLocked, retryable: true, "The store's release is locked by an unfinished helm operation.", "Retry; the platform frees the lock when its holder is gone.";
    /// Rolling back would lower the database's version.
    RollbackUnsafe, retryable: false, "Rolling back would lower the database's version and could lose data.", "Upgrade forward, or restore from a backup.";
    /// The namespace does not go away; the evidence names what blocks.
    DeleteBlocked, retryable: true, "The store's namespace cannot be removed yet.", "Remove the finalizers of the objects named below, then delete again.";
    /// The apiserver does not answer.
    ClusterUnreachable, retryable: true, "The cluster cannot be reached.", "Bring the cluster back; the platform goes on by itself.";
    /// Nothing failed, but the deadline passed.
    Timeout, retryable: true, "The operation did not finish in time.", "Look at the last step and its evidence, then retry.";
    /// Ended by its owner.
    Cancelled, retryable: false, "The operation was cancelled.", "Retry when you want it after all.";
    /// A fault of the platform itself.
    Internal, retryable: true, "The platform failed unexpectedly.", "Retry; if it stays, give the operator the request id.";
}

impl FailureCode {
    /// The code of that name; `None` for one this build does not know.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

impl<'de> Deserialize<'de> for FailureCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self::parse(&text).unwrap_or(Self::Internal))
    }
}

/// A failure as it is reported, stored and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// Stable code.
    pub code: FailureCode,
    /// What happened here, in one or two sentences; names the object.
    pub message: String,
    /// What to do next.
    pub next_action: String,
    /// Whether another attempt can help.
    pub retryable: bool,
    /// The step in which it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    /// What was seen: events, conditions, last log lines.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
}

impl Failure {
    /// A failure with the code's own sentence, followed by the detail.
    #[must_use]
    pub fn new(code: FailureCode, detail: impl AsRef<str>) -> Self {
        let detail = detail.as_ref().trim();
        let message = if detail.is_empty() {
            code.sentence().to_owned()
        } else {
            format!("{} {detail}", code.sentence())
        };
        Self {
            code,
            message,
            next_action: code.next_action().to_owned(),
            retryable: code.retryable(),
            step: None,
            evidence: Vec::new(),
        }
    }

    /// The same, in a step.
    #[must_use]
    pub fn in_step(mut self, step: Step) -> Self {
        self.step = Some(step);
        self
    }

    /// The same, with what was seen.
    #[must_use]
    pub fn with_evidence(mut self, evidence: Vec<Evidence>) -> Self {
        self.evidence = evidence;
        self
    }
}

/// One thing that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// `Event`, `Condition`, `Log` or `Output`.
    pub kind: String,
    /// Kind and name of the object, such as `Pod/wordpress-7c9f`.
    pub object: String,
    /// What it says, shortened.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_name_and_has_words() {
        for code in FailureCode::ALL {
            assert_eq!(FailureCode::parse(code.as_str()), Some(*code));
            assert!(code.sentence().ends_with('.') && code.next_action().ends_with('.'));
        }
    }

    #[test]
    fn a_code_of_a_newer_worker_reads_as_internal() {
        let code: FailureCode = serde_json::from_str("\"SomethingNew\"").unwrap();
        assert_eq!(code, FailureCode::Internal);
    }
}
