# shellcheck shell=bash
# Rust builds in the target folder that all clones of one user share.
# Sourced after ../../lib/common.sh.

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$URUMI_CACHE/target}

# with_target COMMAND...: for one clone at a time. Cargo takes a workspace's crate
# for fresh by its path *within* the workspace and by file times, so another
# clone's newer build would pass for ours: after a change of clone our own crates
# are built again, the dependencies are not. Builds of one clone share the lock.
with_target() {
  local lock rc=0
  mkdir -p "$CARGO_TARGET_DIR"
  exec {lock}>>"$CARGO_TARGET_DIR/clone.lock"
  flock --shared "$lock"
  until [[ $(cat "$CARGO_TARGET_DIR/clone" 2>/dev/null) == "$URUMI_ROOT" ]]; do
    flock --unlock "$lock"
    flock "$lock"
    forget_other_clone
    flock --shared "$lock"
  done
  "$@" {lock}>&- || rc=$?
  exec {lock}>&-
  return "$rc"
}
forget_other_clone() {
  local crates
  if [[ $(cat "$CARGO_TARGET_DIR/clone" 2>/dev/null) == "$URUMI_ROOT" ]]; then return; fi
  for crates in "$CARGO_TARGET_DIR"/*/.fingerprint; do
    if [[ -d $crates ]]; then rm -rf "$crates"/urumi-* "$crates"/system-tests-*; fi
  done
  echo "$URUMI_ROOT" >"$CARGO_TARGET_DIR/clone"
}
