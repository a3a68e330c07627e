#!/usr/bin/env bash
# Pages of a list of a million stores and ten million audit rows beside the same
# pages of a thousand: plans, buffers, and how long the program as `make up` builds it
# takes to answer. Takes 10 to 20 minutes and some 10 GB of disk, which it gives back.
#
#   list.sh [STORES]
#   TEST_LIST_PROGRAM=PATH   another program to ask
#   TEST_LIST_AUDIT=1        as many audit rows as stores; quicker
#   TEST_LIST_ROUNDS=40      how often each page is asked for (100)
case ${URUMI_INSTANCE:-} in test-*) ;; *) URUMI_INSTANCE=test-million ;; esac
export URUMI_INSTANCE
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib/common.sh"
source "$URUMI_ROOT/deploy/local/lib/cargo.sh"
cd "$URUMI_ROOT"

services=$URUMI_ROOT/tests/lib/services.sh
suite=(test --locked --workspace --features urumi-worker/long-tests --test it)
export URUMI_WITHOUT_CLUSTER=1 RUST_BACKTRACE=0 TEST_LIST_STORES=${1:-1000000}
trap '"$services" stop >"$URUMI_LOG/services-stop.log" 2>&1 || tail -n 5 "$URUMI_LOG/services-stop.log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
"$services" start &
starting=$!
with_target cargo "${suite[@]}" --no-run
if [[ -z ${TEST_LIST_PROGRAM:-} ]]; then
  with_target cargo build --locked --profile local --bin urumi-api --bin urumi-worker
  install "$CARGO_TARGET_DIR/local/urumi-api" "$URUMI_STATE/urumi-api"
  export TEST_LIST_PROGRAM=$URUMI_STATE/urumi-api
fi
wait "$starting"
with_target "$services" run cargo "${suite[@]}" -- --nocapture long_list::
