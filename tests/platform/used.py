"""What the worker's rights are, and which of them a test run used.

    used.py note STAGE AUDIT-LOG...   writes the used set of a stage to FOLDER
    used.py compare                   all stages together against what is granted
    used.py rights                    the worker's account and roles, as JSON

The granted set is read from what helm renders of charts/platform; the used one
from the apiserver's audit log, which names for each request the role that allowed
it. FOLDER is $URUMI_RIGHTS_FOLDER. Both ways: what was used and comes from no role
of ours, and what is granted and was never used, unless RESERVED says why it stays.
The last line is `rights-…: N passed, N failed, 0 skipped`.
"""
import glob
import json
import os
import re
import sys
from datetime import datetime, timezone

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../chart"))
from rendering import ROOT, helm, objects

FOLDER = os.environ.get("URUMI_RIGHTS_FOLDER", os.path.join(ROOT, ".urumi/test/rights"))
ACCOUNT = re.compile(r"^system:serviceaccount:([^:]+):(\w+)-worker$")
# Stands for the platform's namespace in what is rendered.
HERE = "urumi-here"
RBAC = "rbac.authorization.k8s.io"
# What Kubernetes gives everybody who is known to it: who am I, what may I, what is served.
EVERYBODY = {"system:basic-user", "system:discovery", "system:public-info-viewer"}
# In somebody else's namespace of a store's name: that it may not look is the answer.
ASKED_IN_VAIN = {("list", "secrets"), ("list", "persistentvolumeclaims")}
# Until a restarted apiserver has read the roles, it refuses everybody, for a second or two.
LEARNS_ROLES = 15
# {(role, verb, resource): why it is granted although no test needs it}
RESERVED = {}


def rendered(*more):
    settings = "installation=x,host=platform.localhost,stores.domain=localhost,worker.ingress=127.0.0.1:80"
    text = helm("template", "urumi", os.path.join(ROOT, "charts/platform"), "-n", HERE, "--show-only", "templates/worker-rbac.yaml", "--set", settings, *more).stdout
    return objects({"rights": text})["rights"]


def short(namespace, release, kind, name):
    """Of the roles of any release of the chart: `leases`, `worker`, `store`."""
    if kind == "Role" and name == f"{release}-worker":
        return "leases"
    return {f"{namespace}-{release}-worker": "worker", f"{namespace}-{release}-store": "store"}.get(name, name)


def granted(documents):
    """{(role, verb, group/resource)} of all rules."""
    rules = ((short(HERE, "urumi", one["kind"], one["metadata"]["name"]), rule) for one in documents if one["kind"] in ("Role", "ClusterRole") for rule in one["rules"])
    return {(role, verb, f"{group}/{resource}".lstrip("/")) for role, rule in rules for group in rule["apiGroups"] for resource in rule["resources"] for verb in rule["verbs"]}


def too_wide(documents):
    """Rules that no test of use would find: they would be used, and still be wrong."""
    everywhere = {one["roleRef"]["name"] for one in documents if one["kind"] == "ClusterRoleBinding"}
    for one in documents:
        for rule in one.get("rules", []):
            where = one["metadata"]["name"]
            if "*" in rule["apiGroups"] + rule["resources"] + rule["verbs"]:
                yield f"{where}: a wildcard: {rule}"
            if {"escalate", "impersonate"} & set(rule["verbs"]):
                yield f"{where}: {rule}"
            if one["kind"] == "ClusterRole" and where in everywhere and "secrets" in rule["resources"]:
                yield f"{where}: Secrets of all namespaces: {rule}"
            if "bind" in rule["verbs"] and len(rule.get("resourceNames", [])) != 1:
                yield f"{where}: may bind more than one role: {rule}"


def events(paths):
    for path in paths:
        with open(path) as file:
            for line in file:
                event = json.loads(line)
                if event["stage"] == "ResponseComplete":
                    yield event


def is_worker(event):
    return ACCOUNT.match(event["user"]["username"])


def resource(event):
    of = event.get("objectRef", {})
    parts = [of.get("apiGroup", ""), of.get("resource", ""), of.get("subresource", "")]
    return "/".join(part for part in parts if part)


def rights_of(event):
    """Which rights a request shows to be used."""
    said = event.get("annotations", {}).get("authorization.k8s.io/reason", "")
    found = re.search(r'of (Role|ClusterRole) "([^"]+)"', said)
    if not found:
        return
    role = short(*ACCOUNT.match(event["user"]["username"]).groups(), *found.groups())
    if "objectRef" not in event:
        yield role, event["verb"], event["requestURI"].split("?")[0]
        return
    yield role, event["verb"], resource(event)
    code = event.get("responseStatus", {}).get("code")
    # An apply that makes the object asks for the right to create it, too.
    if event["verb"] == "patch" and code == 201:
        yield role, "create", resource(event)
    if event["verb"] == "patch" and code in (200, 201) and resource(event) == f"{RBAC}/rolebindings":
        yield "worker", "bind", f"{RBAC}/clusterroles"


