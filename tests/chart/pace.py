"""How fast a shop's page comes on the node, against the same outside Kubernetes.

The one is asked as a customer asks it, through the ingress; the other is Apache and
MySQL from the same images, with the same files and settings, on a loopback of their
own. In turns, so that what else the machine does falls on both. Prints medians, their
quotient (at most 1.15), and the memory of the store's pods. pace.sh gives the
environment. The last line is `pace: N passed, N failed, 0 skipped`.
"""
import http.client
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time

from hands import KEYS, create, get, namespace, run, secret, until
from rendering import CHART, EMBEDDED, LOCAL

STORE, BOUND, ROUNDS, BATCH = "store-pcbcd2", 1.15, 10, 10
STATE, NODE = os.path.dirname(os.environ["KUBECONFIG"]), os.environ["NODE_PID"]
HERE = os.path.join(STATE, "pace")
WOOCOMMERCE = os.path.join(STATE, "values-woocommerce.yaml")
SELLS = os.path.exists(WOOCOMMERCE)
with open(os.path.join(STATE, "ingress-port")) as file:
    PORT = int(file.read())
HOST = f"{STORE}.localhost"
PAGES = ["/", "/product/sample-product/"] if SELLS else ["/", "/hello-world/"]
IN_NODE = ["nsenter", "--target", NODE, "--net", "--mount", "--pid", "--"]

CLIENT = """
import http.client, sys, time
port, host = int(sys.argv[1]), sys.argv[2]
for line in sys.stdin:
    path, count = line.split()
    for _ in range(int(count)):
        begun = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        print(answer.status, len(body), time.perf_counter() - begun)
    print("end", flush=True)
"""


