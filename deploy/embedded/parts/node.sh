# shellcheck shell=bash
# The node: PID 1 of its own PID, mount and network namespaces, and in them
# containerd, kubelet, kube-proxy. Whatever they make (containers, mounts,
# interfaces, iptables rules) ends with PID 1. See docs/adr/0002.

NODE_FILES=$URUMI_STATE/node

# node_init: the node's PID 1 as this machine numbers it.
node_init() {
  local outer init
  outer=$(daemon_pid node) || return 1
  init=$(pgrep -P "$outer" | head -n 1)
  # Before PID 1 becomes what it stays, the node's mounts are not complete.
  [[ $(cat "/proc/${init:-0}/comm" 2>/dev/null) == urumi-pause ]] || return 1
  echo "$init"
}

in_node() {
  local init
  init=$(node_init) || die "the node does not run" "start it: deploy/embedded/up.sh"
  nsenter --target "$init" --net --mount --pid -- "$@"
}

# run_in_node NAME COMMAND...: a daemon inside. nsenter stays outside as its
# parent; when that is told to stop or dies, the part inside is killed: its port
# is free at once, and none of these parts keeps anything that a kill can spoil.
run_in_node() {
  local name=$1 init
  shift
  init=$(node_init) || die "the node does not run"
  run_part "$name" nsenter --target "$init" --net --mount --pid -- setpriv --pdeathsig KILL -- "$@"
}

node_settings() {
  if [[ -s $NODE_FILES/settled && $(cat "$NODE_FILES/settled") == "$(settings_hash)" ]]; then return 0; fi
  local restrict=false snapshotter=overlayfs cni=/usr/lib/cni
  # Without CAP_SYS_RESOURCE (bit 24) no process may be made less killable.
  ((0x$(awk '/^CapEff/ { print $2 }' /proc/self/status) >> 24 & 1)) || restrict=true
  overlay_works || snapshotter=native
  [[ -d $cni ]] || cni=/opt/cni/bin
  mkdir -p "$NODE_FILES"/{etc,cni,kubelet,containerd,logs,bin} "$URUMI_STATE/volumes"
  chmod 0700 "$NODE_FILES/etc" "$NODE_FILES/containerd"
  render "$EMBEDDED/settings/containerd.toml" restrict="$restrict" snapshotter="$snapshotter" cni="$cni" pause="$PAUSE_IMAGE" |
    write_if_new "$NODE_FILES/etc/containerd.toml"
  render "$EMBEDDED/settings/cni.conflist" pod_net="$(pod_net)" | write_if_new "$NODE_FILES/cni/10-urumi.conflist"
  render "$EMBEDDED/settings/kubelet.yaml" port="$(port kubelet)" healthz="$(port kubelet-healthz)" dns="$(service_net).10" \
    address="$(link_net).2" cgroup="$CGROUP" | write_if_new "$NODE_FILES/etc/kubelet.yaml"
  render "$EMBEDDED/settings/kube-proxy.yaml" pod_net="$(pod_net)" node="$NODE_NAME" healthz="$(port kube-proxy-healthz)" \
    metrics="$(port kube-proxy-metrics)" | write_if_new "$NODE_FILES/etc/kube-proxy.yaml"
  printf 'nameserver %s\n' "$(service_net).10" | write_if_new "$NODE_FILES/etc/resolv.conf"
  local name
  for name in kubelet.kubeconfig kube-proxy.kubeconfig coredns.kubeconfig kubelet-serving.crt kubelet-serving.key ca.crt; do
    write_if_new "$NODE_FILES/etc/$name" <"$PKI/$name"
  done
  settings_hash >"$NODE_FILES/settled"
}
settings_hash() {
  cat "$EMBEDDED"/settings/* "$EMBEDDED/parts/node.sh" "$PKI"/{kubelet,kube-proxy,coredns}.kubeconfig "$PKI/kubelet-serving.crt" |
    sha256sum | cut -c1-16
}

# A folder that is itself an overlay (a container's) cannot carry another.
overlay_works() {
  local probe=$NODE_FILES/overlay-probe rc=0
  mkdir -p "$probe"/{lower,upper,work,all}
  unshare --mount --propagation private -- mount -t overlay overlay \
    -o "lowerdir=$probe/lower,upperdir=$probe/upper,workdir=$probe/work" "$probe/all" 2>/dev/null || rc=$?
  rm -rf "$probe"
  return "$rc"
}

start_node() {
  if node_init >/dev/null; then return 0; fi
  # An outer process without the right inner one is a half-started node.
  stop_daemon node 1
  # What a killed node left would make the new kubelet look for its containers.
  remove_cgroups
  make_cgroups
  # --kill-child: the node never outlives the process that our pid file names.
  run_part node unshare --net --mount --pid --fork --kill-child --propagation slave -- \
    bash "$EMBEDDED/parts/node-root.sh" "$NODE_FILES" "$URUMI_STATE/volumes" "$NODE_STATE" "$URUMI_BIN"
  or_log node wait_for 10 node_init
}

start_containerd() {
  if daemon_alive containerd; then return 0; fi
  run_in_node containerd containerd --config "$NODE_STATE/etc/containerd.toml"
  or_log containerd wait_for 20 in_node ctr version
  if ! in_node ctr -n k8s.io images ls -q | grep -qxF "$PAUSE_IMAGE"; then
    in_node ctr -n k8s.io images import - <"$URUMI_BIN/urumi-pause.tar" >/dev/null
  fi
}

start_kubelet() {
  if daemon_alive kubelet; then return 0; fi
  run_in_node kubelet "$NODE_STATE/bin/urumi-kubernetes" kubelet --config "$NODE_STATE/etc/kubelet.yaml" \
    --kubeconfig "$NODE_STATE/etc/kubelet.kubeconfig" --root-dir "$NODE_STATE/kubelet" \
    --hostname-override "$NODE_NAME" --node-ip "$(link_net).2"
}

start_kube_proxy() {
  if daemon_alive kube-proxy; then return 0; fi
  run_in_node kube-proxy "$NODE_STATE/bin/urumi-kubernetes" kube-proxy --config "$NODE_STATE/etc/kube-proxy.yaml"
}

node_ready() {
  in_node curl -fsS --max-time 2 "http://127.0.0.1:$(port kubelet-healthz)/healthz" >/dev/null &&
    [[ $(admin get node "$NODE_NAME" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}') == True ]]
}

# cgroup_folders: the instance's own cgroup, in each hierarchy that is mounted.
cgroup_folders() {
  local root
  if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
    echo "/sys/fs/cgroup/$CGROUP"
  else
    for root in /sys/fs/cgroup/*/; do
      if mountpoint -q "$root"; then echo "${root%/}/$CGROUP"; fi
    done
  fi
}

