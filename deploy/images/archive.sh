# shellcheck shell=bash
# Writes a root file system as an image archive in docker-save form, which
# containerd (`ctr image import`), Docker and podman all load. One layer, not
# compressed: it is read from the same disk. Sourced by build.sh.

digest_of() { sha256sum "$1" | cut -d' ' -f1; }

# write_archive ROOT CONFIG NAME TARGET: CONFIG holds the `config` object of the
# image (user, entrypoint, …); all times are fixed, so equal inputs give equal bytes.
write_archive() {
  local root=$1 config=$2 name=$3 target=$4 stage layer
  stage=$(mktemp -d "$(dirname "$config")/archive.XXXXXX")
  tar --create --file "$stage/layer.tar" --directory "$root" --sort=name --numeric-owner \
    --mtime='2026-01-01 00:00Z' --format=gnu .
  layer=$(digest_of "$stage/layer.tar")
  printf '{"architecture":"%s","os":"linux","created":"2026-01-01T00:00:00Z","config":%s,"rootfs":{"type":"layers","diff_ids":["sha256:%s"]},"history":[{"created":"2026-01-01T00:00:00Z","created_by":"deploy/images"}]}' \
    "$(image_architecture)" "$(cat "$config")" "$layer" >"$stage/config.json"
  mv "$stage/config.json" "$stage/$(digest_of "$stage/config.json").json"
  mkdir "$stage/$layer"
  mv "$stage/layer.tar" "$stage/$layer/layer.tar"
  printf '[{"Config":"%s","RepoTags":["%s"],"Layers":["%s/layer.tar"]}]' \
    "$(cd "$stage" && echo -- *.json | cut -d' ' -f2)" "$name" "$layer" >"$stage/manifest"
  mv "$stage/manifest" "$stage/manifest.json"
  tar --create --file "$target" --directory "$stage" --sort=name --numeric-owner --owner=0 --group=0 \
    --mtime='2026-01-01 00:00Z' --transform 's#^\./##' .
}

image_architecture() {
  case $(uname -m) in
    x86_64) echo amd64 ;;
    aarch64) echo arm64 ;;
    *) die "no image for the architecture $(uname -m)" "build on x86_64 or aarch64" ;;
  esac
}
