#!/usr/bin/env bash
# Stops the embedded cluster of this instance and leaves nothing of it running
# or mounted: containers first (they get 10 s), then the node and all that is in
# it, then the control plane. Data stays. Also clears up after a killed run.
source "$(dirname "${BASH_SOURCE[0]}")/parts/settings.sh"
source "$EMBEDDED/parts/all.sh"

stop_all() {
  stop_addons
  stop_kwok
  if [[ $EUID -eq 0 ]]; then stop_node; fi
  stop_control_plane
  if [[ $EUID -eq 0 ]]; then
    remove_link
    remove_cgroups
  fi
}

lock_instance
stage "stop cluster $NODE_NAME" stop_all
