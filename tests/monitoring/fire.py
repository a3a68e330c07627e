"""Each alert is rung once, by a fault such as it is there for: the programs, a real
Prometheus that watches them, and faults one after another. An alert that no fault rings
fails the test, and so does one that rings while all is well, or goes on when the
fault is over.

    fire.py [WORD...]    only faults whose name contains one of the words"""

import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from bench import API, E, RULES, Bench, ask, until

PATIENCE = 200  # one of them wants that something waits for two minutes
FAULTS = []


def fault(*rings, silent=False):
    """What stands before a fault's `yield` brings it about, what stands after heals it.
    `silent`: its alerts end with it; others look back at what was counted."""

    def keep(function):
        FAULTS.append((function.__name__.replace("_", " "), rings, silent, contextmanager(function)))
        return function

    return keep


@contextmanager
def people(count):
    """So many who ask for the list of stores, without an end."""
    over = threading.Event()

    def person():
        while not over.wait(0.2):
            ask("GET", f"http://{API}/stores")

    for _ in range(count):
        threading.Thread(target=person, daemon=True).start()
    try:
        yield
    finally:
        over.set()


@fault("UrumiNoWorker", "UrumiNobodyObserves", "UrumiNobodyWorks", silent=True)
def the_worker_is_dead_while_stores_are_wished_for(bench):
    bench.worker.kill()
    stores = bench.wish(2)
    yield
    bench.worker.start()
    for store in stores:
        until("a store is Ready", 120, lambda: bench.tend(store))


@fault("UrumiStoresIll", silent=True)
def a_database_is_no_longer_ready(bench):
    store = bench.wish(1)[0]
    until("a store is Ready", 120, lambda: bench.tend(store))
    pod = next(pod for pod in bench.pods(store) if bench.owned_by(pod, "StatefulSet"))
    say = lambda ready: bench.say_of(store, pod, {"conditions": [{"type": t, "status": ready} for t in ("Ready", "ContainersReady")]})
    say("False")
    yield
    say("True")


@fault("UrumiCommandsLost")
def commands_are_taken_out_of_the_queue(bench):
    bench.worker.kill()
    bench.wish(5)
    taken = 0

    def take():
        nonlocal taken
        status, text = bench.broker("queues/{vhost}/store.commands/get", {"count": 1000, "ackmode": "ack_requeue_false", "encoding": "base64"})
        taken += text.count('"payload"') if status == 200 else 0
        return taken >= 5

    until("the commands are taken", 30, take)
    yield
    bench.worker.start()


@fault("UrumiLeasesLost")
def the_worker_is_halted_with_stores_in_its_hands(bench):
    bench.wish(5)
    while (before := bench.expired()) < 5:
        until("its hands are full", 60, bench.hands_full)
        bench.worker.signal(signal.SIGSTOP)
        time.sleep(6)  # for longer than any lease holds
        bench.worker.signal(signal.SIGCONT)
        until("it has noticed", 60, lambda: bench.expired() > before)
    yield


@fault("UrumiSlotsFull")
def more_stores_are_wished_for_than_there_are_slots(bench):
    bench.wish(8)
    yield


@fault("UrumiClusterAway", silent=True)
def the_apiserver_is_dead(bench):
    pid = int((Path(E["TEST_STATE"]) / "run/kube-apiserver.pid").read_text().split()[0])
    subprocess.run(["kill", "-KILL", str(pid)], check=True)
    yield
    bench.script("deploy/embedded/up.sh", "--control-plane-only")


