#!/usr/bin/env bash
# `make test`: the whole suite, on a machine where only the toolchains are there.
# Each stage prints its time and its counts; the last line is the sum. What the
# tests start runs in instances of their own, beside a `make up`, and is gone
# afterwards, however the run ends; that nothing is left is a test itself.
export URUMI_INSTANCE=test-run
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib/common.sh"
for part in server machine lanes; do
  # shellcheck source=/dev/null
  source "$URUMI_ROOT/deploy/local/lib/$part.sh"
done
source "$URUMI_ROOT/tests/lib/suite.sh"
cd "$URUMI_ROOT"
export CI=${CI:-} CARGO_TERM_COLOR=never
unset KUBECONFIG URUMI_INGRESS URUMI_STORE_VALUES

# Every instance that a stage uses; the first is the runner's own.
INSTANCES=(test-run test-rust test-local test-e2e)

# One run at a time: its instances have fixed names.
take_turn() {
  exec {turn}>"$URUMI_ROOT/.urumi/test.lock"
  flock --nonblock "$turn" || die "another 'make test' is at work in this clone" "wait for it"
}

# Stages that run side by side; each is a function that ends with its own verdict.
beside() {
  local function pids=()
  for function in "$@"; do
    "$function" {turn}>&- &
    pids+=($!)
  done
  local pid
  for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
}

lint() { suite lint 1500 tests/lint.sh; }
rust() { suite rust 2400 tests/lib/rust.sh; }
platform() { prepare 'build the platform' 2400 deploy/local/up.sh --build-only; }
chart() { suite chart 600 tests/chart/run.sh; }
dashboard() { suite dashboard 600 tests/lib/dashboard.sh; }
deploy() { suite deploy 600 tests/lib/deploy.sh; }
journey() { URUMI_INSTANCE=test-e2e suite journey 1500 tests/e2e.sh; }
leftovers() { suite leftovers 60 tests/lib/leftovers.sh "${INSTANCES[@]}"; }

sweep_up() {
  local instance
  for instance in "${INSTANCES[@]}"; do
    if [[ $instance == test-run || ! -d $URUMI_ROOT/.urumi/instances/$instance ]]; then continue; fi
    URUMI_INSTANCE=$instance timeout --kill-after=30 180 deploy/local/clean.sh >>"$LOGS/clean.log" 2>&1 ||
      say "FAILED to clean the instance $instance; see ${LOGS#"$URUMI_ROOT/"}/clean.log"
  done
  rm -rf "$URUMI_ROOT/.urumi/instances/test-run"
  rmdir "$URUMI_ROOT/.urumi/instances" 2>/dev/null || true
}

# However the run ends: everything is stopped, looked after, and summed up.
finish() {
  local rc=$?
  trap '' INT TERM
  end_children $$
  sweep_up
  leftovers || failed=1
  if ((rc != 0 && failed == 0)); then record run 0 1 0; fi
  say "==> all stages took $(since "$START") s"
  total || failed=1
  exit "$((rc != 0 ? rc : failed))"
}

failed=0
START=$EPOCHREALTIME
rm -rf "$LOGS"
mkdir -p "$LOGS"
: >"$LEDGER"
take_turn
check_toolchains embedded
check_room
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

sweep_up # what a run that was killed may have left
mapfile -t names < <({ base_packages; echo make shellcheck; } | tr ' ' '\n')
prepare 'Debian packages' 900 deploy/local/packages.sh "${names[@]}"
lint || failed=1
beside rust deploy
