#!/usr/bin/env bash
# A page of a shop on the embedded cluster of this instance, which must run, against
# the same WordPress and database outside Kubernetes. As root. See pace.py.
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/embedded/parts/settings.sh"
source "$EMBEDDED/parts/node.sh"

NODE_PID=$(node_init) || die "the node of instance $URUMI_INSTANCE does not run" "make up"
export NODE_PID KUBECONFIG=$URUMI_STATE/kubeconfig PATH=$URUMI_BIN:$PATH
exec python3 -Bu "$URUMI_ROOT/tests/chart/pace.py"
