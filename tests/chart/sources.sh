#!/usr/bin/env bash
# WooCommerce from a zip in the image and by download, on the embedded cluster of this
# instance, which must run. See sources.py.
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/embedded/parts/settings.sh"

[[ -s $URUMI_STATE/kubeconfig ]] || die "instance $URUMI_INSTANCE has no embedded cluster" "make up"
export KUBECONFIG=$URUMI_STATE/kubeconfig PATH=$URUMI_BIN:$PATH
LINK_ADDRESS=$(link_net).1 exec python3 -Bu "$URUMI_ROOT/tests/chart/sources.py"
