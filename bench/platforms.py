"""A whole platform with simulated nodes: api, worker, an ingress, the cluster's own
numbers. As `make up` runs them, but for names, and two slots unless told otherwise.
"""
import base64
import http.client
import json
import os
import ssl
import subprocess
import tempfile
import time
import urllib.parse

import machine
import servers

KUBECONFIG = os.environ.get("BENCH_KUBECONFIG", "")
CHART = os.path.join(servers.ROOT, "charts", "store")
BIN = os.path.join(servers.ROOT, ".urumi", "bin")
VALUES = [os.path.join(servers.ROOT, "values-local.yaml"), os.path.join(servers.ROOT, "tests", "faults", "values.yaml")]
USER = "urumi-bench"


def kubectl(*words, given=None, check=True):
    output = subprocess.run([os.path.join(BIN, "kubectl"), "--kubeconfig", KUBECONFIG, *words], input=given, capture_output=True, text=True, check=False)
    if check and output.returncode != 0:
        raise RuntimeError(f"kubectl {words[0]}: {output.stderr.strip()}")
    return output.stdout


def apply(*objects):
    kubectl("apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))


class Visitor:
    """A user of the cluster with every right, whose requests the apiserver counts apart."""

    place = 300

    def __init__(self, name):
        self.name = f"{USER}-{name}"
        Visitor.place += 1
        apply(
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": self.name},
             "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
             "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": self.name}]},
            {"apiVersion": "flowcontrol.apiserver.k8s.io/v1", "kind": "FlowSchema", "metadata": {"name": self.name},
             "spec": {"matchingPrecedence": Visitor.place, "priorityLevelConfiguration": {"name": "workload-high"}, "distinguisherMethod": {"type": "ByNamespace"},
                      "rules": [{"subjects": [{"kind": "User", "user": {"name": self.name}}],
                                 "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "clusterScope": True, "namespaces": ["*"]}],
                                 "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}]}]}})
        config = json.loads(kubectl("config", "view", "--raw", "--flatten", "-o", "json"))
        for user in config["users"]:
            user["user"]["as"] = self.name
        self.kubeconfig = os.path.join(servers.STATE, f"{self.name}.kubeconfig")
        with open(os.open(self.kubeconfig, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(config, file)

    def requests(self):
        """So far: the apiserver's own count."""
        mine, total = f'flow_schema="{self.name}"', 0.0
        for line in kubectl("get", "--raw", "/metrics").splitlines():
            if line.startswith("apiserver_flowcontrol_dispatched_requests_total{") and mine in line:
                total += float(line.rpartition(" ")[2])
        return total


class Worker:
    def __init__(self, name, amqp, ingress, kubeconfig=KUBECONFIG, **settings):
        self.name, self.port, self.program = f"{name}-worker", servers.free_port(), None
        self.variables = {
            "ENVIRONMENT": "local", "AMQP_URL": amqp, "KUBECONFIG": kubeconfig, "URUMI_HELM": os.path.join(BIN, "helm"), "URUMI_CHART": CHART,
            "URUMI_VALUES_DIR": servers.ROOT, "URUMI_STORE_VALUES": VALUES[1], "URUMI_INGRESS": ingress, "URUMI_INSTALLATION": name,
            "URUMI_NAMESPACE": f"urumi-{name.replace('_', '-')}", "URUMI_WORKER_LISTEN": f"127.0.0.1:{self.port}", "URUMI_LOG_FORMAT": "json",
            "TMPDIR": tempfile.mkdtemp(dir=servers.STATE), **{key.upper(): str(value) for key, value in settings.items()},
        }

    def begin(self):
        self.program = servers.Program(self.name, [os.path.join(servers.PROGRAMS, "urumi-worker"), "run"], self.variables)

    def start(self):
        self.begin()
        servers.until("the worker is ready", self.ready)
        return self

    def ready(self):
        self.program.alive()
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def helm_runs(self):
        lines = self.get("/metrics")[1].splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("urumi_helm_duration_seconds_count"))

    def stop(self):
        if self.program is not None:
            self.program.end()
            self.program = None


class Ingress:
    """Answers for a host exactly while the pods behind its Ingress are ready
    (`urumi-faults ingress`)."""

    def __init__(self):
        self.file = os.path.join(servers.STATE, "ingress-address")
        if os.path.exists(self.file):
            os.remove(self.file)
        self.program = servers.Program("ingress", [os.path.join(servers.PROGRAMS, "urumi-faults"), "ingress", "--to", self.file], {"TEST_KUBECONFIG": KUBECONFIG})
        self.address = servers.until("the ingress answers", self.read)

    def read(self):
        self.program.alive()
        try:
            with open(self.file) as file:
                return file.read().strip()
        except OSError:
            return ""


class Platform:
    """Api, worker and ingress."""

    def __init__(self, name, visitor=None, **settings):
        kubeconfig = visitor.kubeconfig if visitor else KUBECONFIG
        api_keys = ("urumi_commands_in_flight", "urumi_operation_deadline_seconds")
        self.ingress = Ingress()
        self.api = servers.Api(name, **{key: value for key, value in settings.items() if key in api_keys}).start()
        self.worker = Worker(name, self.api.variables["AMQP_URL"], self.ingress.address, kubeconfig,
                             **{key: value for key, value in settings.items() if key not in api_keys}).start()
        self.name = name

    def create(self, name, plan="small"):
        status, store, _ = servers.ask(self.api.port, "POST", "/stores", {"name": name, "plan": plan})
        if status != 202:
            raise RuntimeError(f"POST answered {status}: {store}")
        return store["id"]

    def show(self, store):
        return servers.ask(self.api.port, "GET", f"/stores/{store}")[1]

    def until_status(self, store, status, within=120, every=0.01):
        def settled():
            now = self.show(store)
            if now.get("status") == "Failed":
                raise RuntimeError(f"{store} failed: {now.get('failure')}")
            operation = now.get("operation") or {}
            return now.get("status") == status and operation.get("status") == "Succeeded"
        servers.until(f"{store} is {status}", settled, within, every)

    def count(self, status):
        return servers.number(self.api.database, f"SELECT count(*) FROM stores WHERE status = '{status}';")

    def end(self):
        self.worker.stop()
        stores = [line[0] for line in servers.sql(self.api.database, "SELECT id FROM stores;")]
        self.api.end()
        self.ingress.program.end()
        remove([*stores, f"urumi-{self.name.replace('_', '-')}"])


def remove(namespaces):
    for at in range(0, len(namespaces), 50):
        kubectl("delete", "namespace", "--wait=false", "--ignore-not-found", *namespaces[at:at + 50])
    wanted = set(namespaces)
    servers.until("the namespaces are gone", lambda: not wanted & set(kubectl("get", "namespaces", "-o", "name").replace("namespace/", "").split()), 600, 1)


def processors():
    """Seconds of processor time of the servers under the platform, by name."""
    found, folder = {}, os.environ["URUMI_STATE_RUN"]
    for name in os.listdir(folder):
        if not name.endswith(".pid"):
            continue
        with open(os.path.join(folder, name)) as file:
            pid = int(file.read().split()[0])
        if os.path.exists(f"/proc/{pid}"):
            found[name[:-4]] = machine.tree(pid)
    return found


KEYS = [f"wordpress-{use}-{kind}" for use in ("auth", "secure-auth", "logged-in", "nonce") for kind in ("key", "salt")]
DRAWN = ["mysql-root-password", "mysql-password", "wordpress-admin-password", *KEYS]


def prepare(store):
    """What the chart wants to find, as the worker makes it: namespace and Secret."""
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    texts = {"wordpress-admin-user": "admin", **{key: os.urandom(32).hex() for key in DRAWN}}
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": store, "labels": labels}},
            {"apiVersion": "v1", "kind": "Secret", "immutable": True, "metadata": {"name": "store-credentials", "namespace": store}, "stringData": texts}]


def values(store, plan="small"):
    """A store's own values in a file, as the worker gives them on standard input."""
    path = os.path.join(servers.STATE, f"{store}.json")
    host = f"{store}.localhost"
    with open(path, "w") as file:
        json.dump({"store": {"id": store, "name": store, "host": host, "url": f"http://{host}:8080", "plan": plan, "adminEmail": "o@example.com"},
                   "credentials": {"existingSecret": "store-credentials"}}, file)
    return path


def helm(store, *more, plan="small", history="3"):
    """The naive call, with the worker's own values files."""
    files = [word for path in (*VALUES, values(store, plan)) for word in ("--values", path)]
    return [os.path.join(BIN, "helm"), "upgrade", "--install", store, CHART, "--namespace", store, *files, "--history-max", history, "--hide-notes", *more]


class Cluster:
    """Requests to the apiserver on one open connection, so that a look costs nothing."""

    def __init__(self):
        config = json.loads(kubectl("config", "view", "--raw", "--flatten", "-o", "json"))
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.address = urllib.parse.urlsplit(cluster["server"])
        self.context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        path = os.path.join(servers.STATE, "client.pem")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"]))
        self.context.load_cert_chain(path)
        self.connection = None

    def ask(self, method, path, body=None, kind="application/json"):
        kept = self.connection is not None
        try:
            answer, text = self.asked(method, path, body, kind)
        except (http.client.RemoteDisconnected, ConnectionError):
            self.connection = None
            if not kept:
                raise
            answer, text = self.asked(method, path, body, kind)  # it was closed since the last request
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:200]}")
        return json.loads(text)

    def asked(self, method, path, body, kind):
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(self.address.hostname, self.address.port, context=self.context, timeout=30)
        self.connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": kind, "Accept": "application/json"})
        answer = self.connection.getresponse()
        return answer, answer.read()

    def arrived(self, stores):
        """Whether all their workloads are ready; one store is looked for in its namespace."""
        place = f"namespaces/{stores[0]}/" if len(stores) == 1 else ""
        ready = {}
        for kind in ("statefulsets", "deployments"):
            for one in self.ask("GET", f"/apis/apps/v1/{place}{kind}?resourceVersion=0")["items"]:
                name, status = one["metadata"]["namespace"], one["status"]
                well = status.get("readyReplicas", 0) >= one["spec"]["replicas"] and status.get("observedGeneration") == one["metadata"]["generation"]
                ready[name] = ready.get(name, 0) + 1 if well else -9
        return all(ready.get(store, 0) >= 2 for store in stores)

    def pods(self, namespace):
        return self.ask("GET", f"/api/v1/namespaces/{namespace}/pods?resourceVersion=0")["items"]

    def make_ready(self, pod):
        """As a kubelet says it; the moment before it is said."""
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        ready = [{**condition, "status": "True", "lastTransitionTime": now} for condition in pod["status"]["conditions"]
                 if condition["type"] in ("Ready", "ContainersReady")]
        containers = [{**one, "ready": True} for one in pod["status"]["containerStatuses"]]
        before = time.perf_counter()
        self.ask("PATCH", f"/api/v1/namespaces/{namespace}/pods/{name}/status", {"status": {"conditions": ready, "containerStatuses": containers}},
                 "application/strategic-merge-patch+json")
        return before
