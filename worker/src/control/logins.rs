//! What a store's web pods say in their logs of login links, told to the api for its
//! audit. A pod's line is the store's own word, about itself and no other store; what
//! a visitor can bring into a log (an access log's line) is none of them.

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt as _;
use kube::api::{ListParams, LogParams};
use shared::amqp::Outgoing;
use shared::amqp::topology::OBSERVATIONS;
use shared::backoff::Backoff;
use shared::contract::control::Control;
use shared::contract::envelope::Envelope;
use shared::contract::observation::{Login, Observation, ObservationBody};
use shared::ids::MessageId;
use shared::telemetry::{chain, trace};
use shared::wait::pause;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::cluster::labels::{COMPONENT, INSTANCE};
use crate::cluster::workloads::WEB;
use crate::cluster::{Cluster, ClusterError};
use crate::context::Context;

/// Bytes of one pod's log that are read.
const BYTES: i64 = 4 * 1024 * 1024;
/// Logins that are told at once; more in a minute are an attack, and the first tell it.
const MOST: usize = 50;
/// How the lines begin that the store's login plugin writes.
const MARK: &str = "urumi-login: ";

/// Say who came since then.
///
/// *Precondition:* none; pods that are gone have no log. *Effect:* one observation, if
/// there is anything to tell. *Repeating it:* the same logins, of the same ids. Gives
/// `false` if the program stops before the broker has it.
pub(super) async fn tell(
    context: &Context,
    message: &Envelope<Control>,
    since: OffsetDateTime,
    stop: &CancellationToken,
) -> Result<bool, ClusterError> {
    let store = message.store_id.as_str();
    let found = match logs(&context.cluster, store, since).await {
        Ok(found) => found,
        // The store is gone, and our rights in its namespace with it.
        Err(error @ (ClusterError::Refused(_) | ClusterError::NotFound(_))) => {
            tracing::warn!(store.id = store, error = %error.detail(), "a store's logs are not to be had");
            return Ok(true);
        }
        Err(error) => return Err(error),
    };
    let mut logins = Vec::new();
    for (pod, log) in found {
        let lines = log.lines();
        logins.extend(lines.filter_map(|line| login(message.tenant_id.0, store, &pod, line)));
    }
    logins.truncate(MOST);
    if logins.is_empty() {
        return Ok(true);
    }
    for one in &logins {
        let refused = one.refused.as_deref();
        tracing::info!(store.id = store, link = ?one.link, refused, pod = one.pod, "somebody came with a login link");
    }
    let observation = Observation {
        id: MessageId::new(),
        installation: context.settings.installation.clone(),
        term: 0,
        taken_at: OffsetDateTime::now_utc(),
        body: ObservationBody::Logins {
            store_id: message.store_id.clone(),
            logins,
        },
    };
    Ok(say(context, &observation, stop).await)
}

/// The logs of the web pods since then, by pod.
async fn logs(
    cluster: &Cluster,
    store: &str,
    since: OffsetDateTime,
) -> Result<Vec<(String, String)>, ClusterError> {
    let api = cluster.of::<Pod>(store);
    let web = ListParams::default().labels(&format!("{INSTANCE}={store},{COMPONENT}={WEB}"));
    let asked = LogParams {
        container: Some(WEB.to_owned()),
        since_time: Timestamp::from_second(since.unix_timestamp()).ok(),
        timestamps: true,
        limit_bytes: Some(BYTES),
        ..LogParams::default()
    };
    let mut found = Vec::new();
    for pod in api.list(&web).await?.items {
        let pod = pod.name_any();
        match api.logs(&pod, &asked).await {
            Ok(log) => found.push((pod, log)),
            // Of a container that never ran, or on a node that is away: not waited for,
            // or it would hold up what is to stop.
            Err(error) => tracing::debug!(
                store.id = store,
                pod,
                error = chain(&error),
                "a log is not to be had"
            ),
        }
    }
    Ok(found)
}

