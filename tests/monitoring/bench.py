"""What the faults of fire.py are brought about on: the two programs, a Prometheus that
reads them every second by the rules of deploy/monitoring (whose waits alone are cut
short), and hands in place of a kubelet. The servers are those of tests/lib/services.sh,
whose addresses stand in TEST_* variables."""

import base64
import json
import os
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
E = os.environ
PORT = int(E["TEST_PORTS"])
API, API_NUMBERS, WORKER_NUMBERS, PROMETHEUS, SHOPS = (f"127.0.0.1:{PORT + n}" for n in (0, 12, 13, 15, 10))
STATE = Path(E["TEST_STATE"]) / "alerts"
WAIT = "2s"  # for how long an alert's condition must hold here
RULES = (ROOT / "deploy/monitoring/alerts.yaml").read_text()


def ask(method, url, body=None, timeout=10):
    """Status and text; 0 when nothing answers. A name and password may stand in the URL."""
    secret = re.match(r"(https?://)([^/@]+)@(.*)", url)
    request = urllib.request.Request(secret[1] + secret[3] if secret else url, method=method,
                                     data=json.dumps(body).encode() if body is not None else None)
    request.add_header("Content-Type", "application/json")
    if secret:
        request.add_header("Authorization", "Basic " + base64.b64encode(secret[2].encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def until(what, seconds, look):
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        if found := look():
            return found
        time.sleep(0.3)
    raise TimeoutError(f"{what}: not within {seconds} s")


class Program:
    def __init__(self, name, verb, **settings):
        self.name, self.verb, self.process = name, verb, None
        self.settings = {"ENVIRONMENT": "local", "AMQP_URL": E["TEST_AMQP_URL"], "PATH": "/usr/bin:/bin", "TMPDIR": str(STATE),
                         "URUMI_INSTALLATION": "alerts", "URUMI_LOG_FORMAT": "json", **settings}

    def start(self, **more):
        with open(STATE / f"{self.name}.log", "a") as log:
            self.process = subprocess.Popen([f"{E['TEST_PROGRAMS']}/urumi-{self.name}", self.verb], env=self.settings | more, stderr=log)

    def kill(self):
        if self.process:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
        self.process = None

    def signal(self, number):
        self.process.send_signal(number)


class Shops(BaseHTTPRequestHandler):
    """An ingress behind which every shop answers."""

    def do_GET(self):
        page = b"<html><link href='/wp-content/themes/shop/style.css'><form id=\"loginform\"></form></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_):
        pass


class Prometheus:
    def start(self):
        (STATE / "alerts.yaml").write_text(re.sub(r"^( +for: )\w+$", rf"\g<1>{WAIT}", RULES, flags=re.M))
        jobs = [("urumi-api", API_NUMBERS), ("urumi-worker", WORKER_NUMBERS)]
        (STATE / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": ["alerts.yaml"],
            "scrape_configs": [{"job_name": job, "static_configs": [{"targets": [target]}]} for job, target in jobs]}))
        with open(STATE / "prometheus.log", "w") as log:
            self.process = subprocess.Popen(["prometheus", f"--config.file={STATE}/prometheus.yml", f"--storage.tsdb.path={STATE}/data",
                                             f"--web.listen-address={PROMETHEUS}"], stderr=log)

    def ringing(self):
        """Names of the alerts that ring, and what each says."""
        status, text = ask("GET", f"http://{PROMETHEUS}/api/v1/alerts")
        if status != 200:
            return {}
        alerts = json.loads(text)["data"]["alerts"]
        return {a["labels"]["alertname"]: a["annotations"]["summary"] for a in alerts if a["state"] == "firing"}

    def sees(self):
        status, text = ask("GET", f"http://{PROMETHEUS}/api/v1/query?query=sum(up)")
        found = json.loads(text)["data"]["result"] if status == 200 else []
        return bool(found) and found[0]["value"][1] == "2"


