"""One store's whole story out of the central logs: stands in the place of Loki, takes
what the collector sends (OTLP, JSON), and holds what it finds by `store.id` against the
files themselves.

    logs.py COLLECTOR LOG-FOLDER STORE OTHER-STORE [SECRET-FILE]"""

import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COLLECTOR, FOLDER, STORE, OTHER = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
SECRETS = Path(sys.argv[5]).read_text().split() if len(sys.argv) > 5 else []
CONFIG = Path(__file__).resolve().parents[2] / "deploy/monitoring/collector-logs.yaml"
PATIENCE = 60

kept, lock = [], threading.Lock()
failures, passed = 0, 0


def check(name, holds, detail=""):
    global failures, passed
    passed, failures = passed + bool(holds), failures + (not holds)
    print(f"{'ok   ' if holds else 'FAIL '} {name}" + (f": {detail}" if detail and not holds else ""))


def value(any_value):
    return next(iter(any_value.values()), None) if any_value else None


class Sink(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with lock:
            for resource in body.get("resourceLogs", []):
                service = {a["key"]: value(a["value"]) for a in resource["resource"]["attributes"]}["service.name"]
                for scope in resource["scopeLogs"]:
                    for record in scope["logRecords"]:
                        fields = {a["key"]: value(a["value"]) for a in record.get("attributes", [])}
                        kept.append({"service": service, "at": int(record["timeUnixNano"]) if record.get("timeUnixNano") else 0,
                                     "severity": record.get("severityText"), "trace": record.get("traceId"),
                                     "line": value(record["body"]), **fields})
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def raw():
    """Every line of the files, as it was written."""
    for name in ("api", "worker"):
        for path in sorted(FOLDER.glob(f"{name}*.log")):
            for line in path.read_text().splitlines():
                if line.strip():
                    yield f"urumi-{name}", line


def missing():
    """What was written when this began and has not arrived."""
    with lock:
        arrived = {(k["service"], k["line"]) for k in kept}
    return [line for line in written if line not in arrived]


sink = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
threading.Thread(target=sink.serve_forever, daemon=True).start()
written = list(raw())
environment = os.environ | {"URUMI_LOG_FOLDER": str(FOLDER), "URUMI_LOGS_TO": f"http://127.0.0.1:{sink.server_port}/v1/logs"}
collector = subprocess.Popen([COLLECTOR, f"--config={CONFIG}"], env=environment, stderr=subprocess.PIPE, text=True)
try:
    deadline = time.monotonic() + PATIENCE
    while missing() and time.monotonic() < deadline and collector.poll() is None:
        time.sleep(0.1)
finally:
    collector.terminate()
    said = collector.communicate()[1]
check("the collector takes its settings and ends in order", collector.returncode == 0, said[-800:])

lost = missing()
check(f"every line of both programs arrives ({len(written)})", not lost, str(lost[:3]))
check("each JSON line has a time and a severity", all(k["at"] and k["severity"] for k in kept if k["line"].startswith("{")))

story = sorted((k for k in kept if k.get("store.id") == STORE), key=lambda k: k["at"])
mention = [(s, line) for s, line in written if STORE in line]
found = {(k["service"], k["line"]) for k in story}
check(f"store.id finds every line that is about the store ({len(mention)})", mention and found >= set(mention), str([m for m in mention if m not in found][:3]))
check("and none that is about another", story and not [k for k in story if OTHER in k["line"]])
check("a line about neither is not found", len(story) < len(kept))

services = {k["service"] for k in story}
check("api and worker both tell of it", services == {"urumi-api", "urumi-worker"}, str(services))
said = [(k["service"], k["message"]) for k in story]
for action in ("store.create.requested", "operation.succeeded", "store.delete.requested"):
    check(f"the api says {action}", ("urumi-api", action) in said, str(sorted({m for s, m in said if s == "urumi-api"})))
events = " ".join(str(k.get("event")) for k in story if k["message"] == "event")
for step in ("Namespace", "Credentials", "Release", "Rollout", "Storefront"):
    check(f"the worker tells of the step {step}", step in events)
helm = [k for k in story if k["message"] == "helm ended"]
check("helm's run is part of it, with its outcome and time", any(
    k.get("helm.command") == "upgrade" and k.get("outcome") == "succeeded" and k.get("elapsed_ms") is not None for k in helm), str(helm))
operations = {k.get("operation.id") for k in story if k["message"] == "event"}
check("each of its operations can be told apart", len(operations - {None}) >= 2, str(operations))
traces = {}
for k in story:
    if k.get("operation.id") and k.get("trace"):
        traces.setdefault(k["operation.id"], set()).add(k["trace"])
check("an operation's lines lead to one trace", traces and all(len(t) == 1 for t in traces.values()), str(traces))
check(f"none of {len(SECRETS)} secrets stands in any line", SECRETS and not [1 for s in SECRETS for _, line in written if s in line])

print(f"\n{STORE}, as the central logs tell it:")
for k in story:
    detail = k.get("event") or k.get("outcome") or ""
    clock = time.strftime("%H:%M:%S", time.gmtime(k["at"] / 1e9)) + f".{k['at'] // 1_000_000 % 1000:03}"
    print(f"  {clock} {k['service']:13} {k['message']:28} {k.get('helm.command', '')} {detail}")
print(f"\nlogs: {passed} passed, {failures} failed, 0 skipped")
sys.exit(failures > 0)
