//! helm's guard, with scripts that stand in for helm.

use std::path::Path;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use worker::helm::wire::{End, Reply};
use worker::helm::{Helm, Leash};

use crate::harness::{helm_script, until};

const LONG: Duration = Duration::from_secs(30);
const SOON: Duration = Duration::from_secs(10);
const SECRET: &str = "values-that-nobody-may-see";

/// The store stays ours until the token says otherwise.
fn leash(lost: &CancellationToken) -> Leash {
    let (_, ends) = watch::channel(Instant::now() + LONG * 10);
    Leash {
        lost: lost.clone(),
        ends,
    }
}

async fn run(helm: &Helm, cancel: &CancellationToken) -> Reply {
    let args = vec!["upgrade".to_owned(), "x".to_owned()];
    helm.run(args, format!("password: {SECRET}\n"), leash(cancel))
        .await
        .unwrap()
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_default()
}

fn lives(pid: &str) -> bool {
    // A zombie that nobody buried yet has no command line.
    std::fs::read(format!("/proc/{}/cmdline", pid.trim())).is_ok_and(|line| !line.is_empty())
}

#[tokio::test]
async fn output_exit_code_arguments_and_values_pass_through() {
    let folder = tempfile::tempdir().unwrap();
    let script = "echo \"$@\"; cat; echo trouble >&2; env >&2; exit 3";
    let helm = helm_script(folder.path(), script, LONG);

    let reply = run(&helm, &CancellationToken::new()).await;

    assert_eq!((reply.end, reply.code), (End::Exited, Some(3)));
    assert_eq!(reply.stdout, format!("upgrade x\npassword: {SECRET}\n"));
    assert!(reply.stderr.starts_with("trouble"), "{}", reply.stderr);
    // Of the worker's own environment nothing is inherited.
    assert!(reply.stderr.contains("PATH=/usr/bin:/bin"));
    assert!(!reply.stderr.contains("CARGO"), "{}", reply.stderr);
}

#[tokio::test]
async fn a_large_output_is_cut_to_its_end_and_large_values_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let script = "wc -c; seq 1 200000; echo last";
    let helm = helm_script(folder.path(), script, LONG);

    let values = "x".repeat(1 << 20);
    let reply = helm
        .run(Vec::new(), values, leash(&CancellationToken::new()))
        .await
        .unwrap();

    assert_eq!(reply.code, Some(0));
    assert!(reply.stdout.ends_with("200000\nlast\n"));
    assert!(reply.stdout.len() <= 16 * 1024);
}

#[tokio::test]
async fn a_helm_that_does_not_end_is_ended_at_its_limit() {
    let folder = tempfile::tempdir().unwrap();
    let helm = helm_script(
        folder.path(),
        "trap '' TERM; while :; do sleep 1; done",
        Duration::from_millis(700),
    );
    let begun = Instant::now();

    let reply = run(&helm, &CancellationToken::new()).await;

    assert_eq!((reply.end, reply.code), (End::Limit, None));
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_helm_that_obeys_may_tidy_up() {
    let folder = tempfile::tempdir().unwrap();
    let script = "trap 'echo marked failed; exit 1' TERM; while :; do sleep 0.05; done";
    let helm = helm_script(folder.path(), script, Duration::from_millis(500));

    let reply = run(&helm, &CancellationToken::new()).await;

    assert_eq!((reply.end, reply.code), (End::Limit, Some(1)));
    assert_eq!(reply.stdout, "marked failed\n");
}

#[tokio::test]
async fn a_cancelled_run_returns_when_the_whole_group_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "cd {}; sleep 300 & echo $! >child; echo $$ >leader; wait",
        folder.path().display()
    );
    let helm = helm_script(folder.path(), &script, LONG);
    let cancel = CancellationToken::new();
    let running = tokio::spawn({
        let (helm, cancel) = (helm.clone(), cancel.clone());
        async move { run(&helm, &cancel).await }
    });
    until("helm runs", SOON, async || {
        !read(folder.path(), "leader").is_empty()
    })
    .await;

    cancel.cancel();
    let reply = running.await.unwrap();

    assert_eq!(reply.end, End::Abandoned);
    assert!(!lives(&read(folder.path(), "leader")));
    until("the child is gone, too", SOON, async || {
        !lives(&read(folder.path(), "child"))
    })
    .await;
}