class Client:
    """Asks one of the two, a batch at a time."""

    def __init__(self, port, enter=()):
        command = [*enter, sys.executable, "-c", CLIENT, str(port), f"{HOST}:{PORT}"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def ask(self, path, count=BATCH):
        """[(status, bytes, seconds)]"""
        self.process.stdin.write(f"{path} {count}\n")
        self.process.stdin.flush()
        found = []
        for line in self.process.stdout:
            if line.strip() == "end":
                return found
            status, size, seconds = line.split()
            found.append((int(status), int(size), float(seconds)))
        raise RuntimeError("the client ended")


def install():
    drawn = {key: os.urandom(24).hex() for key in ["mysql-root-password", "mysql-password", "wordpress-admin-password", *KEYS]}
    create(namespace(STORE), secret("store-credentials", STORE, {**drawn, "wordpress-admin-user": "admin"}))
    values = {"store": {"id": STORE, "name": "Pace", "host": HOST, "url": f"http://{HOST}:{PORT}", "plan": "small", "adminEmail": "o@example.com"},
              "credentials": {"existingSecret": "store-credentials"}}
    files = [LOCAL, EMBEDDED] + ([WOOCOMMERCE] if SELLS else []) + ["-"]
    run("helm", "upgrade", "--install", STORE, CHART, "-n", STORE, *[word for file in files for word in ("-f", file)], given=json.dumps(values))


def answers():
    try:
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
        connection.request("GET", "/", headers={"Host": f"{HOST}:{PORT}"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False


def container(kind, name):
    return get(kind, name, STORE)["spec"]["template"]["spec"]["containers"][0]


def write(name, lines):
    with open(os.path.join(HERE, name), "w") as out:
        out.writelines(f"{line}\n" for line in lines)


def lay_out():
    """FOLDER for pace-outside.sh: what the pods have, as files."""
    shutil.rmtree(HERE, ignore_errors=True)
    os.makedirs(HERE, mode=0o755)
    web, database = container("deployment", "wordpress"), container("statefulset", "mysql")
    job = json.loads(run("kubectl", "get", "jobs", "-n", STORE, "-l", "app.kubernetes.io/component=setup", "-o", "json"))["items"][0]
    setup = job["spec"]["template"]["spec"]
    for name, one in (("db", database), ("web", web), ("setup", setup["containers"][0])):
        write(f"{name}.env", [f"{pair['name']}={pair.get('value', '')}" for pair in one["env"]] + ["TMPDIR=/tmp"])
    write("db.args", database["args"])
    given = setup["volumes"][0]["projected"]["sources"]
    files = get("configmap", given[0]["configMap"]["name"], STORE)["data"]
    for item in given[0]["configMap"]["items"]:
        put(item["path"], files[item["key"]])
    for key in get("secret", "store-credentials", STORE)["data"]:
        value = run("kubectl", "get", "secret", "store-credentials", "-n", STORE, "-o", f"go-template={{{{index .data \"{key}\" | base64decode}}}}")
        put(f"secrets/{key}", value)
    for part, one in (("web", web), ("db", database)):
        os.makedirs(os.path.join(HERE, part), exist_ok=True)
        run(*IN_NODE, "ctr", "-n", "k8s.io", "images", "mount", "--rw", one["image"], os.path.join(HERE, part))


def put(path, text):
    path = os.path.join(HERE, "urumi", path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as out:
        out.write(text)


def outside():
    """The process whose end ends all of them."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pace-outside.sh")
    return subprocess.Popen([*IN_NODE, "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--", "bash", script, HERE])


def first_child(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        children = file.read().split()
    return int(children[0]) if children else None


def inner(process):
    """The pid of the script in its namespaces, below nsenter and unshare, once it is there."""
    pid = process.pid
    while pid:
        with open(f"/proc/{pid}/comm") as file:
            if file.read().strip() == "bash":
                return pid
        pid = first_child(pid)
    return None


def served(client):
    try:
        return client.ask("/", 1)[0][0] == 200
    except RuntimeError:
        return False


def memory():
    """MiB of the working set of each of the store's pods, by the kubelet."""
    node = json.loads(run("kubectl", "get", "nodes", "-o", "json"))["items"][0]["metadata"]["name"]
    summary = json.loads(run("kubectl", "get", "--raw", f"/api/v1/nodes/{node}/proxy/stats/summary"))
    return {one["podRef"]["name"]: one["memory"]["workingSetBytes"] / 2**20 for one in summary["pods"] if one["podRef"]["namespace"] == STORE and "memory" in one}


def measure(inside, without):
    for path in PAGES:
        for client in (inside, without):
            client.ask(path, 3 * BATCH)
        times = {"node": [], "outside": []}
        seen = set()
        for turn in range(ROUNDS):
            pair = [("node", inside), ("outside", without)]
            for name, client in pair if turn % 2 else reversed(pair):
                asked = client.ask(path)
                seen |= {status for status, _, _ in asked}
                times[name] += [seconds for _, _, seconds in asked]
        node, apart = (statistics.median(times[name]) * 1000 for name in ("node", "outside"))
        print(f"{path}: node {node:.1f} ms, outside {apart:.1f} ms, {node / apart:.3f} times ({ROUNDS * BATCH} requests each, load {os.getloadavg()[0]:.1f})")
        yield f"{path} answers 200", None if seen == {200} else seen
        yield f"{path} within {BOUND} times", None if node / apart <= BOUND else f"{node / apart:.3f} times"


def main():
    results, process = [], None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run("kubectl", "delete", "namespace", STORE, "--ignore-not-found", "--timeout=120s")
        install()
        until("the store on the node", answers)
        lay_out()
        process = outside()
        until("namespaces of its own", lambda: inner(process))
        time_out = time.monotonic() + 300
        without = None
        while without is None:
            client = Client(8080, ["nsenter", "--target", str(inner(process)), "--net", "--"])
            if served(client):
                without = client
            elif process.poll() is not None or time.monotonic() > time_out:
                raise RuntimeError(f"outside does not serve; see {HERE}/*.log")
            else:
                time.sleep(1)
        results += measure(Client(PORT), without)
        used = memory()
        for pod, mib in sorted(used.items()):
            print(f"memory of {pod}: {mib:.0f} MiB")
        results.append(("the memory of database and web pod is told", None if len(used) >= 2 else used))
        print(f"memory of the store: {sum(used.values()):.0f} MiB")
    except Exception as error:
        results.append(("the run came to its end", f"{error!r}"))
    finally:
        if process:
            process.kill()
            process.wait()
        for part in ("web", "db"):
            run(*IN_NODE, "ctr", "-n", "k8s.io", "images", "unmount", "--rm", os.path.join(HERE, part), check=False)
        run("kubectl", "delete", "namespace", STORE, "--wait=false", "--ignore-not-found", check=False)
        shutil.rmtree(os.path.join(HERE, "urumi"), ignore_errors=True)
    failed = [(title, why) for title, why in results if why]
    for title, why in failed:
        print(f"FAILED {title}\n  " + str(why).strip().replace("\n", "\n  "))
    print(f"pace: {len(results) - len(failed)} passed, {len(failed)} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
