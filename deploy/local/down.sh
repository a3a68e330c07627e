#!/usr/bin/env bash
# `make down`: stops an instance, those who ask before those who answer. Data
# stays. Each part has a time limit, and a part that fails does not keep the
# others running.
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"
source "$URUMI_ROOT/deploy/lib/daemon.sh"
source "$URUMI_ROOT/deploy/local/lib/lanes.sh"
source "$URUMI_ROOT/deploy/local/lib/cluster.sh"

# An `up` at work would start again what is stopped here.
stop_up() {
  local pid
  pid=$(daemon_pid up) || return 0
  say "    ending the make up at work (pid $pid)"
  end_children "$pid"
  stop_daemon up 30
}

failed=()
stop_part() {
  local name=$1
  shift
  stage "stop $name" "$@" || failed+=("$name")
}

stop_up
remembered_cluster
if [[ $CLUSTER == compose ]]; then
  stop_part containers "$URUMI_ROOT/deploy/local/compose.sh" down
  [[ ${#failed[@]} -eq 0 ]] || die 'the containers could not be stopped' "see 'docker compose ps'"
  exit
fi
if daemon_alive api; then stop_part api stop_daemon api 20; fi
if daemon_alive worker; then stop_part worker stop_daemon worker 30; fi
if [[ $CLUSTER != given ]]; then
  stop_part cluster timeout --kill-after=10 120 "$URUMI_ROOT/deploy/embedded/down.sh"
fi
stop_part RabbitMQ timeout --kill-after=10 60 "$URUMI_ROOT/deploy/local/rabbitmq.sh" stop
stop_part PostgreSQL timeout --kill-after=10 60 "$URUMI_ROOT/deploy/local/postgres.sh" stop
rm -f "$URUMI_RUN/api.pid" "$URUMI_RUN/worker.pid"
if [[ ${#failed[@]} -gt 0 ]]; then die "could not stop: ${failed[*]}" "see 'make status' and the logs in $URUMI_LOG"; fi