#[tokio::test]
async fn when_the_worker_goes_away_helm_goes_too() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "cd {}; sleep 300 & echo $! >child; echo $$ >leader; wait",
        folder.path().display()
    );
    let helm = helm_script(folder.path(), &script, LONG);
    let running = tokio::spawn(async move { run(&helm, &CancellationToken::new()).await });
    until("helm runs", SOON, async || {
        !read(folder.path(), "leader").is_empty()
    })
    .await;

    // Its pipe is closed without a word, as by SIGKILL.
    running.abort();

    until("the group is gone", SOON, async || {
        !lives(&read(folder.path(), "leader")) && !lives(&read(folder.path(), "child"))
    })
    .await;
}

#[tokio::test]
async fn when_the_guard_itself_is_killed_helm_goes_too() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "cd {}; echo $PPID >guard; echo $$ >leader; while :; do sleep 0.05; done",
        folder.path().display()
    );
    let helm = helm_script(folder.path(), &script, LONG);
    let running = tokio::spawn(async move {
        helm.run(Vec::new(), String::new(), leash(&CancellationToken::new()))
            .await
    });
    until("helm runs", SOON, async || {
        !read(folder.path(), "leader").is_empty()
    })
    .await;

    let guard = read(folder.path(), "guard").trim().parse::<i32>().unwrap();
    let guard = rustix::process::Pid::from_raw(guard).unwrap();
    rustix::process::kill_process(guard, rustix::process::Signal::KILL).unwrap();

    until("helm is gone", SOON, async || {
        !lives(&read(folder.path(), "leader"))
    })
    .await;
    assert!(running.await.unwrap().is_err());
}

#[tokio::test]
async fn no_process_shows_a_value_in_its_arguments_or_environment() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "cd {}; cat >values; echo $$ >leader; while :; do sleep 0.05; done",
        folder.path().display()
    );
    let helm = helm_script(folder.path(), &script, LONG);
    let cancel = CancellationToken::new();
    let running = tokio::spawn({
        let cancel = cancel.clone();
        async move { run(&helm, &cancel).await }
    });
    until("helm has its values", SOON, async || {
        read(folder.path(), "values").contains(SECRET) && !read(folder.path(), "leader").is_empty()
    })
    .await;

    let mut looked = 0;
    for entry in std::fs::read_dir("/proc").unwrap() {
        let path = entry.unwrap().path();
        for file in ["cmdline", "environ"] {
            let Ok(bytes) = std::fs::read(path.join(file)) else {
                continue;
            };
            looked += 1;
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(SECRET), "{}", path.display());
        }
    }
    assert!(looked > 10);
    cancel.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_helm_that_is_not_there_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut helm = helm_script(folder.path(), "", LONG);
    helm.program = "/nowhere/helm".into();

    let reply = run(&helm, &CancellationToken::new()).await;

    assert_eq!(reply.code, Some(127));
    assert!(reply.stderr.contains("/nowhere/helm"), "{}", reply.stderr);
}

#[tokio::test]
async fn when_the_store_is_no_longer_ours_helm_goes_though_nobody_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let helm = helm_script(
        folder.path(),
        "trap '' TERM; while :; do sleep 0.05; done",
        LONG,
    );
    let begun = Instant::now();
    let (renew, ends) = watch::channel(begun + Duration::from_secs(3));
    let lost = CancellationToken::new();
    let running = tokio::spawn(async move {
        let leash = Leash { lost, ends };
        helm.run(Vec::new(), String::new(), leash).await
    });

    // Renewed once, and then never again.
    renew.send(begun + Duration::from_secs(5)).unwrap();
    let reply = running.await.unwrap().unwrap();

    assert_eq!((reply.end, reply.code), (End::Abandoned, None));
    // TERM at five seconds, KILL half a second later.
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(5400), "{took:?}");
    assert!(took < Duration::from_millis(7000), "{took:?}");
}

#[tokio::test]
async fn for_a_store_that_was_lost_helm_is_not_begun() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("touch {}/begun", folder.path().display());
    let helm = helm_script(folder.path(), &script, LONG);
    let (_renew, ends) = watch::channel(Instant::now());
    let lost = CancellationToken::new();

    let refused = helm
        .run(Vec::new(), String::new(), Leash { lost, ends })
        .await;

    let words = shared::telemetry::chain(&refused.unwrap_err());
    assert!(
        words.contains("the store was lost before helm began"),
        "{words}"
    );
    assert!(!folder.path().join("begun").exists());
}
