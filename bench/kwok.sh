#!/usr/bin/env bash
# Simulated nodes anew, by other stages: kwok.sh FILE. Of the bench's own instance.
[[ ${URUMI_INSTANCE:-} == test-* ]] || exit 2
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib/common.sh"
source "$URUMI_ROOT/deploy/lib/daemon.sh"
stop_daemon kwok 5
URUMI_KWOK_STAGES=$1 "$URUMI_ROOT/deploy/embedded/up.sh" --kwok 4
