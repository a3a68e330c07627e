"""Runs all checks of the chart and prints one line for each that fails.

The last line is `chart: N passed, N failed, 0 skipped`; the exit code says the same.
"""
import base64
import copy
import difflib
import gzip
import json
import os
import re
import sys
import tarfile
import tempfile
from concurrent.futures import ThreadPoolExecutor

import invariants
import network
import readme
import refusals
from combinations import PLANS, SNAPSHOTS, combinations
from rendering import CHART, EMBEDDED, GATEWAY, HTTPS, LOCAL, PROD, ROOT, helm, objects, render, value_arguments, without_files
from violations import SEEDED

RELEASE = 128 * 1024
SHARED = os.path.join(ROOT, "deploy/k3s/shared-storage.yaml")
FOLDER = os.path.join(ROOT, "tests/chart/snapshots")


def lint():
    for title, overlays, more in (
        ("local", [LOCAL], []), ("local, embedded", [LOCAL, EMBEDDED], []),
        ("prod", [PROD], HTTPS), ("prod, gateway", [PROD], HTTPS + GATEWAY),
    ):
        done = helm("lint", "--strict", CHART, *value_arguments(overlays), *more, check=False)
        yield f"lint, {title}", None if done.returncode == 0 else done.stdout + done.stderr


def snapshots(texts):
    os.makedirs(FOLDER, exist_ok=True)
    for name in SNAPSHOTS:
        path, now = os.path.join(FOLDER, f"{name}.yaml"), without_files(texts[name])
        if os.environ.get("UPDATE") == "1":
            with open(path, "w") as file:
                file.write(now)
        before = open(path).read() if os.path.exists(path) else ""
        diff = "".join(list(difflib.unified_diff(before.splitlines(True), now.splitlines(True), "committed", "rendered"))[:40])
        yield f"snapshot {name}", None if before == now else f"differs; look, then UPDATE=1 tests/chart/run.sh\n{diff}"
    kept = {f"{name}.yaml" for name in SNAPSHOTS}
    for extra in sorted(set(os.listdir(FOLDER)) - kept):
        yield f"snapshot {extra}", "belongs to no combination; remove it"


def hold(read):
    for rule in invariants.ALL:
        found = [f"{name}: {line}" for name, documents in read.items() for line in rule(documents)]
        yield rule.__name__, "\n".join(found) or None


def seeded(good):
    for rule, title, damage in SEEDED:
        damaged = copy.deepcopy(good)
        damage(damaged)
        yield f"{rule.__name__} sees {title}", None if list(rule(damaged)) else "it stayed green"
    for rule in invariants.ALL:
        if rule not in {one for one, _, _ in SEEDED}:
            yield f"{rule.__name__} has a seeded violation", "it has none"


def digests(read):
    """A digest that is given is what every container runs."""
    loose = [f"{name}: {one['image']}" for name, one in invariants.containers(read["prod-pinned"]) if not re.search(r"[^:]@sha256:(1{64}|2{64})$", one["image"])]
    yield "images go by their digest where one is given", "\n".join(loose) or None
    tags = [one["image"] for _, one in invariants.containers(read["prod-small"])]
    yield "an image without a digest is seen", None if not any("@" in one for one in tags) else "it stayed green"


def size(texts):
    """What helm keeps of a release: base64 of the gzipped chart, values and manifest,
    in one Secret that may have 1 MiB and is read and written at each look."""
    with tempfile.TemporaryDirectory() as folder:
        helm("package", CHART, "-d", folder)
        with tarfile.open(os.path.join(folder, os.listdir(folder)[0])) as archive:
            chart = b"".join(base64.b64encode(archive.extractfile(one).read()) for one in archive if one.isfile())
    most = max(len(base64.b64encode(gzip.compress(chart + text.encode()))) for text in texts.values())
    print(f"the largest release: {most // 1024} KiB of {RELEASE // 1024}")
    yield "releases are small", None if most <= RELEASE else f"{most} bytes"


