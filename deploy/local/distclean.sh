#!/usr/bin/env bash
# `make distclean`: clean for every instance of this clone, and the cached
# builds of this user with it. The next `make up` builds everything anew.
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"

for folder in "$URUMI_ROOT"/.urumi/instances/*/; do
  if [[ -d $folder ]]; then URUMI_INSTANCE=$(basename "$folder") "$URUMI_ROOT/deploy/local/clean.sh"; fi
done
URUMI_INSTANCE=local "$URUMI_ROOT/deploy/local/clean.sh"
say "removing cached builds, which every clone of this user shares: $URUMI_CACHE"
# Go marks its module folders read-only.
chmod -R u+w "$URUMI_CACHE"
rm -rf "$URUMI_CACHE" "$URUMI_ROOT/.urumi" "$URUMI_ROOT/dashboard/node_modules" "$URUMI_ROOT/dashboard/dist"
