//! Each message type against its frozen JSON: an old sample must decode in
//! every later build, and what we say today must be that sample to the letter.
//! `UPDATE_WIRE=1` writes samples for *new* messages; never edit an old one.

use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::contract::command::{Command, Goal};
use shared::contract::control::{Control, StopReason};
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::contract::observation::{
    Health, HealthReason, Login, Look, NamespaceSeen, Observation, ObservationBody,
};
use shared::contract::question::{
    Answer, Ask, ContainerSeen, Inside, Log, Logs, PodSeen, Question, UsageSeen, VolumeSeen,
};
use shared::failure::{Evidence, Failure, FailureCode};
use shared::ids::{Generation, MessageId, OperationId, TenantId};
use shared::operation::OperationKind;
use shared::step::Step;
use shared::store_spec::StoreSpec;
use shared::testing::a_spec;
use time::macros::datetime;
use uuid::Uuid;

fn around<T>(body: T) -> Envelope<T> {
    Envelope {
        id: MessageId(Uuid::from_u128(1)),
        store_id: "store-bcdfgh".parse().unwrap(),
        tenant_id: TenantId::LOCAL,
        operation_id: OperationId(Uuid::from_u128(2)),
        generation: Generation(3),
        attempt: 1,
        sent_at: datetime!(2026-11-23 12:00:00.25 UTC),
        body,
    }
}

fn frozen<T>(name: &str, message: &Envelope<T>)
where
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    frozen_as(name, message);
}

fn frozen_as<M>(name: &str, message: &M)
where
    M: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/wire/v1")
        .join(format!("{name}.json"));
    let said = serde_json::to_string_pretty(message).unwrap() + "\n";
    if !path.exists() && std::env::var_os("UPDATE_WIRE").is_some() {
        std::fs::write(&path, &said).unwrap();
    }
    let sample = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error} (UPDATE_WIRE=1 writes it)", path.display()));

    assert_eq!(
        serde_json::from_str::<M>(&sample).unwrap(),
        *message,
        "{name} reads"
    );
    assert_eq!(said, sample, "{name} is said as before");
}

fn command(goal: Goal) -> Envelope<Command> {
    around(Command {
        kind: match goal {
            Goal::Present { .. } => OperationKind::Create,
            Goal::Absent => OperationKind::Delete,
        },
        goal,
        ever_ready: false,
        not_after: datetime!(2026-11-24 12:00 UTC),
        budget_ms: 900_000,
    })
}

#[test]
fn commands_read_and_are_said_as_frozen() {
    let id = "store-bcdfgh".parse().unwrap();
    frozen(
        "command_present",
        &command(Goal::Present { spec: a_spec(&id) }),
    );
    frozen("command_absent", &command(Goal::Absent));
}

#[test]
fn control_reads_and_is_said_as_frozen() {
    frozen(
        "control",
        &around(Control {
            clear: false,
            reason: StopReason::Superseded,
            logins_since: None,
        }),
    );
    frozen(
        "control_logins",
        &around(Control {
            clear: false,
            reason: StopReason::Expired,
            logins_since: Some(datetime!(2026-11-23 12:00 UTC)),
        }),
    );
}

#[test]
fn events_read_and_are_said_as_frozen() {
    let failure = Failure::new(FailureCode::QuotaExceeded, "Pod/mysql-0 asks for 2 CPU.")
        .in_step(Step::Rollout)
        .with_evidence(vec![Evidence {
            kind: "Event".into(),
            object: "StatefulSet/mysql".into(),
            text: "exceeded quota".into(),
        }]);
    let bodies = [
        EventBody::StepStarted {
            step: Step::Namespace,
            run: 0,
        },
        EventBody::StepWaiting {
            step: Step::Rollout,
            message: "1 of 3 workloads ready".into(),
            cause: Some(failure.clone()),
            run: 0,
        },
        EventBody::StepFinished {
            step: Step::Release,
            changed: true,
            failed: false,
            run: 0,
        },
        EventBody::Ready {
            revision: 1,
            chart: "store-0.1.0".into(),
            images: Default::default(),
        },
        EventBody::Deleted,
        EventBody::Failed {
            failure,
            changed: true,
            run: 0,
        },
        EventBody::Stopped {
            newer: Generation(4),
        },
        EventBody::Deferred {
            until: datetime!(2026-11-23 12:00:15 UTC),
            reason: "held by another worker".into(),
        },
    ];
    for body in bodies {
        let name = format!("event_{}", body.kind().to_lowercase());
        frozen(&name, &around(body));
    }
}

#[test]
fn a_later_run_of_a_step_reads_and_is_said_as_frozen() {
    let started = EventBody::StepStarted {
        step: Step::Release,
        run: 2,
    };
    frozen("event_stepstarted_again", &around(started));
}

