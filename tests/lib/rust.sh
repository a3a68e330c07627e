#!/usr/bin/env bash
# Unit and integration tests of the workspace against real servers. The tests
# are built while the servers start.
#
#   rust.sh [--build-only]
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib/common.sh"
source "$URUMI_ROOT/deploy/local/lib/cargo.sh"
cd "$URUMI_ROOT"

services=$URUMI_ROOT/tests/lib/services.sh
# A busy machine keeps its promises with one test a core.
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-$(nproc)}
suite=(test --locked --workspace --features urumi-worker/long-tests)
build() { cargo "${suite[@]}" --no-run; }

if [[ ${1:-} == --build-only ]]; then
  with_target build
  exit
fi
trap '"$services" stop >"$URUMI_LOG/services-stop.log" 2>&1 || tail -n 5 "$URUMI_LOG/services-stop.log"' EXIT
# The message of a failed test is to be the end of the log, not its stack.
export RUST_BACKTRACE=0
trap 'exit 130' INT
trap 'exit 143' TERM
"$services" start &
starting=$!
with_target build
wait "$starting"
with_target "$services" run cargo "${suite[@]}" --no-fail-fast
python3 -B tests/platform/used.py note rust "$URUMI_LOG/audit*.log"
