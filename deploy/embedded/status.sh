#!/usr/bin/env bash
# One line for each part of this instance's embedded cluster: whether it runs,
# since when, how much memory it holds, where it listens. Starts nothing.
source "$(dirname "${BASH_SOURCE[0]}")/parts/settings.sh"

declare -A LISTENS=(
  [etcd]="127.0.0.1:$(port etcd)"
  [kube-apiserver]="$APISERVER_ADDRESS:$(port apiserver)"
  [kube-controller-manager]="127.0.0.1:$(port controller-manager)"
  [kube-scheduler]="127.0.0.1:$(port scheduler)"
  [traefik]="127.0.0.1:$(cat "$URUMI_STATE/ingress-port" 2>/dev/null || echo -)"
  [kubelet]="$(link_net).2:$(port kubelet)"
  [coredns]="$(link_net).2:53"
)
# The resident memory of a process and all below it, in MB.
memory() {
  local pid=$1 child total
  total=$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status" 2>/dev/null || echo 0)
  for child in $(pgrep -P "$pid"); do total=$((total + $(memory "$child") * 1024)); done
  echo $((${total:-0} / 1024))
}

say "cluster $NODE_NAME, mode $MODE, KUBECONFIG=$URUMI_STATE/kubeconfig"
for part in $(parts_of "$MODE"); do
  if pid=$(daemon_pid "$part"); then
    printf '%-24s runs     pid %-8s since %-12s %5s MB  %s\n' "$part" "$pid" "$(ps -o etime= -p "$pid" | tr -d ' ')" \
      "$(memory "$pid")" "${LISTENS[$part]:-}"
  else
    printf '%-24s stopped\n' "$part"
  fi
done
