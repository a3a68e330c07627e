# shellcheck shell=bash
# The keys and certificates of an instance: two authorities (Kubernetes and
# etcd), one serving certificate where something serves, one client certificate
# and kubeconfig for each component. Made with openssl, files of mode 0600.
# A certificate is made anew when what it says must change, or 30 days before
# it ends. It must never print a key.

PKI=$URUMI_STATE/pki
SOON=$((30 * 24 * 3600))

# authority NAME COMMON-NAME
authority() {
  local name=$1 cn=$2
  if [[ -s $PKI/$name.crt ]] && openssl x509 -checkend "$SOON" -noout -in "$PKI/$name.crt" >/dev/null; then return 0; fi
  openssl ecparam -name prime256v1 -genkey -noout -out "$PKI/$name.key"
  openssl req -x509 -new -key "$PKI/$name.key" -subj "/CN=$cn" -days 3650 -out "$PKI/$name.crt" \
    -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign'
}

# certificate NAME AUTHORITY SUBJECT USAGE [ALTERNATIVE-NAMES]
# The first line of NAME.asked is the request that NAME.crt answers.
certificate() {
  local name=$1 ca=$2 subject=$3 usage=$4 names=${5:-} asked extensions
  asked="$subject|$usage|$names|$(openssl x509 -noout -fingerprint -sha256 -in "$PKI/$ca.crt")"
  if [[ -s $PKI/$name.crt && $(cat "$PKI/$name.asked" 2>/dev/null) == "$asked" ]] &&
    openssl x509 -checkend "$SOON" -noout -in "$PKI/$name.crt" >/dev/null; then return 0; fi
  extensions="basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=$usage"
  [[ -z $names ]] || extensions+=$'\n'"subjectAltName=$names"
  openssl ecparam -name prime256v1 -genkey -noout -out "$PKI/$name.key"
  openssl req -new -key "$PKI/$name.key" -subj "$subject" -out "$PKI/$name.csr"
  openssl x509 -req -in "$PKI/$name.csr" -CA "$PKI/$ca.crt" -CAkey "$PKI/$ca.key" \
    -set_serial "0x$(openssl rand -hex 16)" -days 365 -extfile <(printf '%s\n' "$extensions") -out "$PKI/$name.crt"
  rm -f "$PKI/$name.csr"
  printf '%s\n' "$asked" >"$PKI/$name.asked"
}

# kubeconfig FILE NAME: one context, the certificate inside the file.
kubeconfig() {
  local file=$1 name=$2 made
  made=$(cat <<YAML
apiVersion: v1
kind: Config
current-context: urumi-$URUMI_INSTANCE
clusters:
- name: urumi-$URUMI_INSTANCE
  cluster:
    server: https://$APISERVER_ADDRESS:$(port apiserver)
    certificate-authority-data: $(base64 -w0 "$PKI/ca.crt")
users:
- name: $name
  user:
    client-certificate-data: $(base64 -w0 "$PKI/$name.crt")
    client-key-data: $(base64 -w0 "$PKI/$name.key")
contexts:
- name: urumi-$URUMI_INSTANCE
  context: {cluster: urumi-$URUMI_INSTANCE, user: $name}
YAML
  )
  write_if_new "$file" <<<"$made"
}

# client NAME COMMON-NAME [GROUP]: certificate and $PKI/NAME.kubeconfig.
client() {
  certificate "$1" ca "${3:+/O=$3}/CN=$2" clientAuth
  kubeconfig "$PKI/$1.kubeconfig" "$1"
}

# Nothing to look at when the last run made all this, less than 300 days ago.
make_pki() {
  local asked
  asked=$(sha256sum "$EMBEDDED/parts/pki.sh" | cut -c1-16)-$APISERVER_ADDRESS-$(service_net)
  if [[ $(cat "$PKI/made" 2>/dev/null) == "$asked" && -s $URUMI_STATE/kubeconfig &&
    -n $(find "$PKI/made" -mtime -300) ]]; then return 0; fi
  make_all
  echo "$asked" >"$PKI/made"
}

make_all() (
  umask 077
  mkdir -p "$PKI"
  chmod 0700 "$PKI"
  {
    authority ca "urumi-$URUMI_INSTANCE"
    authority etcd-ca "urumi-$URUMI_INSTANCE-etcd"
    authority front-ca "urumi-$URUMI_INSTANCE-front" # of extension apiservers: there are none, but components ask for it
    certificate etcd etcd-ca /CN=etcd serverAuth,clientAuth IP:127.0.0.1
    certificate apiserver-etcd etcd-ca /CN=kube-apiserver clientAuth
    certificate apiserver ca /CN=kube-apiserver serverAuth \
      "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,IP:127.0.0.1,IP:$(link_net).1,IP:$(service_net).1"
    certificate kubelet-serving ca "/O=system:nodes/CN=system:node:$NODE_NAME" serverAuth "DNS:$NODE_NAME,IP:$(link_net).2"
    certificate apiserver-kubelet ca /O=urumi:kubelet-callers/CN=kube-apiserver clientAuth
    [[ -s $PKI/accounts.key ]] || {
      openssl ecparam -name prime256v1 -genkey -noout -out "$PKI/accounts.key"
      openssl ec -in "$PKI/accounts.key" -pubout -out "$PKI/accounts.pub"
    }
    client admin urumi-admin system:masters
    client controller-manager system:kube-controller-manager
    client scheduler system:kube-scheduler
    client kubelet "system:node:$NODE_NAME" system:nodes
    client kube-proxy system:kube-proxy
    client coredns urumi:coredns
    client traefik urumi:traefik
    client provisioner urumi:provisioner
    client kwok urumi:kwok
    kubeconfig "$URUMI_STATE/kubeconfig" admin
  } 2>"$URUMI_LOG/pki.log" || die "the certificates could not be made" "$(tail -n 5 "$URUMI_LOG/pki.log")"
)
