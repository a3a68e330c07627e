//! One worker has two slots, and a broker that was away costs nothing but time.

use std::time::{Duration, Instant};

use system_tests::machine::script;
use system_tests::platform::Platform;

#[tokio::test]
async fn five_stores_asked_for_while_the_broker_is_away_come_two_at_a_time() {
    let platform = Platform::alone().await.unwrap();
    script("deploy/local/rabbitmq.sh", &["stop"]).unwrap();

    let mut ids = Vec::new();
    for number in 1..=5 {
        ids.push(platform.create(&format!("Shop {number}")).await.unwrap());
    }
    for id in &ids {
        assert_eq!(platform.store(id).await.unwrap()["status"], "Queued");
    }
    script("deploy/local/rabbitmq.sh", &["start"]).unwrap();

    let begun = Instant::now();
    let mut most = 0;
    loop {
        let list = platform.get("/stores?limit=200").await.unwrap();
        let ours = list["items"].as_array().unwrap().iter();
        let statuses: Vec<&str> = ours
            .filter(|store| ids.iter().any(|id| store["id"] == id.as_str()))
            .map(|store| store["status"].as_str().unwrap())
            .collect();
        let busy = statuses
            .iter()
            .filter(|status| **status == "Provisioning")
            .count();
        most = most.max(busy);
        assert!(busy <= 2, "{busy} stores are Provisioning at once");
        assert!(!statuses.contains(&"Failed"), "{list:#}");
        if statuses.iter().filter(|status| **status == "Ready").count() == 5 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(480), "{list:#}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!(
        "five stores Ready {:.0?} after the broker came back",
        begun.elapsed()
    );
    assert_eq!(most, 2, "both slots were used");

    for id in &ids {
        assert_eq!(platform.delete(id).await.unwrap().status(), 202);
    }
    for id in &ids {
        platform
            .until(id, "Deleted", Duration::from_secs(240))
            .await
            .unwrap();
    }
}
