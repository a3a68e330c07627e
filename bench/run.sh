#!/usr/bin/env bash
# The benchmarks, on servers of an instance of their own that are removed afterwards:
# PostgreSQL, RabbitMQ and, for the tables that need one, a control plane with simulated
# nodes; all with fsync. Each table is a module of bench/tables.
#
#   run.sh [TABLE...]       all of them without one; the report is .urumi/bench/report.md,
#                           or .urumi/bench/<table>.md for one alone
#   URUMI_KEEP=1            leaves the servers running
#   BENCH_PROFILE=local     the profile of Cargo that `make up` has, which is quicker to
#                           build; without it what images hold (release)
case ${URUMI_INSTANCE:-} in test-*) ;; *) URUMI_INSTANCE=test-bench ;; esac
export URUMI_INSTANCE
unset KUBECONFIG URUMI_API URUMI_API_PORT URUMI_DASHBOARD URUMI_INGRESS URUMI_STORE_VALUES DATABASE_URL AMQP_URL URUMI_PG_UNSAFE URUMI_ETCD_UNSAFE
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib/common.sh"
source "$URUMI_ROOT/deploy/lib/cache.sh"
source "$URUMI_ROOT/deploy/local/lib/cargo.sh"
source "$URUMI_ROOT/deploy/local/lib/lanes.sh"
cd "$URUMI_ROOT"

LOCAL=$URUMI_ROOT/deploy/local EMBEDDED=$URUMI_ROOT/deploy/embedded
export BENCH_PROFILE=${BENCH_PROFILE:-release} BENCH_STATE=$URUMI_STATE/bench
export BENCH_PROGRAMS=$BENCH_STATE/programs
mkdir -p "$BENCH_PROGRAMS" "$URUMI_ROOT/.urumi/bench"

tables=("$@")
if [[ ${#tables[@]} -eq 1 ]]; then name=${tables[0]}; else name=report; fi
export BENCH_REPORT=$URUMI_ROOT/.urumi/bench/$name.md
if [[ ${#tables[@]} -eq 0 ]]; then tables=(api outbox provision diet ready size idle curve list); fi

# wants TABLE...: whether one of them is to be measured.
wants() {
  local table
  for table in "${tables[@]}"; do
    if [[ " $* " == *" $table "* ]]; then return 0; fi
  done
  return 1
}
wants_cluster() { wants provision diet ready curve idle; }

build() {
  local programs=(urumi-api urumi-worker urumi bench-api bench-publisher urumi-faults) name
  # The peers' features add nothing to the product's crates.
  # shellcheck disable=SC2046 # words
  cargo build --locked --profile "$BENCH_PROFILE" --features urumi-bench/peers,system-tests/faults $(printf -- '--bin %s ' "${programs[@]}")
  for name in "${programs[@]}"; do install "$CARGO_TARGET_DIR/$BENCH_PROFILE/$name" "$BENCH_PROGRAMS/"; done
}

# SQLite is compiled against this machine's Node.js, without asking anybody for headers.
express() {
  mkdir -p "$1"
  cp bench/peers/express/*.json "$1"
  (cd "$1" && npm_config_nodedir=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")") npm ci --no-audit --no-fund --loglevel=error)
}

# No checkpoint falls into a block: the log of whole pages after it would be the luck of
# one side. One begins at half of that size.
POSTGRES_SETTINGS='max_wal_size = 8GB
checkpoint_timeout = 3h
track_commit_timestamp = on'

start_servers() {
  local pids=() pid
  URUMI_AMQP_MANAGEMENT=1 "$LOCAL/rabbitmq.sh" start &
  pids+=($!)
  URUMI_PG_SETTINGS=$POSTGRES_SETTINGS "$LOCAL/postgres.sh" start &
  pids+=($!)
  if wants_cluster; then
    "$EMBEDDED/build.sh"
    "$EMBEDDED/build.sh" kwok
    URUMI_KWOK_STAGES=$BENCH_STATE/kwok-stages.yaml "$EMBEDDED/up.sh" --kwok 4
  fi
  for pid in "${pids[@]}"; do wait "$pid"; done
}
# Pods that are ready as soon as they are seen.
stages() { sed 's/durationMilliseconds: [0-9]*/durationMilliseconds: 0/' "$EMBEDDED/settings/kwok-stages.yaml" >"$BENCH_STATE/kwok-stages.yaml"; }

finish() {
  local rc=$?
  trap '' INT TERM
  # A build, or the bench itself; not INT, which is ignored where it was ignored before.
  end_children $$
  if [[ -n ${bench:-} ]]; then wait "$bench" 2>/dev/null || true; fi
  if [[ ${URUMI_KEEP:-} != 1 ]]; then
    { "$EMBEDDED/clean.sh"; FORCE=1 "$LOCAL/clean.sh"; } >"$URUMI_ROOT/.urumi/bench/clean.log" 2>&1 || {
      tail -n 5 "$URUMI_ROOT/.urumi/bench/clean.log" >&2
      rc=1
    }
  fi
  exit "$rc"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

stages
stage 'Debian packages' "$LOCAL/packages.sh" postgresql rabbitmq-server wrk
BENCH_BUILT_BEFORE='nothing was built before'
if [[ -e $CARGO_TARGET_DIR/$BENCH_PROFILE/urumi-api ]]; then BENCH_BUILT_BEFORE='an earlier build was there'; fi
begun=$SECONDS
stage 'programs and peers' with_target build
BENCH_BUILD_SECONDS=$((SECONDS - begun))
export BENCH_BUILT_BEFORE BENCH_BUILD_SECONDS
# What tables begin with; their own time is the measuring's.
if wants list; then
  stage 'the test of long lists' with_target cargo test --locked --workspace --features urumi-worker/long-tests --test it --no-run
fi
if wants size && [[ -e $CARGO_TARGET_DIR/local/urumi-api ]]; then
  stage 'what make up builds' with_target cargo build --locked --profile local --bin urumi-api --bin urumi-worker --bin urumi
fi
if wants api; then
  BENCH_EXPRESS=$(cached express "$(hash_of bench/peers/express)" express)
  export BENCH_EXPRESS
  cp bench/peers/express/server.js "$BENCH_EXPRESS/"
fi
stage 'servers, with fsync' start_servers
BENCH_DATABASE_URL=$("$LOCAL/postgres.sh" url) BENCH_AMQP_URL=$("$LOCAL/rabbitmq.sh" url) BENCH_AMQP_MANAGEMENT_URL=$("$LOCAL/rabbitmq.sh" management-url)
if [[ $(/usr/bin/psql -qAtX "$BENCH_DATABASE_URL" -c 'SHOW track_commit_timestamp') != on ]]; then
  die "PostgreSQL of $URUMI_INSTANCE runs with other settings" "stop it first: URUMI_INSTANCE=$URUMI_INSTANCE deploy/local/postgres.sh stop"
fi
export BENCH_DATABASE_URL BENCH_AMQP_URL BENCH_AMQP_MANAGEMENT_URL BENCH_KUBECONFIG=$URUMI_STATE/kubeconfig
export URUMI_STATE_RUN=$URUMI_RUN BENCH_PORTS=$((20000 + URUMI_INDEX * 40 + 24))
# The programs under test see none of the shell library's own variables.
export -n URUMI_STATE URUMI_RUN URUMI_CACHE URUMI_INDEX
PATH=$URUMI_BIN:$PATH:$(printf '%s\n' /usr/lib/postgresql/*/bin | tail -n 1) python3 -Bu bench/main.py "${tables[@]}" &
bench=$!
wait "$bench"
