# shellcheck shell=bash disable=SC2034 # read by build.sh
# RabbitMQ and Erlang from Debian packages, laid out like the official image. For
# trials of charts/platform.

IMAGE_NAME=urumi.local/rabbitmq:4.3
SUITE=sid
VERSION_OF=rabbitmq-server
PACKAGES=(base-files base-passwd bash dash coreutils sed grep rabbitmq-server)

assemble() {
  local root=$1 here=$URUMI_ROOT/deploy/images/rabbitmq
  (
    cd "$root/usr" || exit
    rm -rf lib/{systemd,ocf,sysusers.d} lib/*/{systemd,security,gconv,libdb-5.3.so,ossl-modules} share/{debconf,rabbitmq*,erlang*,perl*} \
      lib/erlang/lib/{wx,observer,megaco,debugger,et,diameter,edoc,eunit,common_test,dialyzer,reltool}-* bin/{rabbitmqadmin,erlc,dialyzer,typer,escript.bak}
    find bin -mindepth 1 \( -name 'systemd*' -o -name '*ctl' -o -name openssl -o -name 'debconf*' -o -name 'gpasswd' -o -name 'ch[fs][nh]' -o -name 'adduser' \) \
      ! -name rabbitmqctl -delete
    # Debian's own change to another user, which we are already.
    for program in lib/rabbitmq/bin/rabbitmq*; do ln -sf "../$program" "bin/${program##*/}"; done
    rm -rf sbin/*
  )
  echo 'rabbitmq:x:999:' >>"$root/etc/group"
  echo 'rabbitmq:*:999:999::/var/lib/rabbitmq:/usr/sbin/nologin' >>"$root/etc/passwd"
  # The package's own folder is root's; Docker copies what is there into a new volume.
  rm -rf "$root/etc/rabbitmq" "$root/etc/default/rabbitmq-server" "$root/var/lib/rabbitmq"
  install -d -o 999 -g 999 "$root/var/lib/rabbitmq" "$root/var/log/rabbitmq" "$root/etc/rabbitmq" "$root/etc/rabbitmq/conf.d"
  install -D -m 0755 "$here/docker-entrypoint.sh" "$root/usr/local/bin/docker-entrypoint.sh"
  keep_linked "$root" /usr/bin /usr/sbin /usr/lib/erlang
}

image_config() {
  cat <<JSON
{"User":"999:999","WorkingDir":"/","Entrypoint":["docker-entrypoint.sh"],"Cmd":["rabbitmq-server"],
"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","LANG=C.UTF-8","HOME=/var/lib/rabbitmq","RABBITMQ_LOGS=-","RABBITMQ_VERSION=$1"],
"ExposedPorts":{"5672/tcp":{},"15672/tcp":{}},"Volumes":{"/var/lib/rabbitmq":{}},"StopSignal":"SIGTERM",
"Labels":{"org.opencontainers.image.title":"RabbitMQ","org.opencontainers.image.version":"$1"}}
JSON
}
