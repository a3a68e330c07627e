#!/usr/bin/env bash
# An image archive with one file in it, the pods' PID 1. Plain tar and JSON: no
# registry and no container engine. The same binary gives the same archive.
#
#   pause-image.sh BINARY IMAGE-NAME ARCHIVE
set -euo pipefail
binary=$1 image=$2 archive=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
deterministic=(--sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --format=ustar)

mkdir "$work/root" "$work/archive"
install -m 0755 "$binary" "$work/root/urumi-pause"
tar -C "$work/root" "${deterministic[@]}" -cf "$work/archive/layer.tar" urumi-pause
layer=$(sha256sum "$work/archive/layer.tar" | cut -d' ' -f1)
cat >"$work/archive/config.json" <<JSON
{"architecture":"$(dpkg --print-architecture 2>/dev/null || echo amd64)","os":"linux","created":"1970-01-01T00:00:00Z",
"config":{"Entrypoint":["/urumi-pause"],"User":"65535:65535"},"rootfs":{"type":"layers","diff_ids":["sha256:$layer"]}}
JSON
printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":["layer.tar"]}]\n' "$image" >"$work/archive/manifest.json"
tar -C "$work/archive" "${deterministic[@]}" -cf "$archive" config.json layer.tar manifest.json
