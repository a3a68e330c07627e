"""What must hold for every rendering: each function yields what breaks it.

An invariant reads objects only; it knows nothing about templates. Each has a
seeded violation in violations.py that must turn it red. Long because it is one list.
"""
import re

NAMESPACED = {
    "ConfigMap", "CronJob", "Deployment", "ExternalSecret", "HTTPRoute", "HorizontalPodAutoscaler", "Ingress", "Job", "LimitRange", "NetworkPolicy",
    "PersistentVolumeClaim", "PodDisruptionBudget", "ResourceQuota", "Service", "StatefulSet",
}
UNITS = {"m": 1, "": 1000, "Mi": 1, "Gi": 1024}


def of_kind(objects, *kinds):
    return [one for one in objects if one["kind"] in kinds]


def named(objects, kind, name):
    return next(one for one in objects if one["kind"] == kind and one["metadata"]["name"] == name)


def workloads(objects):
    return of_kind(objects, "Deployment", "StatefulSet", "Job", "CronJob")


def template(one):
    """The pod template of a workload."""
    job = one["spec"]["jobTemplate"] if one["kind"] == "CronJob" else one
    return job["spec"]["template"]


def pods(objects):
    for one in workloads(objects):
        yield f'{one["kind"]} {one["metadata"]["name"]}', template(one)["spec"]


def containers(objects):
    for name, pod in pods(objects):
        for container in pod.get("initContainers", []) + pod["containers"]:
            yield f'{name}/{container["name"]}', container


def amount(quantity):
    """Thousandths of a core, or MiB."""
    number, unit = re.fullmatch(r"([0-9]+)(m|Mi|Gi|)", str(quantity)).groups()
    return int(number) * UNITS[unit]


def resources_are_set(objects):
    for name, container in containers(objects):
        for side in ("requests", "limits"):
            for what in ("cpu", "memory"):
                if not container.get("resources", {}).get(side, {}).get(what):
                    yield f"{name} has no {side}.{what}"


