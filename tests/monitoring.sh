#!/usr/bin/env bash
# What watches the platform, as far as it can be tested without running it: the
# alerts' form and unit tests, the dashboards' expressions, the runbook's links.
# Starts nothing. `make test-long-alerts` fires each alert by a real fault.
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib/common.sh"
cd "$URUMI_ROOT"
if ! have promtool; then deploy/local/packages.sh prometheus; fi

passed=0 failed=0
tool() {
  local name=$1 output
  shift
  if output=$(promtool "$@" 2>&1); then
    passed=$((passed + 1))
    say "ok    $name"
  else
    failed=$((failed + 1))
    say "FAIL  $name"
    printf '      %s\n' "${output//$'\n'/$'\n'      }"
  fi
}
tool 'the alerts are rules' check rules --lint=all --lint-fatal deploy/monitoring/alerts.yaml
tool 'each alert rings when it has to, and only then' test rules tests/monitoring/alerts.test.yaml
tool 'Prometheus reads its settings' check config --lint=all --lint-fatal deploy/monitoring/prometheus.yml
say "promtool: $passed passed, $failed failed, 0 skipped"
rc=0
python3 -B tests/monitoring/check.py || rc=1
((failed == 0 && rc == 0))