def refused(event):
    return event.get("annotations", {}).get("authorization.k8s.io/decision") == "forbid"


def moment(event):
    return datetime.fromisoformat(event["stageTimestamp"]).timestamp()


def restarts(all_events):
    """When an apiserver came back: it then looks its own roles up. Not the first
    start: nobody is sent to work before that one knows the roles."""
    return [moment(event) for event in all_events if event["user"]["username"] == "system:apiserver"][1:]


def unexpected(all_events):
    """Refusals that a worker with all the rights it needs does not meet. In a
    namespace that is being removed they are its life: the RoleBinding goes first."""
    going, found, returned = set(), {}, restarts(all_events)
    for event in all_events:
        namespace, code = event.get("objectRef", {}).get("namespace"), event.get("responseStatus", {}).get("code", 0)
        if event["verb"] == "delete" and resource(event) == "namespaces" and code < 300:
            going.add(namespace or event["objectRef"].get("name"))
        in_vain = (event["verb"], resource(event)) in ASKED_IN_VAIN
        too_soon = refused(event) and any(abs(moment(event) - start) < LEARNS_ROLES for start in returned)
        if is_worker(event) and refused(event) and not in_vain and not too_soon and namespace not in going:
            key = (event["verb"], resource(event), namespace or "")
            found[key] = found.get(key, 0) + 1
    return found


def note(stage, paths):
    paths = [path for pattern in paths for path in sorted(glob.glob(pattern))]
    found = sorted(events(paths), key=lambda event: event["stageTimestamp"])
    # Where refusals are looked for, only helm's own requests show what is needed.
    tried = stage == "attempts"
    ours = [event for event in found if is_worker(event) and (not tried or "helm" in event.get("userAgent", "").lower())]
    used = sorted({right for event in ours for right in rights_of(event)})
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(FOLDER, f"{stage}.json"), "w") as file:
        json.dump(used, file)
    print(f"{len(ours)} requests of the worker's account, {len(used)} rights used")
    wrong = {} if tried else unexpected(found)
    for (verb, what, where), times in sorted(wrong.items()):
        print(f"FAILED refused {times} times: {verb} {what} in {where or 'the cluster'}")
    some = bool(ours)
    if not some:
        print("FAILED the audit log has no request of the worker's account")
    print(f"rights-used-{stage}: {int(some and not wrong)} passed, {len(wrong) + (not some)} failed, 0 skipped")
    return 0 if some and not wrong else 1


def overlooked():
    """What a seeded audit log shows to be told apart wrongly: an apiserver starts at
    10 s and again at 100 s, and the worker is refused at each of these moments."""
    def at(second, user, **more):
        stamp = datetime.fromtimestamp(second, timezone.utc).isoformat()
        return {"stageTimestamp": stamp, "verb": "watch", "user": {"username": user}, "objectRef": {"resource": "pods"}} | more
    starts = [at(second, "system:apiserver") for second in (10, 100)]
    for second, wanted in ((11, 1), (70, 1), (101, 0), (130, 1)):
        no = at(second, "system:serviceaccount:here:urumi-worker", annotations={"authorization.k8s.io/decision": "forbid"})
        found = sum(unexpected([*starts, no]).values())
        if found != wanted:
            yield f"a refusal at {second} s is counted {found} times instead of {wanted}"


def compare():
    stages = sorted(glob.glob(os.path.join(FOLDER, "*.json")))
    used = {tuple(right) for path in stages for right in json.load(open(path))}
    given = granted(rendered())
    foreign = sorted(right for right in used - given if right[0] not in EVERYBODY)
    idle = sorted(given - used)
    unexplained = [right for right in idle if right not in RESERVED]
    print(f"stages: {', '.join(os.path.basename(path)[:-5] for path in stages) or 'none'}")
    print(f"{len(given)} rights are granted, {len(given & used)} were used, {len(idle) - len(unexplained)} are kept for a reason")
    for role, verb, what in foreign:
        print(f"FAILED used by a role that is not ours: {verb} {what}, by {role}")
    for role, verb, what in unexplained:
        print(f"FAILED granted and never used: {verb} {what}, by {role}")
    for right in sorted(set(RESERVED) - given):
        print(f"FAILED kept for a reason, but not granted: {right}")
    for right in idle:
        if right in RESERVED:
            print(f"kept: {right[1]} {right[2]}, by {right[0]}: {RESERVED[right]}")
    wrong = list(overlooked())
    for what in wrong:
        print(f"FAILED {what}")
    failed = len(foreign) + len(unexplained) + len(set(RESERVED) - given) + len(wrong)
    print(f"rights-compare: {len(given & used)} passed, {failed} failed, 0 skipped")
    return 1 if failed or not stages else 0


if __name__ == "__main__":
    if sys.argv[1] == "rights":
        print(json.dumps(rendered()))
    else:
        sys.exit(note(sys.argv[2], sys.argv[3:]) if sys.argv[1] == "note" else compare())
