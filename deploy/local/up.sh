#!/usr/bin/env bash
# `make up`: the whole set-up of one instance, from a clone to a served API and
# dashboard. Every step finds out by itself whether there is anything to do, so
# a second run starts what died, builds what changed and touches nothing else,
# and a run that was broken off is continued by the next.
#
#   KUBECONFIG=<file>          use that cluster instead of the embedded one
#   URUMI_INGRESS=<host:port>  where that cluster's ingress takes HTTP
#   URUMI_API_PORT=<number>    instead of 3000
#   URUMI_INSTANCE=<name>      another platform beside the first
#   URUMI_WITHOUT_DOCKER=1     on this machine itself, also where Docker works
#   URUMI_WOOCOMMERCE_ZIP=<zip>  bake that WooCommerce into the embedded cluster's
#                              stores; without one they are plain WordPress
#   up.sh --build-only         make what is dear, start nothing
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"
source "$URUMI_ROOT/deploy/lib/daemon.sh"
source "$URUMI_ROOT/deploy/lib/cache.sh"
for part in turn server lanes machine cluster cargo dashboard programs woocommerce; do
  # shellcheck source=/dev/null
  source "$URUMI_ROOT/deploy/local/lib/$part.sh"
done

LOCAL=$URUMI_ROOT/deploy/local
EMBEDDED=$URUMI_ROOT/deploy/embedded
IMAGES=$URUMI_ROOT/deploy/images
export PATH=$URUMI_BIN:$PATH

# A trap of its own for each way out; what works below us is stopped.
leave() {
  local rc=$?
  trap '' INT TERM
  end_children $$
  rm -f "$URUMI_RUN/up.pid"
  exit "$rc"
}

look_around() {
  check_toolchains "$CLUSTER"
  check_room
  local names=(api api-metrics worker-probes postgres amqp amqp-dist epmd)
  if [[ $CLUSTER == embedded ]]; then names+=(apiserver etcd etcd-peer kubelet kubelet-healthz controller-manager scheduler); fi
  if [[ $BUILD_ONLY == 0 ]]; then check_ports "${names[@]}"; fi
  keep_cluster
  choose_woocommerce
  case $CLUSTER in
    embedded) say "    cluster: embedded, on this machine" ;;
    given) say "    cluster: given, $CLUSTER_CONFIG" ;;
  esac
}

packages() {
  local names=()
  mapfile -t names < <(base_packages | tr ' ' '\n')
  "$LOCAL/packages.sh" "${names[@]}"
}

build_image() {
  local archive
  archive=$("$IMAGES/build.sh" "$1" | tail -n 1)
  echo "$archive" >"$URUMI_STATE/image-$1"
}
build_ui() { dashboard_folder >"$URUMI_STATE/dashboard"; }

embedded_build_lane() { part 'cluster programs' "$EMBEDDED/build.sh"; }
cluster_lane() {
  if [[ $CLUSTER == embedded ]]; then
    part 'cluster programs' "$EMBEDDED/build.sh"
    part 'cluster' "$EMBEDDED/up.sh"
    part 'images into the cluster' load_images
  else
    part 'kubectl and helm' "$EMBEDDED/build.sh" client-tools
    part 'cluster' check_given_cluster
  fi
}
platform_lane() {
  part 'platform programs' build_programs
  part 'dashboard' build_ui
}
server_lane() {
  part 'PostgreSQL' "$LOCAL/postgres.sh" start
  part 'RabbitMQ' "$LOCAL/rabbitmq.sh" start
  if [[ $CLUSTER == embedded ]]; then image_lane; fi
}
image_lane() {
  part "image $(web_image)" build_image "$(web_image)"
  part 'image mysql' build_image mysql
  touch "$URUMI_RUN/images.built"
}

# Its own lane makes them meanwhile; should that one fail, this one is stopped.
load_images() {
  local name
  wait_for 3600 test -e "$URUMI_RUN/images.built"
  for name in "$(web_image)" mysql; do "$EMBEDDED/load-image.sh" "$(<"$URUMI_STATE/image-$name")"; done
}

start_programs() {
  run_program api serve
  run_program worker run
  await_program api
  await_program worker
}

write_env() {
  local file=$URUMI_STATE/env
  (umask 077
    {
      echo "# Written by make up; read it with: source ${file#"$PWD/"}"
      printf 'export %s=%q\n' URUMI_API "$(dashboard_url)" URUMI_DASHBOARD "$(dashboard_url)" KUBECONFIG "$KUBECONFIG" \
        URUMI_INGRESS "$INGRESS" DATABASE_URL "$(database_url)" AMQP_URL "$(amqp_url)"
      # shellcheck disable=SC2016 # expanded by the reader
      printf 'case ":$PATH:" in *:%q:*) ;; *) export PATH=%q:$PATH ;; esac\n' "$URUMI_BIN" "$URUMI_BIN"
    } >"$file.new")
  mv "$file.new" "$file"
}

START=$EPOCHREALTIME
case ${1:-} in
  '') BUILD_ONLY=0 ;;
  --build-only) BUILD_ONLY=1 ;;
  *) die "unknown option $1" "up.sh [--build-only]" ;;
esac
if [[ -z ${URUMI_API_PORT:-} && -s $URUMI_STATE/api-port ]]; then URUMI_API_PORT=$(<"$URUMI_STATE/api-port"); fi
export URUMI_API_PORT
take_turn "$URUMI_RUN/up.pid" "'make up'"
trap leave EXIT
trap 'say; say "broken off; the next make up goes on from here"; exit 130' INT
trap 'exit 143' TERM
say "==> what this machine has"
choose_cluster
if [[ $CLUSTER == compose ]]; then
  say "    Docker works: the whole platform in containers (URUMI_WITHOUT_DOCKER=1 does without)"
  keep_cluster
  if [[ $BUILD_ONLY == 1 ]]; then docker compose build; else "$LOCAL/compose.sh" up; fi
  exit
fi
look_around
if [[ -n ${URUMI_API_PORT:-} ]]; then echo "$URUMI_API_PORT" >"$URUMI_STATE/api-port"; fi
stage 'Debian packages' packages
if [[ $BUILD_ONLY == 1 ]]; then
  say '==> programs and images, side by side'
  lane embedded_build_lane
  lane platform_lane
  lane image_lane
  join_lanes
  exit
fi
say '==> servers, cluster and programs, side by side (logs: '"${URUMI_LOG#"$URUMI_ROOT/"}"'/up-*.log)'
rm -f "$URUMI_RUN/images.built"
lane cluster_lane
lane platform_lane
lane server_lane
join_lanes
INGRESS=$(find_ingress)
if [[ $CLUSTER == embedded ]]; then stage "the worker's rights" give_rights; fi
stage 'database migrations' migrate
stage 'api and worker' start_programs
write_env

cat <<END

The platform is up after $(seconds_since "$START") s: $(dashboard_url)

Next:
  source ${URUMI_STATE#"$URUMI_ROOT/"}/env
  curl -i -X POST "\$URUMI_API/stores" -H 'Content-Type: application/json' -d '{"name": "My Shop"}'
END