class Bench:
    def __init__(self):
        subprocess.run(["rm", "-rf", STATE], check=True)
        STATE.mkdir(parents=True)
        self.kubectl = [str(Path(E["TEST_HELM"]).with_name("kubectl")), "--kubeconfig", E["TEST_KUBECONFIG"]]
        self.stores, self.wished = [], 0
        self.api = Program("api", "serve", DATABASE_URL=E["TEST_DATABASE_URL"], URUMI_LISTEN=API, URUMI_METRICS_LISTEN=API_NUMBERS,
                           URUMI_DATABASE_CONNECTIONS="4", URUMI_REDISPATCH_AFTER_SECONDS="6", URUMI_COMMANDS_IN_FLIGHT="64",
                           URUMI_OPERATION_MAX_ATTEMPTS="1")
        self.worker = Program("worker", "run", KUBECONFIG=E["TEST_KUBECONFIG"], URUMI_HELM=E["TEST_HELM"], URUMI_NAMESPACE="urumi-alerts",
                              URUMI_CHART=str(ROOT / "charts/store"), URUMI_VALUES_DIR=str(ROOT), URUMI_STORE_VALUES=str(ROOT / "tests/faults/values.yaml"),
                              URUMI_INGRESS=SHOPS, URUMI_WORKER_LISTEN=WORKER_NUMBERS, URUMI_SLOTS="4", URUMI_LEASE_MS="3000", URUMI_LEASE_RENEW_MS="500",
                              URUMI_HELM_GRACE_MS="1000", URUMI_PROBE_INTERVAL_MS="2000", URUMI_OBSERVER_LEASE_MS="6000", URUMI_OBSERVER_RENEW_MS="1000",
                              URUMI_PATIENCE_UNSCHEDULABLE_SECONDS="600", URUMI_PATIENCE_DELETE_BLOCKED_SECONDS="3")
        self.prometheus = Prometheus()
        self.shops = ThreadingHTTPServer(tuple([SHOPS.split(":")[0], int(SHOPS.split(":")[1])]), Shops)
        threading.Thread(target=self.shops.serve_forever, daemon=True).start()

    def start(self):
        self.api.start()
        self.worker.start()
        until("the api is ready", 60, self.ready)
        self.prometheus.start()
        until("Prometheus sees both programs", 60, self.prometheus.sees)

    def end(self):
        for program in (self.worker, self.api):
            program.kill()
        self.prometheus.process.terminate()
        self.prometheus.process.wait()

    def ready(self):
        return '"ready":true' in ask("GET", f"http://{API}/readyz")[1]

    def wish(self, count):
        """That many stores; their ids."""
        made = []
        for _ in range(count):
            self.wished += 1
            status, text = ask("POST", f"http://{API}/stores", {"name": f"store {self.wished}"})
            if status != 202:
                raise RuntimeError(f"POST /stores: {status} {text}")
            made.append(json.loads(text)["id"])
        self.stores += made
        return made

    def status(self, store):
        status, text = ask("GET", f"http://{API}/stores/{store}")
        return json.loads(text)["status"] if status == 200 else None

    def worker_number(self, series):
        found = re.search(rf"^{re.escape(series)} (\d+)$", ask("GET", f"http://{WORKER_NUMBERS}/metrics")[1], re.M)
        return int(found[1]) if found else 0

    def hands_full(self):
        return self.worker_number('urumi_slots{state="used"}') == 4

    def expired(self):
        return self.worker_number('urumi_lease_losses_total{reason="expired"}')

    def script(self, *words):
        subprocess.run([ROOT / words[0], *words[1:]], check=True, stdout=subprocess.DEVNULL,
                       env=E | {"URUMI_INSTANCE": E["TEST_INSTANCE"], "URUMI_PG_UNSAFE": "1", "URUMI_AMQP_MANAGEMENT": "1", "URUMI_ETCD_UNSAFE": "1"})

    def broker(self, path, body):
        vhost = E["TEST_AMQP_URL"].rsplit("/", 1)[1]
        return ask("POST", f"{E['TEST_AMQP_MANAGEMENT_URL']}/api/{path.format(vhost=vhost)}", body)

    def kube(self, *words, stdin=None):
        return subprocess.run([*self.kubectl, *words], capture_output=True, text=True, input=stdin).stdout

    def pods(self, store):
        return json.loads(self.kube("get", "pods", "-n", store, "-o", "json") or '{"items": []}')["items"]

    def owned_by(self, pod, kind):
        return any(owner["kind"] == kind for owner in pod["metadata"].get("ownerReferences", []))

    def say_of(self, store, pod, status):
        self.kube("patch", "pod", pod["metadata"]["name"], "-n", store, "--subresource=status", "--type=merge", "-p", json.dumps({"status": status}))

    def tend(self, store):
        """What a kubelet says of pods that run well, or of a set-up that ended well."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        for pod in self.pods(store):
            if pod.get("status", {}).get("phase") in ("Running", "Succeeded"):
                continue
            ended = self.owned_by(pod, "Job")
            state = {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}} if ended else {"running": {"startedAt": now}}
            containers = [{"name": c["name"], "image": c["image"], "imageID": "none", "ready": not ended, "started": not ended,
                           "restartCount": 0, "state": state} for c in pod["spec"]["containers"]]
            conditions = [{"type": "PodScheduled", "status": "True"}, *({"type": t, "status": str(not ended)} for t in ("Initialized", "Ready", "ContainersReady"))]
            self.say_of(store, pod, {"phase": "Succeeded" if ended else "Running", "startTime": now, "podIP": "10.1.1.9",
                                     "conditions": conditions, "containerStatuses": containers})
        return self.status(store) == "Ready"