def shared_storage():
    """What deploy/k3s ships is the class that values-prod.yaml names, and its own provisioner serves it."""
    with open(SHARED) as file:
        read = objects({"shared": file.read(), "prod": open(PROD).read()})
    class_ = invariants.of_kind(read["shared"], "StorageClass")[0]
    wanted = read["prod"][0]["wordpress"]["content"]["storageClass"]
    yield "one k3s server gets the class that values-prod names", None if class_["metadata"]["name"] == wanted else f"{class_['metadata']['name']}, not {wanted}"
    container = invariants.of_kind(read["shared"], "Deployment")[0]["spec"]["template"]["spec"]["containers"][0]
    served = [one.get("value") for one in container["env"] if one["name"] == "PROVISIONER_NAME"]
    config = json.loads(invariants.of_kind(read["shared"], "ConfigMap")[0]["data"]["config.json"])
    good = served == [class_["provisioner"]] and config["nodePathMap"] == [] and config["sharedFileSystemPath"].startswith("/")
    yield "that class is served, and shared", None if good else f"{served} {config}"


def setup_names(texts):
    """The Job's name follows its specification, and nothing else."""
    names = {}
    for title, more in (
        ("first", []), ("again", []), ("retries", ["--set", "setup.retries=5"]), ("image", ["--set", "wordpress.image.tag=7.1.9"]),
        ("extra", ["--set", "wordpress.configExtra=define('X'\\, 1);"]), ("url", ["--set", "store.url=http://store-bcd245.localhost:81"]),
    ):
        texts[title] = render([LOCAL], *more)
    for title, documents in objects(texts).items():
        names[title] = invariants.of_kind(documents, "Job")[0]["metadata"]["name"]
    same = names["first"] == names["again"]
    yield "equal values give an equal Job", None if same and texts["first"] == texts["again"] else "two renderings differ"
    for title in ("retries", "image", "extra", "url"):
        yield f"another Job for another {title}", None if names[title] != names["first"] else "the name is the same"


def leaves(values, path=""):
    if isinstance(values, dict) and values:
        for key, value in values.items():
            yield from leaves(value, f"{path}.{key}" if path else key)
    else:
        yield path, values


def differences():
    """The overlays change only what the written list allows, and its lines are all used."""
    paths = {os.path.basename(path): open(path).read() for path in (LOCAL, PROD)}
    changed = {path for documents in objects(paths).values() for one in documents for path, _ in leaves(one)}
    with open(os.path.join(ROOT, "tests/chart/differences.txt")) as file:
        allowed = [line.strip() for line in file if line.strip() and not line.startswith("#")]

    def covers(prefix, path):
        return path == prefix or path.startswith(prefix + ".")

    stray = sorted(path for path in changed if not any(covers(one, path) for one in allowed))
    yield "overlays differ only as written", f"not in differences.txt: {stray}" if stray else None
    unused = [one for one in allowed if not any(covers(one, path) for path in changed)]
    yield "each written difference is one", f"nothing differs in: {unused}" if unused else None
    yield "an unwritten difference is seen", None if not any(covers(one, "mysql.image.tag") for one in allowed) else "it stayed green"


def who_reaches_whom(texts):
    """All pairs of pods of 20 stores, in each way that a store is installed."""
    for name, internet in (("prod-small", True), ("local-small", True), ("prod-gateway-small", True), ("local-woocommerce-image", True)):
        read = objects(network.stores(texts[name]))
        found = list(network.wrong(network.Cluster(read), internet))
        yield f"network of 20 stores, {name}", "\n".join(found[:10]) or None
    for title, damage in network.SEEDED:
        damaged = {store: damage(copy.deepcopy(one)) for store, one in read.items()}
        found = list(network.wrong(network.Cluster(damaged), True))
        yield f"the network rules see {title}", None if found else "they stayed green"


def main():
    wanted = combinations()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        rendered = {name: pool.submit(render, how[0], *how[1]) for name, how in wanted.items()}
        parts = [pool.submit(lambda run=run: list(run())) for run in (lint, refusals.checks, lambda: setup_names({}), differences, readme.checks, shared_storage)]
        texts = {name: one.result() for name, one in rendered.items()}
        read = objects(texts)
        results = list(snapshots(texts)) + list(hold(read)) + list(seeded(read["local-small"]))
        results += list(digests(read)) + list(size(texts)) + list(who_reaches_whom(texts))
        for part in parts:
            results += part.result()
    failed = [(title, why) for title, why in results if why]
    for title, why in failed:
        print(f"FAILED {title}\n  " + why.strip().replace("\n", "\n  "))
    print(f"{len(wanted)} renderings, {len(invariants.ALL)} invariants, {len(PLANS)} plans")
    print(f"chart: {len(results) - len(failed)} passed, {len(failed)} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
