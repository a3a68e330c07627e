#!/usr/bin/env bash
# Prepares Traefik's sources for a build that takes a quarter of the time: its
# main package and every part in use are untouched, but what reaches for clouds
# (180 DNS providers, Amazon's SDK) and interpreted plugins is replaced by the
# refusals beside this script. Copies come from the module cache, whose sums Go
# has checked; go.mod of the cluster names the versions.
#
#   cut.sh FOLDER    makes FOLDER/go.mod, to be used with `go build -modfile`
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$1
cd "$here/.."

copy() { # MODULE NAME
  local source
  go mod download "$1"
  source=$(go list -m -f '{{.Dir}}' "$1")
  cp -r "$source" "$folder/$2"
  chmod -R u+w "$folder/$2"
  go mod edit -replace "$1=$folder/$2" "$folder/go.mod"
}

# only FOLDER FILE: the package in FOLDER consists of FILE alone.
only() {
  find "$folder/$1" -maxdepth 1 -name '*.go' -delete
  sed "s/^package PACKAGE/package $(basename "$1")/" "$here/$2" >"$folder/$1/only.go"
}

rm -rf "$folder"
mkdir -p "$folder"
cp go.mod go.sum "$folder/"
copy github.com/traefik/traefik/v3 traefik
copy github.com/go-acme/lego/v4 lego
copy github.com/traefik/yaegi yaegi
only traefik/pkg/provider/ecs ecs.go.txt
only lego/providers/dns dns.go.txt
only yaegi/stdlib symbols.go.txt
only yaegi/stdlib/syscall symbols.go.txt
only yaegi/stdlib/unsafe symbols.go.txt
