# shellcheck shell=bash
# Simulated nodes: KWOK answers for them and moves their pods through the stages
# of healthy ones (or those of the file in URUMI_KWOK_STAGES). There are no
# containers, so hundreds of stores fit on a small machine.

# start_kwok: as many nodes as $nodes says.
start_kwok() {
  if ! daemon_alive kwok; then
    require_port kubelet "$(port kubelet)"
    run_part kwok "$URUMI_BIN/kwok" --kubeconfig "$PKI/kwok.kubeconfig" --cidr "$(pod_net).0/24" --node-ip "$(link_net).2" \
      --server-address "127.0.0.1:$(port kubelet)" --node-lease-duration-seconds 40 \
      --manage-nodes-with-annotation-selector kwok.x-k8s.io/node=fake \
      --config "${URUMI_KWOK_STAGES:-$EMBEDDED/settings/kwok-stages.yaml}"
  fi
  simulated_nodes | admin apply -f - >"$URUMI_LOG/manifests.log" 2>&1 ||
    die "the simulated nodes could not be made" "$(tail -n 5 "$URUMI_LOG/manifests.log")"
  or_log kwok wait_for 30 simulated_nodes_ready
}

simulated_nodes() {
  local number
  for ((number = 1; number <= ${nodes:-4}; number++)); do
    cat <<YAML
---
apiVersion: v1
kind: Node
metadata:
  name: $NODE_NAME-$number
  annotations: { kwok.x-k8s.io/node: fake }
  labels: { kubernetes.io/hostname: $NODE_NAME-$number, kubernetes.io/os: linux, kubernetes.io/arch: amd64 }
status:
  allocatable: { cpu: "64", memory: 256Gi, pods: "2000" }
  capacity: { cpu: "64", memory: 256Gi, pods: "2000" }
YAML
  done
}

simulated_nodes_ready() {
  local states
  states=$(admin get nodes -o 'jsonpath={range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}')
  (($(grep -c True <<<"$states") >= ${nodes:-4}))
}

stop_kwok() {
  stop_daemon kwok 5
}
