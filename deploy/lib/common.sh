# shellcheck shell=bash
# What every script of this folder shares: where things are, how a message
# looks, and the names and numbers that follow from the instance.
#
# Source it; it starts nothing and writes nothing but its state folders.

set -euo pipefail

URUMI_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export URUMI_ROOT

# An instance is one complete platform on this machine. Every name, port,
# bridge and cgroup derives from its name, so that tests run beside `make up`.
export URUMI_INSTANCE=${URUMI_INSTANCE:-local}
if [[ ! $URUMI_INSTANCE =~ ^[a-z][a-z0-9-]{0,15}$ ]]; then
  echo "URUMI_INSTANCE='$URUMI_INSTANCE' is not a name: use a-z, 0-9 and '-', at most 16 characters" >&2
  exit 2
fi

# What is dear to build is kept here, by a hash of its inputs, for every clone.
export URUMI_CACHE=${URUMI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/urumi}

# The state of this instance: data, logs, pid files, certificates.
if [[ $URUMI_INSTANCE == local ]]; then
  URUMI_STATE=$URUMI_ROOT/.urumi
else
  URUMI_STATE=$URUMI_ROOT/.urumi/instances/$URUMI_INSTANCE
fi
export URUMI_STATE
URUMI_LOG=$URUMI_STATE/log
URUMI_RUN=$URUMI_STATE/run
URUMI_BIN=$URUMI_ROOT/.urumi/bin
# URUMI_LOG stays the shell's own: for the programs that name is their log filter.
export URUMI_RUN URUMI_BIN
mkdir -p "$URUMI_LOG" "$URUMI_RUN" "$URUMI_BIN" "$URUMI_CACHE"

# 0 for `local`, 1..199 for any other name; the base of ports and networks.
instance_index() {
  if [[ $URUMI_INSTANCE == local ]]; then echo 0; return; fi
  local sum
  sum=$(printf %s "$URUMI_INSTANCE" | cksum | cut -d' ' -f1)
  echo $((sum % 199 + 1))
}
URUMI_INDEX=$(instance_index)
export URUMI_INDEX

# The ports of an instance, all below the kernel's ephemeral range (32768).
declare -A PORT_OFFSET=(
  [apiserver]=0 [etcd]=1 [etcd-peer]=2 [kubelet]=3 [kubelet-healthz]=4
  [controller-manager]=5 [scheduler]=6 [kube-proxy-healthz]=7
  [kube-proxy-metrics]=8 [coredns-health]=9 [traefik-ping]=10
  [postgres]=11 [amqp]=12 [amqp-dist]=13 [epmd]=14 [amqp-management]=15
  [api]=16 [ingress]=17 [ingress-tls]=18 [worker-probes]=19 [api-metrics]=20
  [provisioner]=21 [spare]=22
)
port() {
  local offset=${PORT_OFFSET[$1]:?"no port named $1"}
  if [[ $URUMI_INSTANCE == local && $1 == api ]]; then echo "${URUMI_API_PORT:-3000}"; return; fi
  echo $((20000 + URUMI_INDEX * 40 + offset))
}

# Networks of an instance (host bits of /20, /24 and /30 blocks; see docs).
service_net() { echo "10.$((176 + URUMI_INDEX / 16)).$((URUMI_INDEX % 16 * 16))"; } # .0/20
pod_net() { echo "10.213.$URUMI_INDEX"; }                                            # .0/24
link_net() { echo "10.212.$URUMI_INDEX"; }                                           # .0/30, host .1, node .2

say() { printf '%s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
# One line what, one line what to do; exit 1.
die() {
  printf 'error: %s\n' "$1" >&2
  [[ $# -lt 2 ]] || printf '  → %s\n' "${@:2}" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# stage NAME COMMAND...: say what is being done, do it, say how long it took.
# On a terminal and in CI alike a line every 20 s tells slow from hanging.
stage() {
  local name=$1 start=$EPOCHREALTIME rc=0 ticker
  shift
  printf '==> %s\n' "$name"
  # It waits on a pipe that nobody writes to, not in `sleep`: no child is left
  # behind when it is stopped.
  ( exec {idle}<> <(:); i=20
    until read -rt 20 -u "$idle"; do printf '    … %s, %d s so far\n' "$name" "$i"; i=$((i + 20)); done ) &
  ticker=$!

  # In the background, because bash switches `set -e` off left of a `||`.
  ( set -euo pipefail; "$@" ) <&0 &
  wait $! || rc=$?
  # Not TERM: whoever cleans up ignores that, and so do all its children.
  { kill -KILL "$ticker" && wait "$ticker"; } 2>/dev/null || true
  local took
  took=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
  if [[ $rc -ne 0 ]]; then
    printf 'FAILED %s after %s s (exit %d)\n' "$name" "$took" "$rc" >&2
    return "$rc"
  fi
  printf '    %s: %s s\n' "$name" "$took"
}

# wait_for SECONDS COMMAND...: poll a condition five times a second.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS >= deadline)); then return 1; fi
    sleep 0.2
  done
}
