# shellcheck shell=bash
# Builds that are dear are made once per hash of their inputs and shared by all
# clones of one user. A half-made build never has the final name.

# hash_of FILE...: one hash over names and contents (folders: all files below).
hash_of() {
  local path
  for path in "$@"; do
    find "$path" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
  done | sed "s#$URUMI_ROOT/##" | sha256sum | cut -c1-16
}

# cached NAME HASH COMMAND...: path of the built thing on stdout. COMMAND gets
# the path to make as its last word; its output goes to stderr.
cached() {
  local name=$1 hash=$2 target lock
  shift 2
  target=$URUMI_CACHE/built/$name-$hash
  mkdir -p "$URUMI_CACHE/built"
  if [[ ! -e $target ]]; then
    exec {lock}>"$URUMI_CACHE/built/$name.lock"
    if ! flock --nonblock "$lock"; then
      echo "waiting for another build of $name to end" >&2
      flock "$lock"
    fi
    if [[ ! -e $target ]]; then
      rm -rf "$target.partial"
      "$@" "$target.partial" >&2
      mv "$target.partial" "$target"
    fi
    exec {lock}>&-
  fi
  touch -c "$target"
  echo "$target"
}
