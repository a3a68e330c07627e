#!/bin/sh
# Becomes RabbitMQ, with its data and its cookie below the home folder.
set -eu
[ "$(id -u)" != 0 ] || { echo "[entrypoint] error: this image runs as uid 999; take the root user out of the pod or command" >&2; exit 1; }
export HOME="${HOME:-/var/lib/rabbitmq}"
# Its start script then makes way for the server, which gets the signals itself.
export RUNNING_UNDER_SYSTEMD=true
exec "$@"
