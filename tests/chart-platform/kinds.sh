#!/usr/bin/env bash
# The schemas of each Kubernetes that is meant to work, and the kinds of KEDA,
# External Secrets, cert-manager, the Gateway API and prometheus-operator as their
# Go modules carry them: a folder with kubeconform, crds/*.yaml and a folder of
# JSON schemas for each version. Made once and kept in the cache; prints its path.

# shellcheck source=deploy/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib/common.sh"
# shellcheck source=deploy/lib/cache.sh
source "$URUMI_ROOT/deploy/lib/cache.sh"
PATH=$URUMI_BIN:$PATH

PROGRAM=github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0
SCHEMAS=kubernetes-validate==1.37.0
SUM=85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9
KUBERNETES=(1.33.0 1.34.0 1.35.0 1.36.0 1.37.0)
# module@version, folder in it, files
CRDS=(
  'github.com/kedacore/keda/v2@v2.21.0 config/crd/bases keda.sh_scaledobjects.yaml keda.sh_triggerauthentications.yaml'
  'github.com/external-secrets/external-secrets@v1.3.2 config/crds/bases external-secrets.io_externalsecrets.yaml'
  'github.com/cert-manager/cert-manager@v1.21.2 deploy/crds cert-manager.io_certificates.yaml'
  'github.com/prometheus-operator/prometheus-operator@v0.85.0 example/prometheus-operator-crd monitoring.coreos.com_servicemonitors.yaml monitoring.coreos.com_prometheusrules.yaml'
)

module_folder() { go mod download -json "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])'; }

gather() {
  local folder=$1 work gateway line module place name version
  work=$(mktemp -d)
  mkdir -p "$folder/crds"
  cd "$work"
  GOFLAGS='-trimpath -buildvcs=false' GOBIN=$folder go install -ldflags '-s -w' "$PROGRAM"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$work" "$SCHEMAS"
  sha256sum --check --quiet <<<"$SUM  $(echo "$work"/*.whl)" || die "$SCHEMAS is not what it was" "compare it, then change SUM in ${BASH_SOURCE[0]}"
  python3 -m zipfile -e "$work"/*.whl "$work/wheel"
  for line in "${CRDS[@]}"; do
    read -r module place line <<<"$line"
    module=$(module_folder "$module")
    for name in $line; do install -m 0644 "$module/$place/$name" "$folder/crds/"; done
  done
  # Of the same module that the embedded Traefik is built with.
  gateway=$(cd "$URUMI_ROOT/deploy/embedded/cluster" && go mod download sigs.k8s.io/gateway-api && go list -m -f '{{.Dir}}' sigs.k8s.io/gateway-api)
  install -m 0644 "$gateway/config/crd/standard/gateway.networking.k8s.io_httproutes.yaml" "$folder/crds/"
  for version in "${KUBERNETES[@]}"; do
    python3 -B "$URUMI_ROOT/tests/chart/schemas.py" "$work/wheel/kubernetes_validate/kubernetes-json-schema/v$version-local-strict" \
      "$folder/$version" "$folder"/crds/*.yaml
  done
  rm -rf "$work"
}

have helm || die "helm is missing" "deploy/embedded/build.sh client-tools brings it"
cached platform-kinds "$(hash_of "${BASH_SOURCE[0]}" "$URUMI_ROOT/tests/chart/schemas.py")" gather
