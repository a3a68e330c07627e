#!/usr/bin/env bash
# Stops the embedded cluster of this instance and removes its data: the API's
# database, the images and containers of the node, the volumes, certificates
# and logs of its parts. Cached builds stay.
source "$(dirname "${BASH_SOURCE[0]}")/parts/settings.sh"

"$EMBEDDED/down.sh"
for name in etcd node volumes pki kubeconfig cluster-mode ingress-port traefik.yaml gateway pod-ingress cluster.lock kwok; do
  path=$URUMI_STATE/$name
  if [[ -e $path ]]; then
    say "removing $path"
    rm -rf --one-file-system "$path"
  fi
done
for part in $(parts_of node) kwok pki manifests load-image; do rm -f "$URUMI_LOG/$part".log{,.1} "$URUMI_RUN/$part.pid"; done
