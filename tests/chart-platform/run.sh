#!/usr/bin/env bash
# Tests of charts/platform over what helm renders: lint, refusals, snapshots,
# invariants, who reaches whom, the README's table. Starts no cluster.
# UPDATE=1 writes the snapshots and the table anew.

# shellcheck source=deploy/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib/common.sh"
PATH=$URUMI_BIN:$PATH
have helm || die "helm is missing" "put helm 4 on PATH, or run deploy/embedded/build.sh client-tools, which brings it to .urumi/bin"
have python3 || die "python3 is missing" "install it: apt-get install python3"
exec python3 -B "$URUMI_ROOT/tests/chart-platform/suite.py"
