#!/usr/bin/env bash
# `make logs`: follows the logs of all programs that run; `make logs NAME=worker`
# shows and follows one. `make logs NAME=list` names them.
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"
source "$URUMI_ROOT/deploy/local/lib/cluster.sh"

names() { find "$URUMI_LOG" -maxdepth 1 -name '*.log' -printf '%f\n' | sed 's/\.log$//' | LC_ALL=C sort | paste -sd' ' -; }

name=${1:-}
remembered_cluster
if [[ $CLUSTER == compose ]]; then exec "$URUMI_ROOT/deploy/local/compose.sh" logs "$name"; fi
if [[ $name == list ]]; then
  names
  exit
fi
if [[ -n $name ]]; then
  [[ -f $URUMI_LOG/$name.log ]] || die "there is no log named '$name'" "there are: $(names)"
  exec tail -n 200 -F "$URUMI_LOG/$name.log"
fi
mapfile -t logs < <(find "$URUMI_RUN" -maxdepth 1 -name '*.pid' -printf '%f\n' | sed "s#^#$URUMI_LOG/#; s#\.pid\$#.log#" | LC_ALL=C sort)
[[ ${#logs[@]} -gt 0 ]] || die "nothing runs in this instance" "start it with: make up; older logs: make logs NAME=list"
exec tail -n 10 -F "${logs[@]}"
