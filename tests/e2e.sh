#!/usr/bin/env bash
# `make e2e`: the full journey of one store on real pods, on a platform of its
# own (instance `test-e2e`) that is brought up first and removed afterwards.
# URUMI_KEEP=1 leaves it running, to look at. With URUMI_WOOCOMMERCE_ZIP=<the
# plugin's zip> stores are shops and an order is placed; without it, WordPress.
# Pictures of the dashboard are left in .urumi/test/pictures, or in URUMI_PICTURES.
# Only an instance of the tests is taken, and what a sourced .urumi/env exports is
# dropped: the journeys kill and remove, and must never do so to the platform
# beside them.
case ${URUMI_INSTANCE:-} in test-*) ;; *) URUMI_INSTANCE=test-e2e ;; esac
export URUMI_INSTANCE URUMI_AUDIT=1
unset KUBECONFIG URUMI_API URUMI_API_PORT URUMI_DASHBOARD URUMI_INGRESS URUMI_STORE_VALUES DATABASE_URL AMQP_URL
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib/common.sh"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$URUMI_CACHE/target}

finish() {
  local rc=$?
  trap '' INT TERM
  if [[ ${URUMI_KEEP:-} != 1 ]]; then
    FORCE=1 "$URUMI_ROOT/deploy/local/clean.sh" >"$URUMI_ROOT/.urumi/e2e-clean.log" 2>&1 || {
      tail -n 20 "$URUMI_ROOT/.urumi/e2e-clean.log" >&2
      rc=1
    }
  fi
  exit "$rc"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

"$URUMI_ROOT/deploy/local/up.sh"
# shellcheck source=/dev/null
source "$URUMI_STATE/env"
cd "$URUMI_ROOT"
# The pages' own commands, and nothing else (make test-long-pages).
if [[ ${URUMI_PAGES:-} == only ]]; then
  tests/docs.sh run
  exit
fi
source "$URUMI_ROOT/deploy/lib/cache.sh"
source "$URUMI_ROOT/deploy/local/lib/dashboard.sh"
stage 'packages of the browser test' install_node_modules
if ! have chromium; then stage 'install a browser' "$URUMI_ROOT/deploy/local/packages.sh" chromium; fi
tests/chart/isolation.sh
python3 -B tests/chart/cluster.py
URUMI_API_PROGRAM=$URUMI_STATE/programs/urumi-api URUMI_DASHBOARD_DIR=$(<"$URUMI_STATE/dashboard")
export URUMI_API_PROGRAM URUMI_DASHBOARD_DIR
if [[ -z ${URUMI_PICTURES:-} ]]; then
  URUMI_PICTURES=$URUMI_ROOT/.urumi/test/pictures
  rm -rf "$URUMI_PICTURES"
fi
export URUMI_PICTURES
stage 'journey in a browser' node --test --test-reporter=spec --test-concurrency=1 tests/browser/{journey,keyboard,pages,pictures,restart,first-load}.test.mjs
stage 'login link in a browser' node --test --test-reporter=spec tests/browser/login.test.mjs
RUST_BACKTRACE=0 cargo test --locked -p system-tests --features journeys --test journey -- --nocapture "$@"
python3 -B tests/platform/used.py note journey "$URUMI_LOG/audit*.log"
