"""What only a real apiserver can say of the chart, by server-side dry runs:

- Pod Security admission lets every pod of every combination in, and refuses each
  single weakening of its context;
- every rendering is what the API knows, without unknown or doubled fields;
- from each released chart, and from each plan, there is a way to this one: no
  upgrade meets a field that may not change.

Needs KUBECONFIG; makes namespaces of its own and removes them. No pod is started.
The last line is `chart-cluster: N passed, N failed, 0 skipped`.
"""
import copy
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import rendering
from combinations import combinations
from invariants import of_kind, template, workloads
from rendering import HTTPS, ID, LOCAL, PROD, ROOT, objects, render

RESTRICTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}


def kubectl(*arguments, given=None):
    text = given if given is None or isinstance(given, str) else json.dumps({"apiVersion": "v1", "kind": "List", "items": given})
    done = subprocess.run(["kubectl", *arguments], input=text, capture_output=True, text=True)
    return done.stdout + done.stderr


class Namespace:
    """A namespace of this test's own, gone afterwards."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        one = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.name, "labels": RESTRICTED}}
        # Pods are only ever asked about here.
        none = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none", "namespace": self.name}, "spec": {"hard": {"count/pods": "0"}}}
        kubectl("create", "-f", "-", given=[one])
        self.quota = none
        # A pod needs its namespace's service account, which comes a moment later.
        kubectl("wait", "--for=create", "serviceaccount/default", "-n", self.name, "--timeout=60s")
        return self

    def forbid_pods(self):
        kubectl("create", "-f", "-", given=[self.quota])

    def __exit__(self, *_):
        kubectl("delete", "namespace", self.name, "--wait=false", "--ignore-not-found")


def pods_of(documents, namespace, mark):
    for one in workloads(documents):
        part = template(one)["metadata"]["labels"]["app.kubernetes.io/component"]
        yield {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": f"{mark}-{part}", "namespace": namespace, "labels": template(one)["metadata"]["labels"]},
            "spec": copy.deepcopy(template(one)["spec"]) | {"restartPolicy": "Never"},
        }


def context(pod):
    """The contexts of a pod and of all its containers: each of them counts."""
    inner = [one["securityContext"] for one in pod["spec"].get("initContainers", []) + pod["spec"]["containers"]]
    return [pod["spec"]["securityContext"]] + inner


def everywhere(key, value=None):
    def damage(pod):
        for one in context(pod):
            one.pop(key, None)
            if value is not None:
                one[key] = value
    return damage


def of_first(**fields):
    def damage(pod):
        last = pod["spec"]["containers"][0]["securityContext"]
        for key, value in fields.items():
            last.pop(key, None)
            if value is not None:
                last[key] = value
    return damage


def of_pod(**fields):
    return lambda pod: pod["spec"].update(fields)


WEAKENINGS = {
    "root-allowed": everywhere("runAsNonRoot"),
    "no-seccomp": everywhere("seccompProfile"),
    "seccomp-unconfined": of_first(seccompProfile={"type": "Unconfined"}),
    "user-0": of_first(runAsUser=0),
    "escalation-allowed": of_first(allowPrivilegeEscalation=True),
    "escalation-unsaid": of_first(allowPrivilegeEscalation=None),
    "privileged": of_first(privileged=True, allowPrivilegeEscalation=True),
    "capabilities-kept": of_first(capabilities=None),
    "capability-added": of_first(capabilities={"drop": ["ALL"], "add": ["NET_RAW"]}),
    "proc-unmasked": lambda pod: (of_first(procMount="Unmasked")(pod), pod["spec"].update(hostUsers=False)),
    "host-network": of_pod(hostNetwork=True),
    "host-pid": of_pod(hostPID=True),
    "host-ipc": of_pod(hostIPC=True),
    "host-path": lambda pod: pod["spec"]["volumes"].append({"name": "host", "hostPath": {"path": "/"}}),
    "host-port": lambda pod: pod["spec"]["containers"][0].update(ports=[{"containerPort": 9, "hostPort": 9}]),
    "sysctl": lambda pod: pod["spec"]["securityContext"].update(sysctls=[{"name": "kernel.msgmax", "value": "1"}]),
}


def admission(read):
    with Namespace("urumi-chart-admission") as here:
        asked = {f"c{number}": name for number, name in enumerate(read)}
        pods = [pod for mark, name in asked.items() for pod in pods_of(read[name], here.name, mark)]
        said = kubectl("create", "--dry-run=server", "-f", "-", given=pods)
        let_in = set(re.findall(r"^pod/(\S+) created", said, re.M))
        for mark, name in asked.items():
            mine = [pod["metadata"]["name"] for pod in pods if pod["metadata"]["name"].startswith(f"{mark}-")]
            shut_out = [one for one in mine if one not in let_in]
            yield f"Pod Security lets the pods of {name} in", None if mine and not shut_out else f"{shut_out}\n{said[-1500:]}"
        if "Warning" in said:
            yield "no pod is warned about", said[:1500]

        weak = []
        for title, damage in WEAKENINGS.items():
            for pod in pods_of(read["local-small"], here.name, title):
                damage(pod)
                weak.append(pod)
        said = kubectl("create", "--dry-run=server", "-f", "-", given=weak)
        refused = set(re.findall(r'pods "(\S+)" is forbidden: violates PodSecurity', said))
        for title in WEAKENINGS:
            mine = {pod["metadata"]["name"] for pod in weak if pod["metadata"]["name"].startswith(f"{title}-")}
            left = {one for one in mine if one not in refused}
            yield f"Pod Security refuses {title}", None if len(mine) == 4 and not left else f"not refused: {left}"


def routes_known():
    return "httproutes" in kubectl("api-resources", "--api-group=gateway.networking.k8s.io", "-o", "name")


def apply(namespace, documents, *more):
    given = [one | {"metadata": one["metadata"] | {"namespace": namespace}} for one in documents if one["kind"] != "ExternalSecret" and (one["kind"] != "HTTPRoute" or routes)]
    return kubectl("apply", "--server-side", "--force-conflicts", "--validate=strict", *more, "-f", "-", given=given)


def failures(said):
    return "\n".join(line for line in said.splitlines() if not re.search(r"serverside-applied|^\s*$", line)) or None


def known_fields(read):
    with Namespace("urumi-chart-fields") as here:
        for name, documents in read.items():
            yield f"the API knows all of {name}", failures(apply(here.name, documents, "--dry-run=server"))
        documents = copy.deepcopy(read["local-small"])
        of_kind(documents, "Deployment")[0]["spec"]["replica"] = 1
        yield "an unknown field is seen", None if failures(apply(here.name, documents, "--dry-run=server")) else "it passed"


def released():
    """Every chart that stores may still run, oldest first."""
    return sorted(glob.glob(os.path.join(ROOT, "charts/store-*.tgz")))


def upgrades(read):
    ways = {}
    for title, overlay, more in (("local", LOCAL, []), ("prod", PROD, HTTPS)):
        names = [f"{title}-{plan}" for plan in ("small", "medium", "large")]
        ways[f"{title}, to a larger plan"] = [read[name] for name in names if title == "local"] or [read[names[0]], read[names[0]]]
        for archive in released():
            # As the worker does: an older chart knows not all that today's values say.
            before = objects({"before": rendering.helm("template", ID, archive, "-n", ID, *rendering.value_arguments([overlay]), *more, "--skip-schema-validation").stdout})["before"]
            ways[f"{title}, from {os.path.basename(archive)}"] = [before, read[f"{title}-small"]]
        ways[f"{title}, suspended and back"] = [read[f"{title}-small"], read[f"{title}-suspended"], read[f"{title}-small"]]
    for number, (title, steps) in enumerate(ways.items()):
        with Namespace(f"urumi-chart-upgrade-{number}") as here:
            here.forbid_pods()
            found = failures(apply(here.name, steps[0]))
            for after in steps[1:]:
                found = found or failures(apply(here.name, after, "--dry-run=server"))
            yield f"no immutable field: {title}", found
            if number:
                continue
            for what, damage in IMMUTABLE.items():
                after = copy.deepcopy(steps[0])
                damage(after)
                said = failures(apply(here.name, after, "--dry-run=server"))
                seen = said and re.search(r"immutable|forbidden|may not be changed|Forbidden", said)
                yield f"an immutable field is seen: {what}", None if seen else said or "it passed"


def first(documents, kind, name=None):
    return next(one for one in of_kind(documents, kind) if name in (None, one["metadata"]["name"]))["spec"]


IMMUTABLE = {
    "the selector of the Deployment": lambda all_: (
        first(all_, "Deployment")["selector"]["matchLabels"].update(x="y"),
        first(all_, "Deployment")["template"]["metadata"]["labels"].update(x="y"),
    ),
    "the Service of the StatefulSet": lambda all_: first(all_, "StatefulSet").update(serviceName="other"),
    "the class of a volume": lambda all_: first(all_, "PersistentVolumeClaim").update(storageClassName="other"),
    "the template of the set-up's Job": lambda all_: first(all_, "Job")["template"]["spec"]["containers"][0].update(image="other:1"),
    "the files": lambda all_: of_kind(all_, "ConfigMap")[0]["data"].update(x="y"),
}


def main():
    global routes
    routes = routes_known()
    texts = {name: render(how[0], *how[1]) for name, how in combinations().items()}
    read = objects(texts)
    results = [one for part in (admission, known_fields, upgrades) for one in part(read)]
    failed = [(title, why) for title, why in results if why]
    for title, why in failed:
        print(f"FAILED {title}\n  " + why.strip().replace("\n", "\n  "))
    print(f"{len(read)} renderings, {len(WEAKENINGS)} weakenings, {len(released())} released charts, HTTPRoute {'known' if routes else 'not known'}")
    print(f"chart-cluster: {len(results) - len(failed)} passed, {len(failed)} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
