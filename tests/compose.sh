#!/usr/bin/env bash
# docker-compose.yml, as compose itself reads it, for every choice of profiles. Asks no
# engine and starts nothing.
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib/common.sh"
source "$URUMI_ROOT/deploy/lib/cache.sh"
source "$URUMI_ROOT/tests/lib/tools.sh"
tools=$(ready_made_tools)
exec python3 -B "$URUMI_ROOT/tests/compose/check.py" "$tools/docker-compose"
