#!/usr/bin/env bash
# The platform on kind: a cluster of one node with the ports of deploy/kind/kind.yaml,
# Traefik on it, and `make up` with its KUBECONFIG. Again: makes what is missing.
#
#   up.sh            the cluster, the ingress controller, the platform
#   up.sh --cluster  the cluster and the ingress controller alone
#   up.sh --down     the platform and the cluster away again, with all stores
# URUMI_KIND_CLUSTER names the cluster (urumi), TRAEFIK_CHART the chart's version. Its
# kubeconfig is ~/.kube/<name>-kind: `make up` takes one below .urumi for the embedded
# cluster's. An instance of its own, so that an embedded cluster beside it goes on.
export URUMI_INSTANCE=${URUMI_INSTANCE:-kind}
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"
HERE=$URUMI_ROOT/deploy/kind
NAME=${URUMI_KIND_CLUSTER:-urumi}
TRAEFIK_CHART=${TRAEFIK_CHART:-37.4.0}
export PATH=$URUMI_BIN:$PATH KUBECONFIG=$HOME/.kube/$NAME-kind

need() {
  local missing=()
  have docker || have podman || missing+=('Docker or Podman: https://docs.docker.com/engine/install')
  have kind || missing+=('kind: https://kind.sigs.k8s.io/docs/user/quick-start')
  ((${#missing[@]} == 0)) || die 'some programs are missing; nothing was changed' "${missing[@]}"
}
client_tools() { "$URUMI_ROOT/deploy/embedded/build.sh" client-tools; }
exists() { kind get clusters 2>/dev/null | grep -qxF "$NAME"; }

cluster() {
  if exists; then
    kind export kubeconfig --name "$NAME" --kubeconfig "$KUBECONFIG"
  else
    kind create cluster --name "$NAME" --config "$HERE/kind.yaml" --kubeconfig "$KUBECONFIG" --wait 120s
  fi
}
ingress() {
  helm upgrade --install traefik traefik --repo https://traefik.github.io/charts --version "$TRAEFIK_CHART" \
    --namespace kube-system --values "$HERE/traefik.yaml" --wait --timeout 5m
}
# Any answer of Traefik's will do: no store is there yet.
answers() { [[ $(curl -s -o /dev/null -m 3 -w '%{http_code}' http://127.0.0.1:80/) != 000 ]]; }
await_ingress() { wait_for 60 answers || die 'Traefik does not answer on 127.0.0.1:80' 'kubectl logs -n kube-system deployment/traefik'; }

down() {
  FORCE=1 "$URUMI_ROOT/deploy/local/clean.sh"
  if exists; then kind delete cluster --name "$NAME" --kubeconfig "$KUBECONFIG"; fi
  rm -f "$KUBECONFIG"
}

need
mkdir -p "$HOME/.kube"
case ${1:-} in
  '' | --cluster)
    stage 'kubectl and helm' client_tools
    stage "cluster $NAME" cluster
    stage 'Traefik' ingress
    stage 'the ingress answers' await_ingress
    if [[ ${1:-} == --cluster ]]; then
      say "KUBECONFIG=$KUBECONFIG URUMI_INGRESS=127.0.0.1:80"
    else
      URUMI_INGRESS=127.0.0.1:80 "$URUMI_ROOT/deploy/local/up.sh"
    fi
    ;;
  --down) stage 'the platform and the cluster away' down ;;
  *) die "unknown option $1" 'up.sh [--cluster|--down]' ;;
esac
