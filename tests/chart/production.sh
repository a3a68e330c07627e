#!/usr/bin/env bash
# values-prod on the embedded cluster of this instance, which must run: two web
# pods on shared storage, TLS, the autoscaler; by Ingress and by HTTPRoute; two
# upgrades and a rollback under constant requests. See production.py.
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/embedded/parts/settings.sh"
source "$EMBEDDED/parts/node.sh"

[[ -s $URUMI_STATE/traefik.yaml ]] || die "instance $URUMI_INSTANCE has no embedded cluster" "make up"
"$EMBEDDED/gateway.sh"

# The web image under a second name: what an upgrade of the image looks like.
image=urumi.local/wordpress
if [[ -s $URUMI_STATE/values-woocommerce.yaml ]]; then image=urumi.local/wordpress-woocommerce; fi
tag=$(sed -n 's/^IMAGE_NAME=.*wordpress:\([0-9.]*\)$/\1/p' "$URUMI_ROOT/deploy/images/wordpress/recipe.sh")
node_init >/dev/null || die "the node of instance $URUMI_INSTANCE does not run" "make up"
in_node ctr -n k8s.io images tag --force "$image:$tag" "$image:$tag-next" >/dev/null

export KUBECONFIG=$URUMI_STATE/kubeconfig PATH=$URUMI_BIN:$PATH
TLS_PORT=$(port ingress-tls) NEXT_TAG=$tag-next WOOCOMMERCE_VALUES=$URUMI_STATE/values-woocommerce.yaml \
  exec python3 -Bu "$URUMI_ROOT/tests/chart/production.py" "$@"
