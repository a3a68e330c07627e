#!/usr/bin/env bash
# The lifecycle scripts themselves, on real servers: what they refuse and what
# they say then, that a second start changes nothing, that a kill loses nothing,
# that everything listens on loopback only and goes away. The cluster is not
# theirs; the journey starts it.
# Only a test's own instance: what it finds there, it removes.
case ${URUMI_INSTANCE:-} in test-*) ;; *) URUMI_INSTANCE=test-local ;; esac
export URUMI_INSTANCE
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib/common.sh"
source "$URUMI_ROOT/deploy/lib/daemon.sh"
LOCAL=$URUMI_ROOT/deploy/local
unset KUBECONFIG

passed=0 failed=0
output=$(mktemp)
trap 'rm -f "$output"' EXIT
# it SENTENCE FUNCTION: one test; what it printed is shown when it fails.
it() {
  local rc=0
  ( set -euo pipefail; "$2" ) >"$output" 2>&1 &
  wait $! || rc=$?
  if ((rc == 0)); then
    passed=$((passed + 1))
    say "ok    $1"
  else
    failed=$((failed + 1))
    say "FAIL  $1"
    sed 's/^/    | /' "$output"
  fi
}

# refuses TEXT... -- COMMAND...: it fails, and says each of the texts.
refuses() {
  local texts=() output text
  while [[ $1 != -- ]]; do texts+=("$1"); shift; done
  shift
  if output=$("$@" 2>&1); then say "it did not fail: $*"; return 1; fi
  for text in "${texts[@]}"; do
    if [[ $output != *"$text"* ]]; then say "missing: $text" "in: $output"; return 1; fi
  done
}

# A PATH with everything but the toolchains.
plain_path() {
  local folder=$URUMI_STATE/plain-bin tool
  mkdir -p "$folder"
  for tool in /usr/bin/* /bin/* /usr/sbin/* /sbin/*; do
    case ${tool##*/} in cargo* | rust* | go | gofmt | node* | npm* | npx) ;; *) ln -sfn "$tool" "$folder/${tool##*/}" ;; esac
  done
  echo "$folder"
}

names_all_missing_toolchains() {
  refuses 'Rust 1.95' 'Go 1.26' 'Node 20' 'nothing was changed' -- env "PATH=$(plain_path)" "$LOCAL/up.sh"
}
refuses_a_full_disk() { refuses 'GB are free' 'URUMI_CACHE' -- env URUMI_NEEDED_GB=9999999 "$LOCAL/up.sh"; }
refuses_a_missing_kubeconfig() { refuses '/nowhere/config' -- env KUBECONFIG=/nowhere/config "$LOCAL/up.sh"; }
names_the_holder_of_a_port() {
  local number holder
  number=$(port postgres)
  python3 -m http.server --bind 127.0.0.1 "$number" >/dev/null 2>&1 &
  holder=$!
  # shellcheck disable=SC2064 # this pid
  trap "kill $holder" EXIT
  wait_for 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$number"
  refuses "port $number" "pid $holder" URUMI_INSTANCE 'nothing was started' -- "$LOCAL/up.sh"
  refuses "port $number" "pid $holder" -- "$LOCAL/postgres.sh" start
}

# shellcheck source=/dev/null
source "$URUMI_ROOT/tests/lib/backup.sh"

