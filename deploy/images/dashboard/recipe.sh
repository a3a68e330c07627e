# shellcheck shell=bash disable=SC2034 # read by build.sh
# The dashboard: files, and one static program to copy them with.

# shellcheck source=deploy/images/platform.sh
source "$URUMI_ROOT/deploy/images/platform.sh"

IMAGE_NAME=urumi.local/dashboard:$(platform_version)
SUITE=sid
PACKAGES=(base-files base-passwd busybox-static)

dashboard_sources() { find "$URUMI_ROOT/dashboard" -mindepth 1 -maxdepth 1 ! -name node_modules ! -name dist ! -name '.*' | LC_ALL=C sort; }

recipe_inputs() {
  local files
  mapfile -t files < <(dashboard_sources)
  hash_of "${files[@]}"
}

assemble() {
  local root=$1
  add_nobody "$root"
  only_programs "$root" /usr/bin/busybox
  ln -s busybox "$root/usr/bin/cp"
  cp -r "$(dashboard_folder)" "$root/dashboard"
  chmod -R u=rwX,go=rX "$root/dashboard"
}

image_config() { platform_config 'Urumi Store Platform: dashboard' '' '"cp","-r","/dashboard/.","/served"' ''; }
