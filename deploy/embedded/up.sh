#!/usr/bin/env bash
# Starts the embedded cluster of this instance: what does not run is started,
# what runs is left alone. Returns when a pod can run and an ingress answers.
#
#   up.sh                        the whole, with a real node (needs root)
#   up.sh --control-plane-only   etcd, apiserver, controllers, scheduler
#   up.sh --kwok [NODES]         that, and simulated nodes (4)
source "$(dirname "${BASH_SOURCE[0]}")/parts/settings.sh"
for part in pki control-plane network node addons kwok instance-lock; do source "$EMBEDDED/parts/$part.sh"; done

wanted=node
nodes=4
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
  if [[ $wanted != node ]]; then return 0; fi
  [[ $EUID -eq 0 ]] || die "a node with real pods needs root" \
    "run this as root, or give a cluster of your own: KUBECONFIG=… make up"
}

start_node_parts() {
  start_containerd
  start_kubelet
  start_kube_proxy
  start_coredns
}

await_node() {
  or_log kubelet wait_for 60 node_ready
  or_log coredns wait_for 15 coredns_answers
  or_log traefik wait_for 20 traefik_answers
}

start_with_node() {
  make_host_address
  node_settings
  stage "node" start_node
  stage "network" make_link "$(node_init)"
  stage "control plane" start_control_plane
  stage "containers, names" start_node_parts
  apply_manifests
  start_provisioner
  start_traefik
  stage "node ready" await_node
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
  control-plane) stage "control plane" start_control_plane ;;
  kwok)
    stage "control plane" start_control_plane
    stage "simulated nodes" start_kwok "$nodes"
    ;;
esac
say "cluster $NODE_NAME is up ($(awk -v a="$started" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }') s): KUBECONFIG=$URUMI_STATE/kubeconfig"
