# shellcheck shell=bash disable=SC2034 # read by build.sh
# The api: one program, the C library and certificates.

# shellcheck source=deploy/images/platform.sh
source "$URUMI_ROOT/deploy/images/platform.sh"

IMAGE_NAME=urumi.local/api:$(platform_version)
SUITE=sid
PACKAGES=(base-files base-passwd libc6 libgcc-s1 ca-certificates)

recipe_inputs() { program_hash; }

assemble() {
  local root=$1
  install -D -m 0755 "$(platform_programs)/urumi-api" "$root/usr/bin/urumi-api"
  add_nobody "$root"
  only_programs "$root" /usr/bin/urumi-api
}

image_config() { platform_config 'Urumi Store Platform: api' '"urumi-api"' '"serve"' '"3000/tcp":{},"3001/tcp":{}'; }
