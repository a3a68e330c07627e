"""Pages of the list and of the audit at a million stores beside a thousand: first,
middle and last page of every sort and filter, by the test of `make test-long-list`
(which has ten times as many audit rows, not twice, and asks 100 times each), which also holds each
plan to reading no table as a whole and to sorting nothing. Its whole table is in
.urumi/bench/list.log."""
import os
import re
import subprocess

import servers
from measure import median, row

TITLE = "pages of a long list"
STORES, AUDIT, ROUNDS = os.environ.get("BENCH_LIST_STORES", "1000000"), 2, 40


def measure(found):
    found["settings"] = f"{int(STORES):,} stores, twice as many audit rows; by turns, {ROUNDS} times each, as tests/list.sh tells".replace(",", " ")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("URUMI_", "BENCH_"))}
    environment |= {"CARGO_TARGET_DIR": os.environ["CARGO_TARGET_DIR"], "TEST_LIST_AUDIT": str(AUDIT), "TEST_LIST_ROUNDS": str(ROUNDS),
                    "TEST_LIST_PROGRAM": os.path.join(servers.PROGRAMS, "urumi-api")}
    path = os.path.join(servers.ROOT, ".urumi", "bench", "list.log")
    with open(path, "w") as log:
        done = subprocess.run([os.path.join(servers.ROOT, "tests", "list.sh"), STORES], env=environment, stdout=log, stderr=subprocess.STDOUT, check=False)
    with open(path) as log:
        text = log.read()
    # page | buffers at few | at many | ms of the answer, twice | times as long | beside itself | the same of Postgres
    number = r" \| ([\d.]+)"
    pages = [[float(word) for word in line] for line in re.findall(f"^.+?{number * 9}$", text, re.M)]
    if not pages:
        raise RuntimeError(f"tests/list.sh told nothing: {text.strip().splitlines()[-1:]}")
    buffers = [page[1] - page[0] for page in pages]
    times, controls, statements = ([page[place] for page in pages] for place in (4, 5, 8))
    found["rows"] += [
        row(f"time of a page by the api, the worst of {len(pages)}", max(times), "≤ 1.2", at_most=1.2, ours=f"median {median(times):.2f}",
            theirs=f"a page beside itself: {min(controls):.2f} to {max(controls):.2f}"),
        row("time of its statement, the worst", max(statements), "", ours=f"median {median(statements):.2f}"),
        row("buffers more, at most", max(buffers), "≤ 3, or a fifth", note="held by the test for each page"),
        row("plans without a sort and a whole table", "all" if done.returncode == 0 else "not all", "all", note="the test itself " + ("passed" if done.returncode == 0 else "failed")),
    ]
