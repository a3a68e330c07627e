# shellcheck shell=bash
# etcd, kube-apiserver, kube-controller-manager and kube-scheduler: processes of
# the host, each started only when it does not run. They need no root.
# Nothing here listens beyond loopback and the node's link.

start_etcd() {
  if daemon_alive etcd; then return 0; fi
  require_port etcd "$(port etcd)"
  require_port etcd-peer "$(port etcd-peer)"
  local client peer
  client="https://127.0.0.1:$(port etcd)" peer="https://127.0.0.1:$(port etcd-peer)"
  local careless=()
  # Only for clusters that are thrown away: a crash of the machine loses data.
  if [[ ${URUMI_ETCD_UNSAFE:-} == 1 ]]; then careless=(--unsafe-no-fsync); fi
  mkdir -p "$URUMI_STATE/etcd"
  chmod 0700 "$URUMI_STATE/etcd"
  run_part etcd "$KUBE" etcd --name urumi --data-dir "$URUMI_STATE/etcd" \
    --listen-client-urls "$client" --advertise-client-urls "$client" \
    --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "urumi=$peer" \
    --cert-file "$PKI/etcd.crt" --key-file "$PKI/etcd.key" --client-cert-auth --trusted-ca-file "$PKI/etcd-ca.crt" \
    --peer-cert-file "$PKI/etcd.crt" --peer-key-file "$PKI/etcd.key" --peer-client-cert-auth \
    --peer-trusted-ca-file "$PKI/etcd-ca.crt" \
    --log-level warn "${careless[@]}"
}

start_apiserver() {
  if daemon_alive kube-apiserver; then return 0; fi
  require_port apiserver "$(port apiserver)"
  local endpoints=() more=()
  # A loopback address may not be an endpoint; without a node nobody asks for it.
  if [[ $MODE != node ]]; then endpoints=(--endpoint-reconciler-type=none); fi
  read -ra more <<<"${URUMI_APISERVER_ARGS:-}"
  if [[ ${URUMI_AUDIT:-} == 1 ]]; then
    more+=(--audit-policy-file "$EMBEDDED/settings/audit.yaml" --audit-log-path "$URUMI_LOG/audit.log" --audit-log-maxsize 500)
  fi
  run_part kube-apiserver "$KUBE" kube-apiserver \
    --bind-address "$APISERVER_ADDRESS" --advertise-address "$APISERVER_ADDRESS" --secure-port "$(port apiserver)" \
    --etcd-servers "https://127.0.0.1:$(port etcd)" --etcd-cafile "$PKI/etcd-ca.crt" \
    --etcd-certfile "$PKI/apiserver-etcd.crt" --etcd-keyfile "$PKI/apiserver-etcd.key" \
    --tls-cert-file "$PKI/apiserver.crt" --tls-private-key-file "$PKI/apiserver.key" --client-ca-file "$PKI/ca.crt" \
    --requestheader-client-ca-file "$PKI/front-ca.crt" --requestheader-allowed-names nobody \
    --anonymous-auth=false --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction \
    --service-account-issuer https://kubernetes.default.svc.cluster.local \
    --service-account-key-file "$PKI/accounts.pub" --service-account-signing-key-file "$PKI/accounts.key" \
    --service-cluster-ip-range "$(service_net).0/20" --allow-privileged \
    --kubelet-certificate-authority "$PKI/ca.crt" --kubelet-preferred-address-types InternalIP \
    --kubelet-client-certificate "$PKI/apiserver-kubelet.crt" --kubelet-client-key "$PKI/apiserver-kubelet.key" \
    --profiling=false "${endpoints[@]}" "${more[@]}"
}

start_controller_manager() {
  if daemon_alive kube-controller-manager; then return 0; fi
  require_port controller-manager "$(port controller-manager)"
  run_part kube-controller-manager "$KUBE" kube-controller-manager \
    --kubeconfig "$PKI/controller-manager.kubeconfig" --use-service-account-credentials \
    --authentication-kubeconfig "$PKI/controller-manager.kubeconfig" \
    --authorization-kubeconfig "$PKI/controller-manager.kubeconfig" \
    --bind-address 127.0.0.1 --secure-port "$(port controller-manager)" --leader-elect=false --profiling=false \
    --root-ca-file "$PKI/ca.crt" --service-account-private-key-file "$PKI/accounts.key" \
    --cluster-signing-cert-file "$PKI/ca.crt" --cluster-signing-key-file "$PKI/ca.key" \
    --kube-api-qps 100 --kube-api-burst 200 --concurrent-namespace-syncs 20
}

start_scheduler() {
  if daemon_alive kube-scheduler; then return 0; fi
  require_port scheduler "$(port scheduler)"
  run_part kube-scheduler "$KUBE" kube-scheduler \
    --kubeconfig "$PKI/scheduler.kubeconfig" --authentication-kubeconfig "$PKI/scheduler.kubeconfig" \
    --authorization-kubeconfig "$PKI/scheduler.kubeconfig" --kube-api-qps 100 --kube-api-burst 200 \
    --bind-address 127.0.0.1 --secure-port "$(port scheduler)" --leader-elect=false --profiling=false
}

apiserver_ready() { admin get --raw /readyz --request-timeout 3s; }

await_api() { or_log kube-apiserver wait_for 60 apiserver_ready; }

stop_control_plane() {
  stop_daemon kube-scheduler 5
  stop_daemon kube-controller-manager 5
  stop_daemon kube-apiserver 15
  stop_daemon etcd 10
}
