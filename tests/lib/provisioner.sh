#!/usr/bin/env bash
# The volume provisioner's own tests. With the linker flags of its build, because
# Go compiles without debug information then, and so the build's cache serves.
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib/common.sh"
export GOCACHE=$URUMI_CACHE/go-build CGO_ENABLED=0 GOWORK=off
cd "$URUMI_ROOT/deploy/embedded/cluster"

rc=0
output=$(go test -ldflags "-s -w" -count=1 -v ./provisioner 2>&1) || rc=$?
say "$output"
passed=$(grep -c '^--- PASS' <<<"$output" || true)
failed=$(grep -c '^--- FAIL' <<<"$output" || true)
say "provisioner: $passed passed, $failed failed, 0 skipped"
exit "$rc"
