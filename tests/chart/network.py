"""Who reaches whom, by the network policies of many stores together.

An evaluator of NetworkPolicies (networking/v1: selectors, address blocks with
exceptions, ports, both directions), and over it the rules of the product for all
pairs of pods of 20 stores. It stands in for a network that enforces; the embedded
one does not. It knows the API's semantics and nothing of the chart's templates.
"""
import ipaddress
import itertools

from invariants import of_kind, template, workloads
from rendering import ID

LETTERS = "bcdfghjklmnpqrstvwxz"
STORES = [f"store-bcd24{letter}" for letter in LETTERS]
PORTS = {"wordpress": (8080, 8081), "mysql": (3306,), "setup": (8080,), "cron": (8080,)}
APISERVER, API = "10.212.0.1", "10.0.7.7"
# Of clouds: most of them, Alibaba's, and AWS's by IPv6.
METADATA = ("169.254.169.254", "100.100.100.200", "fd00:ec2::254")
PRIVATE = ("10.1.2.3", "172.31.0.9", "192.168.1.1", "127.0.0.1", "::1", "fe80::1", "fc00::7", "64:ff9b::a00:1")
PUBLIC = ("203.0.113.80", "2606:4700::1111")


class Pod:
    def __init__(self, namespace, labels, address):
        self.namespace, self.labels, self.address = namespace, labels, address
        self.part = labels.get("app.kubernetes.io/component", labels.get("k8s-app", "controller"))

    def __repr__(self):
        return f"{self.namespace}/{self.part}"


class Cluster:
    """Pods, and the policies of their namespaces."""

    def __init__(self, objects_by_store):
        self.pods, self.policies, self.namespaces = [], [], {}
        count = itertools.count(1)
        for store, objects in objects_by_store.items():
            for one in workloads(objects):
                self.add(Pod(store, template(one)["metadata"]["labels"], f"10.213.{next(count)}.2"))
            self.policies += [(store, one["spec"]) for one in of_kind(objects, "NetworkPolicy")]
        self.dns = self.add(Pod("kube-system", {"k8s-app": "kube-dns"}, "10.96.0.10"))
        self.ingress = self.add(Pod("kube-system", {"app.kubernetes.io/name": "traefik"}, "10.213.200.2"))
        # The platform's own, where it runs in the cluster.
        self.api, self.queue, self.records = (
            self.add(Pod("urumi-system", {"app.kubernetes.io/component": part}, f"10.213.203.{number}")) for number, part in enumerate(("api", "rabbitmq", "postgres"), 2)
        )
        self.stranger = self.add(Pod("default", {}, "10.213.201.2"))

    def add(self, pod):
        self.pods.append(pod)
        self.namespaces[pod.namespace] = {"kubernetes.io/metadata.name": pod.namespace}
        return pod

    def allows(self, source, target, port, protocol="TCP"):
        """Source and target are pods, or the address of something that is none."""
        return self.passes(source, target, port, protocol, "Egress") and self.passes(target, source, port, protocol, "Ingress")

    def passes(self, subject, other, port, protocol, direction):
        if not isinstance(subject, Pod):
            return True
        mine = [
            spec for namespace, spec in self.policies
            if namespace == subject.namespace and direction in spec["policyTypes"] and selects(spec["podSelector"], subject.labels)
        ]
        rules = [rule for spec in mine for rule in spec.get(direction.lower()) or []]
        peers = "to" if direction == "Egress" else "from"
        return not mine or any(
            fits_port(rule.get("ports"), port, protocol) and self.fits_peer(rule.get(peers), subject.namespace, other) for rule in rules
        )

    def fits_peer(self, peers, namespace, other):
        return not peers or any(self.is_peer(peer, namespace, other) for peer in peers)

    def is_peer(self, peer, namespace, other):
        if "ipBlock" in peer:
            address = ipaddress.ip_address(other.address if isinstance(other, Pod) else other)
            inside = [block for block in [peer["ipBlock"]["cidr"]] if address in ipaddress.ip_network(block)]
            return bool(inside) and not any(address in ipaddress.ip_network(block) for block in peer["ipBlock"].get("except") or [])
        if not isinstance(other, Pod):
            return False
        if "namespaceSelector" in peer:
            if not selects(peer["namespaceSelector"], self.namespaces[other.namespace]):
                return False
        elif other.namespace != namespace:
            return False
        return selects(peer.get("podSelector") or {}, other.labels)


