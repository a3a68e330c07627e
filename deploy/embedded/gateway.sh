#!/usr/bin/env bash
# Teaches the embedded cluster the Gateway API: its kinds, and Traefik to serve
# them beside Ingresses. Stores come in by it with `routing.type: gateway`.
# Again: changes nothing. It makes no Gateway; whoever wants one makes it.
source "$(dirname "${BASH_SOURCE[0]}")/parts/settings.sh"
source "$EMBEDDED/parts/all.sh"

admin get namespace kube-system >/dev/null || die "the cluster of instance $URUMI_INSTANCE does not run" "start it: deploy/embedded/up.sh"

# The kinds lie in the module whose types Traefik is built with.
kinds() {
  local module
  module=$(cd "$EMBEDDED/cluster" && go mod download sigs.k8s.io/gateway-api && go list -m -f '{{.Dir}}' sigs.k8s.io/gateway-api)
  admin apply --server-side -f "$module/config/crd/standard"
  admin wait --for=condition=Established --timeout=30s customresourcedefinition/httproutes.gateway.networking.k8s.io
  admin apply -f "$EMBEDDED/manifests/gateway.yaml"
}

# Traefik reads its providers and entry points once, at its start.
serve() {
  touch "$URUMI_STATE/gateway"
  if [[ $(traefik_settings) != "$(cat "$URUMI_STATE/traefik.yaml" 2>/dev/null)" ]]; then stop_daemon traefik 5; fi
  start_traefik
  wait_for 20 traefik_answers
}

stage 'the kinds of the Gateway API' kinds
stage 'Traefik serves them' serve