@fault("UrumiRequestsSlow", "UrumiDatabaseWaits", "UrumiEventsWait")
def somebody_locks_the_table_of_stores(bench):
    bench.worker.kill()
    bench.wish(20)
    bench.worker.start(URUMI_SLOTS="40")
    sql = "BEGIN; LOCK TABLE stores IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(180)"
    lock = subprocess.Popen(["psql", E["TEST_DATABASE_URL"], "-qc", sql], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with people(16):
        yield
    lock.terminate()
    lock.wait()


@fault("UrumiRequestsFail")
def PostgreSQL_is_away_and_people_ask_on(bench):
    bench.script("deploy/local/postgres.sh", "stop")
    with people(4):
        yield
    bench.script("deploy/local/postgres.sh", "start")


@fault("UrumiPartDown", "UrumiCommandsWait", silent=True)
def RabbitMQ_is_away_and_a_store_is_wished_for(bench):
    bench.script("deploy/local/rabbitmq.sh", "stop")
    bench.wish(1)
    yield
    bench.script("deploy/local/rabbitmq.sh", "start")


@fault("UrumiMessageParked")
def somebody_publishes_what_is_no_event(bench):
    bench.broker("exchanges/{vhost}/stores/publish", {"properties": {"delivery_mode": 2}, "routing_key": "store.event.v1",
                                                      "payload": "not an event", "payload_encoding": "string"})
    yield


@fault("UrumiOperationsFail")
def no_node_takes_the_stores_pods(bench):
    bench.worker.kill()
    bench.wish(5)
    bench.worker.start(URUMI_PATIENCE_UNSCHEDULABLE_SECONDS="3", URUMI_SLOTS="20")
    yield


@fault("UrumiDeleteBlocked")
def a_finalizer_that_nobody_serves_is_in_a_deleted_store(bench):
    failed = lambda: next((s for s in reversed(bench.stores) if bench.status(s) == "Failed"), None)
    store = until("a store has failed", 120, failed)
    kept = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept", "finalizers": ["urumi.dev/test-kept"]}}'
    bench.kube("create", "-n", store, "-f", "-", stdin=kept)
    ask("DELETE", f"http://{API}/stores/{store}")
    yield
    bench.kube("patch", "configmap", "kept", "-n", store, "--type=merge", "-p", '{"metadata": {"finalizers": null}}')


@fault("UrumiNoApi", silent=True)
def the_api_is_dead(bench):
    bench.api.kill()
    yield
    bench.api.start()


def rings(bench, name, deadline):
    """What the alert says, once it rings."""
    says = until(f"{name} rings", max(1, deadline - time.monotonic()), lambda: bench.prometheus.ringing().get(name))
    if "<no value>" in says or "error" in says:
        raise RuntimeError(f"{name} says '{says}'")
    return says


def quiet(bench):
    until("no alert rings", 60, lambda: not bench.prometheus.ringing())
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if ringing := bench.prometheus.ringing():
            raise RuntimeError(f"while all is well: {ringing}")
        time.sleep(0.3)


def main():
    bench, rung, failed = Bench(), {}, 0
    wanted = [f for f in FAULTS if not sys.argv[1:] or any(word in f[0] for word in sys.argv[1:])]
    try:
        bench.start()
        quiet(bench)
        print("ok     while all is well, none rings", flush=True)
        for what, names, silent, brought in wanted:
            begun = time.monotonic()
            try:
                missed = None
                with brought(bench):
                    try:
                        for name in names:
                            rung[name] = rings(bench, name, begun + PATIENCE)
                            print(f"ok     {name} after {time.monotonic() - begun:.0f} s, {what}: {rung[name]}", flush=True)
                    except (TimeoutError, RuntimeError) as error:
                        missed = error  # healed first, for the sake of the next
                until("the api is ready", 90, bench.ready)
                if missed:
                    raise missed
                if silent:
                    until("its alerts fall silent", 90, lambda: not set(names) & set(bench.prometheus.ringing()))
            except (TimeoutError, RuntimeError) as error:
                failed += 1
                print(f"FAILED {what}: {error}; rings: {sorted(bench.prometheus.ringing())}", flush=True)
    finally:
        bench.end()
    if len(wanted) == len(FAULTS):
        for name in set(re.findall(r"- alert: (\w+)", RULES)) - set(rung):
            failed += 1
            print(f"FAILED {name} was rung by no fault")
    print(f"alerts: {len(rung)} passed, {failed} failed, 0 skipped")
    return failed > 0


sys.exit(main())