def fits_port(ports, port, protocol):
    return not ports or any(one["protocol"] == protocol and one["port"] == port for one in ports)


def selects(selector, labels):
    if not all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    for one in selector.get("matchExpressions") or []:
        if one["operator"] != "In":
            raise ValueError(f"the evaluator does not know {one['operator']}")
        if labels.get(one["key"]) not in one["values"]:
            return False
    return True


def stores(text):
    """{store: the rendering for it}: one rendering, under 20 names."""
    return {store: text.replace(ID, store) for store in STORES}


def wanted(source, target, port):
    """The product's rule for two pods, or None where it depends on values."""
    if source.namespace != target.namespace:
        return False
    return (source.part, target.part, port) in {
        ("wordpress", "mysql", 3306), ("setup", "mysql", 3306), ("cron", "wordpress", 8080),
    }


def wrong(cluster, internet):
    """Every pair, and every address, for which the policies and the rule differ."""
    of_stores = [pod for pod in cluster.pods if pod.namespace in STORES]
    for source, target in itertools.permutations(of_stores, 2):
        for port in PORTS[target.part]:
            if cluster.allows(source, target, port) != wanted(source, target, port):
                yield f"{source} → {target}:{port}"
    for pod in of_stores:
        web = pod.part == "wordpress"
        for address, port in itertools.product((*METADATA, APISERVER, API, *PRIVATE, *PUBLIC), (25, 80, 443, 587, 3306, 6443)):
            if cluster.allows(pod, address, port) != (web and internet and address in PUBLIC and port in (443, 587)):
                yield f"{pod} → {address}:{port}"
        for target, port in ((cluster.api, 3000), (cluster.api, 443), (cluster.queue, 5672), (cluster.records, 5432)):
            if cluster.allows(pod, target, port):
                yield f"{pod} → {target}:{port}"
        for protocol in ("UDP", "TCP"):
            if cluster.allows(pod, cluster.dns, 53, protocol) != (pod.part != "mysql"):
                yield f"{pod} → DNS by {protocol}"
        # One in another namespace who gives himself the labels of this store's pods.
        labels = {**pod.labels, "app.kubernetes.io/component": "wordpress", "app.kubernetes.io/name": "wordpress"}
        impostor = Pod("default", labels, "10.213.202.2")
        for port in PORTS[pod.part]:
            if cluster.allows(impostor, pod, port):
                yield f"an impostor → {pod}:{port}"
            if cluster.allows(cluster.ingress, pod, port) != (web and port == 8080):
                yield f"the ingress controller → {pod}:{port}"
            if cluster.allows(cluster.stranger, pod, port) or cluster.allows(PUBLIC, pod, port):
                yield f"a stranger → {pod}:{port}"


def without(objects, name):
    return [one for one in objects if one["kind"] != "NetworkPolicy" or one["metadata"]["name"] != name]


def open_to_namespaces(objects):
    for one in of_kind(objects, "NetworkPolicy"):
        for rule in one["spec"].get("ingress") or []:
            for peer in rule["from"]:
                if "podSelector" in peer and "namespaceSelector" not in peer:
                    peer["namespaceSelector"] = {}
    return objects


def no_exceptions(objects):
    for one in of_kind(objects, "NetworkPolicy"):
        for rule in one["spec"].get("egress") or []:
            for peer in rule["to"]:
                peer.get("ipBlock", {}).pop("except", None)
    return objects


SEEDED = (
    ("no default deny", lambda objects: without(objects, "default-deny")),
    ("a database open to every namespace", open_to_namespaces),
    ("private addresses counted as public", no_exceptions),
    ("no way to the database", lambda objects: without(objects, "wordpress-to-mysql")),
    ("no way to DNS", lambda objects: without(objects, "dns")),
    ("no way in", lambda objects: without(objects, "ingress-to-wordpress")),
)
