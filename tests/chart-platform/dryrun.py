"""What only a real apiserver can say of the chart, by server-side dry runs: dryrun.py KINDS

- with the kinds of others loaded (KINDS/crds, from kinds.sh), it knows every field of
  every rendering, and each single foreign kind refuses a field that it does not have;
- Pod Security `restricted` lets every pod in;
- from each released chart there is a way to this one: no upgrade meets a field that
  may not change;
- helm itself installs, upgrades, rolls back and removes a release: one Job for each
  specification, volumes stay.

Needs KUBECONFIG; makes namespaces of its own and removes them, and the kinds that it
brought. No pod is started. The last line is `dryrun-platform: N passed, N failed, 0 skipped`.
"""
import copy
import glob
import os
import re
import sys

from cases import CASES, CHART, FOREIGN, NAMESPACE, RELEASE, ROOT, arguments, helm, objects, render
from cluster import Namespace, failures, kubectl, pods_of
from invariants import of_kind, template


class Kinds:
    """The kinds of others, gone afterwards unless they were there."""

    def __init__(self, folder):
        self.files = sorted(glob.glob(os.path.join(folder, "crds", "*.yaml")))

    def __enter__(self):
        self.before = set(kubectl("get", "customresourcedefinitions", "-o", "name").split())
        for file in self.files:
            kubectl("apply", "--server-side", "-f", file)
        self.here = set(kubectl("get", "customresourcedefinitions", "-o", "name").split())
        kubectl("wait", "--for=condition=Established", "--timeout=60s", *self.here)
        return self

    def __exit__(self, *_):
        gone = sorted(self.here - self.before)
        if gone:
            kubectl("delete", "--wait=false", *gone)


def moved(text, namespace):
    """A rendering for another namespace."""
    return text.replace(NAMESPACE, namespace)


def apply(namespace, documents, *more):
    return kubectl("apply", "--server-side", "--force-conflicts", "--validate=strict", "-n", namespace, *more, "-f", "-", given=documents)


# A field that the kind does not have.
UNKNOWN = ("ScaledObject", "TriggerAuthentication", "ExternalSecret", "Certificate", "HTTPRoute", "ServiceMonitor", "PrometheusRule", "Deployment", "StatefulSet")


def known_fields(texts):
    with Namespace("urumi-platform-fields") as here:
        read = objects({name: moved(text, here.name) for name, text in texts.items()})
        for name, documents in read.items():
            yield f"the API knows all of {name}", failures(apply(here.name, documents, "--dry-run=server"))
        for kind in UNKNOWN:
            one = copy.deepcopy(next(one for documents in read.values() for one in of_kind(documents, kind)))
            one["spec"]["unheardOf"] = 1
            said = failures(apply(here.name, [one], "--dry-run=server"))
            yield f"an unknown field of a {kind} is seen", None if said and "unheardOf" in said else said or "it passed"


def admission(texts):
    with Namespace("urumi-platform-admission") as here:
        read = objects({name: moved(text, here.name) for name, text in texts.items()})
        account = next(of_kind(documents, "ServiceAccount")[0] for documents in read.values())
        apply(here.name, [account])
        for number, (name, documents) in enumerate(read.items()):
            pods = list(pods_of(documents, here.name, f"c{number}"))
            for pod in pods:
                # A class of the cluster's own, which this one has not.
                pod["spec"].pop("priorityClassName", None)
            said = kubectl("create", "--dry-run=server", "-f", "-", given=pods)
            let_in = set(re.findall(r"^pod/(\S+) created", said, re.M))
            shut_out = [pod["metadata"]["name"] for pod in pods if pod["metadata"]["name"] not in let_in]
            yield f"Pod Security lets the pods of {name} in", None if pods and not shut_out and "Warning" not in said else f"{shut_out}\n{said[-1500:]}"


def released():
    """Every chart that an installation may come from, oldest first."""
    return sorted(glob.glob(os.path.join(ROOT, "charts/platform-*.tgz")))


