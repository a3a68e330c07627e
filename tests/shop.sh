#!/usr/bin/env bash
# The long tests of the store chart on real pods, on a platform of their own that is
# brought up first and removed afterwards: shop.sh production|posted|life|pace|sources|isolation...
#   production  values-prod by Ingress and by HTTPRoute, upgrades under requests
#   posted      values-prod by the platform itself: POST, Ready by TLS, an order
#   life        the same of the platform's own deeds: upgrade, rollback, rest
#   pace        a page on the node against the same outside Kubernetes
#   sources     WooCommerce from a zip in the image and by download
#   isolation   what a store's pods reach (part of make e2e, too)
# URUMI_KEEP=1 leaves it running. With URUMI_WOOCOMMERCE_ZIP=<the plugin's zip> the
# stores are shops; without it, plain WordPress.
case ${URUMI_INSTANCE:-} in test-*) ;; *) URUMI_INSTANCE=test-shop ;; esac
export URUMI_INSTANCE
unset KUBECONFIG URUMI_API URUMI_API_PORT URUMI_DASHBOARD URUMI_INGRESS URUMI_STORE_VALUES DATABASE_URL AMQP_URL
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib/common.sh"

# shellcheck disable=SC2317 # the trap calls it
finish() {
  local rc=$?
  trap '' INT TERM
  if [[ ${URUMI_KEEP:-} != 1 ]]; then
    FORCE=1 "$URUMI_ROOT/deploy/local/clean.sh" >"$URUMI_ROOT/.urumi/shop-clean.log" 2>&1 || {
      tail -n 20 "$URUMI_ROOT/.urumi/shop-clean.log" >&2
      rc=1
    }
  fi
  exit "$rc"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

[[ $# -gt 0 ]] || die "which part?" "shop.sh production|posted|life|pace|sources|isolation..."
for part in "$@"; do
  case $part in production | posted | life | pace | sources | isolation) ;; *) die "no part $part" "shop.sh production|posted|life|pace|sources|isolation..." ;; esac
done
"$URUMI_ROOT/deploy/local/up.sh"
failed=0
for part in "$@"; do "$URUMI_ROOT/tests/chart/$part.sh" || failed=1; done
exit "$failed"
