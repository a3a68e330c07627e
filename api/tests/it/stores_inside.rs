//! What only the cluster can say: asked of a worker that the test plays, over the
//! broker's direct reply-to.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use lapin::options::BasicAckOptions;
use serde_json::json;
use shared::amqp::topology::QUESTIONS;
use shared::amqp::{Inbound, Publisher};
use shared::contract::question::{
    Answer as Said, Ask, ContainerSeen, Inside, Log, Logs, PodSeen, Question, UsageSeen, VolumeSeen,
};
use time::OffsetDateTime;

use crate::harness::{TestApi, Worker};

/// Hears questions, and answers when the test says so.
struct Ear {
    questions: Inbound,
    publisher: Publisher,
}

struct Heard {
    question: Question,
    to: String,
}

impl Ear {
    async fn of(api: &TestApi) -> Self {
        let url = api.servers.amqp_url.clone();
        let secret = url.clone().into();
        let questions = Inbound::open(&secret, "test ear", QUESTIONS, 10).await;
        Self {
            questions: questions.unwrap(),
            publisher: Publisher::new(url.into(), "test mouth"),
        }
    }

    async fn hear(&mut self) -> Heard {
        self.hear_within(Duration::from_secs(10)).await
    }

    async fn hear_within(&mut self, patience: Duration) -> Heard {
        let next = tokio::time::timeout(patience, self.questions.consumer.next());
        let delivery = next.await.expect("a question").unwrap().unwrap();
        delivery.ack(BasicAckOptions::default()).await.unwrap();
        Heard {
            question: Question::decode(&delivery.data).unwrap(),
            to: delivery.properties.reply_to().clone().unwrap().to_string(),
        }
    }

    async fn say(&self, heard: &Heard, answer: &Said) {
        let payload = answer.encode().unwrap();
        let id = heard.question.id;
        let sent = self.publisher.reply(&heard.to, id, &payload);
        sent.await.unwrap();
    }
}

/// From now on every question about that api's stores has an answer.
pub async fn answer_all(api: &TestApi) {
    let mut ear = Ear::of(api).await;
    actix_web::rt::spawn(async move {
        loop {
            let heard = ear.hear_within(Duration::from_secs(3_600)).await;
            let answer = match heard.question.ask {
                Ask::Inside {} => a_mysql(),
                Ask::Logs { .. } => a_line(),
            };
            ear.say(&heard, &answer).await;
        }
    });
}

fn a_mysql() -> Said {
    let now = OffsetDateTime::now_utc();
    let container = ContainerSeen {
        name: "mysql".to_owned(),
        image: "mysql:8.4".to_owned(),
        state: "Running".to_owned(),
        reason: String::new(),
        restarts: 0,
    };
    let pod = PodSeen {
        name: "mysql-0".to_owned(),
        part: "mysql".to_owned(),
        phase: "Running".to_owned(),
        ready: true,
        started_at: Some(now),
        containers: vec![container],
    };
    let volume = VolumeSeen {
        name: "data-mysql-0".to_owned(),
        phase: "Bound".to_owned(),
        size: "2Gi".to_owned(),
    };
    let Said::Inside(inside) = inside("3") else {
        panic!("it is about the inside")
    };
    Said::Inside(Inside {
        pods: vec![pod],
        volumes: vec![volume],
        ..inside
    })
}

fn a_line() -> Said {
    let log = Log {
        pod: "mysql-0".to_owned(),
        container: "mysql".to_owned(),
        text: "ready for connections\n".to_owned(),
    };
    let (looked_at, logs) = (OffsetDateTime::now_utc(), vec![log]);
    Said::Logs(Logs { looked_at, logs })
}

fn inside(used: &str) -> Said {
    Said::Inside(Inside {
        looked_at: OffsetDateTime::now_utc(),
        pods: Vec::new(),
        volumes: Vec::new(),
        usage: vec![UsageSeen {
            resource: "pods".to_owned(),
            used: used.to_owned(),
            limit: "6".to_owned(),
        }],
    })
}

