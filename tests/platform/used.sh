#!/usr/bin/env bash
# Whether the worker used what it may, and may what it used, over all stages of a
# test run that noted it (used.py).
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib/common.sh"
export PATH=$URUMI_BIN:$PATH
exec python3 -B "$URUMI_ROOT/tests/platform/used.py" compare
