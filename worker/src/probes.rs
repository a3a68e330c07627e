//! `/healthz`, `/readyz` and `/metrics`, on a listener of the worker's own. Ready
//! while commands are taken and helm is there; each part is named with what is
//! wrong with it. For those who run the platform; tenants have no way here.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::Serialize;
use shared::metrics::CONTENT_TYPE;
use shared::pages::Page;
use tokio::time::timeout;

use crate::context::Context;
use crate::metrics::METRICS;

/// How long the apiserver may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(2);
const OK: &str = "ok";

/// What the worker has and misses; each part `ok`, or what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Readiness {
    /// Whether work can be taken.
    ready: bool,
    /// Whether anything is missing.
    degraded: bool,
    /// Commands on their way here.
    rabbitmq_consumer: &'static str,
    /// Events on their way from here.
    rabbitmq_publisher: &'static str,
    /// The apiserver.
    kubernetes: &'static str,
    /// The program.
    helm: &'static str,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    consumer: bool,
    publisher: bool,
    kubernetes: bool,
    helm: bool,
}

/// The answer to a path.
pub async fn page(context: Arc<Context>, connected: Arc<AtomicBool>, path: String) -> Page {
    match path.as_str() {
        "/healthz" => Page::text("200 OK", "ok\n"),
        "/readyz" => answer(&readiness(look(&context, &connected).await)),
        "/metrics" => {
            look(&context, &connected).await;
            Page {
                status: "200 OK",
                content_type: CONTENT_TYPE,
                body: METRICS.numbers.text(),
            }
        }
        _ => Page::text(
            "404 Not Found",
            "there are /healthz, /readyz and /metrics\n",
        ),
    }
}

async fn look(context: &Context, connected: &AtomicBool) -> Found {
    let client = context.cluster.requests();
    let version = timeout(PATIENCE, client.apiserver_version());
    let found = Found {
        consumer: connected.load(Ordering::Relaxed),
        // Opened with the first event; until then nothing is known to be wrong.
        publisher: context.publisher.was_well().await,
        kubernetes: matches!(version.await, Ok(Ok(_))),
        helm: is_there(&context.settings.helm, &context.settings.path),
    };
    for (part, works) in [
        ("rabbitmq_consumer", found.consumer),
        ("rabbitmq_publisher", found.publisher),
        ("kubernetes", found.kubernetes),
        ("helm", found.helm),
    ] {
        METRICS.part(part, works);
    }
    found
}

/// Whether a program can be started: by its path, or by PATH.
fn is_there(program: &Path, path: &str) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let runs = |file: &Path| {
        let found = std::fs::metadata(file);
        found.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    if program.components().count() > 1 {
        return runs(program);
    }
    std::env::split_paths(path).any(|folder| runs(&folder.join(program)))
}

/// In words. Pure.
fn readiness(found: Found) -> Readiness {
    let said = |works, otherwise| if works { OK } else { otherwise };
    Readiness {
        ready: found.consumer && found.helm,
        degraded: !(found.consumer && found.publisher && found.kubernetes && found.helm),
        rabbitmq_consumer: said(
            found.consumer,
            "not connected: no work is taken until RabbitMQ is back",
        ),
        rabbitmq_publisher: said(
            found.publisher,
            "not connected: events wait here, and outcomes on the store's Lease",
        ),
        kubernetes: said(
            found.kubernetes,
            "the apiserver does not answer: work in progress waits for it",
        ),
        helm: said(
            found.helm,
            "the program is not there: set URUMI_HELM to helm 4",
        ),
    }
}

fn answer(readiness: &Readiness) -> Page {
    let status = if readiness.ready {
        "200 OK"
    } else {
        "503 Service Unavailable"
    };
    Page {
        status,
        content_type: "application/json",
        body: serde_json::to_string(readiness).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Found = Found {
        consumer: true,
        publisher: true,
        kubernetes: true,
        helm: true,
    };

    #[test]
    fn each_part_is_named_and_only_two_keep_work_away() {
        assert_eq!(answer(&readiness(ALL)).status, "200 OK");
        for (found, part, ready) in [
            (
                Found {
                    consumer: false,
                    ..ALL
                },
                "rabbitmq_consumer",
                false,
            ),
            (
                Found {
                    publisher: false,
                    ..ALL
                },
                "rabbitmq_publisher",
                true,
            ),
            (
                Found {
                    kubernetes: false,
                    ..ALL
                },
                "kubernetes",
                true,
            ),
            (Found { helm: false, ..ALL }, "helm", false),
        ] {
            let page = answer(&readiness(found));
            let told: serde_json::Value = serde_json::from_str(&page.body).unwrap();
            assert_eq!(told["ready"], ready, "{part}");
            assert_eq!(told["degraded"], true, "{part}");
            assert_eq!(page.status.starts_with("200"), ready, "{part}");
            for name in [
                "rabbitmq_consumer",
                "rabbitmq_publisher",
                "kubernetes",
                "helm",
            ] {
                assert_eq!(told[name] == OK, name != part, "{told}");
            }
        }
    }

    #[test]
    fn helm_is_found_by_its_path_and_by_the_search_path() {
        assert!(is_there(Path::new("/bin/sh"), ""));
        assert!(is_there(Path::new("sh"), "/nowhere:/bin"));
        assert!(!is_there(Path::new("sh"), "/nowhere"));
        assert!(!is_there(Path::new("/etc/passwd"), ""));
    }
}
