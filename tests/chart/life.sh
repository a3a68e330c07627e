#!/usr/bin/env bash
# One shop's life on the platform of this instance, whose workers are given values
# for it: two web pods on shared storage, and the autoscaler. See life.py.
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/embedded/parts/settings.sh"
source "$EMBEDDED/parts/node.sh"

case $URUMI_INSTANCE in test-*) ;; *) die "life.sh changes what its instance gives to stores" "take one of the tests: URUMI_INSTANCE=test-life $0" ;; esac
cat >"$URUMI_STATE/values-two.yaml" <<'YAML'
wordpress:
  drainSeconds: 5
  autoscaling: { enabled: true, minReplicas: 2, maxReplicas: 4 }
  content: { accessMode: ReadWriteMany, storageClass: local-path-shared }
YAML
URUMI_STORE_VALUES=$URUMI_STATE/values-two.yaml "$URUMI_ROOT/deploy/local/up.sh"
# shellcheck source=/dev/null
source "$URUMI_STATE/env"

# The web image under a second name: what an upgrade of the image looks like.
image=urumi.local/wordpress
if [[ -s $URUMI_STATE/values-woocommerce.yaml ]]; then image=urumi.local/wordpress-woocommerce; fi
tag=$(sed -n 's/^IMAGE_NAME=.*wordpress:\([0-9.]*\)$/\1/p' "$URUMI_ROOT/deploy/images/wordpress/recipe.sh")
node_init >/dev/null || die "the node of instance $URUMI_INSTANCE does not run" "make up"
in_node ctr -n k8s.io images tag --force "$image:$tag" "$image:$tag-next" >/dev/null
oldest=$(cd "$URUMI_ROOT/charts" && printf '%s\n' store-*.tgz | sort -V | head -n 1)
oldest=${oldest#store-}

NEXT_TAG=$tag-next OLDEST_CHART=${oldest%.tgz} PATH=$URUMI_BIN:$PATH python3 -Bu "$URUMI_ROOT/tests/chart/life.py"
