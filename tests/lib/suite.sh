# shellcheck shell=bash
# The runner's ledger: runs a stage with a time limit and a log of its own, reads
# the counts that it printed, and keeps the sums. Knows nothing of any stage.
# Sourced after deploy/lib/{common,daemon}.sh and deploy/local/lib/lanes.sh.

LOGS=$URUMI_ROOT/.urumi/test
LEDGER=$LOGS/ledger
RUNNING=$LOGS/running

since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.0f", b - a }'; }

# counts LOG: "passed failed skipped" of all result lines in it: cargo's
# `test result: …`, vitest's `Tests  …`, node's `ℹ pass N`, and lines of the form
# `name: N passed, N failed, N skipped`.
counts() {
  sed 's/\x1b\[[0-9;]*m//g' "$1" | awk '
    function number(word,   m) { return match($0, "[0-9]+ " word) ? substr($0, RSTART, RLENGTH) + 0 : 0 }
    /^test result: / || /^ *Tests  / || /^[a-z0-9-]+: [0-9]+ passed, [0-9]+ failed/ {
      passed += number("passed"); failed += number("failed"); skipped += number("ignored") + number("skipped")
    }
    /^ℹ pass /  { passed += $3 }
    /^ℹ fail /  { failed += $3 }
    /^ℹ skipped / { skipped += $3 }
    END { print passed + 0, failed + 0, skipped + 0 }'
}

# record NAME PASSED FAILED SKIPPED
record() { echo "$*" >>"$LEDGER"; }

# suite NAME SECONDS COMMAND...: a stage that holds tests. It fails when its
# command fails, when it takes too long, and when it ran no test at all.
suite() { run_stage tests "$@"; }

# prepare NAME SECONDS COMMAND...: a stage without tests of its own.
prepare() { run_stage none "$@"; }

run_stage() {
  local kind=$1 name=$2 limit=$3 start=$EPOCHREALTIME rc=0 passed=0 failed=0 skipped=0 why='' log
  shift 3
  log=$LOGS/${name//[^a-z0-9]/-}.log
  say "==> $name"
  timeout --signal=TERM --kill-after=30 "$limit" "$@" >"$log" 2>&1 </dev/null &
  echo $! >"$RUNNING/$name"
  wait $! || rc=$?
  rm -f "$RUNNING/$name"
  if [[ $kind == tests ]]; then
    read -r passed failed skipped < <(counts "$log")
    if ((passed + failed == 0)); then why='it ran no test'; fi
  fi
  if ((rc == 124 || rc == 137)); then why="it took more than $limit s"; elif ((rc != 0)); then why=${why:-exit $rc}; fi
  if [[ -n $why && $failed -eq 0 ]]; then failed=1; fi
  if [[ $kind == tests || $failed -gt 0 ]]; then record "$name" "$passed" "$failed" "$skipped"; fi
  if ((failed == 0)); then
    if [[ $kind == tests ]]; then say "    $name: $passed passed, $skipped skipped in $(since "$start") s"; else say "    $name: done in $(since "$start") s"; fi
    return 0
  fi
  say "FAILED $name after $(since "$start") s (${why:-$failed failed}); the end of ${log#"$URUMI_ROOT/"}:"
  # What failed first may stand far above the end.
  grep -A 4 'panicked at' "$log" | head -n 30 | sed 's/^/    | /'
  tail -n 40 "$log" | sed 's/^/    | /'
  return 1
}

# stop_stages: `timeout` leads a process group of its own, so a stage is found by
# its pid even when the shell that started it is gone.
stop_stages() {
  local file pid
  for file in "$RUNNING"/*; do
    [[ -e $file ]] || continue
    pid=$(<"$file")
    say "    stopping ${file##*/}"
    end_children "$pid"
    kill -TERM "$pid" 2>/dev/null || true
  done
  for file in "$RUNNING"/*; do
    [[ -e $file ]] || continue
    pid=$(<"$file")
    wait_for 150 eval "! pid_start $pid" || kill -KILL -- "-$pid" 2>/dev/null || true
  done
}

any_failed() { awk '{ f += $(NF - 1) } END { exit f == 0 }' "$LEDGER"; }

# total: the closing line; 1 if anything failed or nothing ran.
total() {
  awk '{ p += $(NF - 2); f += $(NF - 1); s += $NF }
    END { if (p + f == 0) f = 1; printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 }' "$LEDGER"
}
