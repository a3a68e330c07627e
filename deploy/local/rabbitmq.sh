#!/usr/bin/env bash
# A RabbitMQ of this instance's own: Debian's programs; node name, data, cookie,
# plugins, port mapper and ports are ours, all on 127.0.0.1. There is no user
# `guest`. A broker of the machine is neither used nor touched.
#
#   rabbitmq.sh install|start|stop|status|clean|url|management-url
#   rabbitmq.sh ctl ARGUMENT...     rabbitmqctl against this node
#   URUMI_AMQP_MANAGEMENT=1         with the HTTP API (tests make their own virtual hosts)
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"
source "$URUMI_ROOT/deploy/lib/daemon.sh"
source "$URUMI_ROOT/deploy/local/lib/server.sh"

FOLDER=$URUMI_STATE/rabbitmq
VIEW=$(view_of rabbitmq)
PORT=$(port amqp)
if [[ $EUID -eq 0 ]]; then OWNER=rabbitmq; else OWNER=$(id -un); fi

# Nothing of the machine's own RabbitMQ settings is read: the environment is
# emptied, and each path that has a default under /etc or /var is set.
environment() {
  cat <<ENV
LANG=C.UTF-8
PATH=$PATH
HOME=$VIEW
ERL_EPMD_ADDRESS=127.0.0.1
ERL_EPMD_PORT=$(port epmd)
RUNNING_UNDER_SYSTEMD=true
RABBITMQ_NODENAME=urumi-$URUMI_INSTANCE@localhost
RABBITMQ_NODE_IP_ADDRESS=127.0.0.1
RABBITMQ_NODE_PORT=$PORT
RABBITMQ_DIST_PORT=$(port amqp-dist)
RABBITMQ_CONF_ENV_FILE=/dev/null
RABBITMQ_CONFIG_FILE=$VIEW/rabbitmq.conf
RABBITMQ_ADVANCED_CONFIG_FILE=$VIEW/advanced.config
RABBITMQ_ENABLED_PLUGINS_FILE=$VIEW/enabled_plugins
RABBITMQ_GENERATED_CONFIG_DIR=$VIEW/generated
RABBITMQ_SCHEMA_DIR=$VIEW/schema
RABBITMQ_MNESIA_BASE=$VIEW/mnesia
RABBITMQ_LOG_BASE=$VIEW/log
RABBITMQ_LOGS=-
RABBITMQ_PID_FILE=$VIEW/pid
RABBITMQ_SERVER_ERL_ARGS=+P 65536 +t 1048576 +S 2:2 +SDio 4 +sbwt none +sbwtdcpu none +sbwtdio none
RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false
RABBITMQ_CTL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false
RABBITMQ_CTL_DIST_PORT_MIN=$(port spare)
RABBITMQ_CTL_DIST_PORT_MAX=$(port spare)
ENV
}
# RUNNING_UNDER_SYSTEMD only makes the start script exec the server, so that its
# pid is the daemon's and TERM reaches it; nothing is told to systemd.

# The user and virtual host are made when the broker first starts on an empty folder.
settings() {
  cat <<CONF
# Written at each start by deploy/local/rabbitmq.sh.
listeners.tcp.default = 127.0.0.1:$PORT
default_vhost = urumi
default_user = urumi
default_pass = $(secret rabbitmq-password)
default_permissions.configure = .*
default_permissions.read = .*
default_permissions.write = .*
default_user_tags.administrator = true
log.console = true
log.console.level = info
log.file = false
log.connection.level = error
vm_memory_high_watermark.absolute = 384MB
disk_free_limit.absolute = 200MB
CONF
  if [[ ${URUMI_AMQP_MANAGEMENT:-0} == 1 ]]; then
    printf 'management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = %s\n' "$(port amqp-management)"
  fi
}

write_settings() {
  local owner=$OWNER
  (umask 077
    mkdir -p "$FOLDER"
    settings >"$FOLDER/rabbitmq.conf"
    echo '[].' >"$FOLDER/advanced.config"
    if [[ ${URUMI_AMQP_MANAGEMENT:-0} == 1 ]]; then echo '[rabbitmq_management].'; else echo '[].'; fi >"$FOLDER/enabled_plugins"
    if [[ ! -s $FOLDER/.erlang.cookie ]]; then secret rabbitmq-cookie >"$FOLDER/.erlang.cookie"; fi
    chmod 0400 "$FOLDER/.erlang.cookie")
  if [[ $EUID -eq 0 ]]; then chown -R "$owner:" "$FOLDER"; fi
}

# within COMMAND...: fills `command` with what runs it as the server's user.
within() {
  local variables
  mapfile -t variables < <(environment)
  command=("$URUMI_ROOT/deploy/local/as-user.sh" "$OWNER" "$FOLDER" "$VIEW" env -i "${variables[@]}" "$@")
}

start() {
  if daemon_alive rabbitmq && daemon_alive epmd && ready; then return; fi
  local command
  [[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]] || die "RabbitMQ is not installed" "run '$0 install'"
  if ! daemon_alive epmd; then
    if daemon_alive rabbitmq; then stop_daemon rabbitmq 30; fi
    need_port epmd
    write_settings
    within epmd
    start_daemon epmd "${command[@]}"
    wait_for 10 accepts "$(port epmd)" || die "the port mapper of RabbitMQ does not answer" "$(last_words epmd)"
  fi
  if ! daemon_alive rabbitmq; then
    need_port amqp
    need_port amqp-dist
    write_settings
    within /usr/lib/rabbitmq/bin/rabbitmq-server
    start_daemon rabbitmq "${command[@]}"
  fi
  wait_for 90 ready_or_gone
  ready || die "RabbitMQ does not answer on 127.0.0.1:$PORT" "$(last_words rabbitmq)"
}

# The protocol's own greeting: the broker answers Connection.Start (frame type 1)
# as soon as it takes clients. The command line tools take two seconds a call.
ready() {
  local greeting
  # shellcheck disable=SC2016 # expanded by the inner shell
  greeting=$(timeout 3 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "AMQP\0\0\11\1" >&3 && head -c 1 <&3 | od -An -tu1' _ "$PORT" 2>/dev/null) || return 1
  [[ ${greeting//[[:space:]]/} == 1 ]]
}
ready_or_gone() { ready || ! daemon_alive rabbitmq; }

stop() {
  stop_daemon rabbitmq 30
  stop_daemon epmd
  drop_view rabbitmq
}

status() {
  if daemon_alive rabbitmq; then
    if ready; then echo "running, answering on 127.0.0.1:$PORT"; else echo "running, not answering on 127.0.0.1:$PORT"; fi
  else
    echo stopped
    return 1
  fi
}

ctl() {
  local command
  within /usr/lib/rabbitmq/bin/rabbitmqctl "$@"
  exec "${command[@]}"
}

case ${1:-} in
  install) "$URUMI_ROOT/deploy/local/packages.sh" rabbitmq-server ;;
  start) start ;;
  stop) stop ;;
  status) status ;;
  clean)
    stop
    rm -rf "$FOLDER" "$URUMI_STATE/secrets/rabbitmq-password" "$URUMI_STATE/secrets/rabbitmq-cookie"
    ;;
  url) echo "amqp://urumi:$(secret rabbitmq-password)@127.0.0.1:$PORT/urumi" ;;
  management-url) echo "http://urumi:$(secret rabbitmq-password)@127.0.0.1:$(port amqp-management)" ;;
  ctl)
    shift
    ctl "$@"
    ;;
  *) die "usage: $0 install|start|stop|status|clean|url|management-url|ctl" ;;
esac
