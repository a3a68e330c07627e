#!/usr/bin/env bash
# A list of a million stores in a real browser, served by a real api from a real
# PostgreSQL: page by page, while the page's memory is looked at. Takes some five
# minutes and 2 GB of disk, which it gives back.
#
#   scroll.sh [STORES] [PAGES]
case ${URUMI_INSTANCE:-} in test-*) ;; *) URUMI_INSTANCE=test-scroll ;; esac
export URUMI_INSTANCE URUMI_WITHOUT_CLUSTER=1
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib/common.sh"
source "$URUMI_ROOT/deploy/lib/cache.sh"
source "$URUMI_ROOT/deploy/local/lib/dashboard.sh"
source "$URUMI_ROOT/deploy/local/lib/cargo.sh"
cd "$URUMI_ROOT"
STORES=${1:-1000000}
export URUMI_PAGES=${2:-200}
SERVICES=$URUMI_ROOT/tests/lib/services.sh

api_pid=
finish() {
  trap '' INT TERM
  if [[ -n $api_pid ]]; then
    kill -TERM "$api_pid" 2>/dev/null || true
    wait "$api_pid" 2>/dev/null || true
  fi
  "$SERVICES" stop >"$URUMI_LOG/services-stop.log" 2>&1 || tail -n 5 "$URUMI_LOG/services-stop.log"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Only the newest thousand audit rows of what the list's own test fills in: none is
# read here.
fill() {
  sed -e 's/generate_series(1, {STORES}::bigint \* 10)/generate_series(1, 1000)/' \
    -e "s/{STORES}/$STORES/g" -e 's/{LOCAL}/00000000-0000-7000-8000-000000000001/g' \
    api/tests/it/long_list/fill.sql | psql --quiet --set ON_ERROR_STOP=1 "$DATABASE_URL"
  psql --quiet "$DATABASE_URL" -c 'VACUUM ANALYZE stores' -c 'VACUUM ANALYZE store_counts'
}
addresses() {
  # shellcheck disable=SC2016  # its own variables are meant
  "$SERVICES" run bash -c '
    psql --quiet "$TEST_DATABASE_URL" -c "DROP DATABASE IF EXISTS scroll WITH (FORCE)" -c "CREATE DATABASE scroll"
    printf "export DATABASE_URL=%q AMQP_URL=%q\n" "${TEST_DATABASE_URL%/*}/scroll" "$TEST_AMQP_URL"' >"$URUMI_STATE/scroll.env"
}

stage 'the servers' "$SERVICES" start
stage 'packages of the browser test' install_node_modules
if ! have chromium; then stage 'install a browser' "$URUMI_ROOT/deploy/local/packages.sh" chromium; fi
stage 'the dashboard' dashboard_folder
URUMI_DASHBOARD_DIR=$(dashboard_folder)
export URUMI_DASHBOARD_DIR
program=${PROGRAM:-}
if [[ -z $program ]]; then
  stage 'the api' with_target cargo build --locked -p urumi-api
  program=$CARGO_TARGET_DIR/debug/urumi-api
fi
addresses
# shellcheck source=/dev/null
source "$URUMI_STATE/scroll.env"
stage 'its tables' "$program" migrate
stage "$STORES stores" fill
port=$(port api)
URUMI_LISTEN=127.0.0.1:$port URUMI_LOG=error "$program" serve >"$URUMI_LOG/scroll-api.log" 2>&1 &
api_pid=$!
export URUMI_DASHBOARD=http://localhost:$port
wait_for 60 curl --silent --fail "$URUMI_DASHBOARD/readyz" || die "the api did not become ready; see $URUMI_LOG/scroll-api.log"
stage "$URUMI_PAGES pages in a browser" node --test --test-reporter=spec tests/browser/scroll.test.mjs
