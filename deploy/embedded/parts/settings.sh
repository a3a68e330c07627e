# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the scripts that source this one
#
# What the parts of the embedded cluster agree on: the mode it runs in, its
# addresses, its names. Sourced first by every script of this folder.

EMBEDDED=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$EMBEDDED/../lib/common.sh"
source "$EMBEDDED/../lib/daemon.sh"

# `node`: everything, with real pods; `control-plane`: no node, no root needed;
# `kwok`: the control plane and simulated nodes. Chosen at the first `up`, kept
# until `clean`: the addresses in certificates and endpoints follow from it.
MODE_FILE=$URUMI_STATE/cluster-mode
MODE=$(cat "$MODE_FILE" 2>/dev/null || echo node)

NODE_NAME=urumi-$URUMI_INSTANCE
# Inside the node its state lies at one short path (sockets: 108 characters).
NODE_STATE=/var/lib/urumi
HOST_LINK=urumi${URUMI_INDEX}h
NODE_LINK=urumi${URUMI_INDEX}n
CGROUP=urumi-$URUMI_INSTANCE
PAUSE_IMAGE=localhost/urumi-pause:1

# The parts of a mode, in the order in which they start.
parts_of() {
  echo etcd kube-apiserver kube-controller-manager kube-scheduler
  case $1 in
    node) echo node containerd kubelet kube-proxy coredns provisioner traefik ;;
    kwok) echo provisioner kwok ;;
  esac
}

settle_mode() {
  MODE=$1
  # The apiserver of a cluster with a node answers on the host's end of the
  # node's link, which pods reach too; without one it keeps to loopback.
  case $MODE in
    node) APISERVER_ADDRESS=$(link_net).1 ;;
    control-plane | kwok) APISERVER_ADDRESS=127.0.0.1 ;;
    *) die "unknown mode of the cluster: $MODE" "remove $MODE_FILE, or run clean.sh" ;;
  esac
}
settle_mode "$MODE"

KUBE=$URUMI_BIN/urumi-kubernetes
admin() { "$URUMI_BIN/kubectl" --kubeconfig "$URUMI_STATE/kubeconfig" "$@"; }

# port_free NAME PORT [ADDRESS]: dies when another process listens there.
require_port() {
  local name=$1 number=$2 listener
  listener=$(ss -Hltnp "sport = :$number" 2>/dev/null) || listener=''
  if [[ -z $listener ]]; then return 0; fi
  die "port $number ($name) is taken: $(sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1, pid \2/p;t;s/.*/by a process of another user/p' <<<"$listener" | head -n 1)" \
    "stop it, or run this platform under another name: URUMI_INSTANCE=other make up"
}

# run_part NAME COMMAND...: a daemon that holds none of our locks. A log above
# 20 MB is put aside at its part's next start, the one before it forgotten.
run_part() {
  local log=$URUMI_LOG/$1.log
  umask 022
  if [[ -n $(find "$log" -size +20M 2>/dev/null) ]] && ! daemon_alive "$1"; then mv -f "$log" "$log.1"; fi
  start_daemon "$@" 9>&-
}

# together COMMAND...: all at once; fails when one of them does.
together() {
  local command ids=() id rc=0
  for command in "$@"; do
    "$command" &
    ids+=($!)
  done
  for id in "${ids[@]}"; do wait "$id" || rc=1; done
  return "$rc"
}

# or_log NAME COMMAND...: fails with the last lines of that part's log.
or_log() {
  local name=$1
  shift
  "$@" || die "$name is not ready in time" "last lines of $URUMI_LOG/$name.log:" "$(tail -n 8 "$URUMI_LOG/$name.log" 2>/dev/null)"
}

# render FILE NAME=VALUE...: replaces each @NAME@.
render() {
  local file=$1 text pair
  shift
  text=$(cat "$file")
  for pair in "$@"; do text=${text//"@${pair%%=*}@"/${pair#*=}}; done
  printf '%s\n' "$text"
}

# write_if_new FILE: what comes in replaces the file in one step, unless it is
# the same: running parts watch some of these files.
write_if_new() {
  local text
  text=$(cat)
  if [[ $(cat "$1" 2>/dev/null) == "$text" ]]; then return 0; fi
  (umask 077 && printf '%s\n' "$text" >"$1.tmp")
  mv "$1.tmp" "$1"
}
