"""Runs all checks of the chart and prints one line for each that fails.

The last line is `chart-platform: N passed, N failed, 0 skipped`; the exit code says the same.
"""
import copy
import difflib
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor

from cases import CASES, CHART, HERE, SNAPSHOTS, arguments, helm, objects, render
import invariants
import described as values
import reach
import refused
import rendering
import rules
from seeds import SEEDED

FOLDER = os.path.join(HERE, "snapshots")
# Nodes that a peer of a policy is made of; described as one.
PEERS = ("dns", "database", "broker", "keda", "monitoring", "ingressController", "apiserver", "collector")


def lint():
    for name in ("given", "local", "prod", "prod-keda", "prod-gateway"):
        done = helm("lint", "--strict", "--quiet", CHART, *arguments(*CASES[name]), check=False)
        yield f"lint, {name}", None if done.returncode == 0 else done.stdout + done.stderr


def without_files(text):
    """A rendering without what lies in deploy/monitoring."""
    text = re.sub(r"(?ms)^(kind: PrometheusRule\n.*?^spec:\n).*?(?=^---$|\Z)", r"\1  # alerts.yaml\n", text)
    return re.sub(r"(?ms)^---\n# Source: platform/templates/configmap-dashboards.yaml\n.*?(?=^---$|\Z)", "", text)


def snapshots(texts):
    for name in SNAPSHOTS:
        path, now = os.path.join(FOLDER, f"{name}.yaml"), without_files(texts[name])
        if os.environ.get("UPDATE") == "1":
            with open(path, "w") as file:
                file.write(now)
        before = open(path).read() if os.path.exists(path) else ""
        diff = "".join(list(difflib.unified_diff(before.splitlines(True), now.splitlines(True), "committed", "rendered"))[:40])
        yield f"snapshot {name}", None if before == now else f"differs; look, then UPDATE=1 tests/chart-platform/run.sh\n{diff}"
    for extra in sorted(set(os.listdir(FOLDER)) - {f"{name}.yaml" for name in SNAPSHOTS}):
        yield f"snapshot {extra}", "belongs to no case; remove it"


def hold(read):
    for rule in rules.ALL:
        found = [f"{name}: {line}" for name, documents in read.items() for line in rule(documents)]
        yield rule.__name__, "\n".join(found) or None


def seeded(read):
    for rule, title, name, damage in SEEDED:
        damaged = copy.deepcopy(read[name])
        damage(damaged)
        yield f"{rule.__name__} sees {title}", None if list(rule(damaged)) else "it stayed green"
    for rule in rules.ALL:
        if rule not in {one[0] for one in SEEDED}:
            yield f"{rule.__name__} has a seeded violation", "it has none"


def reachable(read, store):
    for name, trial, keda in (("local", True, False), ("local-keda", True, True), ("prod", False, False), ("prod-gateway", False, False)):
        found = list(reach.wrong(reach.Platform(read[name], store), trial, keda))
        yield f"who reaches whom, {name}", "\n".join(found[:10]) or None
    for title, damage in reach.SEEDED:
        damaged = copy.deepcopy(read["local"])
        damage(damaged)
        yield f"the network rules see {title}", None if list(reach.wrong(reach.Platform(damaged, store), True, False)) else "they stayed green"


def job_names():
    """The Job's name follows its specification, and nothing else."""
    texts = {title: render(CASES["local"][0], sets) for title, sets in (
        ("first", ""), ("again", ""), ("replicas", "api.replicas=3"), ("image", "api.image.tag=9.9.9"), ("wait", "migrations.waitSeconds=7"),
    )}
    names = {title: invariants.of_kind(documents, "Job")[0]["metadata"]["name"] for title, documents in objects(texts).items()}
    yield "equal values give an equal rendering", None if texts["first"] == texts["again"] else "two renderings differ"
    yield "no other Job for more pods", None if names["first"] == names["replicas"] else "its name is another"
    for title in ("image", "wait"):
        yield f"another Job for another {title}", None if names[title] != names["first"] else "its name is the same"


def handled(read):
    """Kinds of others are handled in stores only where the values say so."""
    for name, wanted in (("prod", set()), ("prod-stores", {"externalsecrets"}), ("prod-moving", {"httproutes", "externalsecrets"})):
        role = next(one for one in invariants.of_kind(read[name], "ClusterRole") if one["metadata"]["name"].endswith("-store"))
        may = {kind for rule in role["rules"] if "delete" in rule["verbs"] for kind in rule["resources"]} & {"httproutes", "externalsecrets"}
        yield f"kinds of others, {name}", None if may == wanted else f"{may} instead of {wanted}"


def described():
    text = open(os.path.join(CHART, "values.yaml")).read()
    read = objects({"values": text})["values"][0]
    keys = [key for key, _, _ in values.rows(text)]
    missing = [path for path in values.undescribed(read, keys) if path.split(".")[1:2] and path.split(".")[1] not in PEERS]
    yield "each value is described", f"not described: {missing}" if missing else None


def main():
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        rendered = {name: pool.submit(render, *how) for name, how in CASES.items()}
        parts = [pool.submit(lambda run=run: list(run())) for run in (lint, refused.checks, job_names, values.checks, described)]
        store = pool.submit(rendering.render, [rendering.LOCAL])
        texts = {name: one.result() for name, one in rendered.items()}
        read = objects(texts | {"a-store": store.result()})
        store = read.pop("a-store")
        results = list(snapshots(texts)) + list(hold(read)) + list(seeded(read)) + list(handled(read)) + list(reachable(read, store))
        for part in parts:
            results += part.result()
    failed = [(title, why) for title, why in results if why]
    for title, why in failed:
        print(f"FAILED {title}\n  " + why.strip().replace("\n", "\n  "))
    print(f"{len(CASES)} renderings, {len(rules.ALL)} invariants, {len(refused.REFUSED)} refusals")
    print(f"chart-platform: {len(results) - len(failed)} passed, {len(failed)} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
