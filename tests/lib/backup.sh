# shellcheck shell=bash
# What is true of a copy of the platform's database and of its restore. Sourced by
# deploy.sh, whose server, `sql` and `refuses` it uses.

BACKUP=$URUMI_ROOT/deploy/backup

# A change that needs no transaction around it says so in its first line.
the_platforms_tables() {
  local file url
  url=$("$LOCAL/postgres.sh" url)
  for file in "$URUMI_ROOT"/api/migrations/*.sql; do
    if [[ $(head -n 1 "$file") == '-- no-transaction'* ]]; then
      psql -qX -v ON_ERROR_STOP=1 "$url" -f "$file"
    else
      psql -qX -1 -v ON_ERROR_STOP=1 "$url" -f "$file"
    fi
  done
}

a_copy_is_restored_and_the_one_before_is_kept() {
  local copy=$URUMI_STATE/copy.dump before
  export DATABASE_URL
  DATABASE_URL=$("$LOCAL/postgres.sh" url)
  the_platforms_tables
  "$BACKUP/backup.sh" "$copy"
  [[ $(stat -c %a "$copy") == 600 ]] || return 1
  refuses 'there already' -- "$BACKUP/backup.sh" "$copy" || return 1
  sql "INSERT INTO tenants (id, name, created_at) VALUES (gen_random_uuid(), 'later', now())"
  "$BACKUP/restore.sh" "$copy"
  [[ -z $(sql "SELECT 1 FROM tenants WHERE name = 'later'") ]] || return 1
  before=$(sql "SELECT datname FROM pg_database WHERE datname LIKE 'urumi\_before\_%'")
  [[ $(psql -qAtX "${DATABASE_URL%/*}/$before" -c "SELECT name FROM tenants WHERE name = 'later'") == later ]]
}

# Rights that were taken away are not in the data; they have to come with the copy.
a_restored_audit_is_as_guarded_as_before() {
  refuses 'permission denied' -- sql "UPDATE audit_events SET actor = 'x'"
  refuses 'permission denied' -- sql 'DELETE FROM audit_head'
}

a_database_in_use_is_not_replaced() {
  local copy=$URUMI_STATE/copy.dump busy rc=0
  export DATABASE_URL
  DATABASE_URL=$("$LOCAL/postgres.sh" url)
  coproc busy { psql -qAtX "$DATABASE_URL"; }
  echo 'SELECT 1;' >&"${busy[1]}"
  read -r -t 10 _ <&"${busy[0]}"
  refuses 'connections' 'nothing was changed' -- "$BACKUP/restore.sh" "$copy" || rc=1
  # shellcheck disable=SC2154 # bash names it after the coprocess
  kill "$busy_PID"
  return "$rc"
}

what_is_no_copy_is_refused() {
  DATABASE_URL=$("$LOCAL/postgres.sh" url) refuses 'no copy that can be read' -- "$BACKUP/restore.sh" "$URUMI_ROOT/README.md"
}
