//! Looking for a cause, and collecting what shows it: events of the object and
//! the last words of its container. Words of a store's own passwords and keys
//! are struck out before anything leaves here.

use k8s_openapi::api::core::v1::{Event, PersistentVolumeClaim, Pod, ResourceQuota, Secret};
use kube::Api;
use kube::api::{ListParams, LogParams};
use secrecy::{ExposeSecret as _, SecretString};
use shared::failure::{Evidence, FailureCode};

use crate::cluster::diagnose::{Diagnosis, Facts, diagnose};
use crate::cluster::rollout::Rollout;
use crate::cluster::room::{self, Way};
use crate::cluster::workloads::{self, PodIdentity, Workloads};
use crate::cluster::{Cluster, ClusterError};
use crate::values::CREDENTIALS_SECRET;

/// Events that are kept.
const EVENTS: usize = 5;
/// Log lines that are kept.
const LINES: i64 = 20;
/// Characters of one piece of evidence.
const LENGTH: usize = 2000;
/// Values shorter than this are no secrets (`admin`) or would strike out too much;
/// this much of a longer one is struck out too (PHP cuts arguments in its traces).
const SHORT: usize = 8;

/// What a look at workloads that have not arrived gives.
#[derive(Debug, Default)]
pub struct Look {
    /// The cause, with its evidence.
    pub cause: Option<Diagnosis>,
    /// Pods that hold up their StatefulSet.
    pub stuck: Vec<PodIdentity>,
    /// What makes room for pods that a quota refuses.
    pub room: Vec<Way>,
}

/// What the cause is looked for in, beside the workloads.
///
/// # Errors
/// [`ClusterError`].
pub async fn facts(
    cluster: &Cluster,
    store: &str,
    workloads: Workloads,
) -> Result<Facts, ClusterError> {
    let all = ListParams::default();
    let serving = ListParams::default().labels(&workloads::serving());
    let (pods, events) = (cluster.of::<Pod>(store), cluster.of::<Event>(store));
    let (pods, events, claims) = tokio::try_join!(
        async { Ok(pods.list(&serving).await?) },
        async { Ok(events.list(&all).await?) },
        claims(cluster, store),
    )?;
    Ok(Facts {
        workloads,
        pods: pods.items,
        claims,
        events: events.items,
    })
}

/// The volume claims of a store.
///
/// # Errors
/// [`ClusterError`].
pub async fn claims(
    cluster: &Cluster,
    store: &str,
) -> Result<Vec<PersistentVolumeClaim>, ClusterError> {
    let claims = cluster.of::<PersistentVolumeClaim>(store);
    Ok(claims.list(&ListParams::default()).await?.items)
}

/// The cause that keeps the workloads, with its evidence.
///
/// # Errors
/// [`ClusterError`].
pub async fn look(
    cluster: &Cluster,
    store: &str,
    facts: &Facts,
    verdict: &Rollout,
) -> Result<Look, ClusterError> {
    let stuck = workloads::stuck(&facts.workloads.stateful_sets, &facts.pods);
    let Some(mut found) = diagnose(facts, verdict) else {
        return Ok(Look {
            stuck,
            ..Look::default()
        });
    };
    let room = if found.failure.code == FailureCode::QuotaExceeded {
        let quotas = cluster.of::<ResourceQuota>(store);
        room::ways(facts, &quotas.list(&ListParams::default()).await?.items)
    } else {
        Vec::new()
    };
    let mut evidence = of_events(&facts.events, &found.object);
    if let Some(container) = &found.container {
        evidence.extend(last_words(cluster, store, &found.object, container).await);
    }
    if evidence.is_empty() {
        evidence.push(Evidence {
            kind: "Condition".to_owned(),
            object: found.object.clone(),
            text: found.failure.message.clone(),
        });
    }
    let secrets = secrets(cluster, store).await?;
    for piece in &mut evidence {
        let struck = strike_out(&piece.text, &secrets);
        // Only now: a secret that is cut in two would not be found.
        piece.text = match piece.kind.as_str() {
            "Log" => last_of(&struck),
            _ => first_of(&struck),
        };
    }
    found.failure.message = first_of(&strike_out(&found.failure.message, &secrets));
    found.failure.evidence = evidence;
    Ok(Look {
        cause: Some(found),
        stuck,
        room,
    })
}

