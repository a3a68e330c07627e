//! All outages, one after another, on one platform that stands behind proxies.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::process::{Child, Command};

use crate::faults::access::Access;
use crate::faults::check::Expected;
use crate::faults::ground::Ground;
use crate::faults::outage::{Hand, Outage};
use crate::faults::own::{Own, Plan};
use crate::faults::patience::until;
use crate::faults::proxy::Proxy;
use crate::faults::store::Wish;

/// Of the platform that suffers.
const NUMBER: u16 = 13;

/// The apiserver without TLS, so that a proxy can speak in its place.
#[derive(Debug)]
struct PlainCluster {
    address: SocketAddr,
    _kubectl: Child,
}

impl PlainCluster {
    async fn open(ground: &Ground, kubeconfig: &str) -> Result<Self> {
        let port = ground.servers.ports + 14;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let kubectl = std::path::Path::new(&ground.servers.helm).with_file_name("kubectl");
        let child = Command::new(kubectl)
            .args(["--kubeconfig", kubeconfig, "proxy"])
            .args(["--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("starting kubectl proxy")?;
        until(
            "kubectl proxy answers",
            Duration::from_secs(10),
            async || {
                let connected = tokio::net::TcpStream::connect(address).await;
                connected.ok().map(|_| ())
            },
        )
        .await?;
        Ok(Self {
            address,
            _kubectl: child,
        })
    }
}

/// Every outage, or those whose name contains a word; whether all went well.
///
/// # Errors
/// If the test's own means fail.
pub async fn outages(ground: &Ground, away: Duration, only: Option<&str>) -> Result<bool> {
    let folder = ground.servers.state.join("faults/access");
    let access = Access::give(&ground.servers, &Own::name(NUMBER), &folder).await?;
    let plain = PlainCluster::open(ground, &access.kubeconfig).await?;
    let proxy = Proxy::before(plain.address).await?;
    let kubeconfig = ground.servers.state.join("faults/proxied.kubeconfig");
    let config = serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": format!("http://{}", proxy.address)}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": ""}}],
    });
    std::fs::write(&kubeconfig, config.to_string())?;
    let mut plan = Plan::new(NUMBER, 2).with("URUMI_OPERATION_DEADLINE_SECONDS", 900);
    plan.settings.extend(access.variables);
    plan.kubeconfig = Some(kubeconfig.display().to_string());
    let own = ground.platform(&plan).await?;
    let hand = Hand {
        ground,
        own: &own,
        cluster: &proxy,
        away,
    };
    let (mut passed, mut failed) = (0, 0);
    let mut expected = Expected::new();
    let wanted = |outage: &Outage| only.is_none_or(|part| outage.as_str().contains(part));
    for outage in Outage::ALL.into_iter().filter(wanted) {
        let lasted = hand.suffer(outage, &mut expected).await?;
        println!("{}", lasted.line(outage));
        for complaint in lasted.refused.iter().chain(&lasted.findings) {
            println!(
                "         {}",
                complaint.chars().take(300).collect::<String>()
            );
        }
        if lasted.is_well() {
            passed += 1;
        } else {
            failed += 1;
        }
        remove_all(&own, &mut expected).await?;
    }
    println!("outages: {passed} passed, {failed} failed, 0 skipped");
    ground.clear(own).await?;
    Ok(failed == 0 && passed > 0)
}

/// Nothing is to be under way when the next outage begins.
async fn remove_all(own: &Own, expected: &mut Expected) -> Result<()> {
    let living = || expected.iter().filter(|(_, status)| **status == "Ready");
    for (id, _) in living() {
        own.delete(id).await?;
    }
    for (id, _) in living() {
        own.until_ended(id, Wish::Delete, Duration::from_secs(240))
            .await?;
    }
    expected.values_mut().for_each(|status| *status = "Deleted");
    Ok(())
}
