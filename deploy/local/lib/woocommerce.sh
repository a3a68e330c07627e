# shellcheck shell=bash
# Which web image the embedded cluster's stores run: WordPress, or WordPress with
# the WooCommerce of URUMI_WOOCOMMERCE_ZIP. The choice is kept in $URUMI_STATE, so
# that a second `make up` does not change it.
# Sourced after cluster.sh; CLUSTER is known when these are called.

WOOCOMMERCE_VALUES=$URUMI_STATE/values-woocommerce.yaml

woocommerce_version() {
  python3 - "$1" <<'PY'
import re, sys, zipfile
try:
    head = zipfile.ZipFile(sys.argv[1]).read("woocommerce/woocommerce.php")[:4096].decode()
    print(re.search(r"^[ \t*]*Version:[ \t]*([0-9A-Za-z.-]+)", head, re.M).group(1))
except (OSError, KeyError, AttributeError, zipfile.BadZipFile):
    sys.exit(1)
PY
}

choose_woocommerce() {
  local kept=$URUMI_STATE/woocommerce-zip version
  if [[ $CLUSTER != embedded ]]; then return; fi
  if [[ -z ${URUMI_WOOCOMMERCE_ZIP:-} && -s $kept ]]; then URUMI_WOOCOMMERCE_ZIP=$(<"$kept"); fi
  if [[ -z ${URUMI_WOOCOMMERCE_ZIP:-} ]]; then return; fi
  version=$(woocommerce_version "$URUMI_WOOCOMMERCE_ZIP") ||
    die "URUMI_WOOCOMMERCE_ZIP is no WooCommerce: $URUMI_WOOCOMMERCE_ZIP" \
      "name the plugin's zip, which holds woocommerce/woocommerce.php"
  URUMI_WOOCOMMERCE_ZIP=$(realpath "$URUMI_WOOCOMMERCE_ZIP")
  export URUMI_WOOCOMMERCE_ZIP
  echo "$URUMI_WOOCOMMERCE_ZIP" >"$kept"
  cat >"$WOOCOMMERCE_VALUES" <<YAML
# Written by make up: the image with WooCommerce $version in it.
wordpress:
  image:
    repository: urumi.local/wordpress-woocommerce
woocommerce:
  source: image
  version: $version
YAML
  say "    WooCommerce: $version"
}

web_image() { if [[ -n ${URUMI_WOOCOMMERCE_ZIP:-} ]]; then echo woocommerce; else echo wordpress; fi; }
# :FILE where there is one, for URUMI_STORE_VALUES
woocommerce_values() { if [[ -s $WOOCOMMERCE_VALUES ]]; then echo ":$WOOCOMMERCE_VALUES"; fi; }
