# shellcheck shell=bash disable=SC2034 # read by build.sh
# The worker: one program, helm, and what a store is made of.

# shellcheck source=deploy/images/platform.sh
source "$URUMI_ROOT/deploy/images/platform.sh"

IMAGE_NAME=urumi.local/worker:$(platform_version)
SUITE=sid
PACKAGES=(base-files base-passwd libc6 libgcc-s1 ca-certificates)

# helm 4.3.1 for x86-64 by its own checksum; worker/Dockerfile has the same. Built
# from its module, as on other machines, it is pinned by that module's.
HELM_VERSION=v4.3.1
HELM_SHA256=b66cb19f2b31f9d427632ea6c4b4a1ff89b74ecaeaee323cd166da41a7af53bd

# What a store is made of: charts of all releases, values of both environments.
store_files() { printf '%s\n' "$URUMI_ROOT"/charts/store "$URUMI_ROOT"/charts/store-*.tgz "$URUMI_ROOT"/values-{local,prod}.yaml; }

recipe_inputs() {
  local files
  mapfile -t files < <(store_files)
  program_hash
  hash_of "${files[@]}"
}

add_helm() {
  local root=$1 helm=$URUMI_BIN/helm
  "$URUMI_ROOT/deploy/embedded/build.sh" client-tools
  if [[ $(uname -m) == x86_64 ]] && ! sha256sum --check --status <<<"$HELM_SHA256  $helm"; then
    warn "helm is not the one that this image is pinned to; it was built on this machine"
  fi
  [[ $("$helm" version --short) == "$HELM_VERSION"* ]] || die "helm is not $HELM_VERSION" "make distclean, then again"
  install -D -m 0755 "$helm" "$root/usr/bin/helm"
}

assemble() {
  local root=$1 files share=$1/usr/share/urumi
  mapfile -t files < <(store_files)
  install -D -m 0755 "$(platform_programs)/urumi-worker" "$root/usr/bin/urumi-worker"
  add_helm "$root"
  add_nobody "$root"
  only_programs "$root" /usr/bin/urumi-worker /usr/bin/helm
  mkdir -p "$share/charts"
  for file in "${files[@]}"; do
    case $file in */charts/*) cp -r "$file" "$share/charts/" ;; *) cp "$file" "$share/" ;; esac
  done
  chmod -R u=rwX,go=rX "$share"
}

image_config() { platform_config 'Urumi Store Platform: worker' '"urumi-worker"' '"run"' '"3001/tcp":{}'; }
