# shellcheck shell=bash
# Rust builds in the target folder that all clones of one user share.
# Sourced after ../../lib/common.sh.

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$URUMI_CACHE/target}

# with_target COMMAND...: one clone at a time. Cargo takes a workspace's crate for
# fresh by its path *within* the workspace and by file times, so another clone's
# newer build would pass for ours: after a change of clone our own crates are
# built again, the dependencies are not.
with_target() {
  local lock rc=0 profile
  mkdir -p "$CARGO_TARGET_DIR"
  exec {lock}>"$CARGO_TARGET_DIR/clone.lock"
  flock "$lock"
  if [[ $(cat "$CARGO_TARGET_DIR/clone" 2>/dev/null) != "$URUMI_ROOT" ]]; then
    for profile in "$CARGO_TARGET_DIR"/*/.fingerprint; do
      if [[ -d $profile ]]; then rm -rf "$profile"/urumi-* "$profile"/system-tests-*; fi
    done
    echo "$URUMI_ROOT" >"$CARGO_TARGET_DIR/clone"
  fi
  "$@" {lock}>&- || rc=$?
  exec {lock}>&-
  return "$rc"
}
