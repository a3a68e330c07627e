# shellcheck shell=bash
# What makes the bare cluster usable: its rights and classes, names (CoreDNS, on
# the node), volumes (the provisioner) and the ingress (Traefik), the latter two
# on this machine. None of them is a pod, so nothing of a tenant is beside them.

# Applied anew only when the files or the cluster itself are new.
apply_manifests() {
  local all stamp
  all=$(
    cat "$EMBEDDED/manifests/cluster.yaml"
    echo ---
    case $MODE in
      node) render "$EMBEDDED/manifests/dns.yaml" service_net="$(service_net)" node="$(link_net).2" ;;
      kwok) cat "$EMBEDDED/manifests/kwok.yaml" ;;
    esac
  )
  stamp=$(sha256sum <<<"$all" | cut -c1-16)
  if [[ $(cat "$URUMI_STATE/etcd/manifests" 2>/dev/null) == "$stamp" ]]; then return 0; fi
  wait_for 20 admin get namespace kube-system || die "the cluster made no namespace kube-system" "see $URUMI_LOG/kube-apiserver.log"
  remove_old_classes
  admin apply -f - <<<"$all" >"$URUMI_LOG/manifests.log" 2>&1 ||
    die "the cluster's own objects could not be applied" "$(tail -n 5 "$URUMI_LOG/manifests.log")"
  echo "$stamp" >"$URUMI_STATE/etcd/manifests"
}

# Classes of releases that waited for a volume's first pod: the mode of a class cannot be
# changed. Volumes need the class that made them no more.
remove_old_classes() {
  local class found
  found=$(admin get storageclasses -o 'jsonpath={range .items[?(@.provisioner=="urumi.dev/local-path")]}{.metadata.name}={.volumeBindingMode} {end}') ||
    die "the cluster's storage classes cannot be listed" "see $URUMI_LOG/kube-apiserver.log"
  for class in $found; do
    if [[ $class == *=WaitForFirstConsumer ]]; then admin delete storageclass "${class%=*}" >/dev/null; fi
  done
}

start_coredns() {
  if daemon_alive coredns; then return 0; fi
  render "$EMBEDDED/settings/Corefile" address="$(link_net).2" health="$(port coredns-health)" |
    write_if_new "$NODE_FILES/etc/Corefile"
  run_in_node coredns "$NODE_STATE/bin/urumi-coredns" -conf "$NODE_STATE/etc/Corefile"
}

start_provisioner() {
  local pid
  if pid=$(daemon_pid provisioner); then
    if [[ /proc/$pid/exe -ef $URUMI_BIN/urumi-provisioner ]]; then return 0; fi
    # One of a release that asks for a volume's node.
    stop_daemon provisioner 5
  fi
  mkdir -p "$URUMI_STATE/volumes"
  run_part provisioner "$URUMI_BIN/urumi-provisioner" --kubeconfig "$PKI/provisioner.kubeconfig" \
    --host-folder "$URUMI_STATE/volumes" --node-folder "$NODE_STATE/volumes"
}

# The port that stores are answered on: 80 when nobody has it, else 8080 (and
# for other instances always one of their own); once chosen it stays.
ingress_port() {
  local file=$URUMI_STATE/ingress-port candidate
  if [[ ! -s $file ]]; then
    local candidates
    candidates=("$(port ingress)")
    if [[ $URUMI_INSTANCE == local ]]; then candidates=(80 8080 "${candidates[@]}"); fi
    for candidate in "${candidates[@]}"; do
      if [[ -z $(ss -Hltn "sport = :$candidate") ]]; then break; fi
    done
    echo "$candidate" >"$file"
  fi
  cat "$file"
}

traefik_settings() {
  local web tls ping
  web=$(ingress_port) tls=$(port ingress-tls) ping=$(port traefik-ping)
  cat <<YAML
# Written by up.sh. Loopback only, in both families (with the Gateway API in one).
entryPoints:
  web: { address: "127.0.0.1:$web", asDefault: true }
  websecure: { address: "127.0.0.1:$tls", asDefault: true, http: { tls: {} } }
  ping: { address: "127.0.0.1:$ping" }
YAML
  # A Gateway's listener names a port, and Traefik takes whichever entry point has
  # it, at each change anew: so there is one for each port, or routes come and go.
  if [[ ! -e $URUMI_STATE/gateway && -e /proc/sys/net/ipv6/conf/lo/disable_ipv6 && $(cat /proc/sys/net/ipv6/conf/lo/disable_ipv6) == 0 ]]; then
    cat <<YAML
  web6: { address: "[::1]:$web", asDefault: true }
  websecure6: { address: "[::1]:$tls", asDefault: true, http: { tls: {} } }
YAML
  fi
  # Pods come in at the address of the link, as they come to a controller's Service.
  if [[ -e $URUMI_STATE/pod-ingress ]]; then
    echo "  pods: { address: \"$(link_net).1:$(port spare)\", asDefault: true }"
  fi
  cat <<YAML
providers:
  providersThrottleDuration: 100ms
  kubernetesIngress:
    ingressEndpoint: { ip: 127.0.0.1 }
    allowEmptyServices: true
    strictPrefixMatching: true
YAML
  if [[ -e $URUMI_STATE/gateway ]]; then echo '  kubernetesGateway: {}'; fi
  cat <<YAML
ping: { entryPoint: ping }
global: { checkNewVersion: false, sendAnonymousUsage: false }
log: { level: INFO, noColor: true }
YAML
}

start_traefik() {
  if daemon_alive traefik; then return 0; fi
  require_port ingress "$(ingress_port)"
  require_port ingress-tls "$(port ingress-tls)"
  require_port traefik-ping "$(port traefik-ping)"
  traefik_settings >"$URUMI_STATE/traefik.yaml"
  run_part traefik env KUBECONFIG="$PKI/traefik.kubeconfig" "$URUMI_BIN/traefik" --configFile="$URUMI_STATE/traefik.yaml"
}

traefik_answers() { curl -fsS --max-time 2 "http://127.0.0.1:$(port traefik-ping)/ping"; }
coredns_answers() { in_node curl -fsS --max-time 2 "http://127.0.0.1:$(port coredns-health)/health"; }

stop_addons() {
  stop_daemon traefik 5
  stop_daemon provisioner 5
}
