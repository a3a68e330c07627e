#!/bin/sh
# Makes the passwords of a compose platform and its mark in the cluster, once, and
# what holds them: addresses, RabbitMQ's settings.
# They live in the volume `secrets` alone: in no file of the clone, no environment.
set -eu
cd /secrets

word() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
write() { # NAME: what comes in, complete or not at all
  cat >"$1.new"
  chmod 0444 "$1.new" # each program reads it as a user of its own
  mv "$1.new" "$1"
}

[ -s postgres-password ] || word | write postgres-password
[ -s rabbitmq-password ] || word | write rabbitmq-password
postgres=$(cat postgres-password) rabbitmq=$(cat rabbitmq-password)
echo "postgres://urumi:$postgres@postgres:5432/urumi" | write database-url
echo "amqp://urumi:$rabbitmq@rabbitmq:5672/urumi" | write amqp-url
# For a worker on the machine's own network.
echo "amqp://urumi:$rabbitmq@127.0.0.1:$URUMI_AMQP_PORT/urumi" | write amqp-url-loopback
mkdir -p rabbitmq
write rabbitmq/10-platform.conf </usr/local/share/rabbitmq.conf
printf 'default_user = urumi\ndefault_pass = %s\n' "$rabbitmq" | write rabbitmq/20-user.conf
# The mark on namespaces that this installation makes in a cluster.
[ -s installation ] || write installation </proc/sys/kernel/random/uuid
