//! Questions about a store's inside, asked as the api asks them.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::PostParams;
use serde_json::json;
use shared::amqp::{AskError, Asker};
use shared::contract::question::{Answer, Ask, Inside, Question};
use shared::ids::{MessageId, StoreId};
use time::OffsetDateTime;

use crate::harness::Installation;
use crate::stores::a_ready_store;

const PATIENCE: Duration = Duration::from_secs(10);

fn about(store: &StoreId, until: OffsetDateTime) -> Question {
    Question {
        id: MessageId::new(),
        store_id: store.clone(),
        until,
        ask: Ask::Inside {},
    }
}

async fn inside(asker: &Asker, store: &StoreId) -> Inside {
    let question = about(store, OffsetDateTime::now_utc() + PATIENCE);
    match asker.ask(&question, PATIENCE).await {
        Ok(Answer::Inside(inside)) => inside,
        other => panic!("{other:?}"),
    }
}

async fn a_pod(here: &Installation, namespace: &str) {
    let pod = json!({"metadata": {"name": "mysql-0", "labels": {"app.kubernetes.io/component": "mysql"}},
        "spec": {"automountServiceAccountToken": false, "containers": [{"name": "mysql", "image": "mysql:8.4",
            "securityContext": {"allowPrivilegeEscalation": false, "runAsNonRoot": true, "runAsUser": 999,
                "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}}]}});
    let pods = here.cluster.of::<Pod>(namespace);
    let pod: Pod = serde_json::from_value(pod).unwrap();
    pods.create(&PostParams::default(), &pod).await.unwrap();
}

#[tokio::test]
async fn the_pods_of_our_stores_are_told_and_those_of_others_are_not() {
    let here = Installation::unhurried().await;
    let _worker = here.worker();
    here.open_shop().await;
    let store = a_ready_store(&here).await.store_id;
    a_pod(&here, store.as_str()).await;
    let asker = Asker::new(here.broker.url.clone(), "test asker");

    let found = inside(&asker, &store).await;
    let told = found.pods.iter().find(|pod| pod.name == "mysql-0");
    assert_eq!(told.unwrap().part, "mysql", "{found:?}");

    let foreign: StoreId = StoreId::random();
    let namespace = json!({"metadata": {"name": foreign.as_str(),
        "labels": {"urumi.dev/installation": "somebody-else"}}});
    let namespace: Namespace = serde_json::from_value(namespace).unwrap();
    let namespaces = here.cluster.all::<Namespace>();
    namespaces
        .create(&PostParams::default(), &namespace)
        .await
        .unwrap();
    a_pod(&here, foreign.as_str()).await;
    assert!(inside(&asker, &foreign).await.pods.is_empty());
    let nobody: StoreId = StoreId::random();
    assert!(inside(&asker, &nobody).await.pods.is_empty());
    here.clean(&[store.as_str(), foreign.as_str()]).await;
}

#[tokio::test]
async fn a_question_that_nobody_waits_for_any_more_is_not_answered() {
    let here = Installation::unhurried().await;
    let _worker = here.worker();
    let asker = Asker::new(here.broker.url.clone(), "test asker");
    let store = StoreId::random();
    // The worker is there, and answers what is in time.
    inside(&asker, &store).await;
    let late = about(&store, OffsetDateTime::now_utc() - Duration::from_secs(1));
    let answer = asker.ask(&late, Duration::from_secs(1)).await;
    assert!(matches!(answer, Err(AskError::Silent(_))), "{answer:?}");
    here.clean(&[]).await;
}
