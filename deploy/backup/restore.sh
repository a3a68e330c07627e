#!/usr/bin/env bash
# Puts a copy of backup.sh in the place of the platform's database. The copy is read
# into a database of its own first, looked at, and only then takes the name; the one
# before is kept under another name, so a restore loses nothing either. The role has
# to be allowed to make databases. docs/OPERATING.md says what to do before and after.
#
#   DATABASE_URL=… restore.sh FILE
set -euo pipefail

usage='DATABASE_URL=<postgres://…> restore.sh FILE'
die() {
  printf 'error: %s\n' "$1" >&2
  [[ $# -lt 2 ]] || printf '  → %s\n' "${@:2}" >&2
  exit 1
}

[[ $# -eq 1 ]] || die 'which copy?' "$usage"
[[ -n ${DATABASE_URL:-} ]] || die 'DATABASE_URL is not set' "$usage"
for program in pg_restore psql; do
  command -v "$program" >/dev/null || die "$program is missing" 'install the client programs of PostgreSQL: apt-get install postgresql-client'
done
file=$1
pg_restore --list "$file" >/dev/null 2>&1 || die "$file is no copy that can be read" 'it has to be one of backup.sh'
export PGCONNECT_TIMEOUT=${PGCONNECT_TIMEOUT:-10}
# shellcheck source=deploy/backup/connection.sh
source "$(dirname "${BASH_SOURCE[0]}")/connection.sh"
use_url "$DATABASE_URL"

name=$PGDATABASE
now=$(date -u +%Y%m%d%H%M%S)
new=${name}_new_$now before=${name}_before_$now
# From a database that stays as it is while names change.
sql() { psql -qAtX -v ON_ERROR_STOP=1 -d postgres -v name="$name" -v new="$new" -v before="$before" <<<"$1"; }
there() { [[ -n $(sql "SELECT 1 FROM pg_database WHERE datname = :'name'") ]]; }

if there; then
  busy=$(sql "SELECT count(*) FROM pg_stat_activity WHERE datname = :'name'")
  ((busy == 0)) || die "$busy connections to $name are open; nothing was changed" \
    'stop every api first (kubectl scale deployment/…-api --replicas=0, or make down); workers may run'
fi

# Whatever ends this before the names change leaves the old database as it was.
trap 'sql "DROP DATABASE IF EXISTS :\"new\"" || true' EXIT
sql 'CREATE DATABASE :"new"'
pg_restore --exit-on-error --dbname="$new" "$file" || die 'the copy was not read in; nothing was changed'
read -r stores rows < <(psql -qAtX -F ' ' -v ON_ERROR_STOP=1 -d "$new" -c \
  'SELECT (SELECT count(*) FROM stores), (SELECT seq FROM audit_head)') || die 'the copy holds no platform; nothing was changed'
trap - EXIT
if there; then sql 'ALTER DATABASE :"name" RENAME TO :"before"'; else before=''; fi
sql 'ALTER DATABASE :"new" RENAME TO :"name"'
printf 'restored %s: %s stores, audit up to row %s\n' "$name" "$stores" "$rows"
if [[ -n $before ]]; then printf 'the database before is kept as %s\n' "$before"; fi
