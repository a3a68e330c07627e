"""What an upgrade asks of the cluster, by the apiserver's own count of a user's
requests. The naive call has the chart's folder, `--wait`, helm's default history and ten
earlier revisions. The floor is helm alone as the worker calls it. Ours is a change of plan, from the command to Ready, all that the
worker asks in that time but for its constant watches."""
import base64
import json
import os
import subprocess
import time

import platforms
import servers
from measure import interval, median, row

TITLE = "what an upgrade costs the cluster"
UPGRADES, EARLIER, KEPT = 8, 10, 3


# What the worker adds to `helm upgrade --install`, once helm has seen a store of the kind.
OURS = ["--reset-values", "--no-hooks", "--force-conflicts", "--disable-openapi-validation"]


def naive(name, store, flags, last, history):
    """Requests of each upgrade by helm alone, after so many with `flags` that its history is full;
    `last` are added to those that are counted."""
    visitor = platforms.Visitor(name)
    platforms.apply(*platforms.prepare(store))
    environment = {**os.environ, "KUBECONFIG": visitor.kubeconfig}
    call = lambda number, *more: subprocess.run(platforms.helm(store, *flags, *more, plan=["small", "medium"][number % 2], history=str(history)), check=True,
                                                env=environment, stdout=subprocess.DEVNULL)
    for number in range(history):
        call(number)
    counts = []
    for number in range(UPGRADES):
        before = visitor.requests()
        call(history + number, *last)
        counts.append(visitor.requests() - before)
    platforms.remove([store])
    return counts


def measure(found):
    found["settings"] = f"{UPGRADES} upgrades each; requests of one FlowSchema, all verbs"
    theirs = naive("naive", "store-bbbbbb", [], ["--wait"], EARLIER)
    floor = naive("floor", "store-bbbbbc", OURS, [], KEPT)
    visitor = platforms.Visitor("diet")
    platform = platforms.Platform("bench_diet", visitor)
    store = platform.create("Diet")
    platform.until_status(store, "Ready")
    patch = lambda body: servers.ask(platform.api.port, "PATCH", f"/stores/{store}", body)
    ours, runs = [], []
    for number in range(UPGRADES):
        helm, before = platform.worker.helm_runs(), visitor.requests()
        patch({"plan": ["medium", "small"][number % 2]})
        platform.until_status(store, "Ready")
        ours.append(visitor.requests() - before)
        runs.append(platform.worker.helm_runs() - helm)
    plan = ["medium", "small"][(UPGRADES - 1) % 2]
    found["rows"].append(row("requests of a changing upgrade", interval([one / median(theirs) for one in ours]), "≤ 0.5", at_most=0.5, ours=f"{median(ours):.0f}",
                             theirs=f"{median(theirs):.0f}", note=f"{median(runs):.0f} helm process each"))
    found["rows"].append(row("of these, by helm itself", median(floor) / median(theirs), "", ours=f"{median(floor):.0f}", theirs=f"{median(theirs):.0f}",
                             note="`helm upgrade --install` alone, with the worker's flags and without --wait: less it cannot be"))
    # Time alone costs something: leases and the observer.
    before = visitor.requests()
    time.sleep(10)
    idle = (visitor.requests() - before) / 10
    helm, before = platform.worker.helm_runs(), visitor.requests()
    status, _, _ = patch({"plan": plan})
    time.sleep(2)
    asked = max(0, visitor.requests() - before - 2 * idle)
    found["rows"] += [
        row("an upgrade that changes nothing: helm processes", platform.worker.helm_runs() - helm, "0", at_most=0, ours=f"answered {status}"),
        row("an upgrade that changes nothing: requests", round(asked), "≤ 2", at_most=2, note=f"{idle:.2f} requests a second pass anyhow"),
    ]
    newest = platform.show(store)["chart"]
    newest = newest.rpartition("-")[2] if newest else newest
    helm, before = platform.worker.helm_runs(), visitor.requests()
    status, answer, _ = patch({"chart": newest})
    if status == 202:
        platform.until_status(store, "Ready")
        found["rows"] += [
            row("another wish that comes to the same release: helm processes", platform.worker.helm_runs() - helm, "0", at_most=0, ours=f"chart {newest}, by name"),
            row("another wish that comes to the same release: requests", visitor.requests() - before, "", note="an operation of its own, with its Lease, its looks and its end"),
        ]
    else:
        print(f"    chart {newest}: {status}")
    secrets = json.loads(platforms.kubectl("get", "secrets", "-n", store, "-l", "owner=helm", "-o", "json"))["items"]
    size = max(len(base64.b64decode(secret["data"]["release"])) for secret in secrets) / 1024
    found["rows"].append(row("release Secret", size, "≤ 256 KiB", at_most=256, unit="KiB", note=f"{len(secrets)} revisions are kept"))
    platform.end()
