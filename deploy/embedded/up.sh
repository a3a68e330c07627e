#!/usr/bin/env bash
# Starts the embedded cluster of this instance: what does not run is started,
# what runs is left alone. Returns when a pod can run and an ingress answers.
#
#   up.sh                        the whole, with a real node (needs root)
#   up.sh --control-plane-only   etcd, apiserver, controllers, scheduler
#   up.sh --kwok [NODES]         that, and simulated nodes (4 of them)
source "$(dirname "${BASH_SOURCE[0]}")/parts/settings.sh"
source "$EMBEDDED/parts/all.sh"

wanted=node
nodes=4 # simulated ones; parts/kwok.sh makes them
case ${1:-} in
  '') ;;
  --control-plane-only) wanted=control-plane ;;
  --kwok) wanted=kwok nodes=${2:-4} ;;
  *) die "unknown option $1" "up.sh [--control-plane-only | --kwok [NODES]]" ;;
esac

require_machine() {
  if [[ -s $MODE_FILE && $(cat "$MODE_FILE") != "$wanted" ]]; then
    die "instance $URUMI_INSTANCE was made in mode '$(cat "$MODE_FILE")'" \
      "remove it first (deploy/embedded/clean.sh), or take another: URUMI_INSTANCE=other"
  fi
  local free
  free=$(df --output=avail -BM "$URUMI_STATE" | tail -n 1 | tr -dc 0-9)
  ((free >= 5120)) || die "only $free MB are free at $URUMI_STATE, and a cluster wants 5120" \
    "make room there, or set this clone up on a larger disk"
  local program
  for program in urumi-kubernetes urumi-coredns urumi-provisioner urumi-pause.tar traefik kubectl; do
    [[ -e $URUMI_BIN/$program ]] || die "$URUMI_BIN/$program is missing" "build it: deploy/embedded/build.sh"
  done
  [[ $wanted != kwok || -e $URUMI_BIN/kwok ]] || die "$URUMI_BIN/kwok is missing" "build it: deploy/embedded/build.sh kwok"
  if [[ $wanted != node ]]; then
    for program in openssl ss; do
      have "$program" || die "this machine has no '$program'" "install it: apt-get install openssl iproute2"
    done
    return 0
  fi
  [[ $EUID -eq 0 ]] || die "a node with real pods needs root" \
    "run this as root, or give a cluster of your own: KUBECONFIG=… make up"
}

await_kubelet() { or_log kubelet wait_for 60 node_ready; }
await_coredns() { or_log coredns wait_for 15 coredns_answers; }
await_traefik() { or_log traefik wait_for 20 traefik_answers; }

make_node() {
  node_settings
  start_node
  make_link "$(node_init)"
}

start_api() {
  local beside=("$@")
  together start_etcd start_apiserver "${beside[@]}"
  await_api
  together start_controller_manager start_scheduler apply_manifests
}

start_with_node() {
  make_host_address
  stage "node of its own namespaces" make_node
  stage "control plane, containers" start_api start_containerd
  stage "kubelet, names, volumes, ingress" together start_kubelet start_kube_proxy start_coredns start_provisioner start_traefik
  stage "node ready" together await_kubelet await_coredns await_traefik
}

start_with_kwok() {
  stage "control plane" start_api
  stage "$nodes simulated nodes" together start_provisioner start_kwok
}

require_machine
if [[ $wanted == node ]]; then
  "$EMBEDDED/../local/packages.sh" containerd runc containernetworking-plugins iptables conntrack iproute2 procps openssl curl
fi
lock_instance
echo "$wanted" >"$MODE_FILE"
settle_mode "$wanted"
started=$EPOCHREALTIME
make_pki
case $wanted in
  node) start_with_node ;;
  control-plane) stage "control plane" start_api ;;
  kwok) start_with_kwok ;;
esac
took=$(awk -v a="$started" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
say "cluster $NODE_NAME is up ($took s): KUBECONFIG=$URUMI_STATE/kubeconfig"