make_cgroups() {
  local folder parent name
  while read -r folder; do
    parent=$(dirname "$folder")
    if [[ -e $parent/cgroup.subtree_control && -e /sys/fs/cgroup/cgroup.controllers ]]; then
      tr ' ' '\n' <"$parent/cgroup.controllers" | while read -r name; do
        echo "+$name" >"$parent/cgroup.subtree_control" 2>/dev/null || true
      done
    fi
    mkdir -p "$folder"
    # A cpuset of the first version starts empty and then admits nobody.
    for name in cpuset.cpus cpuset.mems; do
      if [[ ! -e /sys/fs/cgroup/cgroup.controllers && -e $folder/$name && -z $(cat "$folder/$name") ]]; then
        cat "$parent/$name" >"$folder/$name"
      fi
    done
  done < <(cgroup_folders)
}

# A cgroup can be removed when its last process is gone, which takes a moment.
remove_cgroups() {
  local folder
  while read -r folder; do
    if [[ -d $folder ]]; then
      wait_for 5 remove_cgroup "$folder" || warn "cgroup $folder is still in use"
    fi
  done < <(cgroup_folders)
}
remove_cgroup() { find "$1" -depth -type d -exec rmdir {} + 2>/dev/null; [[ ! -d $1 ]]; }

# Containers get TERM and a bounded time (databases write their last pages);
# kubelet goes first, so that none is started again.
stop_node() {
  local init
  stop_daemon kubelet 5
  if init=$(node_init); then
    nsenter --target "$init" --net --mount --pid -- bash "$EMBEDDED/parts/stop-containers.sh" "${URUMI_STOP_SECONDS:-10}" ||
      warn "some containers did not stop in time and were killed"
  fi
  stop_daemon coredns 2
  stop_daemon kube-proxy 2
  stop_daemon containerd 3
  if init=$(node_init); then kill -KILL "$init" 2>/dev/null || true; fi
  stop_daemon node 3
}
