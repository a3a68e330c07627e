#!/usr/bin/env bash
# The real servers that the Rust tests talk to, in an instance of their own:
# PostgreSQL (without fsync), RabbitMQ with its HTTP API, a control plane without
# a node, or with simulated ones.
#
#   services.sh start|stop
#   services.sh run COMMAND...    with their addresses in TEST_* variables
#   URUMI_SIMULATED_NODES=4       what pods may think they run on
#   URUMI_WITHOUT_CLUSTER=1       no control plane
# Only a test's own instance: what it finds there, it removes.
case ${URUMI_INSTANCE:-} in test-*) ;; *) URUMI_INSTANCE=test-rust ;; esac
export URUMI_INSTANCE
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib/common.sh"
export URUMI_PG_UNSAFE=1 URUMI_AMQP_MANAGEMENT=1 URUMI_AUDIT=1

LOCAL=$URUMI_ROOT/deploy/local
EMBEDDED=$URUMI_ROOT/deploy/embedded

start() {
  "$LOCAL/postgres.sh" install
  "$LOCAL/rabbitmq.sh" install
  "$LOCAL/postgres.sh" start &
  "$LOCAL/rabbitmq.sh" start &
  if [[ -x $EMBEDDED/up.sh && -z ${URUMI_WITHOUT_CLUSTER:-} ]]; then
    "$EMBEDDED/build.sh"
    if [[ -n ${URUMI_SIMULATED_NODES:-} ]]; then
      "$EMBEDDED/build.sh" kwok
      "$EMBEDDED/up.sh" --kwok "$URUMI_SIMULATED_NODES"
    else
      "$EMBEDDED/up.sh" --control-plane-only
    fi
  fi
  wait -n
  wait -n
  if [[ -z ${URUMI_WITHOUT_CLUSTER:-} ]]; then
    PATH=$URUMI_BIN:$PATH python3 -B "$URUMI_ROOT/tests/platform/used.py" rights >"$URUMI_STATE/rights.json"
  fi
}

stop() {
  if [[ -x $EMBEDDED/clean.sh ]]; then "$EMBEDDED/clean.sh" || warn 'the control plane of the tests was not cleaned'; fi
  "$LOCAL/clean.sh"
}

run() {
  TEST_DATABASE_URL=$("$LOCAL/postgres.sh" url)
  TEST_AMQP_URL=$("$LOCAL/rabbitmq.sh" url)
  TEST_AMQP_MANAGEMENT_URL=$("$LOCAL/rabbitmq.sh" management-url)
  TEST_RIGHTS=$URUMI_STATE/rights.json
  export TEST_RIGHTS
  export TEST_DATABASE_URL TEST_AMQP_URL TEST_AMQP_MANAGEMENT_URL TEST_KUBECONFIG=$URUMI_STATE/kubeconfig TEST_HELM=$URUMI_BIN/helm
  # For programs that a test starts: which servers these are, a folder, and the
  # first of sixteen ports that no part of the instance has.
  export TEST_INSTANCE=$URUMI_INSTANCE TEST_STATE=$URUMI_STATE TEST_PORTS=$((20000 + URUMI_INDEX * 40 + 24))
  # Of the shell library's own variables the programs under test see none.
  export -n URUMI_INSTANCE URUMI_STATE URUMI_LOG URUMI_RUN URUMI_BIN URUMI_CACHE URUMI_INDEX URUMI_PG_UNSAFE URUMI_AMQP_MANAGEMENT URUMI_AUDIT
  exec "$@"
}

case ${1:-} in
  start) start ;;
  stop) stop ;;
  run)
    shift
    run "$@"
    ;;
  *) die "usage: $0 start|stop|run COMMAND..." ;;
esac