#[actix_web::test]
async fn what_a_worker_says_of_a_store_is_what_the_caller_reads() {
    let api = TestApi::ready("inside").await;
    let mut ear = Ear::of(&api).await;
    let id = api.a_store().await;

    let path = format!("/stores/{id}/pods");
    let (answer, ()) = tokio::join!(api.get(&path), async {
        let heard = ear.hear().await;
        assert_eq!(heard.question.store_id.as_str(), id);
        assert_eq!(heard.question.ask, Ask::Inside {});
        assert!(heard.question.until > OffsetDateTime::now_utc());
        ear.say(&heard, &inside("3")).await;
    });
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "no-store");
    let usage = json!([{"resource": "pods", "used": "3", "limit": "6"}]);
    assert_eq!(answer.json["usage"], usage);

    let path = format!("/stores/{id}/logs?pod=mysql-0&lines=7&previous=true");
    let (answer, ()) = tokio::join!(api.get(&path), async {
        let heard = ear.hear().await;
        let asked = Ask::Logs {
            pod: Some("mysql-0".to_owned()),
            container: None,
            lines: 7,
            previous: true,
        };
        assert_eq!(heard.question.ask, asked);
        let log = Log {
            pod: "mysql-0".to_owned(),
            container: "mysql".to_owned(),
            text: "<script>alert(1)</script>\n".to_owned(),
        };
        let (looked_at, logs) = (OffsetDateTime::now_utc(), vec![log]);
        ear.say(&heard, &Said::Logs(Logs { looked_at, logs })).await;
    });
    assert_eq!(answer.status, 200, "{}", answer.text);
    let text = "<script>alert(1)</script>\n";
    assert_eq!(answer.json["logs"][0]["text"], text);

    let refused = api
        .get(&format!("/stores/{id}/logs?lines=1001&pod=A"))
        .await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    assert_eq!(refused.json["errors"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn each_answer_finds_its_question_in_whatever_order_they_come() {
    let api = TestApi::ready("inside_order").await;
    let mut ear = Ear::of(&api).await;
    let (one, two) = (api.a_store().await, api.a_store().await);
    let (first, second) = (format!("/stores/{one}/pods"), format!("/stores/{two}/pods"));
    let (first, second, ()) = tokio::join!(api.get(&first), api.get(&second), async {
        let heard = [ear.hear().await, ear.hear().await];
        for heard in heard.iter().rev() {
            let used = if heard.question.store_id.as_str() == one {
                "1"
            } else {
                "2"
            };
            ear.say(heard, &inside(used)).await;
        }
    });
    assert_eq!(first.json["usage"][0]["used"], "1", "{}", first.text);
    assert_eq!(second.json["usage"][0]["used"], "2", "{}", second.text);
}

#[actix_web::test]
async fn a_silent_cluster_is_a_504_in_time_and_its_late_answer_harms_nobody() {
    let settings = [("URUMI_CLUSTER_TIMEOUT_MS", "400")];
    let api = TestApi::ready_with("inside_silent", &settings).await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    let mut ear = Ear::of(&api).await;
    let path = format!("/stores/{id}/pods");

    let begun = Instant::now();
    let (answer, late) = tokio::join!(api.get(&path), ear.hear());
    assert_eq!(answer.status, 504, "{}", answer.text);
    assert_eq!(answer.json["code"], "cluster_silent");
    assert!(begun.elapsed() < Duration::from_secs(3), "{begun:?}");
    ear.say(&late, &inside("late")).await;

    // The next one is answered by its own answer.
    let (answer, ()) = tokio::join!(api.get(&path), async {
        let heard = ear.hear().await;
        ear.say(&heard, &inside("5")).await;
    });
    assert_eq!(answer.json["usage"][0]["used"], "5", "{}", answer.text);

    let message = "the apiserver does not answer".to_owned();
    let (answer, ()) = tokio::join!(api.get(&path), async {
        let heard = ear.hear().await;
        ear.say(&heard, &Said::Unreachable { message }).await;
    });
    assert_eq!(answer.status, 504, "{}", answer.text);
    assert_eq!(answer.header("retry-after"), "5");
    assert_eq!(api.get(&format!("/stores/{id}")).await.status, 200);
}
