#!/usr/bin/env bash
# The contract against the program: a public linter over the document, then
# schemathesis with all checks and its stateful phase against a real api with a
# real PostgreSQL and RabbitMQ; once where a login is required, once in local mode.
#
#   run.sh short|long      at least 2,000 or 20,000 requests
#   SEED=…                 repeats a run; it is printed
#   PROGRAM=…              an api that is built already
case ${URUMI_INSTANCE:-} in test-*) ;; *) URUMI_INSTANCE=test-contract ;; esac
export URUMI_INSTANCE
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib/common.sh"
source "$URUMI_ROOT/deploy/lib/cache.sh"
source "$URUMI_ROOT/deploy/local/lib/cargo.sh"
cd "$URUMI_ROOT"
HERE=$URUMI_ROOT/tests/schemathesis
SERVICES=$URUMI_ROOT/tests/lib/services.sh
export URUMI_WITHOUT_CLUSTER=1

case ${1:-} in
  short) least=2000 examples=30 local_examples=4 ;;
  long) least=20000 examples=450 local_examples=60 ;;
  *) die "usage: $0 short|long" ;;
esac
SEED=${SEED:-$RANDOM}

passed=0 failed=0
check() {
  local name=$1 rc=0
  shift
  ( set -euo pipefail; "$@" ) &
  wait $! || rc=$?
  if ((rc == 0)); then passed=$((passed + 1)); else failed=$((failed + 1)); say "contract: $name FAILED"; fi
}

# Both tools with all they need, pinned, made once and kept in the cache.
tools() {
  mkdir -p "$1"
  python3 -m venv "$1/venv"
  "$1/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: --requirement "$HERE/requirements.txt"
  cp "$HERE/package.json" "$HERE/package-lock.json" "$1"
  (cd "$1" && npm ci --no-audit --no-fund --loglevel=error)
}

api_pid=
stop_api() {
  if [[ -z $api_pid ]]; then return; fi
  kill -TERM "$api_pid" 2>/dev/null || true
  wait "$api_pid" 2>/dev/null || true
  api_pid=
}
finish() {
  stop_api
  "$SERVICES" stop >"$URUMI_LOG/services-stop.log" 2>&1 || tail -n 5 "$URUMI_LOG/services-stop.log"
}

# start_api NAME LOGIN: on a database of its own; its address is in $api.
start_api() {
  local port name=contract_$1
  port=$(port api)
  api=http://127.0.0.1:$port
  # shellcheck disable=SC2016  # its own variables are meant
  "$SERVICES" run bash -c '
    psql --quiet "$TEST_DATABASE_URL" -c "DROP DATABASE IF EXISTS $1 WITH (FORCE)" -c "CREATE DATABASE $1"
    printf "export DATABASE_URL=%q AMQP_URL=%q\n" "${TEST_DATABASE_URL%/*}/$1" "$TEST_AMQP_URL"' - "$name" >"$URUMI_STATE/contract.env"
  # No rate and no bound of a tenant may stop the run; both have tests of their own.
  cat >>"$URUMI_STATE/contract.env" <<CONF
export URUMI_LISTEN=127.0.0.1:$port URUMI_LOGIN=$2 URUMI_LOG=warn,lapin=off URUMI_LOG_FORMAT=json
export URUMI_CLUSTER_TIMEOUT_MS=100 URUMI_WEBHOOK_ALLOW_LOOPBACK=true URUMI_STREAM_MAX_AGE_SECONDS=2 URUMI_RATE_LIMIT_PER_SECOND=0 URUMI_TENANT_MAX_STORES=0 URUMI_TENANT_MAX_OPERATIONS=0
CONF
  # shellcheck source=/dev/null
  (source "$URUMI_STATE/contract.env" && exec "$program" serve) >"$URUMI_LOG/contract-$1.log" 2>&1 &
  api_pid=$!
  wait_for 60 curl --silent --fail "$api/readyz" || die "the api did not become ready; see $URUMI_LOG/contract-$1.log"
  # shellcheck source=/dev/null
  key=$(source "$URUMI_STATE/contract.env" && "$program" key)
  # Nothing but a broken message makes dead letters.
  # shellcheck source=/dev/null
  (source "$URUMI_STATE/contract.env" && psql --quiet "$DATABASE_URL") <<'SQL'
INSERT INTO parked_messages (id, queue, reason, payload)
SELECT gen_random_uuid(), 'store.events', 'not one this build understands', convert_to('{"v": ' || n || '}', 'UTF8') FROM generate_series(1, 5) n;
SQL
}

# of JSON-FIELD... of whoever asks
mine() { curl --silent --fail -H "Authorization: Bearer $key" "$api$1" | python3 -c "import json, sys; print(json.load(sys.stdin)$2)"; }

# attack EXAMPLES ARGUMENT...: all checks; its count of requests is added up.
attack() {
  local examples=$1 log=$URUMI_LOG/schemathesis-$1.log rc=0
  shift
  say "schemathesis: seed $SEED, $examples examples an operation"
  (cd "$URUMI_STATE" && PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$HERE SCHEMATHESIS_HOOKS=hooks \
    "$tools/venv/bin/python" -m schemathesis.cli --config-file "$HERE/schemathesis.toml" run "$api/openapi.json" \
    --url "$api" --max-examples "$examples" --seed "$SEED" --workers 2 --no-color "$@") >"$log" 2>&1 || rc=$?
  sed -n '/= FAILURES =/,$p' "$log" | head -n 300
  sed -n '/^API Operations/,$p' "$log"
  sed -n 's/^ *\([0-9]*\) generated.*/\1/p' "$log" >>"$URUMI_STATE/contract.count"
  return "$rc"
}

lint() { "$tools/node_modules/.bin/redocly" lint --config "$HERE/redocly.yaml" "$URUMI_ROOT/api/openapi.json"; }
with_login() {
  start_api login required
  trap stop_api EXIT
  CONTRACT_OWN_KEY_ID=$(mine /keys "['items'][0]['id']") CONTRACT_OWN_TENANT_ID=$(mine /whoami "['tenant']['id']")
  export CONTRACT_OWN_KEY_ID CONTRACT_OWN_TENANT_ID
  attack "$examples" -H "Authorization: Bearer $key"
}
in_local_mode() {
  start_api local off
  trap stop_api EXIT
  CONTRACT_OWN_TENANT_ID=$(mine /whoami "['tenant']['id']")
  export CONTRACT_OWN_TENANT_ID
  # Local mode asks nobody who they are (docs/API.md): there is no login to ignore.
  attack "$local_examples" --exclude-checks ignored_auth
}
enough() {
  local made
  made=$(awk '{ sum += $1 } END { print sum + 0 }' "$URUMI_STATE/contract.count")
  say "schemathesis made $made requests (seed $SEED); $least were wanted"
  ((made >= least))
}

tools=$(cached contract-tools "$(hash_of "$HERE/requirements.txt" "$HERE/package-lock.json")" tools)
program=${PROGRAM:-$CARGO_TARGET_DIR/debug/urumi-api}
if [[ -z ${PROGRAM:-} ]]; then tests/lib/rust.sh --build-only; fi
rm -f "$URUMI_STATE/contract.count"
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
"$SERVICES" start
check 'the linter' lint
check 'schemathesis with a login' with_login
check 'schemathesis in local mode' in_local_mode
check 'the number of requests' enough
say "contract: $passed passed, $failed failed"
((failed == 0))
