"""What a stolen token of the worker might be tried for. Tables only; rights.py tries.

Each attempt: what, who refuses it (`role`: it has no such right; `policy`: it has the
right, but not there), method, path, body, kind of body, and what the same request of
an administrator is answered, where that is not a success.
"""
PLATFORM, ACCOUNT, BINDING = "urumi-system", "local-worker", "urumi-worker"
WORKER_ROLE, STORE_ROLE = f"{PLATFORM}-{ACCOUNT}", f"{PLATFORM}-local-store"
INSTALLATION = "0190b6c4-rights"
# A store of the worker's; one that lost its mark; another installation's; one that
# the worker has made, but not yet entered; and a namespace of somebody else.
OURS, LOST, OTHERS, NEW, THEIRS = "store-bcd245", "store-bcdfgj", "store-bcdfgk", "store-bcdfgm", "theirs"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
POLICIES = "/apis/admissionregistration.k8s.io/v1"
JSON, MERGE, APPLY = "application/json", "application/merge-patch+json", "application/apply-patch+yaml"


RESTRICTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}


def namespace(name, installation=INSTALLATION, **labels):
    labels = {"urumi.dev/store": name, **({"urumi.dev/installation": installation} if installation else {}), **RESTRICTED, **labels}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def labels(**changes):
    return {"metadata": {"labels": changes}}


def binding(where, role=STORE_ROLE, name=BINDING, subject=(ACCOUNT, PLATFORM), kind="RoleBinding"):
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind,
        "metadata": {"name": name, **({"namespace": where} if where else {})},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": subject[0], "namespace": subject[1]}],
    }


def bindings(where, name=BINDING):
    return f"{RBAC}/namespaces/{where}/rolebindings/{name}"


def a_secret(name="x"):
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {"a": "b"}}


