#!/usr/bin/env bash
# A PostgreSQL of this instance's own: Debian's programs, our data folder, port
# and passwords. A server of the machine is neither used nor touched.
#
#   postgres.sh install|start|stop|status|clean|url
#   URUMI_PG_UNSAFE=1   no fsync: for tests, whose data is thrown away
#   URUMI_PG_SETTINGS   more lines of postgresql.conf
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"
source "$URUMI_ROOT/deploy/lib/daemon.sh"
source "$URUMI_ROOT/deploy/local/lib/server.sh"

FOLDER=$URUMI_STATE/postgres
VIEW=$(view_of postgres)
PORT=$(port postgres)
if [[ $EUID -eq 0 ]]; then OWNER=postgres; else OWNER=$(id -un); fi

# The folder of PostgreSQL's programs: of the version that made the data, else the newest.
programs() {
  local version
  if [[ -s $FOLDER/PG_VERSION ]]; then
    version=$(<"$FOLDER/PG_VERSION")
    [[ -x /usr/lib/postgresql/$version/bin/postgres ]] ||
      die "the data in $FOLDER was made by PostgreSQL $version, which is not installed" \
        "apt-get install postgresql-$version, or drop the data with 'make clean'"
    echo "/usr/lib/postgresql/$version/bin"
    return
  fi
  local found
  found=$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -V | tail -n 1)
  [[ -x $found ]] || die "PostgreSQL is not installed" "run '$0 install'"
  dirname "$found"
}

# within FOLDER COMMAND...: as the server's user, with the folder at $VIEW.
within() {
  local folder=$1
  shift
  "$URUMI_ROOT/deploy/local/as-user.sh" "$OWNER" "$folder" "$VIEW" env -i LANG=C.UTF-8 PATH="$PATH" HOME="$VIEW" "$@"
}

# Without root the folder's own path may be too long for a socket (107 bytes).
settings() {
  local sockets=''
  if [[ $EUID -eq 0 ]]; then sockets=$VIEW; fi
  cat <<CONF
# Written at each start by deploy/local/postgres.sh.
listen_addresses = '127.0.0.1'
port = $PORT
unix_socket_directories = '$sockets'
max_connections = 200
shared_buffers = 64MB
max_wal_size = 256MB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %u@%d '
log_checkpoints = off
CONF
  if [[ ${URUMI_PG_UNSAFE:-0} == 1 ]]; then
    printf '%s = off\n' fsync synchronous_commit full_page_writes
  fi
  printf '%s\n' "${URUMI_PG_SETTINGS:-}"
}

access() {
  cat <<'CONF'
# Written at each start by deploy/local/postgres.sh.
local all postgres peer
host all all 127.0.0.1/32 scram-sha-256
CONF
}

# The role that the platform uses owns its database and may make others (for
# tests), but is no superuser. Made in single-user mode, so that no half-ready
# server is ever seen; the folder gets its name when all is done.
create() {
  local bin partial=$FOLDER.partial password
  bin=$(programs)
  password=$(secret postgres-password)
  rm -rf "$partial"
  mkdir -m 0700 "$partial"
  if [[ $EUID -eq 0 ]]; then chown "$OWNER:" "$partial"; fi
  within "$partial" "$bin/initdb" --pgdata "$VIEW" --username postgres --auth-local peer --auth-host reject \
    --encoding UTF8 --locale C.UTF-8 --no-sync --no-instructions
  printf '%s\n' \
    "CREATE ROLE urumi LOGIN CREATEDB PASSWORD '$password'" \
    "CREATE DATABASE urumi OWNER urumi" |
    within "$partial" "$bin/postgres" --single -D "$VIEW" postgres
  sync -f "$partial"
  rm -rf "$FOLDER"
  mv "$partial" "$FOLDER"
}

start() {
  if daemon_alive postgres && ready; then return; fi
  local bin
  bin=$(programs)
  if ! daemon_alive postgres; then
    need_port postgres
    if [[ ! -s $FOLDER/PG_VERSION ]]; then
      "$0" create >"$URUMI_LOG/postgres-create.log" 2>&1 ||
        die "could not make a PostgreSQL data folder" "$(last_words postgres-create)"
    fi
    drop_dead_lock
    settings >"$FOLDER/postgresql.conf"
    access >"$FOLDER/pg_hba.conf"
    start_daemon postgres "$URUMI_ROOT/deploy/local/as-user.sh" "$OWNER" "$FOLDER" "$VIEW" \
      env -i LANG=C.UTF-8 PATH="$PATH" HOME="$VIEW" "$bin/postgres" -D "$VIEW"
  fi
  wait_for 60 ready_or_gone
  ready || die "PostgreSQL does not answer on 127.0.0.1:$PORT" "$(last_words postgres)"
}

# A killed server that nobody has reaped yet still has its pid, and PostgreSQL
# would take it for a living one. (Should a backend of it be alive, the shared
# memory that it holds still refuses a second server.)
drop_dead_lock() {
  local pid=''
  if [[ -s $FOLDER/postmaster.pid ]]; then read -r pid <"$FOLDER/postmaster.pid"; fi
  if [[ -n $pid && -e /proc/$pid ]] && ! pid_start "$pid" >/dev/null; then rm -f "$FOLDER/postmaster.pid" "$FOLDER"/.s.PGSQL.*; fi
}

ready() { /usr/bin/pg_isready -q -h 127.0.0.1 -p "$PORT" -d postgres -U postgres; }
ready_or_gone() { ready || ! daemon_alive postgres; }

# INT is PostgreSQL's fast shutdown; TERM would wait for its clients.
stop() {
  local pid
  if pid=$(daemon_pid postgres); then
    kill -INT "$pid"
    wait_for 20 daemon_gone postgres || warn "PostgreSQL is slow to stop; ending it"
  fi
  stop_daemon postgres
  drop_view postgres
}

status() {
  if daemon_alive postgres; then
    if ready; then echo "running, answering on 127.0.0.1:$PORT"; else echo "running, not answering on 127.0.0.1:$PORT"; fi
  else
    echo stopped
    return 1
  fi
}

case ${1:-} in
  install) "$URUMI_ROOT/deploy/local/packages.sh" postgresql ;;
  create) create ;; # of `start` itself: a process of its own, whose first error ends it
  start) start ;;
  stop) stop ;;
  status) status ;;
  clean)
    stop
    rm -rf "$FOLDER" "$FOLDER.partial" "$URUMI_STATE/secrets/postgres-password"
    ;;
  url) echo "postgres://urumi:$(secret postgres-password)@127.0.0.1:$PORT/urumi" ;;
  *) die "usage: $0 install|start|stop|status|clean|url" ;;
esac
