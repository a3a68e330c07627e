#!/usr/bin/env bash
# What the instances of the tests left on this machine: processes, mounts,
# network interfaces, addresses, cgroups, folders. Only our own count; nothing is
# removed here.
#
#   leftovers.sh INSTANCE...   one line for each thing; exit 1 if there is any
export URUMI_INSTANCE=local # so that looking makes no folder of an instance
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib/common.sh"

# Ourselves and those who called us name the instances too.
ancestors() {
  local pid=$$
  while ((pid > 1)); do
    echo "$pid"
    pid=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")
  done
}

# of_instance NAME: the words that only that instance's things carry.
of_instance() { printf '%s\n' "$URUMI_ROOT/.urumi/instances/$1/" "/run/urumi-$1/" "/urumi-$1/" "urumi-$1@localhost"; }

# One look at all processes for all instances: a line "pid words" for each.
all_processes() {
  local folder pid mine state
  mine=" $(ancestors | paste -sd' ') "
  for folder in /proc/[0-9]*; do
    pid=${folder#/proc/}
    if [[ $mine == *" $pid "* ]]; then continue; fi
    read -r _ _ state _ 2>/dev/null <"$folder/stat" || continue
    if [[ $state == Z ]]; then continue; fi
    { echo "$pid $(tr '\0' ' ' <"$folder/cmdline") $(readlink "$folder/exe" "$folder/cwd" | paste -sd' ') $(paste -sd' ' "$folder/cgroup")/"; } 2>/dev/null || true
  done
}
processes() { grep -F -f <(of_instance "$1") <<<"$snapshot" | cut -c1-200 | sed 's/^/process /' || true; }

mounts() { awk '{ print "mount " $5 "/" }' /proc/self/mountinfo | grep -F -f <(of_instance "$1") || true; }

network() {
  local index link
  index=$(URUMI_INSTANCE=$1 instance_index)
  for link in "urumi${index}h" "urumi${index}n"; do
    if ip link show "$link" >/dev/null 2>&1; then echo "interface $link"; fi
  done
  if [[ -n $(ip -4 address show to "10.212.$index.0/30") ]]; then echo "address 10.212.$index.*"; fi
}

folders() {
  find /sys/fs/cgroup -maxdepth 3 -type d -name "urumi-$1" -printf 'cgroup %p\n' 2>/dev/null || true
  find /run "$URUMI_ROOT/.urumi/instances" -maxdepth 1 \( -name "urumi-$1" -o -name "$1" \) -printf 'folder %p\n' 2>/dev/null || true
}

found=0
snapshot=$(all_processes)
for instance in "$@"; do
  things=$(processes "$instance"; mounts "$instance"; network "$instance"; folders "$instance")
  if [[ -n $things ]]; then
    printf '%s\n' "$things"
    found=1
  fi
done
if ((found == 0)); then say 'leftovers: 1 passed, 0 failed'; else say 'leftovers: 0 passed, 1 failed'; fi
exit "$found"
