#!/usr/bin/env bash
# What `make up` does with containers, but for Kubernetes itself: the image of k3s is in a
# registry alone, so a stand-in takes its place that writes a kubeconfig and serves
# nothing. Looks at the order of the start, at .urumi/env, and at what stop and clean
# leave. Called by journey.sh, whose engine and images it uses.
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib/common.sh"
CONTAINERS=$URUMI_ROOT/deploy/local/compose.sh

passed=0 failed=0
it() {
  local name=$1 rc=0
  shift
  ( set -euo pipefail; "$@" ) >"$URUMI_LOG/standin-check.log" 2>&1 &
  wait $! || rc=$?
  if ((rc == 0)); then passed=$((passed + 1)); say "ok    $name"; else failed=$((failed + 1)); say "FAIL  $name" "$(tail -n 15 "$URUMI_LOG/standin-check.log")"; fi
}

stand_in() {
  local root=$URUMI_STATE/standin
  mkdir -p "$root/bin" "$root/tmp"
  cp /usr/bin/busybox "$root/bin/busybox"
  for word in sh sed chmod mv cat sleep; do ln -sf busybox "$root/bin/$word"; done
  cat >"$root/bin/k3s" <<'K3S'
#!/bin/sh
for word; do case $word in --write-kubeconfig=*) file=${word#*=} ;; esac; done
echo '{"apiVersion": "v1", "kind": "Config", "current-context": "c", "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:6443"}}], "contexts": [{"name": "c", "context": {"cluster": "c", "user": ""}}]}' >"$file"
exec sleep 86400
K3S
  printf '#!/bin/sh\nexit 0\n' >"$root/bin/kubectl"
  chmod +x "$root/bin/k3s" "$root/bin/kubectl"
  # Nor does it need to be privileged, which an engine in a sandbox may not grant.
  echo '{"services": {"k3s": {"privileged": false}}}' >"$URUMI_STATE/standin.yml"
  tar -C "$root" -c . | docker import --change 'ENTRYPOINT ["/bin/k3s"]' --change 'ENV PATH=/bin' - urumi.local/k3s:standin
}

answers() { [[ $(curl --silent -o /dev/null -w '%{http_code}' "$1") == 200 ]]; }
env_leads_to_it() {
  # shellcheck source=/dev/null
  source "$URUMI_STATE/env"
  [[ $URUMI_API == "http://localhost:$URUMI_API_PORT" ]] && answers "$URUMI_API/readyz"
  [[ $(psql "$DATABASE_URL" -qAtc 'SELECT count(*) FROM stores') == 0 ]]
  grep -q "https://127.0.0.1:$URUMI_KUBERNETES_PORT" "$KUBECONFIG"
  [[ $(stat -c %a "$URUMI_STATE/env" "$KUBECONFIG" | sort -u) == 600 ]]
  timeout 3 bash -c "exec 3<>/dev/tcp/127.0.0.1/$(port amqp)"
}
the_worker_gets_its_kubeconfig() { docker compose exec -T k3s cat /output/worker.yaml | grep -q https://k3s:6443; }
a_second_start_changes_nothing() {
  local before
  before=$(docker compose ps --quiet | sort)
  "$CONTAINERS" up
  [[ $(docker compose ps --quiet | sort) == "$before" ]]
}
stop_leaves_data() {
  "$CONTAINERS" down
  [[ -z $(docker compose ps --quiet --status running) ]]
  "$CONTAINERS" up
  env_leads_to_it
}
clean_leaves_nothing() {
  "$CONTAINERS" clean
  [[ -z $(docker ps --all --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME") ]]
  [[ -z $(docker volume ls --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME") ]]
  [[ ! -e $URUMI_STATE/env ]]
}

cd "$URUMI_ROOT"
export COMPOSE_FILE=docker-compose.yml:$URUMI_STATE/standin.yml
"$URUMI_ROOT/deploy/local/packages.sh" busybox-static postgresql-client curl
stand_in
it 'the whole platform starts, in order, and is healthy' "$CONTAINERS" up
it '.urumi/env leads to all of it, for its owner alone' env_leads_to_it
it 'the worker gets the kubeconfig of another container' the_worker_gets_its_kubeconfig
it 'a second start changes nothing' a_second_start_changes_nothing
it 'a stop leaves the data' stop_leaves_data
it 'clean leaves no container, no volume, no file' clean_leaves_nothing
say "compose-up: $passed passed, $failed failed, 0 skipped"
((failed == 0))
