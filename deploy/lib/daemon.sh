# shellcheck shell=bash
# Long-running processes of an instance: started detached, found again and
# stopped by their own id. A pid file holds "pid start-time", so that a reused
# pid is never mistaken for ours and nobody else's process is ever touched.

# pid_start PID: the kernel's start time of a process (field 22 of its stat).
pid_start() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) }
  # shellcheck disable=SC2086
  set -- $stat
  [[ $1 != Z ]] || return 1
  echo "${20}"
}

daemon_pid() {
  local pid start
  read -r pid start 2>/dev/null <"$URUMI_RUN/$1.pid" || return 1
  [[ $(pid_start "$pid") == "$start" ]] || return 1
  echo "$pid"
}

daemon_alive() { daemon_pid "$1" >/dev/null; }

# start_daemon NAME COMMAND...: start it unless it runs; log to $URUMI_LOG/NAME.log.
start_daemon() {
  local name=$1
  shift
  if daemon_alive "$name"; then return 0; fi
  # shellcheck disable=SC2016 # expanded by the new process, about itself
  setsid --fork bash -c '
    pid=$BASHPID; stat=$(cat "/proc/$pid/stat"); stat=${stat##*) }
    fields=($stat)
    echo "$pid ${fields[19]}" >"$1.tmp" && mv "$1.tmp" "$1"
    shift; exec "$@"' _ "$URUMI_RUN/$name.pid" "$@" </dev/null >>"$URUMI_LOG/$name.log" 2>&1
  wait_for 5 test -s "$URUMI_RUN/$name.pid"
  sleep 0.2 # long enough for a wrong flag or a missing file to show
  if daemon_alive "$name"; then return 0; fi
  die "$name ended at once" "last lines of $URUMI_LOG/$name.log:" "$(tail -n 5 "$URUMI_LOG/$name.log" 2>/dev/null)"
}

# stop_daemon NAME [SECONDS]: TERM, then KILL after the time given (10 s).
stop_daemon() {
  local name=$1 patience=${2:-10} pid
  if pid=$(daemon_pid "$name"); then
    kill -TERM "$pid" 2>/dev/null || true
    if ! wait_for "$patience" daemon_gone "$name"; then
      kill -KILL "$pid" 2>/dev/null || true
      wait_for 5 daemon_gone "$name" || warn "$name (pid $pid) does not end"
    fi
  fi
  rm -f "$URUMI_RUN/$name.pid"
}
daemon_gone() { ! daemon_alive "$1"; }
