# shellcheck shell=bash
# The one link between this machine and the node: a veth pair, a /32 on the
# loopback interface that outlives the node (the apiserver listens there), and a
# route to the pods. No iptables rule, bridge or forwarding of the machine is
# touched, and nothing here is reachable from its outer address.

# Another instance, or the user's own network, may already use these addresses.
require_networks() {
  local net
  for net in "$(link_net).2/32" "$(pod_net).0/24"; do
    local found
    found=$(ip -4 route show exact "$net" | grep -v "dev $HOST_LINK" || true)
    [[ -z $found ]] || die "this machine already routes $net: $found" \
      "give this platform another name, from which other networks follow: URUMI_INSTANCE=other make up"
  done
}

link_up() {
  ip link show "$HOST_LINK" && [[ -n $(ip -4 route show exact "$(pod_net).0/24" dev "$HOST_LINK") ]] &&
    [[ -n $(ip -4 address show dev lo to "$(link_net).1") ]]
} >/dev/null 2>&1

# The apiserver's address. It stays when the node dies, so that the API does.
make_host_address() {
  ip address replace "$(link_net).1/32" dev lo
}

# make_link PID: joins the network namespace of that process.
make_link() {
  local init=$1
  if link_up; then return 0; fi
  require_networks
  ip link delete "$HOST_LINK" 2>/dev/null || true
  ip link add "$HOST_LINK" type veth peer name "$NODE_LINK" netns "$init"
  ip link set "$HOST_LINK" up
  ip route replace "$(link_net).2/32" dev "$HOST_LINK" src "$(link_net).1"
  in_node_net "$init" ip link set lo up
  in_node_net "$init" ip address add "$(link_net).2/30" dev "$NODE_LINK"
  in_node_net "$init" ip link set "$NODE_LINK" up
  # Whatever is not this machine is refused at once rather than waited for.
  in_node_net "$init" ip route replace unreachable default metric 4096
  in_node_net "$init" sysctl -qw net.ipv4.ip_forward=1
  ip route replace "$(pod_net).0/24" via "$(link_net).2" dev "$HOST_LINK" src "$(link_net).1"
}

in_node_net() {
  local init=$1
  shift
  nsenter --target "$init" --net -- "$@"
}

# Removing one end removes both, and the routes with them.
remove_link() {
  ip link delete "$HOST_LINK" 2>/dev/null || true
  ip address delete "$(link_net).1/32" dev lo 2>/dev/null || true
}
