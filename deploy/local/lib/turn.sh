# shellcheck shell=bash
# One run at a time. The turn is a pid file, not a locked descriptor, which the
# servers that are started would inherit and hold for as long as they live.
# Sourced after ../../lib/daemon.sh.

# take_turn FILE WHAT: FILE goes with this process (its EXIT trap removes it).
take_turn() {
  local file=$1 what=$2 pid='' start=''
  mkdir -p "$(dirname "$file")"
  if (set -o noclobber && echo "$$ $(pid_start $$)" >"$file") 2>/dev/null; then return 0; fi
  read -r pid start <"$file" || true
  if [[ -n $pid && $(pid_start "$pid") == "$start" ]]; then
    die "another $what is at work here (pid $pid)" "wait for it, or stop it: kill $pid"
  fi
  echo "$$ $(pid_start $$)" >"$file"
}
