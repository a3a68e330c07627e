#!/usr/bin/env bash
# The documents held to the code: links and headings, names of tests, settings, files
# and make targets, and that every command is run by something or says why not.
#
#   docs.sh        all that needs no platform; takes seconds
#   docs.sh run    the pages' own commands, on the platform whose .urumi/env was sourced
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib/common.sh"
cd "$URUMI_ROOT"
case ${1:-} in
  '')
    "$URUMI_ROOT/deploy/embedded/build.sh" client-tools >/dev/null
    exec python3 -B tests/docs/check.py
    ;;
  run) exec python3 -B tests/docs/run.py ;;
  *) die "unknown word $1" 'docs.sh [run]' ;;
esac