def upgrades(texts):
    ways = {}
    for title in ("local", "prod"):
        for archive in released():
            known = [word for api in FOREIGN for word in ("--api-versions", api)]
            before = helm("template", RELEASE, archive, "-n", NAMESPACE, *known, *arguments(*CASES[title]), "--skip-schema-validation").stdout
            ways[f"{title}, from {os.path.basename(archive)}"] = [before, texts[title]]
    ways["local, to two and KEDA and back"] = [texts["local"], texts["local-two"], texts["local-keda"], texts["local"]]
    for number, (title, steps) in enumerate(ways.items()):
        with Namespace(f"urumi-platform-upgrade-{number}") as here:
            here.forbid_pods()
            read = objects({f"step-{place}": moved(text, here.name) for place, text in enumerate(steps)})
            # What belongs to no namespace is of this installation alone; it is only asked about.
            inside = [one for one in read["step-0"] if not one["kind"].startswith(("ClusterRole", "ValidatingAdmission"))]
            found = failures(apply(here.name, inside))
            for place in range(1, len(steps)):
                found = found or failures(apply(here.name, read[f"step-{place}"], "--dry-run=server"))
            yield f"no immutable field: {title}", found
            if number == len(ways) - 1:
                for what, damage in IMMUTABLE.items():
                    after = copy.deepcopy(read["step-0"])
                    damage(after)
                    said = failures(apply(here.name, after, "--dry-run=server"))
                    seen = said and re.search(r"immutable|orbidden|may not be changed", said)
                    yield f"an immutable field is seen: {what}", None if seen else said or "it passed"


def first(documents, kind):
    return of_kind(documents, kind)[0]


IMMUTABLE = {
    "the template of the migrations' Job": lambda all_: template(first(all_, "Job"))["spec"]["containers"][0].update(image="other:1"),
    "the Service of a StatefulSet": lambda all_: first(all_, "StatefulSet")["spec"].update(serviceName="other"),
    "the class of a volume": lambda all_: first(all_, "PersistentVolumeClaim")["spec"].update(storageClassName="other"),
}


def releases():
    """helm's own life of a release; without a node its pods wait."""
    with Namespace("urumi-platform-release") as here:
        def deed(*words, chart=(), sets=""):
            given = [*chart, *(arguments(*CASES["local-two"][:1], sets) if chart else ())]
            done = helm(*words, RELEASE, *given, "-n", here.name, check=False)
            return None if done.returncode == 0 else done.stderr[-1500:]

        def names(kind):
            return set(kubectl("get", kind, "-n", here.name, "-o", "name").split())

        yield "helm installs it", deed("install", chart=[CHART])
        first = names("jobs")
        yield "one Job brings the tables forward", None if len(first) == 1 else str(first)
        yield "an equal release changes nothing", deed("upgrade", chart=[CHART]) or (None if names("jobs") == first else str(names("jobs")))
        yield "helm upgrades it", deed("upgrade", chart=[CHART], sets="api.image.tag=9.9.9,worker.image.tag=9.9.9,api.replicas=3,worker.keda.enabled=true")
        second = names("jobs")
        yield "another image has a Job of its own", None if len(second) == 1 and second != first else str(second)
        yield "the worker's number is left to its scaler", None if names("scaledobjects") else "there is none"
        yield "helm rolls it back", deed("rollback")
        yield "the way back has the Job of before", None if names("jobs") == first and not names("scaledobjects") else str(names("jobs"))
        yield "helm removes it", deed("uninstall")
        yield "volumes stay, nothing else does", None if len(names("pvc")) == 2 and not names("deployments,statefulsets,services,networkpolicies,ingresses") else str(names("pvc"))


def main(folder):
    texts = {name: render(*how) for name, how in CASES.items()}
    with Kinds(folder) as kinds:
        results = [one for part in (known_fields, admission, upgrades) for one in part(texts)] + list(releases())
    failed = [(title, why) for title, why in results if why]
    for title, why in failed:
        print(f"FAILED {title}\n  " + why.strip().replace("\n", "\n  "))
    print(f"{len(texts)} renderings, {len(kinds.files)} kinds of others, {len(released())} released charts")
    print(f"dryrun-platform: {len(results) - len(failed)} passed, {len(failed)} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
