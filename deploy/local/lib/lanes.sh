# shellcheck shell=bash
# Work side by side, told readably: each part logs to a file and prints one line
# when it is done; a line every 20 s says what is still being waited for. The
# first failure shows the end of its log and stops the rest.
# Sourced after ../../lib/common.sh. Starts only what it is given.

LANES=()
DOING=$URUMI_RUN/doing

seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }

# end_children PID: TERM to everything below a process, deepest first.
end_children() {
  local child
  have pgrep || return 0
  for child in $(pgrep -P "$1"); do
    end_children "$child"
    kill -TERM "$child" 2>/dev/null || true
  done
}

part_log() { local name=${1,,}; echo "$URUMI_LOG/up-${name//[^a-z0-9]/-}.log"; }

# part NAME COMMAND...: one piece of a lane.
part() {
  local name=$1 start=$EPOCHREALTIME rc=0 log
  shift
  log=$(part_log "$name")
  : >"$DOING/$name"
  # In the background, because bash switches `set -e` off left of a `||`.
  ( set -euo pipefail; "$@" ) >"$log" 2>&1 </dev/null &
  wait $! || rc=$?
  rm -f "$DOING/$name"
  if [[ $rc -ne 0 ]]; then
    {
      printf 'FAILED %s after %s s (exit %d); the end of %s:\n' "$name" "$(seconds_since "$start")" "$rc" "$log"
      tail -n 15 "$log" | sed 's/^/    | /'
    } >&2
    return "$rc"
  fi
  printf '    %s: %s s\n' "$name" "$(seconds_since "$start")"
}

# lane FUNCTION: runs beside the others; its parts run one after another.
lane() {
  if [[ ${#LANES[@]} -eq 0 ]]; then rm -rf "$DOING" && mkdir -p "$DOING"; fi
  ( set -euo pipefail; "$@" ) &
  LANES+=($!)
}

last_line() { tail -n 1 "$1" 2>/dev/null | tr -s '[:space:]' ' ' | cut -c1-60; }

still_doing() {
  local idle waited=20 name
  exec {idle}<> <(:)
  until read -rt 20 -u "$idle"; do
    find "$DOING" -type f -printf '%f\n' 2>/dev/null | while read -r name; do
      printf '    … %d s, %s: %s\n' "$waited" "$name" "$(last_line "$(part_log "$name")")"
    done
    waited=$((waited + 20))
  done
}

# join_lanes: until all are done, or one failed.
join_lanes() {
  local ticker rc=0 pid ended
  still_doing &
  ticker=$!
  while [[ ${#LANES[@]} -gt 0 && $rc -eq 0 ]]; do
    wait -n -p ended "${LANES[@]}" || rc=$?
    mapfile -t LANES < <(printf '%s\n' "${LANES[@]}" | grep -vx "$ended")
  done
  # Without a name `wait` would wait for the ticker too, which never ends.
  if ((rc != 0 && ${#LANES[@]} > 0)); then
    for pid in "${LANES[@]}"; do end_children "$pid"; kill -TERM "$pid" 2>/dev/null || true; done
    wait "${LANES[@]}" 2>/dev/null || true
  fi
  { kill -KILL "$ticker" && wait "$ticker"; } 2>/dev/null || true # TERM may be ignored
  rm -rf "$DOING"
  LANES=()
  return "$rc"
}
