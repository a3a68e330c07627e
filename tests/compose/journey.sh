#!/usr/bin/env bash
# `docker compose up` with the profile bring-your-own-cluster, for real: Debian's own
# Docker engine, images built here and named as the registries name them, the embedded
# cluster as the cluster that one brings. All of it in an instance of its own.
# URUMI_KEEP=1 leaves it running.
case ${URUMI_INSTANCE:-} in test-*) ;; *) URUMI_INSTANCE=test-compose ;; esac
export URUMI_INSTANCE
unset KUBECONFIG URUMI_API URUMI_API_PORT URUMI_DASHBOARD URUMI_INGRESS URUMI_STORE_VALUES DATABASE_URL AMQP_URL
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib/common.sh"
for part in lib/daemon lib/cache local/lib/server; do
  # shellcheck source=/dev/null
  source "$URUMI_ROOT/deploy/$part.sh"
done
source "$URUMI_ROOT/tests/lib/tools.sh"
source "$URUMI_ROOT/tests/lib/engine.sh"
cd "$URUMI_ROOT"
export PATH=$URUMI_BIN:$PATH
EMBEDDED=$URUMI_ROOT/deploy/embedded IMAGES=$URUMI_ROOT/deploy/images
VERSION=$(sed -n 's/^URUMI_VERSION=//p' .env)

# Nothing of the machine's own settings of Docker is read or written.
export DOCKER_CONFIG=$URUMI_STATE/docker-config
compose() { "$tools/docker-compose" "$@"; }

# shellcheck disable=SC2317 # the trap calls it
finish() {
  local rc=$?
  trap '' INT TERM
  if ((rc != 0)) && daemon_alive dockerd; then compose logs --no-color --tail 15 || true; fi
  if [[ ${URUMI_KEEP:-} != 1 ]]; then
    if daemon_alive dockerd; then compose down --volumes --timeout 20 >/dev/null 2>&1 || true; fi
    stop_engine
    FORCE=1 "$URUMI_ROOT/deploy/local/clean.sh" >"$URUMI_ROOT/.urumi/compose-clean.log" 2>&1 || {
      tail -n 20 "$URUMI_ROOT/.urumi/compose-clean.log" >&2
      rc=1
    }
  fi
  exit "$rc"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cluster() {
  "$EMBEDDED/build.sh"
  "$EMBEDDED/up.sh"
  local archive
  for archive in $("$IMAGES/build.sh" all); do "$EMBEDDED/load-image.sh" "$archive"; done
}
images() {
  local name registry
  registry=$(sed -n 's/^URUMI_REGISTRY=//p' .env)
  for name in api worker dashboard; do load_as "$("$IMAGES/build.sh" "$name" | tail -n 1)" "$registry/$name:$VERSION"; done
  load_as "$("$IMAGES/build.sh" postgres | tail -n 1)" postgres:18
  load_as "$("$IMAGES/build.sh" rabbitmq | tail -n 1)" rabbitmq:4.3
  docker image ls
}

tools=$(ready_made_tools)
# So that `docker compose` is a command.
mkdir -p "$DOCKER_CONFIG/cli-plugins"
ln -sf "$tools/docker-compose" "$DOCKER_CONFIG/cli-plugins/docker-compose"
stage 'cluster' cluster
stage "Docker's engine" start_engine
stage 'images' images
KUBECONFIG=$URUMI_STATE/kubeconfig
INGRESS=127.0.0.1:$(<"$URUMI_STATE/ingress-port")
export KUBECONFIG COMPOSE_PROJECT_NAME=urumi-$URUMI_INSTANCE COMPOSE_PROFILES=bring-your-own-cluster
export URUMI_INGRESS=$INGRESS URUMI_STORE_URL="http://{host}:${INGRESS##*:}" URUMI_STORE_VALUES=$URUMI_ROOT/deploy/local/values-embedded.yaml
URUMI_API_PORT=$(port api) URUMI_AMQP_PORT=$(port amqp) URUMI_POSTGRES_PORT=$(port postgres) URUMI_WORKER_PORT=$(port worker-probes)
export URUMI_API_PORT URUMI_AMQP_PORT URUMI_POSTGRES_PORT URUMI_WORKER_PORT
stage 'docker compose up' compose up --no-build --pull never --detach --wait --wait-timeout 300
compose ps
failed=0
python3 -B tests/compose/journey.py "http://127.0.0.1:$URUMI_API_PORT" "$INGRESS" "$tools/docker-compose" || failed=1
compose logs --no-color --tail 15 >"$URUMI_LOG/compose-journey.log"
if ((failed != 0)); then cat "$URUMI_LOG/compose-journey.log"; fi
compose down --volumes --timeout 20

# The other road: everything in containers, as `make up` starts it.
export COMPOSE_PROJECT_NAME=urumi-$URUMI_INSTANCE-up COMPOSE_PROFILES=k3s K3S_IMAGE=urumi.local/k3s:standin
export URUMI_INGRESS_PORT URUMI_KUBERNETES_PORT
URUMI_INGRESS_PORT=$(port spare) URUMI_KUBERNETES_PORT=$(port api-metrics)
tests/compose/standin.sh || failed=1
((failed == 0))