sql() { PGCONNECT_TIMEOUT=5 psql -qAt -v ON_ERROR_STOP=1 "$("$LOCAL/postgres.sh" url)" -c "$1"; }
a_second_start_changes_nothing() {
  local before after
  before=$(cat "$URUMI_RUN"/{postgres,rabbitmq,epmd}.pid)
  "$LOCAL/postgres.sh" start
  "$LOCAL/rabbitmq.sh" start
  after=$(cat "$URUMI_RUN"/{postgres,rabbitmq,epmd}.pid)
  [[ $before == "$after" ]]
}
postgres_keeps_data_over_a_kill() {
  sql 'create table kept (n int); insert into kept values (42)'
  kill -KILL "$(daemon_pid postgres)"
  wait_for 10 daemon_gone postgres
  "$LOCAL/postgres.sh" start
  [[ $(sql 'select n from kept') == 42 ]]
}
the_role_is_no_superuser() { [[ $(sql 'select rolsuper from pg_roles where rolname = current_user') == f ]]; }
rabbitmq_comes_back_after_a_kill() {
  kill -KILL "$(daemon_pid rabbitmq)"
  wait_for 10 daemon_gone rabbitmq
  "$LOCAL/rabbitmq.sh" start
}
there_is_no_guest() { [[ $("$LOCAL/rabbitmq.sh" ctl --quiet list_users --no-table-headers | cut -f1) == urumi ]]; }
listens_on_loopback_only() {
  local number open
  for number in postgres amqp amqp-dist epmd; do
    open=$(ss -Hltn "sport = :$(port "$number")" | awk '{ print $4 }')
    [[ -n $open ]]
    if grep -vE '^(127\.0\.0\.1|\[::1\]):' <<<"$open"; then return 1; fi
  done
}
runs_without_root() {
  local name
  for name in postgres rabbitmq epmd; do
    [[ $(stat -c %U "/proc/$(daemon_pid "$name")") == @(postgres|rabbitmq) ]]
    grep -qx 'CapEff:[[:space:]]0000000000000000' "/proc/$(daemon_pid "$name")/status"
  done
}
secrets_are_for_the_owner_only() { [[ -z $(find "$URUMI_STATE/secrets" ! -perm 600 -type f) && $(stat -c %a "$URUMI_STATE/secrets") == 700 ]]; }
# within FOLDER COMMAND...: with the set-up's own functions.
within() (
  cd "$1"
  shift
  for part in server lanes machine cluster cargo programs; do
    # shellcheck source=/dev/null
    source "$LOCAL/lib/$part.sh"
  done
  "$@"
)
# In a shell of its own, with lanes that take so many seconds; the second fails.
failing_lane() {
  # shellcheck disable=SC2016 # expanded by that shell
  timeout 20 bash -c '
    source "$1/deploy/lib/common.sh" && source "$1/deploy/local/lib/lanes.sh"
    mkdir -p "$URUMI_RUN" "$URUMI_LOG"
    good() { part "a good part" sleep "$1"; }
    bad() { part "a bad part" bash -c "sleep $1; exit 7"; }
    lane good "$2"
    lane bad "$3"
    join_lanes' -- "$URUMI_ROOT" "$@"
}
a_failed_lane_ends_it() {
  local rc=0
  # The first to end, and the last.
  failing_lane 60 0.2 || rc=$?
  ((rc == 7)) || return 1
  rc=0
  failing_lane 0.1 0.6 || rc=$?
  ((rc == 7))
}
builds_are_known_by_their_sources() {
  local hash
  hash=$(within "$URUMI_ROOT" program_hash)
  [[ $hash =~ ^[0-9a-f]{16}$ && $hash == "$(within "$URUMI_ROOT/tests" program_hash)" ]]
}
addresses_in_a_bare_environment() {
  INGRESS=127.0.0.1:1 bare_environment
  database_url
  amqp_url
}
programs_get_their_own_instances_servers() {
  [[ $(within / addresses_in_a_bare_environment) == "$("$LOCAL/postgres.sh" url)"$'\n'"$("$LOCAL/rabbitmq.sh" url)" ]]
}
# A `docker` that answers with that exit code, first on PATH.
docker_that() {
  mkdir -p "$URUMI_STATE/docker-bin"
  printf '#!/bin/sh\nexit %s\n' "$1" >"$URUMI_STATE/docker-bin/docker"
  chmod +x "$URUMI_STATE/docker-bin/docker"
  export PATH=$URUMI_STATE/docker-bin:$PATH
}
# As the instance that people start would choose, in a clone without a past.
chosen_cluster() {
  URUMI_INSTANCE=${1:-local} URUMI_STATE=$URUMI_STATE/no-past
  choose_cluster
  echo "$CLUSTER"
}
docker_is_used_where_it_works() {
  docker_that 0
  [[ $(within "$URUMI_ROOT" chosen_cluster) == compose ]]
  [[ $(within "$URUMI_ROOT" chosen_cluster test-other) == embedded ]]
  [[ $(URUMI_WITHOUT_DOCKER=1 within "$URUMI_ROOT" chosen_cluster) == embedded ]]
  [[ $(KUBECONFIG=$URUMI_ROOT/Cargo.toml within "$URUMI_ROOT" chosen_cluster) == given ]]
  docker_that 1
  [[ $(within "$URUMI_ROOT" chosen_cluster) == embedded ]]
}
a_release_has_its_notes() {
  export CHANGELOG=$URUMI_STATE/changelog.md
  printf '%s\n' '# Changelog' '' '## [Unreleased]' new '' '## [1.2.0] - 2026-01-01' '' 'what it is' '- one thing' '' '## [1.1.0]' old >"$CHANGELOG"
  [[ $("$URUMI_ROOT/deploy/release-notes.sh" 1.2.0) == $'what it is\n- one thing' ]]
  refuses 'no section for 1.3.0' -- "$URUMI_ROOT/deploy/release-notes.sh" 1.3.0
  refuses 'the programs are' 'not 99.0.0' -- "$URUMI_ROOT/deploy/release-notes.sh" --check 99.0.0
}
clean_leaves_nothing() {
  "$LOCAL/clean.sh"
  "$URUMI_ROOT/tests/lib/leftovers.sh" "$URUMI_INSTANCE"
}

