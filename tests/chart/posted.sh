#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2317 # programs.sh reads and calls it
# The platform of this instance with values-prod: its workers are started with them and
# with the ingress's TLS, then a store is asked for; by Ingress and by HTTPRoute. What
# `make up` starts is there again after the next `up.sh`. See posted.py.
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/embedded/parts/settings.sh"
source "$URUMI_ROOT/deploy/lib/cache.sh"
for part in server machine cluster cargo programs woocommerce; do
  # shellcheck source=/dev/null
  source "$URUMI_ROOT/deploy/local/lib/$part.sh"
done

case $URUMI_INSTANCE in test-*) ;; *) die "posted.sh changes what its instance gives to stores" "take one of the tests: URUMI_INSTANCE=test-posted $0" ;; esac
[[ -s $URUMI_STATE/env ]] || die "no platform runs as $URUMI_INSTANCE" "make up"
"$EMBEDDED/gateway.sh"
# shellcheck source=/dev/null
source "$URUMI_STATE/env"
choose_cluster

FOLDER=$URUMI_STATE/posted TLS_PORT=$(port ingress-tls)
mkdir -p "$FOLDER"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=authority of this test' \
  -keyout "$FOLDER/ca.key" -out "$FOLDER/ca.crt" 2>/dev/null
cat >"$FOLDER/ingress.yaml" <<'YAML'
wordpress: { content: { storageClass: local-path-shared } }
YAML
cat >"$FOLDER/gateway.yaml" <<'YAML'
wordpress: { content: { storageClass: local-path-shared } }
routing: { type: gateway, gateway: { name: web, namespace: urumi-test-gateway } }
YAML

# As programs.sh starts them, but for the scheme, the values and whom they believe.
eval "local_environment() $(declare -f bare_environment | tail -n +2)"
bare_environment() {
  local_environment
  export SSL_CERT_FILE=$FOLDER/ca.crt URUMI_STORE_URL="https://{host}:$TLS_PORT"
}
eval "local_worker() $(declare -f worker_environment | tail -n +2)"
worker_environment() {
  local_worker
  export ENVIRONMENT=prod
}
INGRESS=127.0.0.1:$TLS_PORT
KUBECONFIG=$URUMI_STATE/kubeconfig "$URUMI_ROOT/deploy/local/worker-rights.sh" urumi-system "$(installation)" "$WORKER_ACCESS" httproutes
failed=0
for way in ingress gateway; do
  URUMI_STORE_VALUES=$FOLDER/$way.yaml
  for program in 'api serve' 'worker run'; do
    # shellcheck disable=SC2086 # name and verb
    run_program $program
  done
  await_program api
  await_program worker
  PATH=$URUMI_BIN:$PATH TLS_PORT=$TLS_PORT WOOCOMMERCE_VALUES=$URUMI_STATE/values-woocommerce.yaml \
    python3 -Bu "$URUMI_ROOT/tests/chart/posted.py" "$way" "$FOLDER" || failed=1
done
exit "$failed"
