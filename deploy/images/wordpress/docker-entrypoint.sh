#!/bin/bash
# Puts WordPress into the working folder when that has none, as the official
# image does, and then becomes the command given. It never overwrites a file,
# a plugin or a theme that is there.
set -euo pipefail

SOURCE=/usr/src/wordpress

log() { echo "[entrypoint] $*" >&2; }

copy_wordpress() {
  local part name
  log "copying WordPress to $PWD"
  # --update=none: what is there already stays, also on a second, partial run.
  find "$SOURCE" -mindepth 1 -maxdepth 1 ! -name wp-content -exec cp -r --update=none -t . {} +
  mkdir -p wp-content
  for part in plugins themes; do
    mkdir -p "wp-content/$part"
    for name in "$SOURCE/wp-content/$part"/*; do
      [[ -e $name && ! -e wp-content/$part/${name##*/} ]] || continue
      cp -r "$name" "wp-content/$part/"
    done
  done
  find "$SOURCE/wp-content" -mindepth 1 -maxdepth 1 ! -name plugins ! -name themes \
    -exec cp -r --update=none -t wp-content {} +
}

if [[ ${1-} == apache2* ]]; then
  if [[ ! -e index.php && ! -e wp-includes/version.php ]]; then copy_wordpress; fi
  if [[ ! -s wp-config.php ]] && compgen -e | grep -q '^WORDPRESS_'; then
    log "writing wp-config.php, which reads the WORDPRESS_ variables"
    # Keys that nobody gives are drawn now and stay with the file.
    # shellcheck disable=SC2016 # PHP's variables
    php -r 'echo preg_replace_callback("/drawn-on-first-start/", fn() => bin2hex(random_bytes(32)), file_get_contents($argv[1]));' \
      "$SOURCE/wp-config-docker.php" >.wp-config.new
    mv .wp-config.new wp-config.php
  fi
fi
exec "$@"
