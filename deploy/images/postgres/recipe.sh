# shellcheck shell=bash disable=SC2034 # read by build.sh
# PostgreSQL from Debian packages, with the official image's way of being set up.
# For trials of charts/platform.

IMAGE_NAME=urumi.local/postgres:18
SUITE=sid
VERSION_OF=postgresql-18
PACKAGES=(base-files base-passwd bash dash coreutils sed findutils libc-bin postgresql-18 postgresql-client-18)
HOME_OF=/usr/lib/postgresql/18

assemble() {
  local root=$1 here=$URUMI_ROOT/deploy/images/postgres
  (
    cd "$root/usr" || exit
    # The programs by the names that everybody calls them by; Debian's own wrappers
    # are Perl, and choose among clusters that are not here.
    rm -rf share/{perl,i18n,postgresql-common,debconf,zsh} lib/{systemd,postgresql/18/lib/pgxs,postgresql/18/lib/bitcode} sbin/* \
      lib/*/{systemd,security,gconv,samba,sasl2,libdb-5.3.so,ossl-modules} lib/postgresql/18/bin/{pgbench,pg_recvlogical,oid2name,vacuumlo,pg_test_*,pg_waldump}
    find bin -mindepth 1 \( -name 'pg_*' -o -name psql -o -name 'create*' -o -name 'drop*' -o -name '*db' -o -name openssl -o -name 'systemd*' \
      -o -name '*ctl' -o -name 'db5*' -o -name 'debconf*' -o -name 'ucf*' -o -name 'gpasswd' -o -name 'ch[fs][nh]' \) -delete
    for program in lib/postgresql/18/bin/*; do ln -sf "../$program" "bin/${program##*/}"; done
  )
  echo 'postgres:x:999:' >>"$root/etc/group"
  echo 'postgres:*:999:999::/var/lib/postgresql:/bin/bash' >>"$root/etc/passwd"
  install -d -o 999 -g 999 "$root/var/lib/postgresql" "$root/run/postgresql" "$root/docker-entrypoint-initdb.d"
  install -D -m 0755 "$here/docker-entrypoint.sh" "$root/usr/local/bin/docker-entrypoint.sh"
  keep_linked "$root" /usr/bin /usr/sbin "$HOME_OF"
}

image_config() {
  cat <<JSON
{"User":"999:999","WorkingDir":"/","Entrypoint":["docker-entrypoint.sh"],"Cmd":["postgres"],
"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","LANG=C.UTF-8","PGDATA=/var/lib/postgresql/18/docker","PG_MAJOR=18","PG_VERSION=$1"],
"ExposedPorts":{"5432/tcp":{}},"Volumes":{"/var/lib/postgresql":{}},"StopSignal":"SIGINT",
"Labels":{"org.opencontainers.image.title":"PostgreSQL","org.opencontainers.image.version":"$1"}}
JSON
}
