"""Whether the thousandth store is made as fast as the first: a hundred are made by the
platform, eight hundred are laid down beside them (copies of one of them, with their
objects and records), a hundred more are made. Two slots; the cap on commands in flight
is out of the way. The same figures by `urumi-faults curve`, which prints them."""
import os
import re
import subprocess

import platforms
import servers
from measure import row

TITLE = "a thousand stores"
FIRST, WHOLE = 100, 1000


def run(test, *words):
    """urumi-faults on our servers; its lines."""
    environment = {
        **os.environ, "TEST_DATABASE_URL": servers.DATABASE, "TEST_AMQP_URL": servers.AMQP, "TEST_AMQP_MANAGEMENT_URL": os.environ["BENCH_AMQP_MANAGEMENT_URL"],
        "TEST_KUBECONFIG": platforms.KUBECONFIG, "TEST_HELM": os.path.join(platforms.BIN, "helm"), "TEST_INSTANCE": os.environ["URUMI_INSTANCE"],
        "TEST_STATE": servers.STATE, "TEST_PORTS": os.environ["BENCH_PORTS"], "TEST_PROGRAMS": servers.PROGRAMS,
    }
    output = subprocess.run([os.path.join(servers.PROGRAMS, "urumi-faults"), test, *words], env=environment, capture_output=True, text=True, check=False)
    print("".join(f"    | {line}\n" for line in output.stdout.splitlines()), end="")
    if "passed" not in output.stdout:
        raise RuntimeError(f"urumi-faults {test}: {(output.stdout + output.stderr).strip().splitlines()[-1]}")
    return output.stdout


def told():
    """What the run said; one run serves `curve` and `idle`."""
    global said
    if not said:
        said = run("curve", "--stores", str(WHOLE))
    return said


said = ""


def measure(found):
    found["settings"] = f"{FIRST} made, {WHOLE - 2 * FIRST} laid down, {FIRST} made; one worker with 2 slots"
    text = told()
    number = lambda pattern: float(re.search(pattern, text).group(1))
    first, last = number(r"first .*: ([\d.]+) a second"), number(r"last .*: ([\d.]+) a second")
    few, many = number(r"worker after the first: ([\d.]+) MiB"), number(r"worker after the last: ([\d.]+) MiB")
    found["rows"] += [
        row("rate over the last hundred by the first", last / first, "≥ 0.9", at_least=0.9, ours=f"{last:.2f}/s", theirs=f"{first:.2f}/s",
            note="published: Flux 2.3 0.58 (1,000 by 100), declcd 1.0"),
        row("memory of the worker, last by first", many / few, "≤ 1.3", at_most=1.3, ours=f"{many:.1f} MiB", theirs=f"{few:.1f} MiB"),
    ]
