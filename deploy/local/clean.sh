#!/usr/bin/env bash
# `make clean`: stops an instance and removes its data, naming what goes. Stores
# on a given cluster are someone's: they are removed only with FORCE=1, and as
# long as there are any, so is nothing else. Cached builds stay (distclean).
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"
source "$URUMI_ROOT/deploy/local/lib/cluster.sh"
export PATH=$URUMI_BIN:$PATH

# The namespaces that carry this installation's mark.
stores_on_cluster() {
  if [[ ! -s $URUMI_STATE/installation ]]; then return 0; fi
  kube --kubeconfig "$CLUSTER_CONFIG" get namespaces -l "urumi.dev/installation=$(<"$URUMI_STATE/installation")" \
    -o 'jsonpath={.items[*].metadata.name}'
}

# Sets `stores`, or ends here with nothing removed.
require_leave() {
  if ! stores=$(stores_on_cluster); then
    [[ ${FORCE:-0} == 1 ]] || die "the cluster of $CLUSTER_CONFIG cannot be asked for this installation's stores; nothing was removed" \
      "start it, or leave whatever is on it: FORCE=1 make clean"
    warn "the cluster cannot be asked; whatever stores it has stay there"
    stores=''
  fi
  [[ -z $stores || ${FORCE:-0} == 1 ]] || die "the cluster of $CLUSTER_CONFIG holds stores of this installation: $stores; nothing was removed" \
    "delete them in the dashboard first, or remove them with all their data: FORCE=1 make clean"
}

# Only when the worker is stopped, which would bring them up again.
remove_stores() {
  say "removing from the given cluster, with their data: $stores"
  # shellcheck disable=SC2086 # a list of names
  kubectl --kubeconfig "$CLUSTER_CONFIG" delete namespace $stores --timeout=180s
}

stores=''
remembered_cluster
if [[ $CLUSTER == compose ]]; then exec "$URUMI_ROOT/deploy/local/compose.sh" clean; fi
if [[ $CLUSTER == given ]]; then require_leave; fi
"$URUMI_ROOT/deploy/local/down.sh"
if [[ -n $stores ]]; then remove_stores; fi
say "removing the data of instance '$URUMI_INSTANCE':"
if [[ $CLUSTER != given ]]; then
  if [[ -e $URUMI_STATE/kubeconfig ]]; then say "  the embedded cluster with every store on it"; fi
  "$URUMI_ROOT/deploy/embedded/clean.sh"
fi
if [[ -d $URUMI_STATE/postgres ]]; then say "  the records (PostgreSQL)"; fi
"$URUMI_ROOT/deploy/local/postgres.sh" clean
if [[ -d $URUMI_STATE/rabbitmq ]]; then say "  the messages (RabbitMQ)"; fi
"$URUMI_ROOT/deploy/local/rabbitmq.sh" clean

# The rest by name; of `local` only what is its own, for other instances and the
# tools lie below the same folder.
for name in api-port cluster dashboard env image-mysql image-woocommerce image-wordpress installation values-woocommerce.yaml woocommerce-zip; do
  rm -f "$URUMI_STATE/$name"
done
rm -rf "$URUMI_STATE/access" "$URUMI_STATE/secrets" "$URUMI_STATE/programs" "$URUMI_STATE/tmp" "$URUMI_LOG" "$URUMI_RUN"
if [[ $URUMI_INSTANCE != local ]]; then
  rm -rf "$URUMI_STATE"
  rmdir "$URUMI_ROOT/.urumi/instances" 2>/dev/null || true
fi
say "  secrets, logs and settings in $URUMI_STATE"
