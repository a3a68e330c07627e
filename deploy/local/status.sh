#!/usr/bin/env bash
# `make status`: what runs, since when, under which pid, on which ports, and
# whether it answers. Changes nothing; exit 1 if something of the set is not up.
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"
source "$URUMI_ROOT/deploy/lib/daemon.sh"
for part in server cluster cargo programs; do
  # shellcheck source=/dev/null
  source "$URUMI_ROOT/deploy/local/lib/$part.sh"
done
if [[ -z ${URUMI_API_PORT:-} && -s $URUMI_STATE/api-port ]]; then URUMI_API_PORT=$(<"$URUMI_STATE/api-port"); fi
export URUMI_API_PORT PATH=$URUMI_BIN:$PATH

# Ports that a process listens on, as far as this user may see.
ports_of() {
  ss -Hltnp 2>/dev/null | awk -v mark="pid=$1," 'index($0, mark) { n = split($4, a, ":"); print a[n] }' | sort -nu | paste -sd, -
}

# readiness PORT OTHERWISE: what a program misses by its own word.
readiness() {
  local answer
  answer=$(curl --silent --max-time 3 "http://127.0.0.1:$1/readyz") || { echo 'does not answer'; return; }
  case $answer in
    ready* | *'"degraded":false'*) echo "$2" ;;
    *postgres*'"not reachable'*) echo 'waits for PostgreSQL' ;;
    *) echo 'waits for RabbitMQ' ;;
  esac
}

health_of() {
  case $1 in
    api) if (program_healthy api) >/dev/null 2>&1; then readiness "$(port api)" healthy; else echo 'not ready'; fi ;;
    worker) if (program_healthy worker) >/dev/null 2>&1; then readiness "$(port worker-probes)" healthy; else echo 'not ready'; fi ;;
    postgres | rabbitmq) "$URUMI_ROOT/deploy/local/$1.sh" status || true ;;
    *) echo running ;;
  esac
}

row() { printf '%-20s %-8s %-20s %-18s %s\n' "$@"; }

show() {
  local name=$1 pid since
  if ! pid=$(daemon_pid "$name"); then
    row "$name" - - - stopped
    return 1
  fi
  since=$(ps -o lstart= -p "$pid" | xargs -I{} date -d {} '+%F %T')
  row "$name" "$pid" "$since" "$(ports_of "$pid")" "$(health_of "$name")"
}

remembered_cluster
if [[ $CLUSTER == compose ]]; then exec "$URUMI_ROOT/deploy/local/compose.sh" status; fi
export KUBECONFIG=${CLUSTER_CONFIG:-$URUMI_STATE/kubeconfig}
INGRESS=$( (find_ingress) 2>/dev/null || echo 127.0.0.1:80)
names=(api worker postgres rabbitmq epmd)
mapfile -t others < <(find "$URUMI_RUN" -maxdepth 1 -name '*.pid' -printf '%f\n' | sed 's/\.pid$//' | grep -vxE 'api|worker|postgres|rabbitmq|epmd|up' | LC_ALL=C sort)
rc=0
say "instance $URUMI_INSTANCE, cluster: ${CLUSTER:-none yet}${CLUSTER_CONFIG:+ ($CLUSTER_CONFIG)}"
row PROGRAM PID SINCE PORTS HEALTH
for name in "${names[@]}" "${others[@]}"; do show "$name" || rc=1; done
if [[ -s $URUMI_STATE/env ]]; then say "dashboard: $(dashboard_url)    stores' ingress: $INGRESS"; fi
if ((rc != 0)); then say "start what is stopped with: make up"; fi
exit "$rc"
