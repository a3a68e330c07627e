//! `urumi doctor`: what is wrong between here and a shop, and what to do.

mod way;

use serde_json::{Value, json};

use crate::client::Client;
use crate::command::doctor::way::Advice;
use crate::exit::Failed;
use crate::output::{Form, items, text};
use crate::screen;

/// One thing that was looked at.
#[derive(Debug)]
struct Finding {
    what: &'static str,
    good: bool,
    said: String,
    next: &'static str,
}

/// The inventory is renewed every four minutes; when two are missing, nobody renews it.
const OLD_SECONDS: i64 = 540;

const TO_API: Advice = Advice {
    name: "is the name in --server or URUMI_API spelt right?",
    port: "nobody listens there: start the platform with `make up`, or name its port with --server",
    page: "",
};
const TO_SHOPS: Advice = Advice {
    name: "a wildcard DNS record for the stores' domain has to lead to the ingress",
    port: "the ingress does not listen there: `make status`; is the port another program's?",
    page: "look at the shop's pods and words: `urumi store pods`, `urumi store logs`",
};

/// Look at everything on the way from here to a shop.
///
/// # Errors
/// That something is wrong (exit code 1).
pub async fn run(client: &Client, form: Form) -> Result<(), Failed> {
    let findings = findings(client).await;
    screen::show(&match form {
        Form::Table | Form::Wide => lines(&findings),
        Form::Name => findings
            .iter()
            .filter(|finding| !finding.good)
            .map(|finding| finding.what)
            .collect::<Vec<_>>()
            .join("\n"),
        Form::Json | Form::Yaml => crate::output::whole(form, &as_json(&findings))?,
    })?;
    match findings.iter().filter(|finding| !finding.good).count() {
        0 => Ok(()),
        bad => Err(Failed::new(format!("{bad} of {} is wrong", findings.len()))),
    }
}

async fn findings(client: &Client) -> Vec<Finding> {
    let mut found = vec![match client.alive().await {
        Ok(()) => good("api", format!("{} answers", client.server())),
        Err(error) => bad(
            "api",
            error.what,
            "start it with `make up` and look with `make status`; or name another with --server",
        ),
    }];
    if !found[0].good {
        found.extend(way::to_port(client.server(), &TO_API).await);
        return found;
    }
    found.extend(servers(&client.readiness().await));
    found.push(waiting(client).await);
    found.push(parked(client).await);
    found.push(cluster(client).await);
    found.extend(shops(client).await);
    found
}

/// What the API says of the servers behind it.
fn servers(readiness: &Result<Value, Failed>) -> Vec<Finding> {
    let parts = [
        ("postgres", "is PostgreSQL running? `make status`"),
        (
            "rabbitmq_publisher",
            "is RabbitMQ running? wishes are kept and sent when it is back: `make status`",
        ),
        (
            "rabbitmq_consumer",
            "is RabbitMQ running? what workers report is kept there: `make status`",
        ),
    ];
    match readiness {
        Err(error) => vec![bad(
            "servers",
            error.what.clone(),
            "look at the API's log: `make logs`",
        )],
        Ok(readiness) => parts
            .iter()
            .map(|(part, next)| match text(&readiness[*part]).as_str() {
                "ok" => good(part, "connected".to_owned()),
                said => bad(part, said.to_owned(), next),
            })
            .collect(),
    }
}

/// Whether something was asked for that no worker has begun.
async fn waiting(client: &Client) -> Finding {
    let query = [("status", "Queued"), ("limit", "1")];
    match client.get_with("/stores", &query).await {
        Err(error) => bad("workers", error.what, "look at the API's log: `make logs`"),
        Ok(answer) => match items(&answer).first() {
            None => good("workers", "no store waits for a worker".to_owned()),
            Some(store) => bad(
                "workers",
                format!("{} waits for a worker", text(&store["id"])),
                "a moment is usual; else see that a worker runs: `make status`",
            ),
        },
    }
}

async fn parked(client: &Client) -> Finding {
    match client.get_with("/dead-letters", &[("limit", "200")]).await {
        Err(error) => bad("messages", error.what, "look at the API's log: `make logs`"),
        Ok(answer) => {
            let open = |letter: &&Value| letter["replayed_at"].is_null();
            match items(&answer).iter().filter(open).count() {
                0 => good("messages", "none is parked".to_owned()),
                parked => bad(
                    "messages",
                    format!("{parked} could not be used and are parked"),
                    "read why with `urumi dead-letter list`, then replay them",
                ),
            }
        }
    }
}

