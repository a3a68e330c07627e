#!/usr/bin/env bash
# Builds images from Debian packages, for machines that reach no container
# registry: `build.sh wordpress|mysql|all` those of a store, `api|worker|dashboard`
# (together: `platform`) and `postgres|rabbitmq` those of charts/platform. Prints the
# path of each archive (docker and OCI clients load it); `build.sh names …` its tag.
# `woocommerce` is the WordPress image with the plugin of URUMI_WOOCOMMERCE_ZIP.
#
# An archive is made once per hash of its recipe. Nothing is started here and
# nothing is written outside the cache and a temporary folder.

# shellcheck source=deploy/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"
# shellcheck source=deploy/lib/cache.sh
source "$URUMI_ROOT/deploy/lib/cache.sh"
# shellcheck source=deploy/images/rootfs.sh
source "$URUMI_ROOT/deploy/images/rootfs.sh"
# shellcheck source=deploy/images/archive.sh
source "$URUMI_ROOT/deploy/images/archive.sh"

IMAGES=(wordpress mysql)
PLATFORM=(api worker dashboard)

usage() {
  die "usage: deploy/images/build.sh [names] wordpress|mysql|woocommerce|all|api|worker|dashboard|platform|postgres|rabbitmq" \
    "prints the archives' paths (or, with 'names', the images' names), one a line"
}

# A recipe sets IMAGE_NAME, SUITE, PACKAGES and VERSION_OF, and defines
# assemble ROOT (what to add and remove) and image_config (JSON on stdout); if it
# adds what is no part of the recipe, also recipe_inputs (a hash of that), and
# version_found ROOT, where no package tells the version.
# shellcheck disable=SC2153 # set by the recipe
version_found() { package_version "$1" "$VERSION_OF"; }
recipe_inputs() { :; }
load_recipe() {
  # shellcheck source=/dev/null
  source "$URUMI_ROOT/deploy/images/$1/recipe.sh"
}

# shellcheck disable=SC2153 # set by the recipe
# make_image NAME ARCHIVE: the whole build; called by `cached`.
make_image() (
  load_recipe "$1"
  work=$(mktemp -d "$URUMI_CACHE/image-$1.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  extract_packages "$work/root" "$SUITE" "${PACKAGES[@]}"
  found=$(version_found "$work/root")
  [[ $found == "${IMAGE_NAME##*:}"* ]] ||
    warn "the mirror holds ${VERSION_OF-} $found; the image keeps its name $IMAGE_NAME and says so in its label"
  trim_rootfs "$work/root"
  finish_rootfs "$work/root"
  assemble "$work/root"
  image_config "$found" >"$work/config.in"
  write_archive "$work/root" "$work/config.in" "$IMAGE_NAME" "$2"
)

archive_of() {
  local recipe parts=("$URUMI_ROOT/deploy/images/$1")
  if [[ $1 == woocommerce ]]; then parts+=("$URUMI_ROOT/deploy/images/wordpress" "$URUMI_WOOCOMMERCE_ZIP"); fi
  recipe=$(hash_of "${parts[@]}" "$URUMI_ROOT/deploy/images/"*.sh)$(
    load_recipe "$1"
    recipe_inputs | sha256sum | cut -c1-8
  )
  cached "image-$1" "$recipe.tar" make_image "$1"
}

verb=path
if [[ ${1-} == names ]]; then verb=name; shift; fi
case ${1-} in
  all) wanted=("${IMAGES[@]}") ;;
  platform) wanted=("${PLATFORM[@]}") ;;
  wordpress | mysql | api | worker | dashboard | postgres | rabbitmq) wanted=("$1") ;;
  woocommerce)
    [[ -s ${URUMI_WOOCOMMERCE_ZIP-} ]] || die "URUMI_WOOCOMMERCE_ZIP names no file: ${URUMI_WOOCOMMERCE_ZIP:-it is empty}" \
      "set it to the path of WooCommerce's plugin zip"
    wanted=(woocommerce)
    ;;
  *) usage ;;
esac

if [[ $verb == name ]]; then
  for image in "${wanted[@]}"; do (load_recipe "$image"; echo "$IMAGE_NAME"); done
  exit 0
fi

# Both at once: one waits for the network while the other unpacks.
declare -A building=()
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
for image in "${wanted[@]}"; do
  archive_of "$image" >"$out/$image" 2>"$out/$image.log" &
  building[$image]=$!
done
failed=0
for image in "${wanted[@]}"; do
  if ! wait "${building[$image]}"; then
    failed=1
    warn "the image '$image' could not be built:"
    tail -n 20 "$out/$image.log" >&2
  fi
done
((failed == 0)) || exit 1
for image in "${wanted[@]}"; do cat "$out/$image"; done
