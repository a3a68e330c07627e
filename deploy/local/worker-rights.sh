#!/usr/bin/env bash
# Who the worker is on a cluster, and what it may do there: the very objects of
# charts/platform (RBAC and admission policies, docs/RBAC.md), applied by an
# administrator, and a kubeconfig of the worker's account with a token for a year.
# Repeating it changes nothing; a token is made anew after 300 days.
#
#   KUBECONFIG=<an administrator's> worker-rights.sh NAMESPACE INSTALLATION FOLDER [KIND...]
#
# KIND: of others, that stores have (`worker.alsoHandles` of the chart).
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"
[[ $# -ge 3 ]] || die "usage: worker-rights.sh NAMESPACE INSTALLATION FOLDER [KIND...]"
namespace=$1 installation=$2 folder=$3
kinds=$(IFS=, && printf %s "${*:4}")
more=${kinds:+,worker.alsoHandles={$kinds\}}
# Beside a release of the chart in the same namespace.
RELEASE=local ACCOUNT=local-worker
export PATH=$URUMI_BIN:$PATH

objects() {
  cat <<YAML
apiVersion: v1
kind: Namespace
metadata: { name: $namespace, labels: { app.kubernetes.io/part-of: urumi-store-platform } }
YAML
  # The chart wants to know more than these two templates read.
  helm template "$RELEASE" "$URUMI_ROOT/charts/platform" --namespace "$namespace" \
    --show-only templates/worker-rbac.yaml --show-only templates/admission.yaml \
    --set "installation=$installation,host=platform.localhost,stores.domain=localhost,worker.ingress=127.0.0.1:80$more" \
    2>"$URUMI_LOG/worker-rights.log" || die "charts/platform does not render" "$(tail -n 3 "$URUMI_LOG/worker-rights.log")"
}

# setting PATH: of the one cluster that the kubeconfig names.
setting() { kubectl config view --raw --minify --output "jsonpath={$1}"; }

write() { (umask 077 && cat >"$1.new") && mv "$1.new" "$1"; }

# The token belongs to this very account: of a new cluster it is another.
make_token() {
  local account
  account=$(kubectl --namespace "$namespace" get serviceaccount "$ACCOUNT" --output 'jsonpath={.metadata.uid}')
  if [[ $(cat "$folder/account" 2>/dev/null) == "$account" && -n $(find "$folder/token" -mtime -300 2>/dev/null) ]]; then return 0; fi
  kubectl --namespace "$namespace" create token "$ACCOUNT" --duration 8760h | write "$folder/token"
  write "$folder/account" <<<"$account"
}

# One of that name that is on its way out has to be gone first.
leaving=$(kubectl get namespace "$namespace" --ignore-not-found --output 'jsonpath={.metadata.deletionTimestamp}')
if [[ -n $leaving ]]; then kubectl wait --for=delete "namespace/$namespace" --timeout=60s >/dev/null; fi
(umask 077 && mkdir -p "$folder")
folder=$(realpath "$folder")
rendered=$(objects)
kubectl apply --server-side --force-conflicts --field-manager urumi-setup --filename - <<<"$rendered" >/dev/null
make_token
write "$folder/kubeconfig" <<YAML
# Written by worker-rights.sh: the worker's own, limited account.
apiVersion: v1
kind: Config
current-context: worker
clusters:
- name: worker
  cluster:
    server: $(setting '.clusters[0].cluster.server')
    certificate-authority-data: $(setting '.clusters[0].cluster.certificate-authority-data')
users:
- name: worker
  user: { tokenFile: "$folder/token" }
contexts:
- name: worker
  context: { cluster: worker, user: worker }
YAML

# An apiserver takes a moment to learn of new roles.
may() { kubectl --kubeconfig "$folder/kubeconfig" auth can-i --quiet "$@"; }
wait_for 20 may list namespaces || die "the worker's rights do not come into force" "kubectl --kubeconfig $folder/kubeconfig auth can-i --list"
wait_for 20 may get leases.coordination.k8s.io --namespace "$namespace" || die "the worker's rights in $namespace do not come into force"
