# shellcheck shell=bash disable=SC2034 # read by build.sh
# The WordPress image with WooCommerce in it, from a zip that is at hand:
# URUMI_WOOCOMMERCE_ZIP, as downloaded from wordpress.org. It lies outside
# wp-content, which is a volume in a store; the volume gets a link to it.

# shellcheck source=deploy/images/wordpress/recipe.sh
source "$URUMI_ROOT/deploy/images/wordpress/recipe.sh"

IMAGE_NAME=urumi.local/wordpress-woocommerce:${IMAGE_NAME##*:}

eval "assemble_wordpress() $(declare -f assemble | tail -n +2)"

assemble() {
  local root=$1
  assemble_wordpress "$root"
  install -D -m 0644 "$URUMI_WOOCOMMERCE_ZIP" "$root/tmp/woocommerce.zip"
  # shellcheck disable=SC2016 # PHP's variables
  chroot "$root" php -r '
    $zip = new ZipArchive();
    $zip->open("/tmp/woocommerce.zip") === true && $zip->extractTo("/usr/src") || exit(1);' ||
    die "$URUMI_WOOCOMMERCE_ZIP is no zip"
  rm "$root/tmp/woocommerce.zip"
  [[ -f $root/usr/src/woocommerce/woocommerce.php ]] ||
    die "$URUMI_WOOCOMMERCE_ZIP holds no woocommerce/woocommerce.php" "take the plugin's zip, not its sources"
  chmod -R go=rX "$root/usr/src/woocommerce"
}
