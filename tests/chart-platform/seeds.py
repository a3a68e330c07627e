"""One seeded violation, or more, of each rule: a small damage to good renderings.

A rule that stays green on its violation protects nothing; suite.py fails then.
"""
import rules as rule
from invariants import named, of_kind, template


def api(objects):
    return template(named(objects, "Deployment", "urumi-api"))["spec"]


def worker(objects):
    return template(named(objects, "Deployment", "urumi-worker"))["spec"]


def deployment(objects, part):
    return named(objects, "Deployment", f"urumi-{part}")["spec"]


def first(objects):
    return api(objects)["containers"][0]


def setting(container, name, value):
    next(one for one in container["env"] if one["name"] == name)["value"] = value


def job(objects):
    return of_kind(objects, "Job")[0]


def alert(objects):
    return of_kind(objects, "PrometheusRule")[0]["spec"]["groups"][0]["rules"][0]


# (rule, title, rendering, damage)
SEEDED = [
    (rule.resources_are_set, "a container without limits", "local", lambda o: first(o)["resources"].pop("limits")),
    (rule.pods_are_restricted, "a pod that may be root", "local", lambda o: worker(o)["securityContext"].pop("runAsNonRoot")),
    (rule.pods_are_restricted, "a folder of the host", "local", lambda o: api(o)["volumes"].append({"name": "host", "hostPath": {"path": "/"}})),
    (rule.containers_are_restricted, "a writable root", "local", lambda o: first(o)["securityContext"].pop("readOnlyRootFilesystem")),
    (rule.containers_are_restricted, "an init container that keeps capabilities", "local", lambda o: api(o)["initContainers"][0]["securityContext"].pop("capabilities")),
    (rule.servers_have_probes, "no liveness probe", "local", lambda o: first(o).pop("livenessProbe")),
    (rule.only_the_worker_is_somebody, "an api with a token", "local", lambda o: api(o).update(automountServiceAccountToken=True)),
    (rule.only_the_worker_is_somebody, "an api that is the worker", "local", lambda o: api(o).update(serviceAccountName="urumi-worker")),
    (rule.secrets_are_files, "a rendered Secret", "local", lambda o: o.append({"kind": "Secret", "metadata": {"name": "x"}})),
    (rule.secrets_are_files, "a worker with the database's password", "local", lambda o: worker(o)["volumes"][0]["secret"]["items"].append({"key": "database-url", "path": "x"})),
    (rule.secrets_are_files, "a whole Secret in a pod", "local", lambda o: worker(o)["volumes"][0]["secret"].pop("items")),
    (rule.secrets_are_files, "a password in the environment", "local", lambda o: first(o)["env"].append({"name": "DATABASE_URL", "value": "postgres://x"})),
    (rule.scopes_are_known, "a hook", "local", lambda o: job(o)["metadata"].update(annotations={"helm.sh/hook": "pre-upgrade"})),
    (rule.scopes_are_known, "an unexpected kind", "local", lambda o: o.append({"kind": "DaemonSet", "metadata": {"name": "x"}})),
    (rule.labels_are_complete, "a missing label", "local", lambda o: job(o)["metadata"]["labels"].pop("app.kubernetes.io/instance")),
    (rule.selectors_select, "a Service that selects nothing", "local", lambda o: named(o, "Service", "urumi-api")["spec"]["selector"].update(x="y")),
    (rule.selectors_select, "a ServiceMonitor that finds two", "prod", lambda o: named(o, "Service", "urumi-api")["metadata"]["labels"].update({"urumi.dev/metrics": "true"})),
    (rule.mounts_have_volumes, "a mount without a volume", "local", lambda o: worker(o).update(volumes=[])),
    (rule.images_are_pinned, "an image that moves", "local", lambda o: first(o).update(image="urumi/api:latest")),
    (rule.data_outlives_a_release, "a volume that goes with the release", "local", lambda o: of_kind(o, "PersistentVolumeClaim")[0]["metadata"].pop("annotations")),
    (rule.upgrades_lose_nothing, "an api that goes below its number", "local", lambda o: deployment(o, "api")["strategy"]["rollingUpdate"].update(maxUnavailable=1)),
    (rule.upgrades_lose_nothing, "no drain", "local", lambda o: first(o).pop("lifecycle")),
    (rule.upgrades_lose_nothing, "a worker that is killed over helm", "local", lambda o: worker(o).update(terminationGracePeriodSeconds=30)),
    (rule.tables_come_first, "no migrations", "local", lambda o: o.remove(job(o))),
    (rule.tables_come_first, "a Job of one name", "local", lambda o: job(o)["metadata"].update(name="urumi-migrations")),
    (rule.tables_come_first, "tables of another image", "local", lambda o: template(job(o))["spec"]["containers"][0].update(image="urumi/api:0")),
    (rule.tables_come_first, "an api that does not wait", "local", lambda o: setting(first(o), "URUMI_MIGRATIONS", "run")),
    (rule.a_lost_database_takes_no_pod_out, "readiness that asks the database", "local", lambda o: first(o)["readinessProbe"]["httpGet"].update(path="/readyz")),
    (rule.nobody_serves_without_login, "no login", "local", lambda o: setting(first(o), "URUMI_LOGIN", "off")),
    (rule.scalers_own_replicas, "replicas beside an autoscaler", "prod", lambda o: deployment(o, "api").update(replicas=2)),
    (rule.scalers_own_replicas, "a scaler that sees no busy worker", "prod-keda", lambda o: of_kind(o, "ScaledObject")[0]["spec"]["triggers"][0]["metadata"].update(protocol="amqp")),
    (rule.budgets_are_for_several, "a budget for one pod", "prod", lambda o: deployment(o, "worker").update(replicas=1)),
    (rule.budgets_are_for_several, "no budget", "prod", lambda o: o.remove(of_kind(o, "PodDisruptionBudget")[0])),
    (rule.pods_are_spread, "pods on one node", "prod", lambda o: api(o).pop("topologySpreadConstraints")),
    (rule.alerts_tell_where_to_look, "an alert without a runbook", "prod", lambda o: alert(o)["annotations"].pop("runbook_url")),
    (rule.dashboards_are_readable, "a dashboard without panels", "prod", lambda o: next(one for one in of_kind(o, "ConfigMap") if "dashboard" in one["metadata"]["name"])["data"].update({"x.json": "{}"})),
    (rule.dashboards_are_readable, "alerts alone", "prod", lambda o: [o.remove(one) for one in of_kind(o, "ConfigMap")]),
]
