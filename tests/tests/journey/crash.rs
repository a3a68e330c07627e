//! A worker that is killed leaves nothing half made behind.

use std::time::{Duration, Instant};

use system_tests::machine::{kill, kubectl, names, releases, up};
use system_tests::platform::Platform;

#[tokio::test]
async fn a_worker_killed_in_the_middle_leaves_one_release_and_one_database() {
    let platform = Platform::alone().await.unwrap();
    let id = platform.create("Killed").await.unwrap();
    let begun = Instant::now();
    // In the middle: helm is at work, or has just been.
    loop {
        let store = platform.store(&id).await.unwrap();
        let steps = store["operation"]["steps"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        if steps.iter().any(|step| step["step"] == "Release") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{store:#}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    kill("worker").unwrap();
    up().unwrap();

    platform
        .until(&id, "Ready", Duration::from_secs(240))
        .await
        .unwrap();
    println!(
        "Ready {:.0?} after POST, killed on the way",
        begun.elapsed()
    );
    let found = releases(&id).unwrap();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["status"], "deployed");
    assert_eq!(names("statefulset", &id).unwrap(), ["mysql"]);
    let claims = kubectl(&["get", "persistentvolumeclaim", "-n", &id]).unwrap();
    let data = claims["items"].as_array().unwrap().iter();
    let databases = data.filter(|claim| {
        claim["metadata"]["name"]
            .as_str()
            .unwrap()
            .contains("mysql")
    });
    assert_eq!(databases.count(), 1, "{claims:#}");

    platform.delete(&id).await.unwrap();
    platform
        .until(&id, "Deleted", Duration::from_secs(120))
        .await
        .unwrap();
}
