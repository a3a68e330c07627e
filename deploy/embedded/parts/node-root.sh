#!/usr/bin/env bash
# The first process inside the node's namespaces: lays out the node's view of
# the file system and becomes PID 1. It is run by node.sh alone; none of what it
# mounts is seen by the machine.
set -euo pipefail
files=$1 volumes=$2 state=$3 bin=$4

# What the machine mounts or unmounts later shows here, never the other way;
# within the node, kubelet and containerd see each other's mounts.
mount --make-rslave /
mount -t proc proc /proc

# The node's state is put together aside and then moved to its place, because
# its place may cover the folders that it comes from.
aside=/mnt
mount -t tmpfs -o mode=0755 tmpfs "$aside"
inner=$aside/${state#/var/lib/}
mkdir -p "$inner"/{etc,cni,kubelet,containerd,logs,volumes,bin} "$aside"/{cni,kubelet,containerd}
for name in etc cni kubelet containerd logs; do mount --bind "$files/$name" "$inner/$name"; done
mount --bind "$volumes" "$inner/volumes"
for name in urumi-kubernetes urumi-coredns urumi-pause; do
  touch "$inner/bin/$name"
  mount --bind "$(readlink -f "$bin/$name")" "$inner/bin/$name"
done
mount --move "$aside" /var/lib

mount -t tmpfs -o mode=0755 tmpfs /run
mount -t tmpfs -o mode=0755 tmpfs /var/log
mkdir -p /run/netns /run/lock
mount --make-rshared /

exec "$state/bin/urumi-pause"
