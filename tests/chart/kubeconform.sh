#!/usr/bin/env bash
# kubeconform over every rendering of the chart, strictly, against the schemas of
# the oldest and the newest Kubernetes that are meant to work. kubeconform is
# built from its Go module; the schemas come in a Python package, the ones of the
# Gateway API from the module that the embedded Traefik is built with, those of
# External Secrets from its own. Both are
# made once and kept in the cache; nothing else is asked of the network.

# shellcheck source=deploy/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib/common.sh"
# shellcheck source=deploy/lib/cache.sh
source "$URUMI_ROOT/deploy/lib/cache.sh"
PATH=$URUMI_BIN:$PATH

PROGRAM=github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0
SCHEMAS=kubernetes-validate==1.37.0
SUM=85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9
SECRETS=github.com/external-secrets/external-secrets@v1.3.2
KUBERNETES=(1.33.0 1.37.0)

gather() {
  local folder=$1 work gateway secrets version
  work=$(mktemp -d)
  mkdir -p "$folder"
  (cd "$work" && GOFLAGS='-trimpath -buildvcs=false' GOBIN=$folder go install -ldflags '-s -w' "$PROGRAM")
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$work" "$SCHEMAS"
  sha256sum --check --quiet <<<"$SUM  $(echo "$work"/*.whl)" || die "$SCHEMAS is not what it was" "compare it, then change SUM in ${BASH_SOURCE[0]}"
  python3 -m zipfile -e "$work"/*.whl "$work/wheel"
  gateway=$(cd "$URUMI_ROOT/deploy/embedded/cluster" && go mod download sigs.k8s.io/gateway-api && go list -m -f '{{.Dir}}' sigs.k8s.io/gateway-api)
  secrets=$(cd "$work" && go mod download -json "$SECRETS" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])')
  for version in "${KUBERNETES[@]}"; do
    python3 -B "$URUMI_ROOT/tests/chart/schemas.py" "$work/wheel/kubernetes_validate/kubernetes-json-schema/v$version-local-strict" \
      "$folder/$version" "$gateway/config/crd/standard/gateway.networking.k8s.io_httproutes.yaml" \
      "$secrets/config/crds/bases/external-secrets.io_externalsecrets.yaml"
  done
  rm -rf "$work"
}

have helm || die "helm is missing" "deploy/embedded/build.sh client-tools brings it"
here=$(cached kubeconform "$(hash_of "${BASH_SOURCE[0]}" "$URUMI_ROOT/tests/chart/schemas.py")" gather)
exec python3 -B "$URUMI_ROOT/tests/chart/kubeconform.py" "$here" "${KUBERNETES[@]}"
