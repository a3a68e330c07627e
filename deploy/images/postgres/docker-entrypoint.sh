#!/bin/bash
# Sets up PostgreSQL's data directory on the first start, from the variables that the
# official image knows, and then becomes the server. It must never touch a data
# directory that is complete, and never put a password in argv.
#
# POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE, POSTGRES_USER, POSTGRES_DB,
# POSTGRES_INITDB_ARGS, PGDATA; *.sh and *.sql of /docker-entrypoint-initdb.d.
set -euo pipefail

log() { echo "[entrypoint] $*" >&2; }
fail() { echo "[entrypoint] error: $*" >&2; exit 1; }

password() {
  if [[ -n ${POSTGRES_PASSWORD_FILE-} ]]; then cat "$POSTGRES_PASSWORD_FILE"; else printf %s "${POSTGRES_PASSWORD-}"; fi
}

# Over the socket, which is ours alone while it is set up.
sql() { psql --set ON_ERROR_STOP=1 --quiet --no-psqlrc --username "$USER_NAME" --dbname "$1"; }

run_scripts() {
  local file
  # shellcheck disable=SC1090 # scripts of whoever runs the image
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) log "running $file"; if [[ -x $file ]]; then "$file"; else (source "$file"); fi ;;
      *.sql) log "running $file"; sql "$DATABASE" <"$file" ;;
    esac
  done
}

# A directory gets its name when all is done, so a start that was broken off leaves
# nothing that looks complete.
set_up() {
  local partial=$PGDATA.partial arguments=() word
  read -ra arguments <<<"${POSTGRES_INITDB_ARGS-}"
  word=$(password)
  [[ -n $word ]] || fail "the data directory is empty and no password is given; set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE"
  umask 077
  mkdir -p "$(dirname "$PGDATA")"
  rm -rf "$partial"
  log "initialising the data directory"
  initdb --pgdata "$partial" --username "$USER_NAME" --pwfile=<(printf '%s\n' "$word") --auth-local=trust --auth-host=scram-sha-256 \
    --no-instructions "${arguments[@]}" >&2
  printf 'host all all all scram-sha-256\n' >>"$partial/pg_hba.conf"
  sed -i "s/^#\?listen_addresses = .*/listen_addresses = '*'/" "$partial/postgresql.conf" 2>/dev/null ||
    echo "listen_addresses = '*'" >>"$partial/postgresql.conf"
  PGDATA=$partial pg_ctl --silent --wait --timeout=120 --options='-c listen_addresses=' start >&2
  if [[ $DATABASE != postgres ]]; then sql postgres <<<"CREATE DATABASE \"${DATABASE//\"/\"\"}\""; fi
  run_scripts
  PGDATA=$partial pg_ctl --silent --wait --mode=fast stop >&2
  mv "$partial" "$PGDATA"
}

if [[ ${1-postgres} == -* ]]; then set -- postgres "$@"; fi
if [[ ${1-postgres} != postgres ]]; then exec "$@"; fi
[[ $(id -u) != 0 ]] || fail "this image runs as uid 999; take the root user out of the pod or command"

PGDATA=${PGDATA:-/var/lib/postgresql/18/docker}
USER_NAME=${POSTGRES_USER:-postgres}
DATABASE=${POSTGRES_DB:-$USER_NAME}
export PGDATA PGHOST=/var/run/postgresql
# The scripts of others call psql without a name.
export PGUSER=$USER_NAME PGDATABASE=$DATABASE
if [[ ! -s $PGDATA/PG_VERSION ]]; then set_up; fi
unset POSTGRES_PASSWORD POSTGRES_PASSWORD_FILE PGHOST PGUSER PGDATABASE
exec "${@:-postgres}"
