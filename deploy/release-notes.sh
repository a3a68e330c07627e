#!/usr/bin/env bash
# The notes of a release: its section of CHANGELOG.md, without the heading.
#
#   release-notes.sh VERSION           prints them
#   release-notes.sh --check VERSION   and is it the version of the programs and charts?
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
CHANGELOG=${CHANGELOG:-$URUMI_ROOT/CHANGELOG.md}

notes() {
  awk -v version="$1" '
    /^## / { here = ($2 == version || $2 == "[" version "]"); next }
    here { print }' "$CHANGELOG" | sed -e '/./,$!d'
}
# The version that stands first under [workspace.package].
program_version() { awk '/^\[workspace.package\]/ { here = 1 } here && $1 == "version" { gsub(/"/, "", $3); print $3; exit }' "$URUMI_ROOT/Cargo.toml"; }

check() {
  local found
  found=$(program_version)
  [[ $found == "$1" ]] || die "the programs are $found, not $1" "raise the version in Cargo.toml before the tag"
  found=$(sed -n 's/^appVersion: *"\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' "$URUMI_ROOT/charts/platform/Chart.yaml")
  [[ $found == "$1" ]] || die "charts/platform installs $found, not $1" "raise its appVersion before the tag"
  [[ -n $(notes "$1") ]] || die "CHANGELOG.md has no section for $1" "write one: ## $1"
}

case $# in
  1)
    [[ -n $(notes "$1") ]] || die "CHANGELOG.md has no section for $1"
    notes "$1"
    ;;
  2)
    [[ $1 == --check ]] || die "usage: $0 [--check] VERSION"
    check "$2"
    ;;
  *) die "usage: $0 [--check] VERSION" ;;
esac
