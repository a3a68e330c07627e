#!/usr/bin/env bash
# The platform broken on purpose, on real servers with simulated nodes, in an
# instance of its own that is removed afterwards. Its programs are built with
# named points at which they can be ended (shared/src/fault.rs); no such build is
# ever shipped.
#
#   faults.sh --build-only
#   faults.sh short|sweep|… [OPTION...]   urumi-faults --help tells them
#   URUMI_KEEP=1                          leaves the servers running
case ${URUMI_INSTANCE:-} in test-*) ;; *) URUMI_INSTANCE=test-faults ;; esac
export URUMI_INSTANCE URUMI_SIMULATED_NODES=4 URUMI_ETCD_UNSAFE=1
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib/common.sh"
source "$URUMI_ROOT/deploy/local/lib/cargo.sh"
cd "$URUMI_ROOT"

export URUMI_KWOK_STAGES=$URUMI_STATE/kwok-stages.yaml
services=$URUMI_ROOT/tests/lib/services.sh
PROGRAMS=$URUMI_STATE/faults/programs
what=${1:-}
FEATURES=urumi-api/faults,urumi-worker/faults,system-tests/faults,system-tests/journeys

# Like the tests, so that everything but our own crates is built once for both.
build() { cargo test --locked --workspace --no-run --features "$FEATURES"; }

# Another build of the same crates may take their place in the target folder.
build_and_keep() {
  build
  mkdir -p "$PROGRAMS"
  local program
  for program in urumi-api urumi-worker urumi-faults; do
    install "$CARGO_TARGET_DIR/debug/$program" "$PROGRAMS/$program"
  done
  if [[ $what != idle ]]; then return; fi
  # What idle programs take is measured on such as `make up` runs.
  cargo build --locked --profile local --bin urumi-api --bin urumi-worker
  install "$CARGO_TARGET_DIR"/local/urumi-{api,worker} "$PROGRAMS/"
}

finish() {
  local rc=$?
  trap '' INT TERM
  # The test leads a process group of its own; what it started is in it.
  if [[ -n ${group:-} ]]; then kill -KILL -- "-$group" 2>/dev/null || true; fi
  if [[ ${URUMI_KEEP:-} != 1 ]]; then
    "$services" stop >"$URUMI_ROOT/.urumi/faults-stop.log" 2>&1 || tail -n 5 "$URUMI_ROOT/.urumi/faults-stop.log"
  fi
  exit "$rc"
}

if [[ $what == --build-only ]]; then
  with_target build
  exit
fi
# Pods that take their time, so that there is something to wait for.
slow_stages() {
  sed 's/durationMilliseconds: 800/durationMilliseconds: 2500/' deploy/embedded/settings/kwok-stages.yaml >"$URUMI_KWOK_STAGES"
}

trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
slow_stages
"$services" start >"$URUMI_LOG/services.log" 2>&1 &
starting=$!
with_target build_and_keep
wait "$starting" || die 'the servers of the tests did not start' "$(tail -n 5 "$URUMI_LOG/services.log")"

set -m
TEST_PROGRAMS=$PROGRAMS "$services" run "$PROGRAMS/urumi-faults" "$@" &
group=$!
set +m
wait "$group"
case $what in
  short | long) python3 -B tests/platform/used.py note sweep "$URUMI_LOG/audit*.log" ;;
esac
