#!/usr/bin/env bash
# The Secret of charts/platform for a trial: passwords of its PostgreSQL and RabbitMQ,
# their addresses, and the keys that sign and seal. Made once; what is there is left
# alone, because servers keep the passwords that they were made with. Nothing secret
# is an argument of a program or printed.
#
#   secret.sh NAMESPACE RELEASE [NAME]    NAME: secrets.existingSecret (urumi-secrets)
#
# Production brings the same keys by External Secrets (docs/INSTALL-CLUSTER.md).
set -euo pipefail

[[ $# -ge 2 ]] || { echo "usage: $0 NAMESPACE RELEASE [NAME]" >&2; exit 2; }
namespace=$1 release=$2 name=${3:-urumi-secrets}
for program in kubectl openssl; do
  command -v "$program" >/dev/null || { echo "error: $program is missing" >&2; exit 1; }
done

if kubectl -n "$namespace" get secret "$name" -o name >/dev/null 2>&1; then
  echo "secret/$name is there already; it is left as it is"
  exit
fi
word() { openssl rand -hex 24; }
key() { openssl rand -base64 32; }
postgres=$(word) rabbitmq=$(word)

# On standard input, so that no process list shows it.
kubectl create -f - <<YAML
apiVersion: v1
kind: Secret
metadata:
  name: $name
  namespace: $namespace
  labels: { app.kubernetes.io/part-of: urumi-store-platform, app.kubernetes.io/instance: $release }
stringData:
  postgres-password: $postgres
  database-url: postgres://urumi:$postgres@$release-postgres:5432/urumi
  amqp-url: amqp://urumi:$rabbitmq@$release-rabbitmq:5672/urumi
  amqp-management-url: http://urumi:$rabbitmq@$release-rabbitmq.$namespace:15672/urumi
  rabbitmq-user.conf: |
    default_user = urumi
    default_pass = $rabbitmq
  audit-signing-key: $(key)
  webhook-secret-key: $(key)
  login-signing-key: $(key)
YAML
