# shellcheck shell=bash
# What PostgreSQL and RabbitMQ have in common: the path they see their folder
# under, generated passwords, and probes of ports that fork nothing.
# Sourced after ../lib/common.sh; it starts nothing.

# view_of NAME: the path a server sees $URUMI_STATE/NAME under (see as-user.sh).
view_of() {
  if [[ $EUID -eq 0 ]]; then echo "/run/urumi-$URUMI_INSTANCE/$1"; else echo "$URUMI_STATE/$1"; fi
}

# The empty mount points are ours to take away when nothing runs there.
drop_view() {
  if [[ $EUID -ne 0 ]]; then return 0; fi
  rmdir "/run/urumi-$URUMI_INSTANCE/$1" 2>/dev/null || true
  rmdir "/run/urumi-$URUMI_INSTANCE" 2>/dev/null || true
}

# secret NAME: made at first use, 48 hex digits, readable by its owner alone.
secret() {
  local file=$URUMI_STATE/secrets/$1
  if [[ ! -s $file ]]; then
    (umask 077 && mkdir -p "$URUMI_STATE/secrets" && head -c 24 /dev/urandom | basenc --base16 -w0 | tr A-F a-f >"$file.tmp")
    mv "$file.tmp" "$file"
  fi
  cat "$file"
}

# Does something on this machine listen on the port, on whatever address?
port_taken() { [[ -n $(ss -Hltn "sport = :$1" 2>/dev/null) ]]; }

# port_owner PORT: "name (pid N)" of who listens there, as far as it can be told.
port_owner() {
  local line
  line=$(ss -Hltnp "sport = :$1" 2>/dev/null | head -n 1)
  if [[ $line =~ \(\(\"([^\"]+)\",pid=([0-9]+) ]]; then
    echo "${BASH_REMATCH[1]} (pid ${BASH_REMATCH[2]})"
  else
    echo "a process that this user may not see"
  fi
}

# need_port NAME [WAY-OUT]: the port must be free before its owner-to-be starts.
need_port() {
  local number
  number=$(port "$1")
  if ! port_taken "$number"; then return 0; fi
  die "port $number ($1) is taken by $(port_owner "$number")" \
    "stop that process, or ${2:-choose other ports with URUMI_INSTANCE=<another name>}"
}

accepts() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# last_words NAME: the end of a log, for the reader of an error.
last_words() { printf 'last lines of %s:\n%s' "$URUMI_LOG/$1.log" "$(tail -n 8 "$URUMI_LOG/$1.log" 2>/dev/null)"; }
