# shellcheck shell=bash
# The platform's own programs: built, started with exactly the environment they
# need, and started anew when their binary or that environment changed.
# Sourced after server.sh, cluster.sh, cargo.sh and ../../lib/{daemon,cache}.sh.

PROGRAMS=$URUMI_STATE/programs

# The binaries, kept by the hash of their sources: a fresh clone of what was built
# before compiles nothing. They run from the instance's own folder, so that a
# process can be told by its path.
build_programs() {
  local built hash name
  hash=$(program_hash)
  built=$(cached programs "$hash" with_target build_into)
  mkdir -p "$PROGRAMS"
  for name in urumi-api urumi-worker urumi; do
    if cmp -s "$built/$name" "$PROGRAMS/$name"; then continue; fi
    cp "$built/$name" "$PROGRAMS/$name.new"
    mv "$PROGRAMS/$name.new" "$PROGRAMS/$name"
  done
  ln -sfn "$PROGRAMS/urumi" "$URUMI_BIN/urumi"
  forget_old_builds
}
# From wherever it is called: names are taken from the repository's root.
program_hash() (
  set -euo pipefail
  cd "$URUMI_ROOT"
  program_sources | xargs -d '\n' sha256sum | sha256sum | cut -c1-16
)
program_sources() {
  printf '%s\n' Cargo.toml Cargo.lock rust-toolchain.toml deploy/local/lib/programs.sh
  find api worker shared cli -type f ! -path '*/tests/*' ! -path '*/target/*' | LC_ALL=C sort
}
build_into() {
  (
    set -euo pipefail
    cd "$URUMI_ROOT"
    cargo build --locked --profile local --bin urumi-api --bin urumi-worker --bin urumi
    mkdir -p "$1"
    cp "$CARGO_TARGET_DIR"/local/{urumi-api,urumi-worker,urumi} "$1/"
  ) &
  wait $! # a child of its own, because the caller reads our exit code
}
# Whoever develops makes a new build with each change; the last five are kept.
forget_old_builds() {
  find "$URUMI_CACHE/built" -maxdepth 1 -name 'programs-*' -printf '%T@ %p\n' | sort -rn | tail -n +6 | cut -d' ' -f2- | xargs -r -d '\n' rm -rf
}

# What this installation stamps on the namespaces it makes; kept with its data.
installation() {
  if [[ ! -s $URUMI_STATE/installation ]]; then cat /proc/sys/kernel/random/uuid >"$URUMI_STATE/installation"; fi
  cat "$URUMI_STATE/installation"
}

# Signs login links; made once, kept with the instance's data.
login_seed() {
  local file=$URUMI_STATE/secrets/login-seed
  if [[ ! -s $file ]]; then
    (umask 077 && mkdir -p "$URUMI_STATE/secrets" && head -c 32 /dev/urandom | base64 -w0 >"$file.tmp")
    mv "$file.tmp" "$file"
  fi
  cat "$file"
}

# The instance is named, because the callers have emptied their environment.
database_url() { URUMI_INSTANCE=$URUMI_INSTANCE "$URUMI_ROOT/deploy/local/postgres.sh" url; }
amqp_url() { URUMI_INSTANCE=$URUMI_INSTANCE "$URUMI_ROOT/deploy/local/rabbitmq.sh" url; }
dashboard_url() { echo "http://localhost:$(port api)"; }

