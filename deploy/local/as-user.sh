#!/usr/bin/env bash
# Runs a server as an unprivileged user on a folder of this instance.
# PostgreSQL and RabbitMQ do not run as root, and the clone may lie below a home
# that only root may enter. So the folder gets a second, short path which only
# this process and its children see: a bind mount in a mount namespace of their
# own, gone with the last of them. No capability is left to the server.
# Whoever is not root runs it as himself, on the folder itself.
#
#   as-user.sh USER FOLDER VIEW COMMAND...   ends in exec: the pid stays
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"

user=$1 folder=$2 view=$3
shift 3
if [[ $EUID -ne 0 ]]; then exec "$@"; fi
mkdir -p "$view"
chmod 0755 "$(dirname "$view")"
# shellcheck disable=SC2016 # expanded inside the namespace
exec unshare --mount --propagation private -- bash -c '
  set -eu
  folder=$1 view=$2 user=$3; shift 3
  mount --bind "$folder" "$view"
  cd /
  exec setpriv --reuid "$user" --regid "$user" --init-groups \
    --inh-caps=-all --bounding-set=-all --no-new-privs -- "$@"
' _ "$folder" "$view" "$user" "$@"
