#!/usr/bin/env bash
# The dashboard's own tests and type check; its packages are installed once per
# lock file.
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib/common.sh"
source "$URUMI_ROOT/deploy/lib/cache.sh"
source "$URUMI_ROOT/deploy/local/lib/dashboard.sh"
install_node_modules
cd "$URUMI_ROOT/dashboard"
npm test
