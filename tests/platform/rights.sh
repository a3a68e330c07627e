#!/usr/bin/env bash
# The worker's rights on a control plane of their own, without a node: what it needs
# works, what it must not do is refused (rights.py); and what the audit log says of
# that (used.py). Nothing is left behind.
# Only a test's own instance: what it finds there, it removes.
case ${URUMI_INSTANCE:-} in test-*) ;; *) URUMI_INSTANCE=test-rights ;; esac
export URUMI_INSTANCE URUMI_AUDIT=1 URUMI_ETCD_UNSAFE=1
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib/common.sh"
EMBEDDED=$URUMI_ROOT/deploy/embedded
HERE=$URUMI_ROOT/tests/platform
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
export PATH=$URUMI_BIN:$PATH ACCESS=$URUMI_STATE/access PKI=$URUMI_STATE/pki
APISERVER_PORT=$(port apiserver)
export APISERVER_PORT
KUBECONFIG=$URUMI_STATE/kubeconfig "$URUMI_ROOT/deploy/local/worker-rights.sh" urumi-system 0190b6c4-rights "$ACCESS"
rc=0
python3 -B "$HERE/rights.py" || rc=1
python3 -B "$HERE/used.py" note attempts "$URUMI_LOG/audit*.log" || rc=1
exit "$rc"
