//! A cluster that is away delays a store and says so; it does not fail it.

use std::time::{Duration, Instant};

use system_tests::machine::{kill, up};
use system_tests::platform::Platform;

#[tokio::test]
async fn a_store_outlives_an_absent_cluster_and_shows_why_it_waits() {
    let platform = Platform::alone().await.unwrap();
    kill("kube-apiserver").unwrap();

    let id = platform.create("Patient").await.unwrap();
    let begun = Instant::now();
    loop {
        let store = platform.store(&id).await.unwrap();
        assert_ne!(store["status"], "Failed", "{store:#}");
        if store.to_string().contains("ClusterUnreachable") {
            println!("the reason is shown after {:.1?}", begun.elapsed());
            break;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "no reason is shown: {store:#}"
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    up().unwrap();

    platform
        .until(&id, "Ready", Duration::from_secs(240))
        .await
        .unwrap();
    println!(
        "Ready {:.0?} after POST, the cluster away at first",
        begun.elapsed()
    );
    platform.delete(&id).await.unwrap();
    platform
        .until(&id, "Deleted", Duration::from_secs(120))
        .await
        .unwrap();
}
