#!/usr/bin/env bash
# Brings an image archive (docker's or OCI's form) into the node's containerd,
# so that pods can use it without a registry. An archive that was brought in
# before, and whose images are still there, is skipped.
#
#   load-image.sh FILE.tar
source "$(dirname "${BASH_SOURCE[0]}")/parts/settings.sh"
source "$EMBEDDED/parts/node.sh"

[[ $# -eq 1 && -s $1 ]] || die "no image archive: ${1:-none named}" "load-image.sh FILE.tar"
archive=$1
node_init >/dev/null || die "the node of instance $URUMI_INSTANCE does not run" "start it: deploy/embedded/up.sh"

snapshotter=$(sed -n 's/^ *snapshotter = "\(.*\)"/\1/p' "$NODE_FILES/etc/containerd.toml")
images() { in_node ctr -n k8s.io images "$@"; }
# name and digest of each image that containerd has
present() { images ls | awk 'NR > 1 { print $1, $3 }' | LC_ALL=C sort; }

# Archives are never changed in place, so the file itself stands for its content:
# reading half a gigabyte would be most of what a second `make up` does.
sum=$(stat -c '%n %s %i %W' "$archive" | sha256sum | cut -d' ' -f1)
record=$NODE_FILES/images/$sum
mkdir -p "$NODE_FILES/images"
if [[ -s $record && -z $(LC_ALL=C comm -23 "$record" <(present)) ]]; then
  say "already on the node: $(cut -d' ' -f1 "$record" | paste -sd' ')"
  exit
fi

bring_in() {
  images import --snapshotter "$snapshotter" - <"$archive" >"$URUMI_LOG/load-image.log" 2>&1 ||
    die "containerd refuses $archive" "$(tail -n 3 "$URUMI_LOG/load-image.log")"
}
stage "load $(basename "$archive") ($(($(stat -c %s "$archive") >> 20)) MB)" bring_in
names=$(sed -n 's/^unpacking \([^ ]*\) (\(sha256:[0-9a-f]*\)).*/\1 \2/p' "$URUMI_LOG/load-image.log" | LC_ALL=C sort)
[[ -n $names ]] || die "containerd found no image in $archive" "$(tail -n 3 "$URUMI_LOG/load-image.log")"
printf '%s\n' "$names" >"$record"