/// A line of the login plugin, by PHP, as the kubelet gives it: time, PHP's own time in
/// brackets, words. Pure.
fn login(tenant: Uuid, store: &str, pod: &str, line: &str) -> Option<Login> {
    let line = line.trim_end();
    let (at, said) = line.split_once(' ')?;
    let (_, said) = said.strip_prefix('[')?.split_once("] ")?;
    let (what, link) = said.strip_prefix(MARK)?.split_once(", link ")?;
    let refused = match what {
        "let in" => None,
        _ => Some(reason(what.strip_prefix("refused, ")?)?),
    };
    Some(Login {
        id: MessageId(Uuid::new_v5(
            &tenant,
            format!("{store}/{pod}/{line}").as_bytes(),
        )),
        link: match link {
            "-" => None,
            id => Some(id.parse().ok()?),
        },
        refused,
        at: OffsetDateTime::parse(at, &Rfc3339).ok()?,
        pod: pod.to_owned(),
    })
}

/// A word of the plugin's.
fn reason(word: &str) -> Option<String> {
    let good = word.len() <= 32 && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    good.then(|| word.to_owned())
}

async fn say(context: &Context, observation: &Observation, stop: &CancellationToken) -> bool {
    let Ok(payload) = observation.encode() else {
        return true;
    };
    let message = Outgoing {
        routing_key: OBSERVATIONS.routing_key,
        id: observation.id,
        payload,
        traceparent: trace::here(),
    };
    let mut failures = 0;
    while let Err(error) = context.publisher.publish(&message).await {
        failures += 1;
        tracing::debug!(error = chain(&error), "logins wait for the broker");
        if !pause(Backoff::RECONNECT.jittered(failures), stop).await {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "01a20997-9d2d-77ab-bb7c-ac19d4fcd2e0";

    fn read(line: &str) -> Option<Login> {
        login(Uuid::from_u128(1), "store-bcdfgh", "wordpress-x", line)
    }

    fn of_php(words: &str) -> String {
        format!("2026-11-30T11:00:00.123456789Z [30-Nov-2026 11:00:00 UTC] {words}")
    }

    #[test]
    fn the_plugins_lines_are_read() {
        let line = of_php(&format!("urumi-login: let in, link {LINK}\r"));
        let found = read(&line).unwrap();
        assert_eq!(
            (found.link, found.refused.as_deref()),
            (LINK.parse().ok(), None)
        );
        assert_eq!(found.at.unix_timestamp(), 1_796_036_400);
        assert_eq!(read(&line).unwrap().id, found.id, "one that is read twice");

        let refused = read(&of_php("urumi-login: refused, forged, link -")).unwrap();
        assert_eq!(
            (refused.link, refused.refused.as_deref()),
            (None, Some("forged"))
        );
        assert_ne!(refused.id, found.id);
    }

    #[test]
    fn what_a_visitor_brings_into_a_log_is_no_login() {
        for words in [
            format!(
                "203.0.113.9 - - [30/Nov/2026] \"GET /?urumi-login: let in, link {LINK} HTTP/1.1\" 200"
            ),
            format!("[30-Nov-2026 11:00:00 UTC] PHP Warning: urumi-login: let in, link {LINK}"),
            format!(
                "[Mon Nov 30 11:00:00 2026] [php:notice] [client x] urumi-login: let in, link {LINK}"
            ),
            format!("urumi-login: let in, link {LINK}"),
            "[30-Nov-2026 11:00:00 UTC] urumi-login: let in, link anybody".to_owned(),
            format!(
                "[30-Nov-2026 11:00:00 UTC] urumi-login: refused, Because I say so, link {LINK}"
            ),
            format!("[30-Nov-2026 11:00:00 UTC] urumi-login: let in, link {LINK} too"),
        ] {
            let line = format!("2026-11-30T11:00:00Z {words}");
            assert_eq!(read(&line), None, "{line}");
        }
        assert_eq!(read(""), None);
    }
}
