# shellcheck shell=bash
# Which cluster this instance works on: one that was given, or the embedded one.
# The choice is kept in $URUMI_STATE/cluster, so that down, clean and status
# know it, and so that a second `make up` does not change it.
# Sourced after ../../lib/common.sh. CLUSTER is `embedded`, `given` or `compose`; with
# `given`, CLUSTER_CONFIG is its kubeconfig; with `compose`, the whole platform is in
# containers, and ../compose.sh is asked for everything.

CLUSTER='' CLUSTER_CONFIG=''

# A KUBECONFIG below our own state is the embedded cluster's (from .urumi/env).
given_kubeconfig() {
  case ${KUBECONFIG:-} in
    '' | "$URUMI_ROOT/.urumi/"*) ;;
    *:*) die "KUBECONFIG names several files: $KUBECONFIG" "name one" ;;
    *) realpath -m "$KUBECONFIG" ;;
  esac
}

remembered_cluster() {
  CLUSTER='' CLUSTER_CONFIG=''
  if [[ -s $URUMI_STATE/cluster ]]; then read -r CLUSTER CLUSTER_CONFIG <"$URUMI_STATE/cluster"; fi
}

# Only the instance that people start: tests bring what they need.
docker_works() {
  [[ $URUMI_INSTANCE == local && ${URUMI_WITHOUT_DOCKER:-0} != 1 ]] && timeout 10 docker info >/dev/null 2>&1 &&
    docker compose version >/dev/null 2>&1
}

choose_cluster() {
  local given
  given=$(given_kubeconfig)
  remembered_cluster
  if [[ $CLUSTER == compose && -n $given ]]; then
    die "this platform runs in containers, with a cluster of its own, but KUBECONFIG names another: $given" \
      "go on with it: env -u KUBECONFIG make up" \
      "use that cluster: 'make clean' first, or beside this one with URUMI_INSTANCE=<another name>"
  fi
  if [[ $CLUSTER == embedded && -n $given ]]; then
    die "this instance runs on its embedded cluster, but KUBECONFIG names another: $given" \
      "go on with the embedded one: env -u KUBECONFIG make up" \
      "use that cluster: 'make clean' first, or beside this one with URUMI_INSTANCE=<another name>"
  fi
  if [[ $CLUSTER == given && -n $given && $given != "$CLUSTER_CONFIG" ]]; then
    die "this instance works on the cluster of $CLUSTER_CONFIG, but KUBECONFIG names $given" \
      "'make clean' first, or use URUMI_INSTANCE=<another name>"
  fi
  if [[ -z $CLUSTER ]]; then
    if [[ -n $given ]]; then
      CLUSTER=given CLUSTER_CONFIG=$given
    elif docker_works; then
      CLUSTER=compose
    elif [[ $(uname -s) == Linux && $EUID -eq 0 ]]; then
      CLUSTER=embedded
    else
      die "this machine has no cluster to use, and the embedded one needs Linux and root" \
        "use a cluster that is there (kind, k3s, …): KUBECONFIG=<its file> make up" \
        "or, on Linux, let it make one: sudo make up"
    fi
  fi
  if [[ $CLUSTER == given && ! -r $CLUSTER_CONFIG ]]; then
    die "KUBECONFIG names a file that cannot be read: $CLUSTER_CONFIG" "name the kubeconfig of a cluster that runs"
  fi
  KUBECONFIG=$CLUSTER_CONFIG
  if [[ $CLUSTER != given ]]; then KUBECONFIG=$URUMI_STATE/kubeconfig; fi
  export KUBECONFIG
}

keep_cluster() { echo "$CLUSTER $CLUSTER_CONFIG" >"$URUMI_STATE/cluster"; }

kube() { kubectl --request-timeout=10s "$@"; }

# What a given cluster must have; everything that lacks is told at once.
check_given_cluster() {
  have kubectl || die "kubectl is missing" "install it, or put it into $URUMI_BIN"
  kube get --raw /readyz >/dev/null 2>"$URUMI_LOG/cluster-check.log" ||
    die "the cluster of $CLUSTER_CONFIG does not answer" "$(tail -n 1 "$URUMI_LOG/cluster-check.log")" \
      "start it, or unset KUBECONFIG to get an embedded one"
  local lacks=()
  [[ -n $(kube get ingressclasses -o name) ]] ||
    lacks+=("an ingress class: install an ingress controller (ingress-nginx or Traefik)")
  [[ $(kube get storageclasses -o 'jsonpath={.items[*].metadata.annotations.storageclass\.kubernetes\.io/is-default-class}') == *true* ]] ||
    lacks+=("a default storage class: mark one with the annotation storageclass.kubernetes.io/is-default-class=true")
  [[ $(kube auth can-i create namespaces) == yes ]] ||
    lacks+=("the right to create namespaces: use a kubeconfig of a cluster administrator")
  [[ ${#lacks[@]} -eq 0 ]] || die "the cluster of $CLUSTER_CONFIG lacks something; nothing was started" "${lacks[@]}"
}

answers_http() { [[ $(curl -s -o /dev/null -m 3 -w '%{http_code}' "http://$1/") != 000 ]]; }

# find_ingress: host:port where the ingress controller takes plain HTTP.
find_ingress() {
  if [[ $CLUSTER == embedded ]]; then
    echo "127.0.0.1:$(<"$URUMI_STATE/ingress-port")"
    return
  fi
  if [[ -n ${URUMI_INGRESS:-} ]]; then echo "$URUMI_INGRESS"; return; fi
  local address
  for address in $(kube get services -A -o 'jsonpath={range .items[?(@.spec.type=="LoadBalancer")]}{.status.loadBalancer.ingress[0].ip}{"\n"}{end}' | sed 's/$/:80/') \
    127.0.0.1:80 127.0.0.1:8080; do
    if [[ $address != :80 ]] && answers_http "$address"; then echo "$address"; return; fi
  done
  die "no address was found where the cluster's ingress controller answers HTTP" \
    "name it: URUMI_INGRESS=<host:port> make up (with kind: the port mapped to the controller)"
}
