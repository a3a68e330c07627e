"""What must hold for every rendering: each function yields what breaks it.

Objects only; nothing of templates. Each has a seeded violation in seeds.py that must
turn it red. Those of charts/store that hold for any chart are taken over.
"""
import json
import re

import invariants as store
from invariants import containers, named, of_kind, pods, template, workloads

CLUSTER = {"ClusterRole", "ClusterRoleBinding", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
NAMESPACED = {
    "Certificate", "ConfigMap", "Deployment", "ExternalSecret", "HTTPRoute", "HorizontalPodAutoscaler", "Ingress", "Job", "NetworkPolicy", "PersistentVolumeClaim",
    "PodDisruptionBudget", "PrometheusRule", "Role", "RoleBinding", "ScaledObject", "Service", "ServiceAccount", "ServiceMonitor", "StatefulSet", "TriggerAuthentication",
}
resources_are_set, containers_are_restricted, images_are_pinned = store.resources_are_set, store.containers_are_restricted, store.images_are_pinned
labels_are_complete, mounts_have_volumes, data_outlives_a_release, servers_have_probes = (
    store.labels_are_complete, store.mounts_have_volumes, store.data_outlives_a_release, store.servers_have_probes,
)


def environment(container):
    return {one["name"]: one.get("value") for one in container.get("env", [])}


def of(objects, component):
    return next(one for one in of_kind(objects, "Deployment") if one["metadata"]["labels"]["app.kubernetes.io/component"] == component)


def pods_are_restricted(objects):
    for name, pod in pods(objects):
        context = pod.get("securityContext", {})
        if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
            yield f"{name} may run as root"
        if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{name} has no seccomp profile"
        if any(pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")) or context.get("sysctls"):
            yield f"{name} shares something with its host"
        for volume in pod.get("volumes", []):
            if not set(volume) - {"name"} <= {"emptyDir", "persistentVolumeClaim", "projected", "secret", "configMap"}:
                yield f'{name} has a volume of a forbidden kind: {volume["name"]}'


def only_the_worker_is_somebody(objects):
    """One service account has rights, and one Deployment is given its token."""
    for one in workloads(objects):
        pod, worker = template(one)["spec"], one["metadata"]["name"] == "urumi-worker"
        if pod.get("automountServiceAccountToken") is not worker:
            yield f'{one["metadata"]["name"]} {"has no token" if worker else "gets a token"}'
        if (pod.get("serviceAccountName") == "urumi-worker") != worker:
            yield f'{one["metadata"]["name"]} runs as {pod.get("serviceAccountName")}'
    if not of_kind(objects, "ServiceAccount"):
        yield "the worker has no account"


def secrets_are_files(objects):
    """No Secret is rendered; no environment, argument or setting holds one; each pod gets its own files."""
    yield from (f'Secret {one["metadata"]["name"]}' for one in of_kind(objects, "Secret"))
    allowed = {
        "api": {"database-url", "amqp-url", "audit-signing-key", "webhook-secret-key", "login-signing-key"}, "worker": {"amqp-url"},
        "migrations": {"database-url", "amqp-url"}, "postgres": {"postgres-password"}, "rabbitmq": {"rabbitmq-user.conf"},
    }
    for one in workloads(objects):
        part = one["metadata"]["labels"]["app.kubernetes.io/component"]
        for volume in template(one)["spec"].get("volumes", []):
            sources = [volume] + volume.get("projected", {}).get("sources", [])
            for secret in (source["secret"] for source in sources if "secret" in source):
                keys = {item["key"] for item in secret.get("items") or [{"key": "all of them"}]}
                if not keys <= allowed[part]:
                    yield f"{part} gets {sorted(keys - allowed[part])}"
    for name, container in containers(objects):
        for variable, value in environment(container).items():
            if re.search(r"(PASSWORD|_KEY|_URL|SECRET)$", variable) and value and variable != "URUMI_STORE_URL":
                yield f"{name} has {variable} in its environment"
        if any("secretKeyRef" in str(one) for one in container.get("env", [])):
            yield f"{name} has a secret in its environment"


def scopes_are_known(objects):
    for one in objects:
        name = f'{one["kind"]} {one["metadata"]["name"]}'
        if one["kind"] not in NAMESPACED | CLUSTER:
            yield f"{name} is of a kind that nobody expected"
        if any(key.startswith("helm.sh/hook") for key in one["metadata"].get("annotations", {})):
            yield f"{name} is a hook"


def selectors_select(objects):
    templates = [template(one)["metadata"]["labels"] for one in workloads(objects)]
    for one in of_kind(objects, "Deployment", "StatefulSet"):
        if not one["spec"]["selector"]["matchLabels"].items() <= template(one)["metadata"]["labels"].items():
            yield f'{one["metadata"]["name"]} does not select its own pods'
    for one in of_kind(objects, "Service", "PodDisruptionBudget"):
        selector = one["spec"]["selector"]
        chosen = [labels for labels in templates if selector.get("matchLabels", selector).items() <= labels.items()]
        if len(chosen) != 1:
            yield f'{one["kind"]} {one["metadata"]["name"]} selects {len(chosen)} workloads'
    for one in of_kind(objects, "ServiceMonitor"):
        wanted = one["spec"]["selector"]["matchLabels"]
        if len([service for service in of_kind(objects, "Service") if wanted.items() <= service["metadata"]["labels"].items()]) != 1:
            yield f'ServiceMonitor {one["metadata"]["name"]} does not find its Service'


def upgrades_lose_nothing(objects):
    """New pods come before old ones go, and an old one answers until the ingress knows."""
    for part in ("api", "worker"):
        one = of(objects, part)
        if one["spec"]["strategy"].get("rollingUpdate") != {"maxSurge": 1, "maxUnavailable": 0}:
            yield f"{part} goes below its number"
    pod = template(of(objects, "api"))["spec"]
    drain = pod["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    if drain < 1 or pod["terminationGracePeriodSeconds"] < drain + 20:
        yield "an api pod ends while requests come, or is killed over them"
    worker = template(of(objects, "worker"))["spec"]
    stop = int(environment(worker["containers"][0])["URUMI_STOP_MS"]) / 1000
    if stop < 75 or worker["terminationGracePeriodSeconds"] < stop + 5:
        yield "a worker is killed over a running helm"


def tables_come_first(objects):
    """The Job brings the tables forward, under a name of its own for each release; the api waits for them."""
    job, api = of_kind(objects, "Job"), template(of(objects, "api"))["spec"]["containers"][0]
    if len(job) != 1 or not re.search(r"-migrations-[0-9a-f]{10}$", job[0]["metadata"]["name"]):
        yield "no migrations, or under a name that stays"
        return
    migrate = template(job[0])["spec"]["containers"][0]
    if migrate["image"] != api["image"] or migrate["args"][0] != "migrate":
        yield "the tables are not those of the api's own image"
    if environment(api).get("URUMI_MIGRATIONS") != "await" or api["startupProbe"]["httpGet"]["path"] != "/readyz":
        yield "the api serves before its tables are there"


def a_lost_database_takes_no_pod_out(objects):
    """The api itself says 503 and when to come again; an ingress without pods would not."""
    for probe in ("readinessProbe", "livenessProbe"):
        if template(of(objects, "api"))["spec"]["containers"][0][probe]["httpGet"]["path"] != "/healthz":
            yield f"the {probe} asks the database"


def nobody_serves_without_login(objects):
    if environment(template(of(objects, "api"))["spec"]["containers"][0]).get("URUMI_LOGIN") != "required":
        yield "the api needs no login"


def scalers_own_replicas(objects):
    scaled = {one["spec"]["scaleTargetRef"]["name"] for one in of_kind(objects, "HorizontalPodAutoscaler", "ScaledObject")}
    for one in of_kind(objects, "Deployment"):
        if ("replicas" in one["spec"]) == (one["metadata"]["name"] in scaled):
            yield f'{one["metadata"]["name"]} has {"two owners" if "replicas" in one["spec"] else "no number"}'
    for one in of_kind(objects, "ScaledObject"):
        for trigger in one["spec"]["triggers"]:
            if trigger["metadata"].get("protocol") != "http" or trigger["metadata"].get("excludeUnacknowledged") != "false":
                yield "busy workers are not counted"
        if one["spec"]["minReplicaCount"] < 1:
            yield "nobody observes the stores"


def budgets_are_for_several(objects):
    for one in of_kind(objects, "PodDisruptionBudget"):
        target = named(objects, "Deployment", one["metadata"]["name"])["spec"].get("replicas", 2)
        if target < 2 or one["spec"].get("maxUnavailable") != 1:
            yield f'{one["metadata"]["name"]} keeps a node from being drained'
    for one in of_kind(objects, "Deployment"):
        if one["spec"].get("replicas", 2) > 1 and one["metadata"]["name"] not in {budget["metadata"]["name"] for budget in of_kind(objects, "PodDisruptionBudget")} | {
            scaled["spec"]["scaleTargetRef"]["name"] for scaled in of_kind(objects, "ScaledObject") if scaled["spec"]["minReplicaCount"] < 2
        }:
            yield f'{one["metadata"]["name"]} may be drained away at once'


def pods_are_spread(objects):
    for part in ("api", "worker"):
        for one in template(of(objects, part))["spec"].get("topologySpreadConstraints") or [{}]:
            if one.get("topologyKey") is None or one.get("matchLabelKeys") != ["pod-template-hash"]:
                yield f"{part} is not spread, or counts another revision's pods"


def alerts_tell_where_to_look(objects):
    for rules in of_kind(objects, "PrometheusRule"):
        for rule in (rule for group in rules["spec"]["groups"] for rule in group["rules"] if "alert" in rule):
            if not re.match(r"https?://\S+#\S+$", rule["annotations"].get("runbook_url", "")):
                yield f'{rule["alert"]} has no runbook'
            if not rule["labels"].get("severity"):
                yield f'{rule["alert"]} has no severity'


def dashboards_are_readable(objects):
    """Each is a file that Grafana's sidecar finds, and there are some where alerts are."""
    boards = [one for one in of_kind(objects, "ConfigMap") if one["metadata"]["labels"].get("grafana_dashboard")]
    for one in boards:
        for name, text in one["data"].items():
            if not name.endswith(".json") or not json.loads(text).get("panels"):
                yield f"{name} is no dashboard"
    if of_kind(objects, "PrometheusRule") and not boards:
        yield "there are alerts and no dashboard"


ALL = [
    resources_are_set, pods_are_restricted, containers_are_restricted, servers_have_probes, only_the_worker_is_somebody, secrets_are_files, scopes_are_known,
    labels_are_complete, selectors_select, mounts_have_volumes, images_are_pinned, data_outlives_a_release, upgrades_lose_nothing, tables_come_first,
    a_lost_database_takes_no_pod_out, nobody_serves_without_login, scalers_own_replicas, budgets_are_for_several, pods_are_spread, alerts_tell_where_to_look, dashboards_are_readable,
]