def pods_are_restricted(objects):
    for name, pod in pods(objects):
        context = pod.get("securityContext", {})
        if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
            yield f"{name} may run as root"
        if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{name} has no seccomp profile"
        if pod.get("automountServiceAccountToken") is not False:
            yield f"{name} gets a service-account token"
        if any(pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")) or context.get("sysctls"):
            yield f"{name} shares something with its host"
        for volume in pod.get("volumes", []):
            if not set(volume) - {"name"} <= {"emptyDir", "persistentVolumeClaim", "projected", "secret", "configMap"}:
                yield f'{name} has a volume of a forbidden kind: {volume["name"]}'


def containers_are_restricted(objects):
    for name, container in containers(objects):
        context = container.get("securityContext", {})
        if context.get("allowPrivilegeEscalation") is not False or context.get("privileged"):
            yield f"{name} may gain privileges"
        if context.get("capabilities") != {"drop": ["ALL"]}:
            yield f"{name} keeps capabilities"
        if context.get("readOnlyRootFilesystem") is not True:
            yield f"{name} can write its root file system"
        if context.get("runAsUser") == 0 or context.get("runAsNonRoot") is not True:
            yield f"{name} may run as root"
        if any(port.get("hostPort") for port in container.get("ports", [])):
            yield f"{name} takes a port of its host"


def servers_have_probes(objects):
    for one in of_kind(objects, "Deployment", "StatefulSet"):
        for container in one["spec"]["template"]["spec"]["containers"]:
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                if probe not in container:
                    yield f'{container["name"]} has no {probe}'


def quota_has_room(objects):
    """Steady state, one web pod of surge, and the set-up and cron beside it."""
    autoscaler = of_kind(objects, "HorizontalPodAutoscaler")
    need = {}
    count = storage = 0
    for one in workloads(objects):
        number = one["spec"].get("replicas", 1)
        if one["kind"] == "Deployment":
            number = (autoscaler[0]["spec"]["maxReplicas"] if autoscaler else number) + 1
        pod = template(one)["spec"]
        count += number
        for side in ("requests", "limits"):
            for what in ("cpu", "memory"):
                most = max(amount(part["resources"][side][what]) for part in pod.get("initContainers", []) + pod["containers"])
                need[f"{side}.{what}"] = need.get(f"{side}.{what}", 0) + number * most
    hard = named(objects, "ResourceQuota", "store")["spec"]["hard"]
    for claim in of_kind(objects, "PersistentVolumeClaim"):
        storage += amount(claim["spec"]["resources"]["requests"]["storage"])
    for key, least in {**need, "requests.storage": storage}.items():
        if amount(hard[key]) < least:
            yield f"quota {key} {hard[key]} is below {least}"
    if int(hard["pods"]) < count:
        yield f'quota pods {hard["pods"]} is below {count}'


def web_content(objects):
    return named(objects, "PersistentVolumeClaim", "wordpress-content")["spec"]["accessModes"]


def several_pods_share_storage(objects):
    web = named(objects, "Deployment", "wordpress")["spec"]
    if (web.get("replicas", 1) > 1 or of_kind(objects, "HorizontalPodAutoscaler")) and web_content(objects) != ["ReadWriteMany"]:
        yield "several web pods on a volume that one node holds"


def old_pod_serves_until_the_new_one_does(objects):
    web = named(objects, "Deployment", "wordpress")["spec"]
    strategy = web["strategy"]
    if strategy["type"] != "RollingUpdate" or strategy["rollingUpdate"] != {"maxSurge": 1, "maxUnavailable": 0}:
        yield "an update ends the old web pod before the new one serves"


def one_volume_one_node(objects):
    web = named(objects, "Deployment", "wordpress")["spec"]
    affinity = web["template"]["spec"].get("affinity", {}).get("podAffinity", {})
    if web_content(objects) == ["ReadWriteOnce"] and not affinity.get("preferredDuringSchedulingIgnoredDuringExecution"):
        yield "the new web pod does not prefer the node that holds its volume"


def several_pods_are_spread_and_spared(objects):
    """Where there are two, no drain and no lost node takes both."""
    web = named(objects, "Deployment", "wordpress")["spec"]
    autoscaler = of_kind(objects, "HorizontalPodAutoscaler")
    least = autoscaler[0]["spec"]["minReplicas"] if autoscaler else web.get("replicas", 1)
    budgets = of_kind(objects, "PodDisruptionBudget")
    if least < 2:
        if budgets:
            yield "a budget over one pod keeps its node from being drained"
        return
    labels = web["template"]["metadata"]["labels"]
    if not any(one["spec"].get("maxUnavailable") == 1 and one["spec"]["selector"]["matchLabels"].items() <= labels.items() for one in budgets):
        yield "no budget keeps the web pods from going all at once"
    spread = web["template"]["spec"].get("topologySpreadConstraints", [])
    mine = {one["topologyKey"] for one in spread if one["labelSelector"]["matchLabels"].items() <= labels.items()}
    if not {"kubernetes.io/hostname", "topology.kubernetes.io/zone"} <= mine:
        yield "the web pods are not spread over nodes and zones"


def one_way_in(objects):
    """One Ingress or one HTTPRoute, for the store's host alone, to the web pods; by TLS where the address says so."""
    ways = of_kind(objects, "Ingress", "HTTPRoute")
    if len(ways) != 1:
        yield f"{len(ways)} ways in"
    env = {pair["name"]: pair.get("value") for pair in named(objects, "Deployment", "wordpress")["spec"]["template"]["spec"]["containers"][0]["env"]}
    scheme, host = re.fullmatch(r"(https?)://([^:/]+)(?::[0-9]+)?", env["URUMI_STORE_URL"]).groups()
    for one in ways:
        spec = one["spec"]
        if one["kind"] == "HTTPRoute":
            hosts, backends = spec["hostnames"], [to["name"] for rule in spec["rules"] for to in rule["backendRefs"]]
            if not all(parent.get("name") and parent.get("namespace") for parent in spec["parentRefs"]):
                yield "the HTTPRoute does not say which Gateway it joins"
        else:
            hosts = [rule["host"] for rule in spec["rules"]]
            backends = [path["backend"]["service"]["name"] for rule in spec["rules"] for path in rule["http"]["paths"]]
            if (scheme == "https") != (hosts == [name for tls in spec.get("tls", []) for name in tls["hosts"]]):
                yield "TLS and the address do not fit"
            vendors = set(one["metadata"].get("annotations", {})) - {"cert-manager.io/cluster-issuer"}
            if vendors:
                yield f"annotations of one vendor: {sorted(vendors)}"
        if hosts != [host] or backends != ["wordpress"]:
            yield f"{one['kind']} leads from {hosts} to {backends}"


def autoscaler_owns_replicas(objects):
    web = named(objects, "Deployment", "wordpress")["spec"]
    if of_kind(objects, "HorizontalPodAutoscaler") and "replicas" in web:
        yield "replicas are fixed beside an autoscaler"


def no_secret_values(objects):
    if of_kind(objects, "Secret"):
        yield "the chart renders a Secret"
    for name, container in containers(objects):
        for variable in container.get("env", []):
            if re.search(r"PASSWORD|SECRET|_KEY|SALT|TOKEN", variable["name"]) and not variable["name"].endswith("_FILE"):
                yield f'{name} has {variable["name"]} in its environment'
        for word in container.get("command", []) + container.get("args", []):
            if re.search(r"--password|(^|\s)-p\S", word):
                yield f"{name} has a password in its arguments"


def only_the_namespace(objects):
    for one in objects:
        name = f'{one["kind"]} {one["metadata"]["name"]}'
        if one["kind"] not in NAMESPACED:
            yield f"{name} is not an object of the store's namespace"
        if one["metadata"].get("namespace"):
            yield f"{name} names a namespace"
        if any(key.startswith("helm.sh/hook") for key in one["metadata"].get("annotations", {})):
            yield f"{name} is a hook"


def labels_are_complete(objects):
    for one in objects:
        labels = one["metadata"].get("labels", {})
        for key in ("name", "instance", "component", "part-of", "managed-by"):
            if not labels.get(f"app.kubernetes.io/{key}"):
                yield f'{one["kind"]} {one["metadata"]["name"]} has no label {key}'


def selectors_select(objects):
    templates = [template(one)["metadata"]["labels"] for one in workloads(objects)]
    for one in of_kind(objects, "Deployment", "StatefulSet"):
        own = one["spec"]["template"]["metadata"]["labels"]
        if not one["spec"]["selector"]["matchLabels"].items() <= own.items():
            yield f'{one["metadata"]["name"]} does not select its own pods'
    for one in of_kind(objects, "Service"):
        chosen = [labels for labels in templates if one["spec"]["selector"].items() <= labels.items()]
        if len(chosen) != 1:
            yield f'Service {one["metadata"]["name"]} selects {len(chosen)} workloads'


def mounts_have_volumes(objects):
    for name, pod in pods(objects):
        there = {volume["name"] for volume in pod.get("volumes", [])}
        for container in pod.get("initContainers", []) + pod["containers"]:
            for mount in container.get("volumeMounts", []):
                if mount["name"] not in there:
                    yield f'{name}/{container["name"]} mounts {mount["name"]}, which is no volume'


def images_are_pinned(objects):
    for name, container in containers(objects):
        if not re.search(r"(:[\w.-]+|@sha256:[0-9a-f]{64})$", container["image"]) or container["image"].endswith(":latest"):
            yield f'{name} runs {container["image"]}, which may change'


def network_is_closed(objects):
    policies = of_kind(objects, "NetworkPolicy")
    if not any(one["spec"]["podSelector"] == {} and sorted(one["spec"]["policyTypes"]) == ["Egress", "Ingress"]
               and not one["spec"].get("ingress") and not one["spec"].get("egress") for one in policies):
        yield "nothing denies by default"
    for one in policies:
        for rule in one["spec"].get("ingress", []) + one["spec"].get("egress", []):
            peers = rule.get("from", []) + rule.get("to", [])
            if not peers or not rule.get("ports"):
                yield f'{one["metadata"]["name"]} allows anyone, or any port'
            for peer in peers:
                block = peer.get("ipBlock", {})
                if block.get("cidr") == "0.0.0.0/0" and "169.254.0.0/16" not in block.get("except", []):
                    yield f'{one["metadata"]["name"]} allows the metadata address'
    for one in policies:
        if one["metadata"]["name"] == "mysql" and any(set(peer) != {"podSelector"} for rule in one["spec"]["ingress"] for peer in rule["from"]):
            yield "the database can be reached from outside the namespace"


def no_port_outside(objects):
    """Only the ingress leads in; the quota refuses what somebody might add."""
    for one in of_kind(objects, "Service"):
        if one["spec"].get("type", "ClusterIP") != "ClusterIP" or one["spec"].get("externalIPs"):
            yield f'Service {one["metadata"]["name"]} is open to the outside'
    hard = named(objects, "ResourceQuota", "store")["spec"]["hard"]
    if any(hard.get(f"services.{kind}") != "0" for kind in ("nodeports", "loadbalancers")):
        yield "the quota lets a Service be opened to the outside"


def web_waits_for_setup(objects):
    pod = named(objects, "Deployment", "wordpress")["spec"]["template"]["spec"]
    if [one["command"][-1] for one in pod.get("initContainers", [])][-1:] != ["/etc/urumi/php/prepare.php"]:
        yield "web pods do not wait for the set-up"
    site = of_kind(objects, "ConfigMap")[0]["data"]["apache.site.conf"]
    if "(install|install-helper|setup-config|upgrade)" not in site or "wp-admin/maint" not in site:
        yield "Apache serves the installer, or a page that upgrades or repairs for strangers"


def tasks_are_started_from_inside(objects):
    """A CronJob, and nobody who comes through the ingress, starts WordPress's tasks."""
    files = of_kind(objects, "ConfigMap")[0]["data"]
    if not of_kind(objects, "CronJob") or "define('DISABLE_WP_CRON', true)" not in files["php.wp-config.php"]:
        yield "visitors wait for WordPress's tasks"
    if '<Files "wp-cron.php">' not in files["apache.site.conf"]:
        yield "strangers start WordPress's tasks"
    for one in of_kind(objects, "CronJob"):
        if one["spec"]["concurrencyPolicy"] != "Forbid" or not one["spec"]["jobTemplate"]["spec"].get("activeDeadlineSeconds"):
            yield f'CronJob {one["metadata"]["name"]} may pile up'


def settings_are_closed(objects):
    """What a stranger, or a stolen admin session, must not find."""
    files = of_kind(objects, "ConfigMap")[0]["data"]
    for file, words in (
        ("apache.site.conf", ("xmlrpc\\.php", "RemoteIPHeader X-Forwarded-For", "ph(p[0-9]?|ar|tml|ps)")),
        ("php.wp-config.php", ("define('DISALLOW_FILE_EDIT', true)",)),
        ("mu-plugins.urumi.php", ("xmlrpc_enabled",)),
        ("mu-plugins.urumi-names.php", ("/wp/v2/users", "author_name", "wp_sitemaps_add_provider", "wrong_login")),
    ):
        for word in words:
            if word not in files[file]:
                yield f"{file} lacks {word}"


def a_set_up_shop_is_told(objects):
    """What the shop's probe goes by, and what the set-up makes, is one."""
    told = named(objects, "Deployment", "wordpress")["metadata"]["annotations"].get("urumi.dev/shop")
    for one in of_kind(objects, "Job"):
        env = {pair["name"]: pair.get("value") for pair in template(one)["spec"]["containers"][0]["env"]}
        wanted = "wordpress" if env["URUMI_WOOCOMMERCE_SOURCE"] == "none" else "woocommerce"
        if told != wanted:
            yield f"the set-up makes {wanted}, and the Deployment says {told}"


def files_never_change(objects):
    """PHP remembers where it found a file; one that changes under it is an error 500."""
    for one in of_kind(objects, "ConfigMap"):
        if one.get("immutable") is not True:
            yield f'ConfigMap {one["metadata"]["name"]} may change under a running pod'


def data_outlives_a_release(objects):
    for one in of_kind(objects, "PersistentVolumeClaim"):
        if one["metadata"].get("annotations", {}).get("helm.sh/resource-policy") != "keep":
            yield f'{one["metadata"]["name"]} goes with the release'


def a_revision_rolls_nothing(objects):
    """Workloads name helm's revision; their pods must not, or each upgrade would roll them."""
    for one in of_kind(objects, "Deployment", "StatefulSet"):
        name = f'{one["kind"]} {one["metadata"]["name"]}'
        if "urumi.dev/revision" not in one["metadata"].get("annotations", {}):
            yield f"{name} does not name its revision"
        if "urumi.dev/revision" in one["spec"]["template"]["metadata"].get("annotations", {}):
            yield f"the pods of {name} change with each revision"


ALL = [
    resources_are_set, pods_are_restricted, containers_are_restricted, servers_have_probes, quota_has_room,
    several_pods_share_storage, old_pod_serves_until_the_new_one_does, one_volume_one_node, several_pods_are_spread_and_spared, one_way_in, autoscaler_owns_replicas, no_secret_values, only_the_namespace,
    labels_are_complete, selectors_select, mounts_have_volumes, images_are_pinned, network_is_closed, no_port_outside,
    web_waits_for_setup, tasks_are_started_from_inside, settings_are_closed, a_set_up_shop_is_told, files_never_change, data_outlives_a_release, a_revision_rolls_nothing,
]
