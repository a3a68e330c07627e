# shellcheck shell=bash
# One start or stop of an instance at a time. Descriptor 9 is the lock; every
# daemon is started without it (run_part), so that it ends with the script.

lock_instance() {
  exec 9>"$URUMI_STATE/cluster.lock"
  if ! flock --wait 120 9; then
    die "another start or stop of instance $URUMI_INSTANCE is under way since two minutes" "see: fuser -v $URUMI_STATE/cluster.lock"
  fi
}