# `http://{host}` with the port a browser needs.
store_url() {
  case ${1##*:} in 80) echo 'http://{host}' ;; *) echo "http://{host}:${1##*:}" ;; esac
}

# The programs see nothing of the caller's environment but his home, the machine's
# certificates and where traces go (OTEL_*); so the same platform is started from
# every terminal.
# Taken out of the environment, the shell's own variables keep their values.
bare_environment() {
  local name
  for name in $(compgen -e); do
    case $name in HOME | SSL_CERT_* | OTEL_*) ;; *) export -n "${name?}" ;; esac
  done
  export PATH=$URUMI_BIN:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
  export ENVIRONMENT=local URUMI_LOG_FORMAT=json URUMI_STORE_DOMAIN=localhost URUMI_STORE_URL
  URUMI_STORE_URL=$(store_url "$INGRESS")
}
api_environment() {
  local dashboard
  bare_environment
  dashboard=$(cat "$URUMI_STATE/dashboard" 2>/dev/null || true)
  DATABASE_URL=$(database_url) AMQP_URL=$(amqp_url) URUMI_LISTEN=127.0.0.1:$(port api) URUMI_INSTALLATION=$(installation)
  URUMI_METRICS_LISTEN=127.0.0.1:$(port api-metrics) URUMI_LOGIN_SIGNING_KEY=$(login_seed)
  export DATABASE_URL AMQP_URL URUMI_LISTEN URUMI_INSTALLATION URUMI_METRICS_LISTEN URUMI_LOGIN_SIGNING_KEY
  if [[ -n $dashboard ]]; then export URUMI_DASHBOARD_DIR=$dashboard; fi
}
# Whom the worker is on the embedded cluster; on a given one it is the user himself.
WORKER_ACCESS=$URUMI_STATE/access
give_rights() { "$URUMI_ROOT/deploy/local/worker-rights.sh" urumi-system "$(installation)" "$WORKER_ACCESS"; }

worker_environment() {
  bare_environment
  if [[ $CLUSTER == embedded ]]; then
    export KUBECONFIG=$WORKER_ACCESS/kubeconfig URUMI_NAMESPACE=urumi-system \
      URUMI_SERVICE_ACCOUNT=local-worker URUMI_STORE_ROLE=urumi-system-local-store
    URUMI_STORE_VALUES=$URUMI_ROOT/deploy/local/values-embedded.yaml$(woocommerce_values)${URUMI_STORE_VALUES:+:$URUMI_STORE_VALUES}
    export URUMI_STORE_VALUES
  elif [[ -n ${URUMI_STORE_VALUES:-} ]]; then
    export URUMI_STORE_VALUES
  fi
  # What a killed worker leaves goes with the instance's data.
  mkdir -p "$URUMI_STATE/tmp"
  export TMPDIR=$URUMI_STATE/tmp
  AMQP_URL=$(amqp_url) URUMI_WORKER_LISTEN=127.0.0.1:$(port worker-probes) URUMI_INSTALLATION=$(installation)
  export AMQP_URL URUMI_WORKER_LISTEN URUMI_INSTALLATION KUBECONFIG URUMI_INGRESS=$INGRESS \
    URUMI_CHART=$URUMI_ROOT/charts/store URUMI_VALUES_DIR=$URUMI_ROOT URUMI_HELM=$URUMI_BIN/helm
}

# fingerprint NAME: of the binary and the environment it is started with.
fingerprint() { { sha256sum <"$PROGRAMS/urumi-$1" && env | LC_ALL=C sort | grep -v '^_='; } | sha256sum | cut -d' ' -f1; }

# run_program NAME VERB: as it should be now. Running so already: nothing is done.
run_program() (
  local name=$1 wanted
  "${name}_environment"
  wanted=$(fingerprint "$name")
  if daemon_alive "$name"; then
    if [[ $(cat "$URUMI_RUN/$name.fingerprint" 2>/dev/null) == "$wanted" ]]; then return; fi
    say "    $name changed: starting it anew"
    stop_daemon "$name" 20
  fi
  echo "$wanted" >"$URUMI_RUN/$name.fingerprint"
  start_daemon "$name" "$PROGRAMS/urumi-$name" "$2"
)

migrate() ( api_environment && exec "$PROGRAMS/urumi-api" migrate )

program_healthy() ( "${1}_environment" && exec "$PROGRAMS/urumi-$1" healthcheck )
healthy_or_gone() { program_healthy "$1" || ! daemon_alive "$1"; }
await_program() {
  wait_for 60 healthy_or_gone "$1"
  daemon_alive "$1" || die "the $1 ended" "$(last_words "$1")"
  program_healthy "$1" || die "the $1 does not become ready: $(program_healthy "$1" 2>&1 | tail -n 1)" "$(last_words "$1")"
}
