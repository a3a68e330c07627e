#!/usr/bin/env bash
# A copy of the platform's own database, taken while everything runs: one moment of
# it, as one file in PostgreSQL's custom format. It holds e-mail addresses, hashes of
# keys and webhooks' secrets, so only its owner may read it. Shops' data is not in it.
#
#   DATABASE_URL=… backup.sh FILE
set -euo pipefail

usage='DATABASE_URL=<postgres://…> backup.sh FILE'
die() {
  printf 'error: %s\n' "$1" >&2
  [[ $# -lt 2 ]] || printf '  → %s\n' "${@:2}" >&2
  exit 1
}

[[ $# -eq 1 ]] || die 'where to?' "$usage"
[[ -n ${DATABASE_URL:-} ]] || die 'DATABASE_URL is not set' "$usage"
for program in pg_dump pg_restore psql; do
  command -v "$program" >/dev/null || die "$program is missing" 'install the client programs of PostgreSQL: apt-get install postgresql-client'
done
file=$1
[[ ! -e $file ]] || die "$file is there already; nothing was written"
export PGCONNECT_TIMEOUT=${PGCONNECT_TIMEOUT:-10}

# The password does not stand in the arguments, which every user of a machine can read.
# shellcheck source=deploy/backup/connection.sh
source "$(dirname "${BASH_SOURCE[0]}")/connection.sh"
use_url "$DATABASE_URL"

umask 077
trap 'rm -f "$file.partial"' EXIT
pg_dump --format=custom --file="$file.partial" || die 'the copy was not made' 'pg_dump has to be of the version of the server, or newer'
pg_restore --list "$file.partial" >/dev/null || die 'the copy cannot be read back'
mv "$file.partial" "$file"
printf '%s: %s, audit up to row %s\n' "$file" "$(du -h "$file" | cut -f1)" "$(psql -qAtc 'SELECT seq FROM audit_head')"
