#!/usr/bin/env bash
# `make test-long-compat`: an upgrade in the middle. The release before beside this
# one, through the sweep that ends a process at every named point once: its workers
# with the new api; its api, on the tables of the new one, with the new workers; and
# workers of both that take turns, so that one ends what the other began.
#
#   compat.sh [api|workers|second-workers]...   those alone
#   URUMI_RELEASE_BEFORE=COMMIT                 another one than the newest
# Built once for each release, and kept in the cache.
case ${URUMI_INSTANCE:-} in test-*) ;; *) URUMI_INSTANCE=test-compat ;; esac
export URUMI_INSTANCE
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib/common.sh"
source "$URUMI_ROOT/deploy/local/lib/cargo.sh"
source "$URUMI_ROOT/deploy/lib/cache.sh"
cd "$URUMI_ROOT"

# The newest tag that is not this commit's own; in a clone without tags, where the
# newest archive of the store's chart was added (docs/CONTRIBUTING.md: Releases).
release_before() {
  git describe --tags --abbrev=0 --match 'v[0-9]*' HEAD^ 2>/dev/null ||
    git log -1 --diff-filter=A --format=%H HEAD^ -- 'charts/store-*.tgz'
}

# Like this clone's tests, so that dependencies are built once for both.
# shellcheck disable=SC2317 # called by name
build_before() {
  cd "$1/tree" &&
    cargo build --locked --workspace --bins --test journey \
      --features urumi-api/faults,urumi-worker/faults,system-tests/faults,system-tests/journeys &&
    mkdir "$1/programs" &&
    install "$CARGO_TARGET_DIR"/debug/urumi-{api,worker} "$1/programs/"
}
# shellcheck disable=SC2317
make_before() {
  mkdir -p "$2/tree"
  git archive "$1" | tar -x -C "$2/tree"
  URUMI_ROOT=$2/tree with_target build_before "$2" || die 'the release before does not build'
}

before=${URUMI_RELEASE_BEFORE:-$(release_before)}
commit=$(git rev-parse --verify --quiet "$before^{commit}") ||
  die "there is no release before this one" "fetch the tags: git fetch --tags"
say "the release before: $(git log -1 --format='%h, %cs, %s' "$commit")"
folder=$(cached release "${commit:0:16}" make_before "$commit")
export TEST_BEFORE_PROGRAMS=$folder/programs TEST_BEFORE_ROOT=$folder/tree

failed=0
if (($# == 0)); then set -- workers api second-workers; fi
for part in "$@"; do
  case $part in api | workers | second-workers) ;; *) die "no part '$part'" 'api, workers or second-workers' ;; esac
  say "==> of the release before: $part"
  TEST_BEFORE=$part tests/faults.sh compat --platforms "${PLATFORMS:-3}" || failed=1
done
exit "$failed"
