#!/usr/bin/env bash
# Inside the node: TERM to every container but the pods' pauses, then waits
# until they have ended, at most the seconds given. It kills nothing. Containers
# are found as the children of their shims, so containerd need not be alive.
set -euo pipefail
limit=$1

running() {
  ps -e -o pid=,ppid=,stat=,comm= | awk '
    $4 == "containerd-shim" { shim[$1] = 1 }
    $3 !~ /^Z/ && $4 != "urumi-pause" { parent[$1] = $2 }
    END { for (pid in parent) if (parent[pid] in shim) print pid }'
}

mapfile -t containers < <(running)
if [[ ${#containers[@]} -gt 0 ]]; then kill -TERM "${containers[@]}" 2>/dev/null || true; fi
deadline=$((SECONDS + limit))
while [[ -n $(running) ]]; do
  if ((SECONDS >= deadline)); then exit 1; fi
  sleep 0.1
done
