"""One seeded violation of each invariant: a small damage to a good rendering.

An invariant that stays green on its violation protects nothing; suite.py fails
then. Each function damages the objects in place.
"""
import invariants as rule
from invariants import named, of_kind, pods, template


def web(objects):
    return named(objects, "Deployment", "wordpress")["spec"]


def first_container(objects):
    return web(objects)["template"]["spec"]["containers"][0]


def database(objects):
    return named(objects, "StatefulSet", "mysql")["spec"]["template"]["spec"]["containers"][0]


def policy(objects, name):
    return named(objects, "NetworkPolicy", name)["spec"]


def ingress(objects):
    return named(objects, "Ingress", "wordpress")["spec"]


def budget(objects):
    return {"kind": "PodDisruptionBudget", "metadata": {"name": "wordpress"}, "spec": {"maxUnavailable": 1, "selector": web(objects)["selector"]}}


def claim(objects):
    return named(objects, "PersistentVolumeClaim", "wordpress-content")


def context(objects):
    return first_container(objects)["securityContext"]


def setup_pod(objects):
    return of_kind(objects, "Job")[0]["spec"]["template"]["spec"]


def quota(objects):
    return named(objects, "ResourceQuota", "store")["spec"]["hard"]


def files(objects):
    return of_kind(objects, "ConfigMap")[0]["data"]


def every_pod(objects):
    return [pod for _, pod in pods(objects)]


