"""The journey of two stores on the compose platform, from outside: the dashboard, a
store made and open, programs killed in the middle of the next, everything stopped and
started, both removed. And what must hold of its containers all the while.

    journey.py API INGRESS COMPOSE...    the last words call compose for this platform"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

API, INGRESS, COMPOSE = sys.argv[1], sys.argv[2], sys.argv[3:]
failures, passed = 0, 0


def check(name, holds, detail=""):
    global failures, passed
    passed, failures = passed + bool(holds), failures + (not holds)
    print(f"{'ok   ' if holds else 'FAIL '} {name}" + (f": {detail}" if detail and not holds else ""), flush=True)


def ask(method, path, body=None, base=API, host=None, timeout=10):
    """status and text; 0 when nothing answers."""
    request = urllib.request.Request(base + path, method=method, data=json.dumps(body).encode() if body else None)
    request.add_header("Content-Type", "application/json")
    if host:
        request.add_header("Host", host)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except OSError as error:
        return 0, str(error)


def until(what, seconds, look):
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        if found := look():
            return found, time.monotonic() - begun
        time.sleep(0.3)
    raise SystemExit(f"FAIL  {what}: not within {seconds} s")


def store(id):
    status, text = ask("GET", f"/stores/{id}")
    return json.loads(text) if status == 200 else {}


def create(name):
    status, text = ask("POST", "/stores", {"name": name})
    if status != 202:
        raise SystemExit(f"FAIL  POST /stores: {status} {text}")
    return json.loads(text)["id"]


def become(id, wanted, seconds=300):
    def look():
        now = store(id)
        if now.get("status") in ("Failed", "DeleteFailed"):
            raise SystemExit(f"FAIL  {id} is {now['status']}: {json.dumps(now.get('failure'))}")
        return now.get("status") == wanted
    return until(f"{id} is {wanted}", seconds, look)[1]


def compose(*words):
    return subprocess.run([*COMPOSE, *words], capture_output=True, text=True, check=True).stdout


def containers():
    ids = compose("ps", "--all", "--quiet").split()
    return json.loads(subprocess.run(["docker", "inspect", *ids], capture_output=True, text=True, check=True).stdout)


def of(service):
    return next(c for c in containers() if c["Config"]["Labels"]["com.docker.compose.service"] == service)


def kill(service):
    """As a crash would: past the engine, which starts it again."""
    before = of(service)
    os.kill(before["State"]["Pid"], signal.SIGKILL)
    until(f"{service} was started again", 60, lambda: of(service)["RestartCount"] > before["RestartCount"] and of(service)["State"]["Running"])


status, page = ask("GET", "/")
check("the dashboard is served", status == 200 and "<html" in page.lower(), f"{status} {page[:200]}")
ready = json.loads(ask("GET", "/readyz")[1])
check("nothing is missing", ready.get("degraded") is False, ready)

first = create("First of compose")
check(f"a store becomes Ready ({become(first, 'Ready'):.0f} s)", True)
host = store(first)["host"]
status, page = ask("GET", "/", base=f"http://{INGRESS}", host=host, timeout=30)
check("its shop answers at its own address", status == 200 and "wp-content" in page, f"{status} {page[:200]}")

second = create("Second of compose")
until("the second store is under way", 120, lambda: store(second).get("status") == "Provisioning")
kill("worker-for-your-cluster")
kill("api")
until("the api answers again", 90, lambda: ask("GET", "/readyz")[0] == 200)
check(f"worker and api were killed in the middle, and the store becomes Ready ({become(second, 'Ready'):.0f} s)", True)

everything = containers()
outside = [(p, b["HostIp"]) for c in everything for p, bs in (c["NetworkSettings"]["Ports"] or {}).items() for b in bs or [] if b["HostIp"] != "127.0.0.1"]
check("every port is published on loopback only", not outside, outside)
listening = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True).stdout.splitlines()
ours = [line for line in listening if "docker-proxy" in line or "urumi-worker" in line]
check("and so the kernel sees it", ours and all("127.0.0.1:" in line.split()[3] for line in ours), ours)
password = compose("exec", "-T", "postgres", "cat", "/secrets/rabbitmq-password").strip()
told = json.dumps(everything) + compose("config") + compose("logs", "--no-color")
check("no password stands in a container's settings or log", len(password) == 48 and password not in told)
loose = [c["Name"] for c in everything if c["Config"]["Labels"]["com.docker.compose.service"] in ("api", "worker-for-your-cluster", "migrate")
         and not (c["HostConfig"]["ReadonlyRootfs"] and c["HostConfig"]["CapDrop"] == ["ALL"])]
check("programs run read-only and without capabilities", not loose, loose)

compose("stop")
check("all of it stops", not compose("ps", "--quiet", "--status", "running").split())
compose("up", "--detach", "--wait", "--wait-timeout", "180")
check("and starts again with what it knew", store(first).get("status") == "Ready" and store(second).get("status") == "Ready")

for id in (first, second):
    status, text = ask("DELETE", f"/stores/{id}")
    check(f"a delete is accepted ({id})", status == 202, f"{status} {text}")
for id in (first, second):
    become(id, "Deleted")
left = subprocess.run(["kubectl", "get", "namespaces", "-l", "urumi.dev/installation", "-o", "name"], capture_output=True, text=True).stdout.split()
check("nothing of the stores is left in the cluster", not left, left)

print(f"compose-journey: {passed} passed, {failures} failed, 0 skipped")
sys.exit(failures > 0)
