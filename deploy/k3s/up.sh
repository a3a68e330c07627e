#!/usr/bin/env bash
# Makes a running k3s server ready for the platform: a class for shared storage, and a
# wildcard certificate that Traefik serves to every store. Again: changes nothing.
#
#   DOMAIN=shops.example.com up.sh CERT.pem KEY.pem     a certificate that you have
#   DOMAIN=… EMAIL=… NAMESERVER=192.0.2.1:53 TSIG_NAME=… TSIG_FILE=… up.sh --dns01
#                                                       cert-manager makes and renews it
#   … up.sh --print [CERT KEY | --dns01]                what would be applied, and nothing else
# KUBECONFIG: /etc/rancher/k3s/k3s.yaml if not set.
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"
HERE=$URUMI_ROOT/deploy/k3s
CERT_MANAGER=${CERT_MANAGER:-v1.19.1}
export PATH=$URUMI_BIN:$PATH KUBECONFIG=${KUBECONFIG:-/etc/rancher/k3s/k3s.yaml}
usage='DOMAIN=<domain> up.sh CERT.pem KEY.pem, or DOMAIN= EMAIL= NAMESERVER= TSIG_NAME= TSIG_FILE= up.sh --dns01'

print=0
if [[ ${1:-} == --print ]]; then print=1; shift; fi
[[ ${DOMAIN:-} =~ ^[a-z0-9.-]+\.[a-z]+$ ]] || die "DOMAIN='${DOMAIN:-}' is no domain" "$usage"
case ${1:-} in
  --dns01)
    for name in EMAIL NAMESERVER TSIG_NAME TSIG_FILE; do [[ -n ${!name:-} ]] || die "$name is not set" "$usage"; done
    [[ -r $TSIG_FILE ]] || die "TSIG_FILE=$TSIG_FILE cannot be read"
    ;;
  '') die 'which certificate?' "$usage" ;;
  *)
    [[ $# -eq 2 && -r $1 && -r $2 ]] || die "certificate or key cannot be read: $*" "$usage"
    openssl x509 -in "$1" -noout -checkhost "probe.$DOMAIN" | grep -q 'does match' ||
      die "$1 is not for *.$DOMAIN"
    openssl x509 -in "$1" -noout -checkend 86400 >/dev/null || die "$1 ends within a day"
    ;;
esac

# Values are of forms that hold neither `#` nor quotes; what else comes in is refused.
filled() {
  local name text
  text=$(<"$1")
  for name in DOMAIN EMAIL NAMESERVER TSIG_NAME; do
    [[ ! ${!name:-} =~ [^A-Za-z0-9@:._+-] ]] || die "$name holds what it cannot: ${!name}"
    text=${text//@$name@/${!name:-}}
  done
  printf '%s\n' "$text"
}
secret() { kubectl create secret "$@" --dry-run=client -o yaml; }
wildcard() { secret tls urumi-wildcard -n kube-system --cert "$1" --key "$2"; }
tsig() { secret generic dns01-tsig -n cert-manager --from-file=secret="$TSIG_FILE"; }
apply() { kubectl apply --server-side --force-conflicts --field-manager urumi-setup -f -; }

documents() {
  cat "$HERE/shared-storage.yaml"
  echo ---
  cat "$HERE/tls-given.yaml"
  echo ---
  if [[ $1 == --dns01 ]]; then filled "$HERE/tls-dns01.yaml"; else wildcard "$@"; fi
}

cert_manager() {
  helm upgrade --install cert-manager cert-manager --repo https://charts.jetstack.io --version "$CERT_MANAGER" \
    --namespace cert-manager --create-namespace --set crds.enabled=true --wait --timeout 5m
  tsig | apply
}
put() { documents "$@" | apply; }

if ! have kubectl || ! have helm; then stage 'kubectl and helm' "$URUMI_ROOT/deploy/embedded/build.sh" client-tools; fi
if ((print)); then documents "$@"; exit; fi
kubectl get --raw /readyz >/dev/null || die "the server of $KUBECONFIG does not answer" 'systemctl status k3s'
if [[ $1 == --dns01 ]]; then stage 'cert-manager' cert_manager; fi
stage 'storage class and certificate' put "$@"
stage 'the provisioner runs' kubectl -n urumi-storage rollout status deployment/shared-storage --timeout 2m
if [[ $1 == --dns01 ]]; then
  stage 'the certificate is issued' kubectl -n kube-system wait certificate/urumi-wildcard --for=condition=Ready --timeout 10m
fi
say "ready: https://store-xxxxxx.$DOMAIN will be served with the wildcard certificate"
