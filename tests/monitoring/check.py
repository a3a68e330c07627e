"""What no tool checks of deploy/monitoring: that each alert is complete, leads to a
section of the runbook, is tested and fired; that every expression (alerts, dashboards,
the runbook's queries) stands on numbers and labels that the programs tell; and that
Grafana can read its dashboards. Starts nothing but promtool."""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "deploy/monitoring"
# Of Prometheus itself: what it says of a target, and its own labels.
OUTSIDE = {"up": set()}
ALWAYS = {"job", "instance", "le"}
SPANS = "urumi_traces_"  # the collector's, counted from traces

failures, passed = [], 0


def check(name, complaints):
    global passed
    complaints = [c for c in complaints if c]
    if complaints:
        failures.append(name)
        print(f"FAIL  {name}", *[f"      {c}" for c in complaints], sep="\n")
    else:
        passed += 1
        print(f"ok    {name}")


def read(path):
    return (ROOT / path).read_text()


def told():
    """name -> labels, of every series that docs/METRICS.md lists."""
    names = dict(OUTSIDE)
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \|", read("docs/METRICS.md"), re.M)
    for name, kind, labels in rows:
        labels = set(re.findall(r"`(\w+)`", labels))
        if kind == "histogram":
            for part in ("_bucket", "_sum", "_count"):
                names.setdefault(name + part, set()).update(labels)
        else:
            names.setdefault(name, set()).update(labels)
    return names


TOLD = told()


def complaints(where, expr):
    """Numbers and labels in an expression that nobody tells."""
    bare = re.sub(r'"[^"]*"', '""', expr)
    found = []
    for name, selector in re.findall(r"\b(urumi_\w+|process_\w+|up)\b(\{[^}]*\})?", bare):
        if name.startswith(SPANS):
            continue
        if name not in TOLD:
            found.append(f"{where}: {name} is told by nobody")
            continue
        labels = set(re.findall(r"(\w+)\s*(?:=~|!=|!~|=)", selector or ""))
        for label in labels - TOLD[name] - ALWAYS:
            found.append(f"{where}: {name} has no label {label}")
    known = ALWAYS.union(*TOLD.values())
    for group in re.findall(r"\bby \(([^)]*)\)", bare):
        for label in set(re.findall(r"\w+", group)) - known:
            found.append(f"{where}: nothing has a label {label}")
    return found


def parses(expressions):
    """promtool on each, with Grafana's variables filled in. One by one only if all
    together are refused."""

    def refused(some):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            rules = [
                {"record": f"test:n{n}", "expr": expr.replace("$__rate_interval", "5m").replace("$__interval", "1m")}
                for n, (_, expr) in enumerate(some)
            ]
            json.dump({"groups": [{"name": "t", "rules": rules}]}, file)
            file.flush()
            ran = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True)
            return ran.returncode and (ran.stdout + ran.stderr)

    if not refused(expressions):
        return []
    return [f"{where}: {expr}: {text}" for where, expr in expressions if (text := refused([(where, expr)]))]


def slug(heading):
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def sections(markdown):
    """anchor -> text below the heading."""
    parts = re.split(r"^#+ (.*)$", markdown, flags=re.M)
    return {slug(parts[n]): parts[n + 1] for n in range(1, len(parts), 2)}


RULES = re.split(r"^      - alert: ", read("deploy/monitoring/alerts.yaml"), flags=re.M)[1:]
ALERTS = {rule.split("\n", 1)[0].strip(): rule for rule in RULES}
RUNBOOK = sections(read("docs/RUNBOOK.md"))
UNIT = read("tests/monitoring/alerts.test.yaml")
FAULTS = read("tests/monitoring/fire.py")


def alert(name, rule):
    if not re.search(r"severity: (page|ticket) ", rule):
        yield "its severity is neither page nor ticket"
    if not re.search(r"^          summary: \S", rule, re.M):
        yield "it has no summary"
    link = re.search(r"^          runbook: docs/RUNBOOK\.md#(\S+)$", rule, re.M)
    if not link:
        yield "it has no runbook"
    elif link[1] not in RUNBOOK:
        yield f"docs/RUNBOOK.md has no section #{link[1]}"
    else:
        for part in ("**Symptom**", "**Query**", "**Command**"):
            if part not in RUNBOOK[link[1]]:
                yield f"its section of the runbook has no {part}"
    if f'"{name}"' not in FAULTS:
        yield "no fault of tests/monitoring/fire.py rings it"
    cases = re.findall(rf"alertname: {name}\b(.*?)(?=alertname:|\n  - name:|\Z)", UNIT, re.S)
    if not any(re.search(r"exp_alerts:\s*\n\s*- ", case) for case in cases):
        yield "no unit test in which it rings"
    if not any("exp_alerts: []" in case for case in cases):
        yield "no unit test in which it must not ring"


def expression(rule):
    lines = rule.split("\n")
    start = next(n for n, line in enumerate(lines) if line.strip().startswith("expr:"))
    first = lines[start].split("expr:", 1)[1].strip()
    if first != "|":
        return first
    rest = [line for line in lines[start + 1 :] if line.startswith(" " * 10)]
    return " ".join(line.strip() for line in rest[: next((n for n, l in enumerate(rest) if "summary:" in l), None)])


def panels(dashboard):
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def shape(path, dashboard):
    ids = [panel["id"] for panel in panels(dashboard)]
    if len(ids) != len(set(ids)):
        yield "two panels have one id"
    if not re.fullmatch(r"urumi-[a-z]+", dashboard.get("uid", "")):
        yield "its uid is none of ours"
    for panel in panels(dashboard):
        if panel["type"] == "row":
            continue
        if not panel.get("description") or not panel.get("targets"):
            yield f"panel '{panel['title']}' has no description or asks nothing"
        if panel["gridPos"]["x"] + panel["gridPos"]["w"] > 24:
            yield f"panel '{panel['title']}' is wider than the page"


for name, rule in ALERTS.items():
    check(f"alert {name}", [*alert(name, rule), *complaints(name, expression(rule))])

asked = []
dashboards = {path: json.loads(path.read_text()) for path in sorted((MONITORING / "dashboards").glob("*.json"))}
for path, dashboard in dashboards.items():
    own = [(f"{path.name}: {p['title']}", t["expr"]) for p in panels(dashboard) for t in p.get("targets", [])]
    asked += own
    check(f"dashboard {path.name}", [*shape(path, dashboard), *[c for where, e in own for c in complaints(where, e)]])
uids = [dashboard["uid"] for dashboard in dashboards.values()]
check("dashboards: one uid each, four of them", [] if len(set(uids)) == len(uids) == 4 else [str(uids)])

queries = [
    (f"RUNBOOK#{anchor}", query)
    for anchor, text in RUNBOOK.items()
    for line in text.split("\n")
    if line.startswith("- **Query**")
    for query in re.findall(r"`([^`]*(?:urumi_|up\{)[^`]*)`", line)
]
check("runbook: its queries ask what is told", [c for where, q in queries for c in complaints(where, q)])
check("every expression can be parsed", parses(asked + queries))
unused = set(TOLD) - set(OUTSIDE)
text = " ".join(expr for _, expr in asked)
check(
    "every number stands on a dashboard",
    [f"{name} on none" for name in sorted(unused) if not name.endswith(("_sum", "_bucket", "_count")) and name not in text]
    + [f"{name[:-6]} on none" for name in sorted(unused) if name.endswith("_count") and name[:-6] not in text],
)

print(f"monitoring: {passed} passed, {len(failures)} failed, 0 skipped")
sys.exit(bool(failures))