"$LOCAL/clean.sh" >"$output" 2>&1 || die 'what an earlier run left could not be cleaned' "$(tail -n 3 "$output")"
it 'every missing toolchain is named at once, before anything is changed' names_all_missing_toolchains
it 'a disk that is too full is refused before anything is started' refuses_a_full_disk
it 'a KUBECONFIG that is not there is named' refuses_a_missing_kubeconfig
it 'a taken port is told with its holder and the way out' names_the_holder_of_a_port
it 'a part that fails ends the start, whether first or last' a_failed_lane_ends_it
it 'Docker is used where it works, unless a cluster is given' docker_is_used_where_it_works
"$LOCAL/postgres.sh" start
"$LOCAL/rabbitmq.sh" start
it 'a build is known by its sources, from whatever folder' builds_are_known_by_their_sources
it "programs get the addresses of their own instance's servers" programs_get_their_own_instances_servers
it 'a second start changes nothing' a_second_start_changes_nothing
it 'PostgreSQL keeps its data over a kill' postgres_keeps_data_over_a_kill
it 'the role of the platform is no superuser' the_role_is_no_superuser
it 'a copy of the database is restored, and the one before is kept' a_copy_is_restored_and_the_one_before_is_kept
it 'a restored audit is as guarded as before' a_restored_audit_is_as_guarded_as_before
it 'a database in use is not replaced' a_database_in_use_is_not_replaced
it 'what is no copy is refused' what_is_no_copy_is_refused
it 'RabbitMQ comes back after a kill' rabbitmq_comes_back_after_a_kill
it 'RabbitMQ has no user guest' there_is_no_guest
it 'the servers listen on loopback only' listens_on_loopback_only
it 'the servers run without root and without capabilities' runs_without_root
it 'secrets are readable by their owner only' secrets_are_for_the_owner_only
it "a release's notes are its section of the changelog, and no other" a_release_has_its_notes
it 'clean leaves nothing behind' clean_leaves_nothing
say "deploy: $passed passed, $failed failed"
((failed == 0))
