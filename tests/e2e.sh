#!/usr/bin/env bash
# `make e2e`: the full journey of one store on real pods, on a platform of its
# own (instance `test-e2e`) that is brought up first and removed afterwards.
# URUMI_KEEP=1 leaves it running, to look at.
export URUMI_INSTANCE=${URUMI_INSTANCE:-test-e2e}
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib/common.sh"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$URUMI_CACHE/target}
# The journeys use what `make up` makes, never a cluster of the caller.
unset KUBECONFIG

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
if ! have chromium; then stage 'install a browser' "$URUMI_ROOT/deploy/local/packages.sh" chromium; fi
stage 'journey in a browser' node --test --test-reporter=spec tests/browser/journey.test.mjs
cargo test --locked -p system-tests --features journeys --test journey -- --nocapture "$@"
