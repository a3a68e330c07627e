//! From a POST to an open shop, and away again without a trace.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use system_tests::machine::{kubectl, names, releases, secret};
use system_tests::platform::Platform;
use system_tests::shop::Shop;

use crate::sale;

const READY: Duration = Duration::from_secs(180);
const GONE: Duration = Duration::from_secs(120);

/// The product's promises on an idle embedded node; the figure is printed either way.
const READY_GOAL: Duration = Duration::from_secs(45);
const SHOP_GOAL: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_store_goes_from_post_to_an_open_shop_and_away_without_a_trace() {
    let platform = Platform::alone().await.unwrap();

    let begun = Instant::now();
    let answer = platform
        .post_store(Some("Café <b>Zürich</b>"))
        .await
        .unwrap();
    assert_eq!(answer.status(), 202);
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let asked: Value = answer.json().await.unwrap();
    let id = asked["id"].as_str().unwrap().to_owned();
    assert_eq!(asked["status"], "Queued");
    assert!(location.ends_with(&format!("/stores/{id}")), "{location}");

    // A stranger tries to install the shop from the first moment on.
    let shop = Shop::of(&platform, &asked).unwrap();
    let stranger = Stranger::begin(shop);
    let mut statuses = vec!["Queued".to_owned()];
    let ready = platform
        .until_seen(&id, "Ready", READY, |store| {
            let status = store["status"].as_str().unwrap().to_owned();
            if statuses.last() != Some(&status) {
                statuses.push(status);
            }
        })
        .await
        .unwrap();
    let took = begun.elapsed();
    let sells = sale::sells(&id);
    let goal = if sells { SHOP_GOAL } else { READY_GOAL };
    println!("READY after {took:.1?} (goal {goal:?}, sells: {sells})");
    print_steps(&ready);
    stranger.end().await;
    assert!(took <= goal, "Ready after {took:?}, the goal is {goal:?}");

    assert_eq!(
        statuses,
        ["Queued", "Provisioning", "Ready"],
        "each status was seen, in order"
    );
    let steps = ready["operation"]["steps"].as_array().unwrap();
    let named: Vec<&str> = steps
        .iter()
        .map(|step| step["step"].as_str().unwrap())
        .collect();
    assert_eq!(
        named,
        [
            "Namespace",
            "Credentials",
            "Release",
            "Rollout",
            "Storefront"
        ]
    );
    assert!(
        steps.iter().all(|step| step["duration_ms"].is_u64()),
        "{steps:#?}"
    );

    the_shop_is_open(&platform, &ready, &id).await;
    if sells {
        sale::an_order_is_placed_and_found(&platform, &ready, &id).await;
    }
    sale::strangers_learn_and_start_nothing(&platform, &ready).await;
    the_cluster_holds_what_the_design_says(&id);
    it_goes_away_without_a_trace(&platform, &id).await;
}

fn print_steps(store: &Value) {
    for step in store["operation"]["steps"].as_array().unwrap() {
        println!(
            "  {:<12} {:>6} ms",
            step["step"].as_str().unwrap(),
            step["duration_ms"]
        );
    }
}

/// Polls the installer through the ingress, until told to stop.
struct Stranger {
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<(u32, u32)>,
}

impl Stranger {
    fn begin(shop: Shop) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, asked, let_in) = (stop.clone(), AtomicU32::new(0), AtomicU32::new(0));
        let task = tokio::spawn(async move {
            while !stopped.load(Ordering::Relaxed) {
                for path in ["/wp-admin/install.php", "/wp-admin/setup-config.php"] {
                    if let Ok(answer) = shop.get(path).await {
                        asked.fetch_add(1, Ordering::Relaxed);
                        if answer.status() == 200 {
                            let_in.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            (
                asked.load(Ordering::Relaxed),
                let_in.load(Ordering::Relaxed),
            )
        });
        Self { stop, task }
    }

    async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        let (asked, let_in) = self.task.await.unwrap();
        println!("install.php was asked {asked} times and answered 200 {let_in} times");
        assert!(asked > 20, "the stranger asked only {asked} times");
        assert_eq!(let_in, 0);
    }
}

async fn the_shop_is_open(platform: &Platform, store: &Value, id: &str) {
    let shop = Shop::of(platform, store).unwrap();
    let home = shop.get("/").await.unwrap();
    assert_eq!(home.status(), 200);
    let page = home.text().await.unwrap();
    assert!(
        page.contains("Café"),
        "the front page bears the store's name"
    );
    assert!(!page.contains("<b>Zürich"), "the name is text, not markup");

    let user = secret(id, "store-credentials", "wordpress-admin-user").unwrap();
    let password = secret(id, "store-credentials", "wordpress-admin-password").unwrap();
    let (status, admin) = shop.admin_page(&user, &password).await.unwrap();
    assert_eq!(status, 200, "the admin opens with the Secret's credentials");
    assert!(admin.contains("profile.php"), "{admin:.300}");
    let (status, _) = shop.admin_page(&user, "wrong").await.unwrap();
    assert_eq!(status, 302, "and not with others");
}

fn the_cluster_holds_what_the_design_says(id: &str) {
    let kinds = [
        "statefulset",
        "deployment",
        "service",
        "ingress",
        "secret",
        "resourcequota",
        "limitrange",
        "networkpolicy",
        "persistentvolumeclaim",
        "job",
    ];
    for kind in kinds {
        assert!(!names(kind, id).unwrap().is_empty(), "no {kind} in {id}");
    }
    let namespace = kubectl(&["get", "namespace", id]).unwrap();
    assert_eq!(
        namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"],
        "restricted"
    );

    let found = releases(id).unwrap();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(
        (&found[0]["name"], &found[0]["status"]),
        (&id.into(), &"deployed".into())
    );
}

async fn it_goes_away_without_a_trace(platform: &Platform, id: &str) {
    let first = platform.delete(id).await.unwrap();
    assert_eq!(first.status(), 202);
    let first: Value = first.json().await.unwrap();
    let second = platform.delete(id).await.unwrap();
    assert_eq!(second.status(), 202, "a second DELETE is harmless");
    let second: Value = second.json().await.unwrap();
    assert_eq!(first["operation"]["id"], second["operation"]["id"]);

    let begun = Instant::now();
    platform.until(id, "Deleted", GONE).await.unwrap();
    println!("DELETED after {:.1?}", begun.elapsed());
    assert!(
        kubectl(&["get", "namespace", id]).is_err(),
        "the namespace is gone"
    );
    let volumes = kubectl(&["get", "persistentvolume"]).unwrap();
    let kept = volumes["items"].as_array().unwrap().iter();
    assert_eq!(
        kept.filter(|volume| volume["spec"]["claimRef"]["namespace"] == id)
            .count(),
        0
    );
    assert_eq!(
        platform.delete(id).await.unwrap().status(),
        204,
        "and so is a third"
    );

    let audit = platform.audit(id).await.unwrap();
    let actions: Vec<&str> = audit
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    println!("audit: {actions:?}");
    let told = [
        "store.create.requested",
        "operation.started",
        "store.ready",
        "store.delete.requested",
        "store.deleted",
    ];
    let mut rest = actions.iter();
    for action in told {
        assert!(
            rest.any(|found| *found == action),
            "{action} in order in {actions:?}"
        );
    }
}