/// Whether the records and the cluster agree.
async fn cluster(client: &Client) -> Finding {
    match client.get("/reconciliation").await {
        Err(error) => bad("cluster", error.what, "look at the API's log: `make logs`"),
        Ok(answer) => cluster_by(&answer),
    }
}

fn cluster_by(answer: &Value) -> Finding {
    let inventory = &answer["inventory"];
    if !inventory.is_object() {
        return bad(
            "cluster",
            "no worker has told yet what the cluster has".to_owned(),
            "see that a worker runs and reaches the cluster: `make status`, `make logs`",
        );
    }
    if inventory["complete"] == false {
        return bad(
            "cluster",
            "the workers do not reach it".to_owned(),
            "is its apiserver running? `make status`; what is asked for waits until it is back",
        );
    }
    let age = inventory["age_seconds"].as_i64().unwrap_or_default();
    if age > OLD_SECONDS {
        return bad(
            "cluster",
            format!("nobody has looked at it for {age} s"),
            "see that a worker runs and reaches the cluster: `make status`, `make logs`",
        );
    }
    match items(answer).len() {
        0 => good("cluster", "as the records say".to_owned()),
        differences => bad(
            "cluster",
            format!("{differences} differences from the records"),
            "read them with `urumi reconciliation show`",
        ),
    }
}

/// Whether the newest shop answers from here: its name, its port, its page.
async fn shops(client: &Client) -> Vec<Finding> {
    let query = [("status", "Ready"), ("limit", "1")];
    match client.get_with("/stores", &query).await {
        Err(error) => vec![bad(
            "shops",
            error.what,
            "look at the API's log: `make logs`",
        )],
        Ok(answer) => match items(&answer).first() {
            None => vec![good("shops", "none is Ready yet".to_owned())],
            Some(store) => way::to_page(&text(&store["url"]), &TO_SHOPS).await,
        },
    }
}

fn good(what: &'static str, said: String) -> Finding {
    let (good, next) = (true, "");
    Finding {
        what,
        good,
        said,
        next,
    }
}

fn bad(what: &'static str, said: String, next: &'static str) -> Finding {
    let good = false;
    Finding {
        what,
        good,
        said,
        next,
    }
}

fn lines(findings: &[Finding]) -> String {
    let mut lines = Vec::new();
    for Finding {
        what,
        good,
        said,
        next,
    } in findings
    {
        let mark = if *good { "ok" } else { "WRONG" };
        lines.push(format!("{mark:<6} {what:<19} {said}"));
        if !good {
            lines.push(format!("{:<26} → {next}", ""));
        }
    }
    lines.join("\n")
}

fn as_json(findings: &[Finding]) -> Value {
    let one = |finding: &Finding| {
        json!({"check": finding.what, "ok": finding.good, "message": finding.said,
            "next_action": (!finding.good).then_some(finding.next)})
    };
    json!({ "items": findings.iter().map(one).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_well_only_if_somebody_saw_all_of_it_lately() {
        let of = |complete: bool, age: i64, differences: usize| {
            let inventory = json!({"complete": complete, "age_seconds": age});
            let items = vec![json!({}); differences];
            cluster_by(&json!({"inventory": inventory, "items": items}))
        };
        assert!(of(true, 60, 0).good);
        for (found, said) in [
            (
                cluster_by(&json!({"inventory": null})),
                "no worker has told",
            ),
            (of(false, 1, 0), "do not reach it"),
            (of(true, 541, 0), "for 541 s"),
            (of(true, 1, 2), "2 differences"),
        ] {
            assert!(!found.good && found.said.contains(said), "{found:?}");
            assert!(!found.next.is_empty());
        }
    }

    #[test]
    fn a_server_that_is_away_is_named_with_what_to_do() {
        let said = json!({"postgres": "ok", "rabbitmq_publisher": "connection refused", "rabbitmq_consumer": "ok"});
        let printed = lines(&servers(&Ok(said)));
        assert_eq!(
            printed.lines().nth(1).unwrap(),
            "WRONG  rabbitmq_publisher  connection refused"
        );
        assert!(
            printed.lines().nth(2).unwrap().contains("make status"),
            "{printed}"
        );
        assert_eq!(printed.lines().count(), 4);
    }
}
