"""Who of the control plane reaches whom, by the policies, with stores beside it."""
from cases import NAMESPACE
from invariants import of_kind, template, workloads
from network import Pod
import network
import rendering

APISERVER, DATABASE, BROKER, PUBLIC, METADATA = "10.0.0.9", "10.1.2.3", "10.1.2.4", "203.0.113.80", "169.254.169.254"


class Platform(network.Cluster):
    """The platform's pods, one store's, and those around them."""

    def __init__(self, objects, store):
        super().__init__({rendering.ID: store})
        self.own = {}
        for one in workloads(objects):
            pod = self.add(Pod(NAMESPACE, template(one)["metadata"]["labels"], f"10.213.250.{len(self.own) + 2}"))
            self.own[pod.part] = pod
        self.policies += [(NAMESPACE, one["spec"]) for one in of_kind(objects, "NetworkPolicy")]
        self.prometheus = self.add(Pod("monitoring", {"x": "y"}, "10.213.202.2"))
        self.keda = self.add(Pod("keda", {"x": "y"}, "10.213.203.2"))
        self.store = [pod for pod in self.pods if pod.namespace == rendering.ID]


def wanted(cluster, trial, keda):
    """{(source, target, port)} that must pass; every other pair below must not."""
    own = cluster.own
    api, worker, migrations = own["api"], own["worker"], own["migrations"]
    found = {
        (cluster.ingress, api, 3000), (cluster.prometheus, api, 3001), (cluster.prometheus, worker, 3001),
        (worker, cluster.ingress, 8000), (worker, cluster.ingress, 8443), (api, PUBLIC, 443), (worker, APISERVER, 6443),
    }
    if trial:
        postgres, rabbitmq = own["postgres"], own["rabbitmq"]
        found |= {(api, postgres, 5432), (migrations, postgres, 5432), (api, rabbitmq, 5672), (worker, rabbitmq, 5672)}
        found |= {(cluster.keda, rabbitmq, 15672)} if keda else set()
    else:
        found |= {(api, DATABASE, 5432), (migrations, DATABASE, 5432), (api, BROKER, 5671), (worker, BROKER, 5671)}
    return found


def wrong(cluster, trial, keda):
    must = wanted(cluster, trial, keda)
    ports = {"api": (3000, 3001), "worker": (3001,), "migrations": (3001,), "postgres": (5432,), "rabbitmq": (5672, 15672, 4369, 25672)}
    outside = [cluster.ingress, cluster.prometheus, cluster.keda, cluster.stranger, *cluster.store]
    for source in [*cluster.own.values(), *outside]:
        for target in cluster.own.values():
            for port in ports[target.part]:
                if source is not target and cluster.allows(source, target, port) != ((source, target, port) in must):
                    yield f"{source} → {target}:{port}"
    for source in cluster.own.values():
        # The worker's way to the apiserver cannot be named more narrowly than by its port.
        asked = [(DATABASE, 5432), (BROKER, 5671), (PUBLIC, 80), (METADATA, 80)] + ([] if source.part == "worker" else [(PUBLIC, 443), (METADATA, 443), (APISERVER, 6443)])
        asked += [(pod, 8080) for pod in cluster.store] + [(cluster.ingress, 8000), (cluster.ingress, 8443)] + ([(APISERVER, 6443)] if source.part == "worker" else [])
        for target, port in asked:
            # Trial servers are asked for by their names; an address in their stead is nobody.
            if cluster.allows(source, target, port) != ((source, target, port) in must):
                yield f"{source} → {target}:{port}"


def damage(name, change):
    """A policy changed by its name."""
    def deed(objects):
        change(next(one for one in of_kind(objects, "NetworkPolicy") if one["metadata"]["name"] == name)["spec"])
    return deed


SEEDED = (
    ("no default deny", damage("urumi-default-deny", lambda spec: spec.update(policyTypes=["Ingress"]))),
    ("a database open to others", damage("urumi-postgres", lambda spec: spec["ingress"][0]["from"].append({"namespaceSelector": {}}))),
    ("an api open to anybody", damage("urumi-api", lambda spec: spec["ingress"][0].pop("from"))),
    ("metrics for tenants", damage("urumi-worker", lambda spec: spec["ingress"][0].update({"from": [{"namespaceSelector": {}}]}))),
    ("the metadata address", damage("urumi-api", lambda spec: spec["egress"][-1]["to"][0]["ipBlock"]["except"].remove("169.254.0.0/16"))),
)
