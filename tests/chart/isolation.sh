#!/usr/bin/env bash
# Two stores on the embedded cluster of this instance, which must run, and what a
# pod of the one reaches, with its network policies made into packet filters of
# the node for the time of the test. See isolation.py.
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/embedded/parts/settings.sh"
source "$EMBEDDED/parts/node.sh"

NODE_PID=$(node_init) || die "the node of instance $URUMI_INSTANCE does not run" "make up"
export NODE_PID KUBECONFIG=$URUMI_STATE/kubeconfig PATH=$URUMI_BIN:$PATH
API_ADDRESS=$(link_net).1 API_PORT=$(port api) APISERVER_PORT=$(port apiserver) \
  exec python3 -B "$URUMI_ROOT/tests/chart/isolation.py"
