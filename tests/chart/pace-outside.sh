#!/usr/bin/env bash
# The same WordPress and database outside Kubernetes: the images' own files as roots,
# two plain processes on a loopback of their own. Run by pace.py inside the node's
# mounts, in namespaces that end with it; FOLDER holds what a pod would be given.
set -euo pipefail
here=$1

ip link set lo up
for part in db web; do
  at=$here/$part
  mount -t proc proc "$at/proc"
  mount --rbind /dev "$at/dev"
  mount -t tmpfs tmpfs "$at/tmp"
  mount -t tmpfs -o mode=0777 tmpfs "$at/run"
  mkdir -p "$at/etc/urumi" "$at/run/mysqld"
  chmod 0777 "$at/run/mysqld"
  mount --bind "$here/urumi" "$at/etc/urumi"
  echo "127.0.0.1 localhost mysql wordpress" >"$at/etc/hosts"
done
web=$here/web db=$here/db
for file in ports.conf:etc/apache2/ports.conf site.conf:etc/apache2/sites-available/000-default.conf; do
  cp "$here/urumi/apache/${file%%:*}" "$web/${file#*:}"
done
cp "$here/urumi/php/wp-config.php" "$web/usr/src/wordpress/wp-config.php"
mkdir -p "$web/content" "$db/var/lib/mysql/data"
chown 33:33 "$web/content"
chown 999:999 "$db/var/lib/mysql" "$db/var/lib/mysql/data"

# as UID ROOT ENVIRONMENT COMMAND...
as() {
  local uid=$1 root=$2 environment=() folder=/
  mapfile -t environment <"$3"
  shift 3
  if [[ $uid == 33 ]]; then folder=/usr/src/wordpress; fi
  # shellcheck disable=SC2016 # expanded by the inner shell
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${environment[@]}" \
    chroot --userspec="$uid:$uid" --groups='' "$root" sh -c 'cd "$1" && shift && exec "$@"' sh "$folder" "$@"
}
mapfile -t arguments <"$here/db.args"
as 999 "$db" "$here/db.env" docker-entrypoint.sh "${arguments[@]}" >"$here/db.log" 2>&1 &
as 33 "$web" "$here/setup.env" php /etc/urumi/php/setup.php >"$here/setup.log" 2>&1
as 33 "$web" "$here/web.env" php /etc/urumi/php/prepare.php >>"$here/setup.log" 2>&1
rm -rf "$web/usr/src/wordpress/wp-content"
mv "$web/content" "$web/usr/src/wordpress/wp-content"
install -o 33 -g 33 /dev/null "$here/web.log" # it opens what it is given once more
as 33 "$web" "$here/web.env" apache2-foreground >>"$here/web.log" 2>&1 &
exec sleep infinity
