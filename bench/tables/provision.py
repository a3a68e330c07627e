"""Forty stores at once beside `xargs -P2 helm upgrade --install` with the same chart,
values files and flags. Both end when every store's workloads are ready (the peer: read
from the cluster; ours: every store Ready by the api, after its shop was probed through
an ingress). The peer finds its namespaces and Secrets made; ours makes them. Pods of
simulated nodes are ready at once. The peer's helm holds what it renders against the
cluster's OpenAPI document each time, ours once for each kind of store, and ours runs with
Go settings for short programs (worker/src/context.rs): beside it stands a peer that is
called as the worker calls helm. CPU is that of everything that works for it: control plane,
helm, and on our side api, worker, PostgreSQL, RabbitMQ."""
import os
import resource
import subprocess
import time

import machine
import platforms
import servers
from measure import control, interleave, interval, median, quotients, rounds_of, row

TITLE = "what the platform adds to helm"
STORES, ROUNDS, SINGLES = int(os.environ.get("BENCH_STORES", 40)), 2, 12
# kwok and the ingress play the node and the world; they are nobody's price.
BESIDE = {"kwok", "provisioner", "rabbitmq", "epmd", "postgres"}


def control_plane():
    return sum(seconds for name, seconds in platforms.processors().items() if name not in BESIDE)


def whole(platform):
    found = platforms.processors()
    own = machine.tree(platform.api.program.pid) + machine.tree(platform.worker.program.pid)
    return own + sum(seconds for name, seconds in found.items() if name not in ("kwok", "provisioner"))


def children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Naive:
    """xargs and helm."""

    number = 0

    def __init__(self):
        self.cluster, self.made = platforms.Cluster(), []

    def names(self, count):
        letters, found = "bcdfghjklmnpqrstvwxz", []
        for _ in range(count):
            Naive.number += 1
            left, word = Naive.number, ""
            for _ in range(6):
                word, left = word + letters[left % 20], left // 20
            found.append(f"store-{word}")
        return found

    def prepare(self, stores):
        self.made += stores
        platforms.apply(*[one for store in stores for one in platforms.prepare(store)])
        for store in stores:
            platforms.values(store)

    def block(self, *flags, **variables):
        stores = self.names(STORES)
        self.prepare(stores)
        files = " ".join(f"--values {path}" for path in platforms.VALUES)
        call = (f"{platforms.BIN}/helm upgrade --install {{}} {platforms.CHART} --namespace {{}} {files} --values {servers.STATE}/{{}}.json "
                f"--reset-values --no-hooks --force-conflicts --history-max 3 --timeout 55s --hide-notes {' '.join(flags)}")
        before, begun = control_plane() + children(), time.monotonic()
        subprocess.run(["xargs", "-P2", "-I{}", "sh", "-c", f"exec {call} >/dev/null"], input="\n".join(stores), text=True, check=True,
                       env={**os.environ, "KUBECONFIG": platforms.KUBECONFIG, **variables})
        servers.until("the peer's stores are ready", lambda: self.cluster.arrived(stores), 120, 0.2)
        sample = {"seconds": time.monotonic() - begun, "cpu": control_plane() + children() - before}
        self.clear()
        return sample

    def clear(self):
        """Whatever is left; `urumi-faults curve` gives its copies such names, too."""
        platforms.remove(self.made)
        self.made = []

    def single(self, *flags):
        [store] = self.names(1)
        self.prepare([store])
        begun = time.monotonic()
        subprocess.run(platforms.helm(store, *flags), check=True, stdout=subprocess.DEVNULL, env={**os.environ, "KUBECONFIG": platforms.KUBECONFIG})
        servers.until("the peer's store is ready", lambda: self.cluster.arrived([store]), 60, 0.005)
        return {"seconds": time.monotonic() - begun}


def ours(platform):
    before, begun = whole(platform), time.monotonic()
    stores = [platform.create(f"Shop {number}") for number in range(STORES)]
    left = f"SELECT count(*) FROM stores WHERE status <> 'Ready' AND id = ANY('{{{','.join(stores)}}}');"
    # Each look starts a psql.
    servers.until("our stores are ready", lambda: servers.number(platform.api.database, left) == 0, 300, 0.4)
    sample = {"seconds": time.monotonic() - begun, "cpu": whole(platform) - before}
    leave(platform, stores)
    return sample


def leave(platform, stores):
    """As the peer's are left, so that the platform finds them gone: two slots would wait
    for the end of each two of them."""
    platforms.remove(stores)
    for store in stores:
        servers.ask(platform.api.port, "DELETE", f"/stores/{store}")
    left = f"SELECT count(*) FROM stores WHERE status <> 'Deleted' AND id = ANY('{{{','.join(stores)}}}');"
    servers.until("our stores are gone", lambda: servers.number(platform.api.database, left) == 0, 300, 0.5)


def single(platform):
    begun = time.monotonic()
    store = platform.create("Single")
    platform.until_status(store, "Ready", every=0.005)
    return {"seconds": time.monotonic() - begun}


def measure(found):
    found["settings"] = (f"{STORES} stores, {rounds_of(ROUNDS)} rounds after one store each; one worker with 2 slots beside xargs -P2; values-local and "
                         "tests/faults/values.yaml; etcd with fsync")
    platform, naive = platforms.Platform("bench_provision"), Naive()
    single(platform)
    naive.single()
    sides = interleave({"ours": lambda: ours(platform), "peer": naive.block, "again": naive.block}, ROUNDS, warm=True)
    column = lambda name, key: [sample[key] for sample in sides[name]]
    ratio = lambda key: interval(quotients(column("ours", key), column("peer", key)))
    shown = lambda name, key: f"{median(column(name, key)):.1f} s"
    found["rows"] += [
        row(f"{STORES} stores, makespan", ratio("seconds"), "≤ 1.05", at_most=1.05, ours=shown("ours", "seconds"), theirs=shown("peer", "seconds"),
            note="published: Flux's helm-controller 2.28 on two such cores, with an empty chart"),
        row(f"{STORES} stores, CPU", ratio("cpu"), "≤ 1.05", at_most=1.05, ours=shown("ours", "cpu"), theirs=shown("peer", "cpu")),
        control("makespan", column("again", "seconds"), column("peer", "seconds")),
        control("CPU", column("again", "cpu"), column("peer", "cpu")),
    ]
    as_ours = {"GOGC": "400", "GOMEMLIMIT": "200MiB", "GOMAXPROCS": "1"}
    for what, flag, variables in (("helm --wait", "--wait", {}), ("helm as the worker calls it", "--disable-openapi-validation", as_ours)):
        other = naive.block(flag, **variables)
        found["rows"].append(row(f"makespan beside {what}", median(column("ours", "seconds")) / other["seconds"], "", ours=shown("ours", "seconds"),
                                 theirs=f"{other['seconds']:.1f} s", note=f"its CPU {other['cpu']:.1f} s, ours {shown('ours', 'cpu')}"))
    sides = interleave({"ours": lambda: single(platform), "peer": naive.single, "wait": lambda: naive.single("--wait")}, SINGLES)
    more = interval([(one - other) * 1000 for one, other in zip(column("ours", "seconds"), column("peer", "seconds"))])
    found["rows"].append(row("one store alone, on top of helm", more, "≤ 50 ms", at_most=50, unit="ms", ours=f"{median(column('ours', 'seconds')) * 1000:.0f} ms",
                             theirs=f"{median(column('peer', 'seconds')) * 1000:.0f} ms; helm --wait {median(column('wait', 'seconds')) * 1000:.0f} ms"))
    naive.clear()
    platform.end()
