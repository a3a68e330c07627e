"""What the worker's token is good for: its own stores, and nothing else.

What the worker and helm do must work with it. Each of the ATTEMPTS must be refused
with 403, while the same request of an administrator (a dry run) passes, so that
nothing but the missing right refuses it. At last the policies are taken away: what
they alone refuse must pass then (a dry run), and the rest still be refused.

rights.sh gives the environment: a control plane without a node.
The last line is `rights-attempts: N passed, N failed, 0 skipped`.
"""
import copy
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../chart"))
import rendering
import used
from attempts import APPLY, ATTEMPTS, LOST, MERGE, NEW, OTHERS, OURS, POLICIES, SECRETS, THEIRS, WORKER_ROLE, a_pod, a_secret, binding, bindings, labels, namespace
from caller import Caller, until
from hands import KEYS, run

ACCESS = os.environ["ACCESS"]
with open(f"{ACCESS}/token") as file:
    worker = Caller(token=file.read().strip())
admin = Caller(certificate="admin")


def enter(store):
    """As the worker does: the namespace, its binding, and the time that takes."""
    worker.must("POST", "/api/v1/namespaces", namespace(store))
    worker.must("PATCH", bindings(store), binding(store), APPLY)
    until("the binding is in force", lambda: worker.ask("GET", SECRETS.format(store))[0] == 200)


def helm(*arguments, values=None):
    run("env", f"KUBECONFIG={ACCESS}/kubeconfig", "helm", *arguments, given=values)


def deeds():
    """A store's whole life, with the arguments that the worker gives helm."""
    def release(*more):
        overlays = rendering.value_arguments([rendering.PROD])
        helm("upgrade", "--install", OURS, rendering.CHART, "--namespace", OURS, *overlays, *rendering.HTTPS, *more,
             "--reset-values", "--no-hooks", "--force-conflicts", "--history-max", "3", "--timeout", "55s")

    def credentials():
        drawn = {key: "0" * 24 for key in ["mysql-root-password", "mysql-password", "wordpress-admin-user", "wordpress-admin-password", *KEYS]}
        secret = a_secret("store-credentials")
        worker.must("POST", SECRETS.format(OURS), {**secret, "stringData": drawn})

    def rest():
        for suspended in ("true", "false"):
            release("--set", f"store.suspended={suspended}")

    yield "makes a namespace and its rights in it", lambda: enter(OURS)
    yield "makes the credentials", credentials
    yield "installs", release
    yield "upgrades, rests and wakes", rest
    yield "rolls back", lambda: helm("rollback", OURS, "--namespace", OURS, "--no-hooks", "--force-conflicts", "--history-max", "3")
    yield "uninstalls", lambda: helm("uninstall", OURS, "--namespace", OURS, "--no-hooks", "--ignore-not-found")
    yield "notes something on its namespace", lambda: worker.must("PATCH", f"/api/v1/namespaces/{OURS}", {"metadata": {"annotations": {"urumi.dev/ever-ready": "true"}}}, MERGE)
    yield "gives a Pod Security label back", give_back
    yield "removes a store", remove


def remove():
    enter("store-bcdfgn")
    worker.must("DELETE", "/api/v1/namespaces/store-bcdfgn")


def give_back():
    admin.must("PATCH", f"/api/v1/namespaces/{OURS}", labels(**{"pod-security.kubernetes.io/enforce": None}), MERGE)
    worker.must("PATCH", f"/api/v1/namespaces/{OURS}", labels(**{"pod-security.kubernetes.io/enforce": "restricted"}), MERGE)


def somebody_elses():
    for name, mark in ((OTHERS, "another"), (THEIRS, None)):
        admin.must("POST", "/api/v1/namespaces", namespace(name, mark))
    admin.must("POST", "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases", {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "x"}})
    enter(LOST)
    admin.must("PATCH", f"/api/v1/namespaces/{LOST}", labels(**{"urumi.dev/installation": None}), MERGE)
    worker.must("POST", "/api/v1/namespaces", namespace(NEW))
    # Its service account, without which no pod is made, comes a moment later.
    until("a pod is made", lambda: admin.ask("POST", f"/api/v1/namespaces/{OURS}/pods", a_pod())[0] == 201)


def policies_are(in_force):
    without = worker.ask("POST", "/api/v1/namespaces", namespace("store-bcdfgl", None), dry=True)
    elsewhere = worker.ask("POST", SECRETS.format(LOST), a_secret("y"), dry=True)
    another = worker.ask("PATCH", bindings(NEW), binding(NEW, subject=("default", NEW)), APPLY, dry=True)
    return all((status == 403) == in_force for status, _ in (without, elsewhere, another))


def told(status, said):
    return f"{status} {said.get('message', said)}"[:300]


def refused():
    for what, _, method, path, body, kind, *more in ATTEMPTS:
        more = more[0] if more else {}
        status, said = worker.ask(method, path, body, kind, headers=more.get("headers"))
        yield f"refused: {what}", None if status == 403 else told(status, said)
        status, said = admin.ask(method, path, body, kind, dry=True, headers=more.get("headers"))
        passes = status in more["control"] if "control" in more else status < 300
        yield f"an administrator may: {what}", None if passes else told(status, said)


def without_policies():
    for name in ("namespaces", "writes", "bindings"):
        admin.must("DELETE", f"{POLICIES}/validatingadmissionpolicybindings/{WORKER_ROLE}-{name}")
    until("the policies are out of force", lambda: policies_are(False))
    for what, by, method, path, body, kind, *more in ATTEMPTS:
        more = more[0] if more else {}
        status, said = worker.ask(method, path, body, kind, dry=True, headers=more.get("headers"))
        if by == "policy":
            yield f"only a policy refuses: {what}", None if status < 300 else told(status, said)
        else:
            yield f"refused without policies, too: {what}", None if status == 403 else told(status, said)


# Each makes one rule too wide, in its own way.
WIDER = {
    "a wildcard": lambda rule: rule.update(resources=["*"]),
    "escalate": lambda rule: rule["verbs"].append("escalate"),
    "impersonate": lambda rule: rule["verbs"].append("impersonate"),
    "all Secrets": lambda rule: rule["resources"].append("secrets"),
    "any role": lambda rule: (rule["verbs"].append("bind"), rule.pop("resourceNames", None)),
}


def rules():
    documents = used.rendered()
    yield "no rule is too wide", "\n".join(used.too_wide(documents)) or None
    for title, widen in WIDER.items():
        wider = copy.deepcopy(documents)
        widen(next(one for one in wider if one["kind"] == "ClusterRole" and one["metadata"]["name"].endswith("-worker"))["rules"][0])
        yield f"{title} is seen", None if list(used.too_wide(wider)) else "it stayed green"


def tried(name, deed):
    try:
        deed()
    except RuntimeError as error:
        return f"the worker {name}", str(error)[:600]
    return f"the worker {name}", None


def main():
    results = [*rules(), *(tried(name, deed) for name, deed in deeds())]
    somebody_elses()
    until("the policies are in force", lambda: policies_are(True))
    results += refused()
    results += without_policies()
    failed = [(title, why) for title, why in results if why]
    for title, why in failed:
        print(f"FAILED {title}\n  {why}")
    print(f"{len(ATTEMPTS)} attempts, {len([one for one in ATTEMPTS if one[1] == 'policy'])} of them refused by policies")
    print(f"rights-attempts: {len(results) - len(failed)} passed, {len(failed)} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
