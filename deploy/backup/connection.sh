# shellcheck shell=bash
# A database's address as the variables that PostgreSQL's programs read, so that no
# password stands in an argument. Sourced by backup.sh and restore.sh.

# use_url URL: PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE and what follows `?`.
use_url() {
  local line
  while IFS= read -r line; do export "${line?}"; done < <(
    URL=$1 python3 - <<'PY'
import os
from urllib.parse import parse_qsl, unquote, urlsplit

url = urlsplit(os.environ["URL"].replace("postgresql://", "postgres://", 1))
plain = {"PGHOST": url.hostname, "PGPORT": url.port, "PGUSER": url.username, "PGPASSWORD": url.password}
plain["PGDATABASE"] = url.path.removeprefix("/")
given = {name: unquote(str(value)) for name, value in plain.items() if value}
for name, value in parse_qsl(url.query):
    if name in ("sslmode", "sslrootcert", "sslcert", "sslkey", "host"):
        given["PG" + name.upper()] = value
for name, value in given.items():
    print(f"{name}={value}")
PY
  )
  [[ -n ${PGDATABASE:-} ]] || die 'DATABASE_URL names no database' 'postgres://user:password@host:5432/name'
}
