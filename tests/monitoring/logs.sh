#!/usr/bin/env bash
# Central logs of a real journey: a platform with real pods, two stores made and one
# removed again; then the OpenTelemetry collector with deploy/monitoring/collector-logs.yaml
# reads what api and worker wrote, and one store's whole story is found by its id.
# URUMI_KEEP=1 leaves the platform running.
case ${URUMI_INSTANCE:-} in test-*) ;; *) URUMI_INSTANCE=test-logs ;; esac
export URUMI_INSTANCE
unset KUBECONFIG URUMI_API URUMI_API_PORT URUMI_DASHBOARD URUMI_INGRESS URUMI_STORE_VALUES DATABASE_URL AMQP_URL
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib/common.sh"
source "$URUMI_ROOT/deploy/lib/cache.sh"
HERE=$URUMI_ROOT/tests/monitoring

# shellcheck disable=SC2317 # the trap calls it
finish() {
  local rc=$?
  trap '' INT TERM
  if [[ ${URUMI_KEEP:-} != 1 ]]; then
    FORCE=1 "$URUMI_ROOT/deploy/local/clean.sh" >"$URUMI_ROOT/.urumi/logs-clean.log" 2>&1 || {
      tail -n 20 "$URUMI_ROOT/.urumi/logs-clean.log" >&2
      rc=1
    }
  fi
  exit "$rc"
}
build_collector() {
  (cd "$HERE/collector" && GOCACHE=$URUMI_CACHE/go-build GOWORK=off CGO_ENABLED=0 GOFLAGS='-mod=readonly -trimpath -buildvcs=false' \
    go build -ldflags '-s -w' -o "$1" .)
}
validate() { URUMI_LOG_FOLDER=/x URUMI_LOGS_TO=http://x "$collector" validate --config="$URUMI_ROOT/deploy/monitoring/$1"; }

say '==> collector'
collector=$(cached otelcol "$(hash_of "$HERE/collector")" build_collector)
validate collector.yaml
validate collector-logs.yaml

trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
"$URUMI_ROOT/deploy/local/up.sh"
# shellcheck source=/dev/null
source "$URUMI_STATE/env"

create() { urumi store create "$1" --wait -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])'; }
journey() {
  told=$(create 'The told one')
  other=$(create 'The other one')
  kubectl get secret store-credentials -n "$told" -o go-template='{{range .data}}{{. | base64decode}}{{"\n"}}{{end}}' |
    awk 'length($0) > 15' >"$URUMI_STATE/told.secrets"
  chmod 600 "$URUMI_STATE/told.secrets"
  urumi store delete "$told" --wait
}
say '==> two stores, one removed again'
journey
python3 -B "$HERE/logs.py" "$collector" "$URUMI_LOG" "$told" "$other" "$URUMI_STATE/told.secrets"
