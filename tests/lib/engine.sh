# shellcheck shell=bash
# Debian's own Docker engine, for one instance: its own data, socket, cgroup and address
# pool, beside whatever engine the machine has. It changes no rule of the machine's
# firewall: ports are published by its own proxy, and containers reach no further than
# each other and this machine.
# Sourced after deploy/lib/{common,daemon}.sh.

# The socket's path has to be short.
ENGINE_RUN=/run/urumi-$URUMI_INSTANCE/docker
ENGINE_CGROUP=urumi-$URUMI_INSTANCE-docker
export DOCKER_HOST=unix://$ENGINE_RUN/docker.sock

engine_answers() { curl --silent --fail --max-time 3 --unix-socket "${DOCKER_HOST#unix://}" http://docker/_ping; }

start_engine() {
  "$URUMI_ROOT/deploy/local/packages.sh" docker.io curl
  mkdir -p "$ENGINE_RUN" "$URUMI_STATE/docker"
  start_daemon dockerd /usr/sbin/dockerd --host "$DOCKER_HOST" --data-root "$URUMI_STATE/docker" \
    --exec-root "$ENGINE_RUN/exec" --pidfile "$ENGINE_RUN/dockerd.pid" --group root \
    --bridge none --iptables=false --ip6tables=false --ip-masq=false \
    --default-address-pool "base=10.214.$URUMI_INDEX.0/24,size=26" \
    --oom-score-adjust=0 --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/$ENGINE_CGROUP"
  wait_for 60 engine_answers || die "Docker's engine does not answer" "$(tail -n 8 "$URUMI_LOG/dockerd.log")"
}

# What it started ends with it; then its layers and cgroups can go.
stop_engine() {
  local mount cgroup
  stop_daemon dockerd 30
  while read -r mount; do umount "$mount" || true; done < <(awk '{ print $5 }' /proc/self/mountinfo | grep -E "^($URUMI_STATE/docker|$ENGINE_RUN)/" | sort -r)
  for cgroup in /sys/fs/cgroup{,/*}/"$ENGINE_CGROUP"; do
    if [[ -d $cgroup ]]; then find "$cgroup" -depth -type d -exec rmdir {} + || warn "$cgroup could not be removed"; fi
  done
  rm -rf "$URUMI_STATE/docker" "$ENGINE_RUN"
  rmdir "${ENGINE_RUN%/*}" 2>/dev/null || true
}

# load_as ARCHIVE NAME: an image of this machine by the name that a registry has.
load_as() {
  local loaded
  loaded=$(docker load --quiet --input "$1" | sed -n 's/^Loaded image: //p')
  docker tag "$loaded" "$2"
}
