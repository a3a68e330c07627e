#!/usr/bin/env bash
# kubeconform over every rendering of charts/platform, strictly, against each
# Kubernetes and the kinds of others. See kinds.sh, kubeconform.py.

# shellcheck source=deploy/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib/common.sh"
PATH=$URUMI_BIN:$PATH
kinds=$("$URUMI_ROOT/tests/chart-platform/kinds.sh")
exec python3 -B "$URUMI_ROOT/tests/chart-platform/kubeconform.py" "$kinds"
