"""The operator's hands for tests on a cluster: programs, objects, waiting, the API."""
import json
import os
import subprocess
import time
import urllib.error
import urllib.request

PATIENCE = 300
KEYS = [f"wordpress-{use}-{kind}" for use in ("auth", "secure-auth", "logged-in", "nonce") for kind in ("key", "salt")]


def run(*command, given=None, check=True):
    done = subprocess.run(command, input=given, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
    return done.stdout


def get(kind, name, namespace):
    return json.loads(run("kubectl", "get", kind, name, "-n", namespace, "-o", "json"))


def create(*objects):
    run("kubectl", "apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))


def namespace(name):
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def secret(name, namespace, texts, kind="Opaque"):
    return {"apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": {"name": name, "namespace": namespace}, "stringData": texts}


def until(what, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"not within {PATIENCE} s: {what}")
        time.sleep(0.3)


def ask(method, path, body=None):
    """(status, answer) of the platform's API."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(os.environ["URUMI_API"] + path, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read() or "null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or "null")
