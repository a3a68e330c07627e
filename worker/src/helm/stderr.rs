//! What helm complains of, as one of our failure codes. Pure.
//!
//! The texts are helm 4.3's and the apiserver's own; each is in a test below.

use shared::failure::{Evidence, Failure, FailureCode};
use shared::step::Step;

use crate::helm::wire::{End, Reply};

/// What follows from a run of helm that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The apiserver did not answer; the same call may work later.
    Unreachable(String),
    /// An unfinished helm operation stands in the way: look again.
    Locked(String),
    /// The apiserver does not know a right of ours. One that was restarted refuses
    /// everybody until it has read the roles, so look again.
    NotAllowed(String),
    /// It failed.
    Failed(Failure),
}

/// Texts in helm's output and what they mean, most telling first.
const SIGNS: &[(&str, FailureCode)] = &[
    ("because it is being terminated", FailureCode::ReleaseLocked),
    // Of all signs the only one with that code; see `Verdict::NotAllowed`.
    ("forbidden: User ", FailureCode::Internal),
    (
        "another operation (install/upgrade/rollback) is in progress",
        FailureCode::ReleaseLocked,
    ),
    (
        "Kubernetes cluster unreachable",
        FailureCode::ClusterUnreachable,
    ),
    ("connection refused", FailureCode::ClusterUnreachable),
    ("connection reset by peer", FailureCode::ClusterUnreachable),
    ("no route to host", FailureCode::ClusterUnreachable),
    ("i/o timeout", FailureCode::ClusterUnreachable),
    ("TLS handshake timeout", FailureCode::ClusterUnreachable),
    (
        "the server is currently unable to handle the request",
        FailureCode::ClusterUnreachable,
    ),
    ("etcdserver: ", FailureCode::ClusterUnreachable),
    (
        "http2: client connection lost",
        FailureCode::ClusterUnreachable,
    ),
    ("unexpected EOF", FailureCode::ClusterUnreachable),
    ("Too Many Requests", FailureCode::ClusterUnreachable),
    ("violates PodSecurity", FailureCode::PodSecurity),
    ("exceeded quota", FailureCode::QuotaExceeded),
    ("is already defined in ingress", FailureCode::HostConflict),
    (
        "values don't meet the specifications of the schema",
        FailureCode::ChartInvalid,
    ),
    ("execution error at", FailureCode::ChartInvalid),
    ("executing \"", FailureCode::ChartInvalid),
    ("parse error at", FailureCode::ChartInvalid),
    ("error calling include", FailureCode::ChartInvalid),
    ("YAML parse error", FailureCode::ChartInvalid),
    ("Chart.yaml file is missing", FailureCode::ChartInvalid),
    ("failed to parse", FailureCode::ChartInvalid),
    (
        "unable to build kubernetes objects",
        FailureCode::ChartInvalid,
    ),
    ("chart requires kubeVersion", FailureCode::ChartInvalid),
    ("no such file or directory", FailureCode::ChartInvalid),
    ("non-absolute URLs should be", FailureCode::ChartInvalid),
];

/// `None` for success.
#[must_use]
pub fn verdict(reply: &Reply, step: Step) -> Option<Verdict> {
    if reply.end == End::Exited && reply.code == Some(0) {
        return None;
    }
    let last = last_words(&reply.stderr);
    if reply.end == End::Limit {
        let detail = format!("helm did not end within its limit. {last}");
        return Some(failed(FailureCode::ReleaseFailed, &detail, reply, step));
    }
    // From helm's own last error on: a warning before it does not decide.
    let said = reply.stderr.rfind("Error:").unwrap_or(0);
    let said = reply.stderr.get(said..).unwrap_or_default();
    let sign = SIGNS.iter().find(|(sign, _)| said.contains(sign));
    let code = sign.map_or(FailureCode::ReleaseFailed, |(_, code)| *code);
    Some(match code {
        FailureCode::ClusterUnreachable => Verdict::Unreachable(last),
        FailureCode::ReleaseLocked => Verdict::Locked(last),
        FailureCode::Internal => Verdict::NotAllowed(last),
        _ => failed(code, &last, reply, step),
    })
}

fn failed(code: FailureCode, detail: &str, reply: &Reply, step: Step) -> Verdict {
    let evidence = Evidence {
        kind: "Output".to_owned(),
        object: "helm".to_owned(),
        text: tail(&reply.stderr, 2000),
    };
    let failure = Failure::new(code, detail).in_step(step);
    Verdict::Failed(failure.with_evidence(vec![evidence]))
}

/// What says it: helm's last `Error: …` with the lines that belong to it.
fn last_words(stderr: &str) -> String {
    let from = stderr.rfind("Error:").unwrap_or(0);
    let said = stderr.get(from..).unwrap_or_default();
    let words: Vec<&str> = said.split_whitespace().collect();
    words.join(" ").chars().take(400).collect()
}

/// The last characters.
pub(super) fn tail(text: &str, chars: usize) -> String {
    let all: Vec<char> = text.trim().chars().collect();
    all[all.len().saturating_sub(chars)..].iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(stderr: &str) -> Reply {
        Reply {
            end: End::Exited,
            code: Some(1),
            stdout: String::new(),
            stderr: stderr.to_owned(),
        }
    }

    fn code_of(stderr: &str) -> FailureCode {
        match verdict(&reply(stderr), Step::Release) {
            Some(Verdict::Unreachable(_)) => FailureCode::ClusterUnreachable,
            Some(Verdict::Locked(_)) => FailureCode::ReleaseLocked,
            Some(Verdict::NotAllowed(_)) => FailureCode::Internal,
            Some(Verdict::Failed(failure)) => failure.code,
            None => unreachable!("exit code 1 is no success"),
        }
    }

    #[test]
    fn success_has_no_verdict() {
        let done = Reply {
            code: Some(0),
            ..reply("WARNING: something")
        };
        assert_eq!(verdict(&done, Step::Release), None);
    }

    #[test]
    fn every_recorded_complaint_has_its_code() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/helm");
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let expected = name.split('-').next().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(code_of(&text).as_str(), expected, "{name}");
            seen += 1;
        }
        assert!(seen >= 8, "only {seen} fixtures");
    }

    #[test]
    fn the_message_is_helms_own_line_and_the_evidence_is_bounded() {
        let long = format!("{}\nError: UPGRADE FAILED: it broke\n", "x".repeat(9000));
        let Some(Verdict::Failed(failure)) = verdict(&reply(&long), Step::Release) else {
            unreachable!("it failed")
        };

        assert!(failure.message.ends_with("Error: UPGRADE FAILED: it broke"));
        assert_eq!(failure.step, Some(Step::Release));
        assert!(failure.evidence[0].text.len() <= 2000);
    }

    #[test]
    fn a_refused_right_is_asked_for_again() {
        let refused = include_str!("../../tests/fixtures/helm/Internal-forbidden.txt");
        let Some(Verdict::NotAllowed(detail)) = verdict(&reply(refused), Step::Release) else {
            unreachable!("a restarted apiserver refuses for a moment only")
        };
        assert!(detail.contains("cannot list resource"), "{detail}");
    }

    #[test]
    fn a_passed_limit_is_said() {
        let late = Reply {
            end: End::Limit,
            code: None,
            ..reply("")
        };
        let Some(Verdict::Failed(failure)) = verdict(&late, Step::Release) else {
            unreachable!("it failed")
        };
        assert!(failure.message.contains("limit"));
    }
}
