# shellcheck shell=bash disable=SC2034 # read by build.sh
# MySQL from Debian packages, with the official image's way of being set up.
# The tag is fixed, because values files name it; the label tells the version found.

IMAGE_NAME=urumi.local/mysql:9.7.4
SUITE=sid
VERSION_OF=mysql-server-core
PACKAGES=(
  base-files base-passwd bash dash coreutils sed grep findutils
  mysql-server-core mysql-client-core
)

# A data directory, initialised once here instead of in each store: a copy takes
# a fraction of a second, `--initialize-insecure` five. Server id and keys are
# taken out; each server makes its own at its first start.
initial_data() {
  local root=$1 data=/usr/lib/mysql/initial-data
  # shellcheck disable=SC2016 # expanded inside
  unshare --mount bash -euc '
    mount --bind /dev "$1/dev"
    mount -t proc proc "$1/proc"
    chroot --userspec=999:999 "$1" mysqld --initialize-insecure --datadir="$2" \
      --innodb-flush-method=nosync --innodb-doublewrite=OFF --innodb-redo-log-capacity=32M \
      --skip-log-bin --performance-schema=OFF --auto-generate-certs=OFF \
      --caching-sha2-password-auto-generate-rsa-keys=OFF' _ "$root" "$data"
  (
    cd "$root$data" || exit
    rm -rf auto.cnf ./*.pem '#innodb_temp'/*
    for file in mysql.ibd ibdata1 undo_001 undo_002; do fallocate --dig-holes "$file"; done
    chmod -R a+rX .
    chown -R 0:0 .
  )
}

assemble() {
  local root=$1 here=$URUMI_ROOT/deploy/images/mysql
  echo 'mysql:x:999:' >>"$root/etc/group"
  echo 'mysql:*:999:999::/var/lib/mysql:/usr/sbin/nologin' >>"$root/etc/passwd"
  mkdir -p "$root/etc/mysql/conf.d" "$root/docker-entrypoint-initdb.d" "$root/run/mysqld"
  install -m 0644 "$here/my.cnf" "$root/etc/my.cnf"
  install -D -m 0755 "$here/docker-entrypoint.sh" "$root/usr/local/bin/docker-entrypoint.sh"
  install -d -o 999 -g 999 "$root/var/lib/mysql" "$root/usr/lib/mysql/initial-data" "$root/run/mysqld"
  (
    cd "$root/usr" || exit
    rm -f bin/{mysql_migrate_keyring,perror,mysqlbinlog,myisam*,mysqlcheck,mysqlslap,mysqlimport,mysqlshow} \
      bin/{mysql_secure_installation,ibd2sdi,innochecksum,mysql_config_editor,my_print_defaults,mysqld_*} \
      lib/mysql/plugin/{group_replication,component_telemetry,telemetry_client,component_group*,mypluglib}.so
    find share/mysql -mindepth 1 -maxdepth 1 ! -name charsets ! -name english -exec rm -rf {} +
  )
  initial_data "$root"
}

image_config() {
  cat <<JSON
{"User":"999:999","WorkingDir":"/","Entrypoint":["docker-entrypoint.sh"],"Cmd":["mysqld"],
"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","LANG=C.UTF-8","MYSQL_VERSION=$1"],
"ExposedPorts":{"3306/tcp":{},"33060/tcp":{}},"Volumes":{"/var/lib/mysql":{}},"StopSignal":"SIGTERM",
"Labels":{"org.opencontainers.image.title":"MySQL","org.opencontainers.image.version":"$1"}}
JSON
}
