"""From the moment before the last pod of a store is written to be Ready (by this bench,
in the kubelet's place) to the api's answer `Ready`: the Deployment's controller, our
watch, the probe of the shop, the event and the record lie between. Beside it, from the
same moment to the end of `kubectl rollout status` and of helm's two waits, which look at
workloads only."""
import os
import subprocess
import time

import platforms
import servers
from measure import median, percentile, row
from tables.provision import Naive

TITLE = "how soon Ready is seen"
STORES, PEERS = 40, 4


def hold_pods():
    """Simulated pods run, and stay not ready."""
    with open(os.path.join(servers.ROOT, "deploy", "embedded", "settings", "kwok-stages.yaml")) as file:
        stages = file.read().split("\n---\n")
    path = os.path.join(servers.STATE, "kwok-hold.yaml")
    with open(path, "w") as out:
        out.write("\n---\n".join(stage for stage in stages if "name: pod-ready" not in stage))
    restart_kwok(path)


def restart_kwok(path):
    subprocess.run([os.path.join(servers.ROOT, "bench", "kwok.sh"), path], check=True, stdout=subprocess.DEVNULL)


def open_pods(cluster, store):
    """The running pods that are not ready, the web pods last; none until all are there."""
    pods = [pod for pod in cluster.pods(store) if pod["metadata"]["ownerReferences"][0]["kind"] != "Job"]
    kinds = {pod["metadata"]["ownerReferences"][0]["kind"] for pod in pods}
    if kinds != {"StatefulSet", "ReplicaSet"} or any(pod["status"].get("phase") != "Running" for pod in pods):
        return []
    return sorted(pods, key=lambda pod: pod["metadata"]["ownerReferences"][0]["kind"], reverse=True)


def set_up(cluster, store):
    jobs = cluster.ask("GET", f"/apis/batch/v1/namespaces/{store}/jobs")["items"]
    return all(job.get("status", {}).get("succeeded") for job in jobs)


def all_but_last(cluster, store):
    pods = servers.until("the pods run", lambda: open_pods(cluster, store), 60, 0.02)
    servers.until("the set-up is done", lambda: set_up(cluster, store), 60, 0.05)
    for pod in pods[:-1]:
        cluster.make_ready(pod)
    database = f"/apis/apps/v1/namespaces/{store}/statefulsets"
    servers.until("the database is ready", lambda: all(one["status"].get("readyReplicas") for one in cluster.ask("GET", database)["items"]), 60, 0.02)
    time.sleep(0.3)  # whoever watches has seen it by now
    return pods[-1]


def ours(platform, cluster):
    store = platform.create("Ready")
    last = all_but_last(cluster, store)
    if platform.show(store)["status"] == "Ready":
        raise RuntimeError("Ready was said before the last pod was")
    before = cluster.make_ready(last)
    servers.until("the api says Ready", lambda: platform.show(store)["status"] == "Ready", 30, 0.002)
    return (time.perf_counter() - before) * 1000


def theirs(cluster, naive, *flags):
    """ms until helm with these flags, or `kubectl rollout status` after one without, ends."""
    [store] = naive.names(1)
    naive.prepare([store])
    environment = {**os.environ, "KUBECONFIG": platforms.KUBECONFIG}
    quiet = {"env": environment, "stdout": subprocess.DEVNULL}
    if flags:
        waiting = subprocess.Popen(platforms.helm(store, *flags), **quiet)
    else:
        subprocess.run(platforms.helm(store), check=True, **quiet)
        waiting = subprocess.Popen([f"{platforms.BIN}/kubectl", "rollout", "status", "deployment/wordpress", "-n", store], **quiet)
    last = all_but_last(cluster, store)
    before = cluster.make_ready(last)
    if waiting.wait(120) != 0:
        raise RuntimeError("the peer failed")
    return (time.perf_counter() - before) * 1000


def measure(found):
    found["settings"] = f"{STORES} stores of ours, one after the other; {PEERS} of each peer; asked every 2 ms"
    hold_pods()
    try:
        cluster, naive = platforms.Cluster(), Naive()
        platform = platforms.Platform("bench_ready")
        times = [ours(platform, cluster) for _ in range(STORES)]
        peers = {}
        for name, flags in (("kubectl rollout status", ()), ("helm --wait=watcher", ("--wait=watcher",)), ("helm --wait=legacy", ("--wait=legacy",))):
            peers[name] = [theirs(cluster, naive, *flags) for _ in range(PEERS)]
        shown = "; ".join(f"{name} {median(told):.0f} ms, longest {max(told):.0f}" for name, told in peers.items())
        found["rows"].append(row("last pod Ready to api's Ready, p99", percentile(times, 99), "≤ 150 ms", at_most=150, unit="ms",
                                 ours=f"p50 {median(times):.0f} ms", theirs=shown, note="p99 of so many is the longest"))
        found["rows"].append(row("never early in 10 000 random status histories", "a test", "0 early",
                                 note="`cargo test -p urumi-worker histories` holds the verdict against kubectl's own rules; here none of these stores was Ready before its last pod"))
        platform.end()
        naive.clear()
    finally:
        restart_kwok(os.path.join(servers.STATE, "kwok-stages.yaml"))
