# shellcheck shell=bash
# The dashboard: its packages, installed once per lock file, and its built folder,
# cached by the hash of its sources.
# Sourced after ../../lib/{common,cache}.sh.

# The dashboard's built folder, by the hash of its sources; nothing while there are none.
dashboard_folder() {
  local folder=$URUMI_ROOT/dashboard sources=()
  if [[ ! -f $folder/package.json ]]; then return; fi
  mapfile -t sources < <(find "$folder" -mindepth 1 -maxdepth 1 ! -name node_modules ! -name dist ! -name '.*' | LC_ALL=C sort)
  cached dashboard "$(hash_of "${sources[@]}")" build_dashboard
}
build_dashboard() {
  install_node_modules
  (cd "$URUMI_ROOT/dashboard" && npm run build)
  [[ -f $URUMI_ROOT/dashboard/dist/index.html ]] || die "the dashboard's build made no dist/index.html"
  cp -r "$URUMI_ROOT/dashboard/dist" "$1"
}
install_node_modules() {
  local folder=$URUMI_ROOT/dashboard lock_hash
  lock_hash=$(sha256sum <"$folder/package-lock.json")
  if [[ $(cat "$folder/node_modules/.installed" 2>/dev/null) == "$lock_hash" ]]; then return; fi
  (cd "$folder" && npm ci --no-audit --no-fund --loglevel=error)
  echo "$lock_hash" >"$folder/node_modules/.installed"
}
