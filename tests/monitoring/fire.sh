#!/usr/bin/env bash
# Each alert rung once, in a real Prometheus, by a fault (fire.py): PostgreSQL, RabbitMQ,
# a control plane without a node, api and worker as the tests build them.
#
#   fire.sh [WORD...]        only faults whose name contains one of the words
#   TEST_PROGRAMS=<folder>   programs that are built already
case ${URUMI_INSTANCE:-} in test-*) ;; *) URUMI_INSTANCE=test-alerts ;; esac
export URUMI_INSTANCE URUMI_ETCD_UNSAFE=1
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib/common.sh"
source "$URUMI_ROOT/deploy/local/lib/cargo.sh"
cd "$URUMI_ROOT"
services=$URUMI_ROOT/tests/lib/services.sh

finish() {
  local rc=$?
  trap '' INT TERM
  "$services" stop >"$URUMI_ROOT/.urumi/alerts-stop.log" 2>&1 || tail -n 5 "$URUMI_ROOT/.urumi/alerts-stop.log"
  exit "$rc"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if ! have prometheus; then deploy/local/packages.sh prometheus; fi
"$services" start >"$URUMI_LOG/services.log" 2>&1 &
starting=$!
if [[ -z ${TEST_PROGRAMS:-} ]]; then
  with_target cargo build --locked --bin urumi-api --bin urumi-worker
  TEST_PROGRAMS=$CARGO_TARGET_DIR/debug
fi
wait "$starting" || die 'the servers of the tests did not start' "$(tail -n 5 "$URUMI_LOG/services.log")"
TEST_PROGRAMS=$TEST_PROGRAMS "$services" run python3 -B tests/monitoring/fire.py "$@"