SEEDED = [
    (rule.resources_are_set, "a container without a memory limit", lambda o: database(o)["resources"]["limits"].pop("memory")),
    (rule.resources_are_set, "an init container without requests", lambda o: web(o)["template"]["spec"]["initContainers"][0]["resources"].pop("requests")),
    (rule.pods_are_restricted, "a pod that may be root", lambda o: setup_pod(o)["securityContext"].pop("runAsNonRoot")),
    (rule.pods_are_restricted, "a pod without seccomp", lambda o: every_pod(o)[1]["securityContext"].pop("seccompProfile")),
    (rule.pods_are_restricted, "a service-account token", lambda o: setup_pod(o).update(automountServiceAccountToken=True)),
    (rule.pods_are_restricted, "a folder of the host", lambda o: setup_pod(o)["volumes"].append({"name": "host", "hostPath": {"path": "/"}})),
    (rule.containers_are_restricted, "escalation", lambda o: context(o).update(allowPrivilegeEscalation=True)),
    (rule.containers_are_restricted, "a kept capability", lambda o: context(o).update(capabilities={"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]})),
    (rule.containers_are_restricted, "a writable root", lambda o: context(o).pop("readOnlyRootFilesystem")),
    (rule.containers_are_restricted, "a cron container that may write", lambda o: template(of_kind(o, "CronJob")[0])["spec"]["containers"][0]["securityContext"].pop("readOnlyRootFilesystem")),
    (rule.servers_have_probes, "no liveness probe", lambda o: database(o).pop("livenessProbe")),
    (rule.quota_has_room, "no room for the surge", lambda o: quota(o).update({"limits.memory": "1400Mi"})),
    (rule.quota_has_room, "one pod too few", lambda o: quota(o).update(pods="3")),
    (rule.quota_has_room, "too little storage", lambda o: quota(o).update({"requests.storage": "1Gi"})),
    (rule.several_pods_share_storage, "two web pods on ReadWriteOnce", lambda o: (web(o).update(replicas=2), claim(o)["spec"].update(accessModes=["ReadWriteOnce"]))),
    (rule.old_pod_serves_until_the_new_one_does, "a web pod that is replaced", lambda o: web(o)["strategy"].update(type="Recreate")),
    (rule.one_volume_one_node, "a web pod on any node", lambda o: web(o)["template"]["spec"].pop("affinity")),
    (rule.several_pods_are_spread_and_spared, "two web pods without a budget", lambda o: web(o).update(replicas=2)),
    (rule.several_pods_are_spread_and_spared, "two web pods that share a node", lambda o: (web(o).update(replicas=2), o.append(budget(o)))),
    (rule.several_pods_are_spread_and_spared, "a budget over one web pod", lambda o: o.append({"kind": "PodDisruptionBudget", "metadata": {"name": "x"}})),
    (rule.one_way_in, "an Ingress for every host", lambda o: ingress(o)["rules"][0].update(host="*")),
    (rule.one_way_in, "an Ingress to the database", lambda o: ingress(o)["rules"][0]["http"]["paths"][0]["backend"]["service"].update(name="mysql")),
    (rule.one_way_in, "an Ingress and an HTTPRoute", lambda o: o.append({**named(o, "Ingress", "wordpress"), "metadata": {"name": "x"}})),
    (rule.one_way_in, "an annotation of one vendor", lambda o: named(o, "Ingress", "wordpress")["metadata"].update(annotations={"nginx.ingress.kubernetes.io/rewrite-target": "/"})),
    (rule.one_way_in, "TLS on an http address", lambda o: ingress(o).update(tls=[{"hosts": [ingress(o)["rules"][0]["host"]]}])),
    (rule.autoscaler_owns_replicas, "replicas beside an autoscaler", lambda o: o.append({"kind": "HorizontalPodAutoscaler", "metadata": {"name": "x"}})),
    (rule.no_secret_values, "a rendered Secret", lambda o: o.append({"kind": "Secret", "metadata": {"name": "x"}})),
    (rule.no_secret_values, "a password in the environment", lambda o: database(o)["env"].append({"name": "MYSQL_ROOT_PASSWORD", "value": "x"})),
    (rule.no_secret_values, "a password in argv", lambda o: database(o)["args"].append("--password=x")),
    (rule.only_the_namespace, "a cluster-scoped object", lambda o: o.append({"kind": "ClusterRole", "metadata": {"name": "x"}})),
    (rule.only_the_namespace, "a hook", lambda o: of_kind(o, "Job")[0]["metadata"].update(annotations={"helm.sh/hook": "post-install"})),
    (rule.labels_are_complete, "a missing label", lambda o: claim(o)["metadata"]["labels"].pop("app.kubernetes.io/component")),
    (rule.selectors_select, "a Service that selects nothing", lambda o: named(o, "Service", "mysql")["spec"]["selector"].update(x="y")),
    (rule.mounts_have_volumes, "a mount without a volume", lambda o: setup_pod(o).update(volumes=[])),
    (rule.images_are_pinned, "an image that moves", lambda o: database(o).update(image="mysql:latest")),
    (rule.images_are_pinned, "an image without a tag", lambda o: database(o).update(image="mysql")),
    (rule.network_is_closed, "no default deny", lambda o: policy(o, "default-deny")["policyTypes"].remove("Egress")),
    (rule.network_is_closed, "a rule for anyone", lambda o: policy(o, "ingress-to-wordpress")["ingress"][0].pop("from")),
    (rule.network_is_closed, "the metadata address allowed", lambda o: policy(o, "wordpress-to-internet")["egress"][0]["to"][0]["ipBlock"]["except"].remove("169.254.0.0/16")),
    (rule.network_is_closed, "the database open to a block", lambda o: policy(o, "mysql")["ingress"][0]["from"].append({"ipBlock": {"cidr": "10.0.0.0/8"}})),
    (rule.no_port_outside, "a database with a port of the node", lambda o: named(o, "Service", "mysql")["spec"].update(type="NodePort")),
    (rule.no_port_outside, "a quota that lets it", lambda o: quota(o).pop("services.nodeports")),
    (rule.web_waits_for_setup, "no init container", lambda o: web(o)["template"]["spec"].pop("initContainers")),
    (rule.web_waits_for_setup, "the installer served", lambda o: of_kind(o, "ConfigMap")[0]["data"].update({"apache.site.conf": ""})),
    (rule.tasks_are_started_from_inside, "no CronJob", lambda o: o.remove(of_kind(o, "CronJob")[0])),
    (rule.tasks_are_started_from_inside, "tasks for strangers", lambda o: files(o).update({"apache.site.conf": ""})),
    (rule.tasks_are_started_from_inside, "runs that pile up", lambda o: of_kind(o, "CronJob")[0]["spec"].update(concurrencyPolicy="Allow")),
    (rule.settings_are_closed, "XML-RPC", lambda o: files(o).update({"apache.site.conf": ""})),
    (rule.settings_are_closed, "file editing", lambda o: files(o).update({"php.wp-config.php": ""})),
    (rule.settings_are_closed, "login names told", lambda o: files(o).update({"mu-plugins.urumi-names.php": ""})),
    (rule.a_set_up_shop_is_told, "a plain WordPress that says it sells", lambda o: named(o, "Deployment", "wordpress")["metadata"]["annotations"].update({"urumi.dev/shop": "woocommerce"})),
    (rule.files_never_change, "files that may change", lambda o: of_kind(o, "ConfigMap")[0].pop("immutable")),
    (rule.data_outlives_a_release, "a volume that goes with the release", lambda o: claim(o)["metadata"].pop("annotations")),
    (rule.a_revision_rolls_nothing, "no revision", lambda o: named(o, "StatefulSet", "mysql")["metadata"].pop("annotations")),
    (rule.a_revision_rolls_nothing, "a revision on pods", lambda o: web(o)["template"]["metadata"].update(annotations={"urumi.dev/revision": "1"})),
]