/// The newest warnings about an object. Pure.
fn of_events(events: &[Event], object: &str) -> Vec<Evidence> {
    let mut about: Vec<&Event> = events
        .iter()
        .filter(|event| event.type_.as_deref() == Some("Warning"))
        .filter(|event| name_of(event) == object)
        .collect();
    about.sort_by_key(|event| {
        let last = event.last_timestamp.as_ref().map(|time| time.0);
        last.or_else(|| event.event_time.as_ref().map(|time| time.0))
    });
    let newest = about.iter().rev().take(EVENTS);
    let kept = newest.map(|event| Evidence {
        kind: "Event".to_owned(),
        object: object.to_owned(),
        text: format!(
            "{} ({} times): {}",
            event.reason.as_deref().unwrap_or_default(),
            event.count.unwrap_or(1),
            event.message.as_deref().unwrap_or_default()
        ),
    });
    kept.collect()
}

fn name_of(event: &Event) -> String {
    let object = &event.involved_object;
    let word = |word: &Option<String>| word.clone().unwrap_or_default();
    format!("{}/{}", word(&object.kind), word(&object.name))
}

/// The last lines of a container: of its run before, if it was started again.
/// A log that cannot be had is no evidence, and no error.
async fn last_words(
    cluster: &Cluster,
    store: &str,
    object: &str,
    container: &str,
) -> Option<Evidence> {
    let pod = object.strip_prefix("Pod/")?;
    let api: Api<Pod> = cluster.of(store);
    let of_run = |previous| LogParams {
        container: (!container.is_empty()).then(|| container.to_owned()),
        tail_lines: Some(LINES),
        previous,
        ..LogParams::default()
    };
    let text = match api.logs(pod, &of_run(true)).await {
        Ok(text) if !text.trim().is_empty() => text,
        _ => api.logs(pod, &of_run(false)).await.ok()?,
    };
    let text = text.trim();
    (!text.is_empty()).then(|| Evidence {
        kind: "Log".to_owned(),
        object: object.to_owned(),
        text: text.to_owned(),
    })
}

/// The passwords and keys of a store.
///
/// # Errors
/// [`ClusterError`].
pub(crate) async fn secrets(
    cluster: &Cluster,
    store: &str,
) -> Result<Vec<SecretString>, ClusterError> {
    let secret = cluster
        .of::<Secret>(store)
        .get_opt(CREDENTIALS_SECRET)
        .await?;
    let values = secret.and_then(|secret| secret.data).unwrap_or_default();
    let texts = values
        .into_values()
        .filter_map(|value| String::from_utf8(value.0).ok());
    Ok(texts
        .filter(|text| text.len() >= SHORT)
        .map(SecretString::from)
        .collect())
}

/// The text without the secrets. Pure.
pub(crate) fn strike_out(text: &str, secrets: &[SecretString]) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| {
        without(&text, secret.expose_secret())
    })
}

/// The text without that secret, or as much of its beginning as is there.
fn without(text: &str, secret: &str) -> String {
    let Some(beginning) = secret.get(..SHORT) else {
        return text.to_owned();
    };
    let (mut kept, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(beginning) {
        let (before, from) = rest.split_at(at);
        let same = from.chars().zip(secret.chars()).take_while(|(a, b)| a == b);
        let length: usize = same.map(|(a, _)| a.len_utf8()).sum();
        kept.push_str(before);
        kept.push_str("[secret]");
        rest = &from[length..];
    }
    kept.push_str(rest);
    kept
}

fn first_of(text: &str) -> String {
    text.chars().take(LENGTH).collect()
}

fn last_of(text: &str) -> String {
    let skip = text.chars().count().saturating_sub(LENGTH);
    text.chars().skip(skip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_stays_in_a_text() {
        let secrets = [
            "hunter2hunter2".to_owned().into(),
            "tops3cretkey".to_owned().into(),
        ];
        let text = strike_out(
            "login hunter2hunter2 failed, hunter2hunter2/tops3cretkey",
            &secrets,
        );
        assert_eq!(text, "login [secret] failed, [secret]/[secret]");
    }

    #[test]
    fn the_beginning_of_a_secret_is_struck_out_too() {
        let secrets = ["hunter2hunter2".to_owned().into()];
        for (text, struck) in [
            ("connect('hunter2hu...')", "connect('[secret]...')"),
            ("hunter2hunter2hunter2", "[secret]hunter2"),
            ("hunter2", "hunter2"),
            ("é hunter2h é", "é [secret] é"),
        ] {
            assert_eq!(strike_out(text, &secrets), struck);
        }
    }

    #[test]
    fn evidence_is_bounded_and_keeps_the_telling_end() {
        let text = format!("a{}z", "x".repeat(9000));
        assert!(first_of(&text).len() == LENGTH && first_of(&text).starts_with('a'));
        assert!(last_of(&text).len() == LENGTH && last_of(&text).ends_with('z'));
    }
}
