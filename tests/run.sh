#!/usr/bin/env bash
# `make test`: the whole suite, on a machine where only the toolchains are there.
# Each stage prints its time and its counts; the last line is the sum. What the
# tests start runs in instances of their own, beside a `make up`, and is gone
# afterwards, however the run ends; that nothing is left is a test itself.
export URUMI_INSTANCE=test-run
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib/common.sh"
for part in turn server machine lanes; do
  # shellcheck source=/dev/null
  source "$URUMI_ROOT/deploy/local/lib/$part.sh"
done
source "$URUMI_ROOT/deploy/lib/daemon.sh"
source "$URUMI_ROOT/tests/lib/suite.sh"
cd "$URUMI_ROOT"
export CI=${CI:-} CARGO_TERM_COLOR=never NO_COLOR=1
unset KUBECONFIG URUMI_INGRESS URUMI_STORE_VALUES URUMI_API_PORT

# The instances of the stages; named by the clone, because what an instance owns
# on the machine (ports, interfaces, cgroups) goes by its name alone.
CLONE=$(printf %s "$URUMI_ROOT" | cksum | awk '{ printf "%04x", $1 % 65536 }')
RUST=test-rust-$CLONE SWEEP=test-sweep-$CLONE LOCAL=test-local-$CLONE E2E=test-e2e-$CLONE CONTRACT=test-doc-$CLONE RIGHTS=test-own-$CLONE
INSTANCES=("$RUST" "$SWEEP" "$LOCAL" "$E2E" "$CONTRACT" "$RIGHTS")

# Stages that run side by side; each is a function that ends with its own verdict.
beside() {
  local function pids=()
  for function in "$@"; do
    "$function" &
    pids+=($!)
  done
  local pid
  for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
}

lint() { suite lint 1500 tests/lint.sh; }
monitoring() { suite monitoring 120 tests/monitoring.sh; }
compose() { suite compose 300 tests/compose.sh; }
docs() { suite docs 300 tests/docs.sh; }
build_tests() {
  prepare 'build the tests' 3000 tests/lib/rust.sh --build-only &&
    prepare 'build the programs with faults' 3000 tests/faults.sh --build-only
}
rust() { suite rust 2400 env URUMI_INSTANCE="$RUST" tests/lib/rust.sh; }
contract() { suite contract 600 env URUMI_INSTANCE="$CONTRACT" tests/schemathesis/run.sh short; }
sweep() { suite sweep 900 env URUMI_INSTANCE="$SWEEP" tests/faults.sh short --platforms 2; }
platform() { prepare 'build the platform' 3000 env URUMI_INSTANCE="$E2E" deploy/local/up.sh --build-only; }
provisioner() { suite provisioner 900 tests/lib/provisioner.sh; }
platform_then_provisioner() {
  local rc=0
  platform || rc=1
  provisioner || rc=1
  return "$rc"
}
chart() {
  local rc=0
  prepare 'helm and kubectl' 900 deploy/embedded/build.sh client-tools || return 1
  suite chart 600 tests/chart/run.sh || rc=1
  suite kubeconform 900 tests/chart/kubeconform.sh || rc=1
  suite chart-platform 300 tests/chart-platform/run.sh || rc=1
  suite kubeconform-platform 900 tests/chart-platform/kubeconform.sh || rc=1
  return "$rc"
}
dashboard() { suite dashboard 600 tests/lib/dashboard.sh; }
chart_then_dashboard() {
  local rc=0
  chart || rc=1
  dashboard || rc=1
  return "$rc"
}
deploy() { suite deploy 600 env URUMI_INSTANCE="$LOCAL" tests/lib/deploy.sh; }
journey() { suite journey 1500 env URUMI_INSTANCE="$E2E" tests/e2e.sh; }
rights() { suite rights 300 env URUMI_INSTANCE="$RIGHTS" tests/platform/rights.sh; }
# Of all stages above together.
rights_used() { suite 'rights used' 60 tests/platform/used.sh; }
leftovers() { suite leftovers 60 tests/lib/leftovers.sh "${INSTANCES[@]}"; }

sweep_up() {
  local instance
  for instance in "${INSTANCES[@]}"; do
    if [[ ! -d $URUMI_ROOT/.urumi/instances/$instance ]]; then continue; fi
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
  stop_stages
  sweep_up
  leftovers || failed=1
  # Ended before any stage could fail: by a signal, or by an error of the runner.
  if ((rc != 0)) && ! any_failed; then record run 0 1 0; fi
  say "==> all stages took $(since "$START") s"
  rm -f "$URUMI_ROOT/.urumi/test.pid"
  total || failed=1
  exit "$((rc != 0 ? rc : failed))"
}

failed=0
START=$EPOCHREALTIME
take_turn "$URUMI_ROOT/.urumi/test.pid" "'make test'"
trap 'rm -f "$URUMI_ROOT/.urumi/test.pid"' EXIT
rm -rf "$LOGS"
mkdir -p "$RUNNING"
: >"$LEDGER"
check_toolchains embedded
check_room
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

sweep_up # what a run that was killed may have left
mapfile -t names < <({ base_packages; echo make shellcheck prometheus; } | tr ' ' '\n')
prepare 'Debian packages' 900 deploy/local/packages.sh "${names[@]}"
lint || failed=1
docs || failed=1
monitoring || failed=1
compose || failed=1
# Dear builds together; what measures time or waits for servers runs alone.
beside build_tests platform_then_provisioner chart_then_dashboard
rust || failed=1
contract || failed=1
sweep || failed=1
deploy || failed=1
rights || failed=1
journey || failed=1
rights_used || failed=1
