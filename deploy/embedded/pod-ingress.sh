#!/usr/bin/env bash
# Lets pods of the embedded cluster come to its ingress, at the address of the link
# between this machine and the node: a worker in a pod asks shops through it.
# Prints host:port. Again: changes nothing.
source "$(dirname "${BASH_SOURCE[0]}")/parts/settings.sh"
source "$EMBEDDED/parts/all.sh"

admin get namespace kube-system >/dev/null || die "the cluster of instance $URUMI_INSTANCE does not run" "start it: deploy/embedded/up.sh"
touch "$URUMI_STATE/pod-ingress"
# Traefik reads its entry points once, at its start.
if [[ $(traefik_settings) != "$(cat "$URUMI_STATE/traefik.yaml" 2>/dev/null)" ]]; then stop_daemon traefik 5; fi
start_traefik
wait_for 20 traefik_answers || die 'Traefik does not answer' "see $URUMI_LOG/traefik.log"
echo "$(link_net).1:$(port spare)"
