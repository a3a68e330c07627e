#!/usr/bin/env bash
# Debian packages by name: installs those that are missing, and nothing else.
# No server is started by an installation: a policy for the time of the
# installation says no to every start, PostgreSQL makes no first cluster, and
# units that are new on this machine are not left enabled for its next boot.
#
#   packages.sh NAME...            install what is missing
#   packages.sh --missing NAME...  print what is missing
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"

POLICY=/usr/sbin/policy-rc.d
POLICY_MARK='# urumi: for the time of one installation'
CREATECLUSTER=/etc/postgresql-common/createcluster.conf

missing() {
  local name
  for name in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || echo "$name"
  done
}

apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
    -o DPkg::Lock::Timeout=900 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
    -o Dpkg::Use-Pty=0 "$@"
}

# A machine whose lists are missing or stale fails at first; then they are read anew.
apt_install() {
  if ! apt install "$@"; then
    apt -o Acquire::Retries=3 update
    apt install "$@" || die "could not install: $*" "try 'apt-get install $*' by hand and see what it says"
  fi
}

# A policy of the machine's own stays as it is.
forbid_starts() {
  if [[ -e $POLICY ]] && ! grep -qxF "$POLICY_MARK" "$POLICY"; then return; fi
  printf '#!/bin/sh\n%s\nexit 101\n' "$POLICY_MARK" >"$POLICY"
  chmod 0755 "$POLICY"
}

restore() {
  if grep -qsxF "$POLICY_MARK" "$POLICY"; then rm -f "$POLICY"; fi
  if [[ -e $CREATECLUSTER.urumi ]]; then mv -f "$CREATECLUSTER.urumi" "$CREATECLUSTER"; fi
}

# The package would make and enable a cluster `main`; ours lives elsewhere. The
# file that says so comes with postgresql-common, so that one goes first.
without_first_cluster() {
  apt_install postgresql-common
  [[ -e $CREATECLUSTER.urumi ]] || cp -p "$CREATECLUSTER" "$CREATECLUSTER.urumi"
  sed -i '/^[#[:space:]]*create_main_cluster/d' "$CREATECLUSTER"
  echo 'create_main_cluster = false' >>"$CREATECLUSTER"
}

# Units that an installation of ours brought: not started now, nor at boot.
disable_units() {
  if [[ ! -d /run/systemd/system ]]; then return; fi
  local unit
  for unit in "$@"; do
    if systemctl cat "$unit" >/dev/null 2>&1; then systemctl --quiet disable "$unit" || warn "could not disable $unit"; fi
  done
}

install_missing() {
  local names=("$@") units=()
  exec {lock}>"$URUMI_CACHE/packages.lock"
  flock "$lock"
  mapfile -t names < <(missing "${names[@]}")
  if [[ ${#names[@]} -eq 0 ]]; then return; fi
  trap restore EXIT
  trap '' INT TERM # a half-done installation helps nobody; it is waited for
  if [[ -n $(dpkg --audit) ]]; then dpkg --force-confdef --force-confold --configure -a; fi
  forbid_starts
  case " ${names[*]} " in *' postgresql '*) without_first_cluster ;; esac
  case " ${names[*]} " in *' rabbitmq-server '*) units+=(rabbitmq-server.service epmd.service epmd.socket) ;; esac
  case " ${names[*]} " in *' containerd '*) units+=(containerd.service) ;; esac
  case " ${names[*]} " in *' prometheus '*) units+=(prometheus.service) ;; esac
  case " ${names[*]} " in *' docker.io '*) units+=(docker.service docker.socket containerd.service) ;; esac
  say "installing ${names[*]}"
  apt_install "${names[@]}"
  disable_units "${units[@]}"
}

names=("$@")
if [[ ${1:-} == --missing ]]; then
  missing "${names[@]:1}"
  exit
fi
mapfile -t wanted < <(missing "${names[@]}")
if [[ ${#wanted[@]} -eq 0 ]]; then exit; fi
have apt-get || die "this machine has no apt-get, and these packages are missing: ${wanted[*]}" \
  "install them with the machine's own package manager, or use Debian 12"
[[ $EUID -eq 0 ]] || die "these Debian packages are missing: ${wanted[*]}" \
  "sudo apt-get install --no-install-recommends ${wanted[*]}"
install_missing "${wanted[@]}"
