# shellcheck shell=bash
# What this machine must have before anything is started: toolchains, room, free
# ports. Everything that is missing is told at once, each with the way to it.
# Sourced after server.sh and ../../lib/daemon.sh. Changes nothing.

RUST_WANTED=1.95 GO_WANTED=1.26 NODE_WANTED=20

# at_least WANTED FOUND: by version order.
at_least() { [[ $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]; }

# A toolchain is asked inside the clone, where rust-toolchain.toml picks it.
found_rust() { (cd "$URUMI_ROOT" && cargo --version 2>/dev/null) | sed -n 's/^cargo \([0-9.]*\).*/\1/p'; }
found_go() { GOTOOLCHAIN=local go version 2>/dev/null | sed -n 's/.* go\([0-9.]*\) .*/\1/p'; }
found_node() { node --version 2>/dev/null | sed -n 's/^v//p'; }

check_toolchains() {
  local lacks=() found
  found=$(found_rust) || true
  if [[ -z $found ]] || ! at_least "$RUST_WANTED" "$found"; then
    if have rustup; then
      lacks+=("Rust $RUST_WANTED (found ${found:-none}): rustup toolchain install $RUST_WANTED.0 --profile minimal --component rustfmt,clippy")
    else
      lacks+=("Rust $RUST_WANTED (found ${found:-none}): install rustup as https://www.rust-lang.org/tools/install says, then: rustup toolchain install $RUST_WANTED.0 --profile minimal --component rustfmt,clippy")
    fi
  fi
  # Go builds the embedded cluster only.
  if [[ $1 == embedded ]]; then
    found=$(found_go) || true
    if [[ -z $found ]] || ! at_least "$GO_WANTED" "$found"; then
      lacks+=("Go $GO_WANTED (found ${found:-none}): unpack the archive of https://go.dev/dl to /usr/local and put /usr/local/go/bin on PATH (Debian 12's own is too old)")
    fi
  fi
  found=$(found_node) || true
  if [[ -z $found ]] || ! at_least "$NODE_WANTED" "$found" || ! have npm; then
    lacks+=("Node $NODE_WANTED with npm (found ${found:-none}): https://nodejs.org/en/download, for example its archive unpacked to /usr/local (Debian 12's own is too old)")
  fi
  if [[ ${#lacks[@]} -gt 0 ]]; then die "toolchains are missing; nothing was changed" "${lacks[@]}"; fi
}

# Debian packages that the set-up itself needs; the cluster's parts add theirs.
base_packages() {
  echo postgresql rabbitmq-server iproute2 procps curl git ca-certificates
  if ! have cc; then echo gcc libc6-dev; fi
  if ! have python3; then echo python3; fi
  if ! have pip3 && ! have pip; then echo python3-pip python3-venv; fi
}

NEEDED_GB=8
check_room() {
  local folder free
  for folder in "$URUMI_STATE" "$URUMI_CACHE"; do
    free=$(df -Pk "$folder" | awk 'NR == 2 { print int($4 / 1048576) }')
    if ((free < ${URUMI_NEEDED_GB:-$NEEDED_GB})); then
      die "only $free GB are free where $folder lies; $NEEDED_GB GB are needed; nothing was changed" \
        "make room, or keep the builds elsewhere with URUMI_CACHE=<folder>" \
        "if all is built already: URUMI_NEEDED_GB=1 make up"
    fi
  done
}

# Is the listener one of this instance's own daemons, or below one?
listens_for_us() {
  local pid file ours
  pid=$(ss -Hltnp "sport = :$1" 2>/dev/null | sed -n 's/.*pid=\([0-9]*\).*/\1/p' | head -n 1)
  while [[ -n $pid && $pid -gt 1 ]]; do
    for file in "$URUMI_RUN"/*.pid; do
      if [[ -s $file ]] && read -r ours _ <"$file" && [[ $ours == "$pid" ]]; then return 0; fi
    done
    pid=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status" 2>/dev/null)
  done
  return 1
}

# check_ports NAME...: all that are taken by others, before anything is started.
check_ports() {
  local name number taken=()
  have ss || return 0 # it comes with the packages; each server's own start checks again
  for name in "$@"; do
    number=$(port "$name")
    if port_taken "$number" && ! listens_for_us "$number"; then
      if [[ $name == api && $URUMI_INSTANCE == local ]]; then
        taken+=("port $number (api) is held by $(port_owner "$number"): stop it, or take another: URUMI_API_PORT=3001 make up")
      else
        taken+=("port $number ($name) is held by $(port_owner "$number"): stop it, or take other ports: URUMI_INSTANCE=<a name> make up")
      fi
    fi
  done
  if [[ ${#taken[@]} -gt 0 ]]; then die "ports that this instance needs are taken; nothing was started" "${taken[@]}"; fi
}
