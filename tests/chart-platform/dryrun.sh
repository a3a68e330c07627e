#!/usr/bin/env bash
# Every option of charts/platform asked of a real apiserver with the kinds of others
# loaded: a control plane of its own, without a node. Nothing is left behind.
# Only a test's own instance: what it finds there, it removes.
case ${URUMI_INSTANCE:-} in test-*) ;; *) URUMI_INSTANCE=test-dryrun ;; esac
export URUMI_INSTANCE URUMI_ETCD_UNSAFE=1
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib/common.sh"
EMBEDDED=$URUMI_ROOT/deploy/embedded
unset KUBECONFIG

# shellcheck disable=SC2317 # the trap calls it
finish() {
  local rc=$?
  trap '' INT TERM
  if [[ ${URUMI_KEEP:-} != 1 ]]; then "$EMBEDDED/clean.sh" >/dev/null || rc=1; rm -rf "$URUMI_STATE"; fi
  exit "$rc"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

"$EMBEDDED/clean.sh" >/dev/null # what a run that was killed may have left
"$EMBEDDED/build.sh"
"$EMBEDDED/up.sh" --control-plane-only
export PATH=$URUMI_BIN:$PATH KUBECONFIG=$URUMI_STATE/kubeconfig
kinds=$("$URUMI_ROOT/tests/chart-platform/kinds.sh")
python3 -B "$URUMI_ROOT/tests/chart-platform/dryrun.py" "$kinds"