def a_pod(name="x"):
    container = {"name": "c", "image": "x", "securityContext": {"allowPrivilegeEscalation": False, "runAsNonRoot": True, "runAsUser": 9, "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [container]}}


EVERYTHING = {"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}
SECRETS = "/api/v1/namespaces/{}/secrets"
PSS = "pod-security.kubernetes.io/"

ATTEMPTS = [
    ("binds itself in kube-system", "policy", "PATCH", bindings("kube-system"), binding("kube-system"), APPLY),
    ("binds itself in the platform's namespace", "policy", "PATCH", bindings(PLATFORM), binding(PLATFORM), APPLY),
    ("binds itself in a namespace of another installation", "policy", "PATCH", bindings(OTHERS), binding(OTHERS), APPLY),
    ("binds cluster-admin to itself in a store", "role", "PATCH", bindings(NEW), binding(NEW, "cluster-admin"), APPLY),
    ("binds its right in a store to another account", "policy", "PATCH", bindings(NEW), binding(NEW, subject=("default", NEW)), APPLY),
    ("binds under another name", "role", "PATCH", bindings(OURS, "more"), binding(OURS, name="more"), APPLY),
    ("makes itself cluster-admin", "role", "POST", f"{RBAC}/clusterrolebindings", binding(None, "cluster-admin", kind="ClusterRoleBinding"), JSON),
    ("widens its own role", "role", "PATCH", f"{RBAC}/clusterroles/{WORKER_ROLE}", EVERYTHING, MERGE),
    ("widens the role of stores", "role", "PATCH", f"{RBAC}/clusterroles/{STORE_ROLE}", EVERYTHING, MERGE),
    ("makes a role in a store", "role", "POST", f"{RBAC}/namespaces/{OURS}/roles", {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "x"}, **EVERYTHING}, JSON),
    ("removes a namespace that is no store's", "policy", "DELETE", f"/api/v1/namespaces/{THEIRS}", None, JSON),
    ("removes the platform's namespace", "policy", "DELETE", f"/api/v1/namespaces/{PLATFORM}", None, JSON),
    ("removes a store of another installation", "policy", "DELETE", f"/api/v1/namespaces/{OTHERS}", None, JSON),
    ("lifts a store's Pod Security label", "policy", "PATCH", f"/api/v1/namespaces/{OURS}", labels(**{PSS + "enforce": None}), MERGE),
    ("makes a store privileged", "policy", "PATCH", f"/api/v1/namespaces/{OURS}", labels(**{PSS + "enforce": "privileged"}), MERGE),
    ("holds a store to an old Pod Security", "policy", "PATCH", f"/api/v1/namespaces/{OURS}", labels(**{PSS + "enforce-version": "v1.0"}), MERGE),
    ("takes a foreign namespace by marking it", "policy", "PATCH", f"/api/v1/namespaces/{THEIRS}", labels(**namespace(THEIRS)["metadata"]["labels"]), MERGE),
    ("marks kube-system as a store's", "policy", "PATCH", "/api/v1/namespaces/kube-system", labels(**namespace("kube-system")["metadata"]["labels"]), MERGE),
    ("takes the mark off a store", "policy", "PATCH", f"/api/v1/namespaces/{OURS}", labels(**{"urumi.dev/installation": None}), MERGE),
    ("gives a store to another installation", "policy", "PATCH", f"/api/v1/namespaces/{OURS}", labels(**{"urumi.dev/installation": "another"}), MERGE),
    ("makes a namespace without a mark", "policy", "POST", "/api/v1/namespaces", namespace("store-bcdfgl", None), JSON),
    ("makes a namespace of another installation", "policy", "POST", "/api/v1/namespaces", namespace("store-bcdfgl", "another"), JSON),
    ("makes a marked namespace of any name", "policy", "POST", "/api/v1/namespaces", namespace("monitoring"), JSON),
    ("makes a store that is not restricted", "policy", "POST", "/api/v1/namespaces", namespace("store-bcdfgl", **{PSS + "enforce": "baseline"}), JSON),
    ("writes in a store that lost its mark", "policy", "POST", SECRETS.format(LOST), a_secret(), JSON),
    ("reads the Secrets of all namespaces", "role", "GET", "/api/v1/secrets", None, JSON),
    ("reads a Secret in kube-system", "role", "GET", SECRETS.format("kube-system"), None, JSON),
    ("reads the platform's own Secrets", "role", "GET", SECRETS.format(PLATFORM), None, JSON),
    ("reads the Secrets of another installation's store", "role", "GET", SECRETS.format(OTHERS), None, JSON),
    ("makes a pod in kube-system", "role", "POST", "/api/v1/namespaces/kube-system/pods", a_pod(), JSON),
    ("makes a pod with its own hands in a store", "role", "POST", f"/api/v1/namespaces/{OURS}/pods", a_pod("y"), JSON),
    ("runs a command in a store's pod", "role", "POST", f"/api/v1/namespaces/{OURS}/pods/x/exec?command=id&stdout=true", None, JSON, {"control": (400,)}),
    ("makes a token of a stronger account", "role", "POST", "/api/v1/namespaces/kube-system/serviceaccounts/clusterrole-aggregation-controller/token", {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}, JSON),
    ("speaks as system:masters", "role", "GET", "/api/v1/nodes", None, JSON, {"headers": {"Impersonate-User": "root", "Impersonate-Group": "system:masters"}}),
    ("takes a policy's force away", "role", "DELETE", f"{POLICIES}/validatingadmissionpolicybindings/{WORKER_ROLE}-writes", None, JSON),
    ("changes a policy", "role", "PATCH", f"{POLICIES}/validatingadmissionpolicies/{WORKER_ROLE}-namespaces", {"spec": {"failurePolicy": "Ignore"}}, MERGE),
    ("puts a webhook before the apiserver", "role", "POST", f"{POLICIES}/mutatingwebhookconfigurations", {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration", "metadata": {"name": "x"}}, JSON),
    ("makes a volume of a node's folder", "role", "POST", "/api/v1/persistentvolumes", {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "x"}, "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/"}}}, JSON),
    ("takes a Lease of the control plane", "role", "DELETE", "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/x", None, JSON),
]
