# shellcheck shell=bash
# Everything that starts and stops the cluster, for up.sh and down.sh.
source "$EMBEDDED/parts/pki.sh"
source "$EMBEDDED/parts/network.sh"
source "$EMBEDDED/parts/control-plane.sh"
source "$EMBEDDED/parts/node.sh"
source "$EMBEDDED/parts/addons.sh"
source "$EMBEDDED/parts/kwok.sh"
source "$EMBEDDED/parts/instance-lock.sh"
