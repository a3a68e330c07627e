#!/usr/bin/env bash
# `make test-long-platform`: charts/platform on real pods, out of images that are built
# here: the release before, stores through the ingress, restarts of everything under
# constant requests, the upgrade to this release. On an embedded cluster of its own,
# which is removed afterwards; URUMI_KEEP=1 leaves it running. At most 30 minutes.
# shellcheck disable=SC2317 # stages and the trap call what is below
case ${URUMI_INSTANCE:-} in test-*) ;; *) URUMI_INSTANCE=test-platform ;; esac
export URUMI_INSTANCE
unset KUBECONFIG URUMI_API URUMI_API_PORT URUMI_DASHBOARD URUMI_INGRESS URUMI_STORE_VALUES DATABASE_URL AMQP_URL
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib/common.sh"
source "$URUMI_ROOT/deploy/embedded/parts/settings.sh"
source "$EMBEDDED/parts/node.sh"
cd "$URUMI_ROOT"
export KUBECONFIG=$URUMI_STATE/kubeconfig PATH=$URUMI_BIN:$PATH
IMAGES=$URUMI_ROOT/deploy/images

finish() {
  local rc=$?
  trap '' INT TERM
  if ((rc != 0)); then
    timeout 20 kubectl get pods -A -o wide || true
    timeout 20 kubectl -n urumi-system logs --all-containers --prefix --tail 15 -l app.kubernetes.io/part-of=urumi-store-platform || true
  fi
  if [[ ${URUMI_KEEP:-} != 1 ]]; then
    FORCE=1 "$URUMI_ROOT/deploy/local/clean.sh" >"$URUMI_ROOT/.urumi/platform-clean.log" 2>&1 || {
      tail -n 20 "$URUMI_ROOT/.urumi/platform-clean.log" >&2
      rc=1
    }
  fi
  exit "$rc"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

build_images() {
  local name
  for name in all platform postgres rabbitmq; do "$IMAGES/build.sh" "$name"; done >"$URUMI_STATE/images"
}
load_images() {
  local archive
  while read -r archive; do "$EMBEDDED/load-image.sh" "$archive"; done <"$URUMI_STATE/images"
  # What the release after is called here: the same programs under another name.
  for archive in $("$IMAGES/build.sh" names platform); do
    in_node ctr -n k8s.io images tag --force "$archive" "$archive-next" >/dev/null
  done
}

stage 'cluster programs' "$EMBEDDED/build.sh"
stage 'images' build_images
stage 'cluster' "$EMBEDDED/up.sh"
stage 'images into the cluster' load_images
INGRESS=$(cat "$URUMI_STATE/ingress-port") POD_INGRESS=$("$EMBEDDED/pod-ingress.sh" | tail -n 1)
VERSION=$("$IMAGES/build.sh" names api)
LINK=$(link_net).1 VERSION=${VERSION##*:}
export INGRESS POD_INGRESS VERSION LINK

rc=0
kinds=$(tests/chart-platform/kinds.sh)
python3 -Bu tests/chart-platform/dryrun.py "$kinds" || rc=1
python3 -Bu tests/platform/install.py || rc=1
exit "$rc"