#[test]
fn a_store_at_rest_and_its_images_read_and_are_said_as_frozen() {
    let spec = StoreSpec {
        suspended: true,
        ..a_spec(&"store-bcdfgh".parse().unwrap())
    };
    frozen("command_suspended", &command(Goal::Present { spec }));
    let ready = EventBody::Ready {
        revision: 2,
        chart: "store-0.1.0".into(),
        images: [("mysql".to_owned(), "mysql:8.4".to_owned())].into(),
    };
    frozen("event_ready_images", &around(ready));
}

fn login(link: Option<u128>, refused: Option<&str>) -> Login {
    Login {
        id: MessageId(Uuid::from_u128(5)),
        link: link.map(Uuid::from_u128),
        refused: refused.map(str::to_owned),
        at: datetime!(2026-11-23 12:00 UTC),
        pod: "wordpress-x".into(),
    }
}

#[test]
fn observations_read_and_are_said_as_frozen() {
    let at = datetime!(2026-11-23 12:00 UTC);
    let look = Look {
        store_id: "store-bcdfgh".parse().unwrap(),
        health: Health::Degraded,
        reasons: vec![HealthReason {
            code: "DatabaseNotReady".into(),
            object: "StatefulSet/mysql".into(),
            message: "0 of 1 pods ready".into(),
        }],
        at,
        shop: None,
    };
    let namespace = NamespaceSeen {
        name: "store-bcdfgh".into(),
        installation: Some("local".into()),
        tenant: Some(TenantId::LOCAL.0),
        ever_ready: true,
        terminating: false,
        revision: Some(1),
        chart: Some("store-0.1.0".into()),
    };
    let bodies = [
        (
            "observation_health",
            ObservationBody::Health { looks: vec![look] },
        ),
        (
            "observation_inventory",
            ObservationBody::Inventory {
                complete: true,
                namespaces: vec![namespace],
            },
        ),
        (
            "observation_logins",
            ObservationBody::Logins {
                store_id: "store-bcdfgh".parse().unwrap(),
                logins: vec![login(Some(4), None), login(None, Some("forged"))],
            },
        ),
    ];
    for (name, body) in bodies {
        let message = Observation {
            id: MessageId(Uuid::from_u128(1)),
            installation: "local".into(),
            term: 3,
            taken_at: at,
            body,
        };
        frozen_as(name, &message);
    }
}

#[test]
fn questions_and_answers_read_and_are_said_as_frozen() {
    let at = datetime!(2026-11-30 12:00 UTC);
    let logs = Ask::Logs {
        pod: Some("wordpress-7c9f5d".into()),
        container: None,
        lines: 100,
        previous: false,
    };
    for (name, ask) in [("question_inside", Ask::Inside {}), ("question_logs", logs)] {
        let question = Question {
            id: MessageId(Uuid::from_u128(1)),
            store_id: "store-bcdfgh".parse().unwrap(),
            until: at,
            ask,
        };
        frozen_as(name, &question);
    }
    let container = ContainerSeen {
        name: "mysql".into(),
        image: "mysql:8.4".into(),
        state: "Waiting".into(),
        reason: "CrashLoopBackOff".into(),
        restarts: 3,
    };
    let inside = Inside {
        looked_at: at,
        pods: vec![PodSeen {
            name: "mysql-0".into(),
            part: "mysql".into(),
            phase: "Running".into(),
            ready: false,
            started_at: Some(at),
            containers: vec![container],
        }],
        volumes: vec![VolumeSeen {
            name: "data-mysql-0".into(),
            phase: "Bound".into(),
            size: "2Gi".into(),
        }],
        usage: vec![UsageSeen {
            resource: "requests.memory".into(),
            used: "512Mi".into(),
            limit: "1Gi".into(),
        }],
    };
    let log = Log {
        pod: "mysql-0".into(),
        container: "mysql".into(),
        text: "ready for connections\n".into(),
    };
    let logs = Logs {
        looked_at: at,
        logs: vec![log],
    };
    let message = "the apiserver does not answer".into();
    for (name, answer) in [
        ("answer_inside", Answer::Inside(inside)),
        ("answer_logs", Answer::Logs(logs)),
        ("answer_unreachable", Answer::Unreachable { message }),
    ] {
        frozen_as(name, &answer);
    }
}

#[test]
fn a_message_with_fields_of_a_newer_build_still_reads() {
    let mut value = serde_json::to_value(command(Goal::Absent)).unwrap();
    value["body"]["something_new"] = true.into();
    value["another"] = 1.into();

    assert!(Envelope::<Command>::decode(value.to_string().as_bytes()).is_ok());
}
