"""The commands of the pages, run as they stand there, in order, on the platform of the
environment. What the page calls `store-k7q2mx` is a store that is Ready; its id of an
operation is that store's newest. A command that would follow for ever is left after a
while."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from pages import ROOT, all_pages
from rules import RUN

STORE, OPERATION = "store-k7q2mx", "01a20997-9d2d-77ab-bb7c-ac19d4fcd2e0"
# The README last: it removes its store.
ORDER = sorted((page for page, how in RUN.items() if how == "platform"), key=lambda page: page == "README.md")
LIMIT = 240
# What follows for ever is left after three seconds, as by Ctrl-C.
FOLLOWS = """#!/bin/sh
PATH=$REAL_PATH
case " $* " in *" events "*) timeout --signal=INT 3 urumi "$@"; rc=$?; case $rc in 124 | 130) exit 0 ;; esac; exit $rc ;; esac
exec urumi "$@"
"""


def ask(path):
    with urllib.request.urlopen(os.environ["URUMI_API"] + path, timeout=10) as answer:
        return json.load(answer)


class Stage:
    """A folder, and the store that pages speak of."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.store = ""
        (self.folder / "bin").mkdir()
        wrapper = self.folder / "bin" / "urumi"
        wrapper.write_text(FOLLOWS)
        wrapper.chmod(0o755)

    def a_ready_store(self):
        if not self.store or ask(f"/stores/{self.store}")["status"] in ("Deleted", "Deleting"):
            made = self.shell('urumi store create "Pages" --wait -o name')
            assert made.returncode == 0, made.stdout + made.stderr
            self.store = made.stdout.split()[-1]
        deadline = time.monotonic() + 120
        while True:
            store = ask(f"/stores/{self.store}")
            if store["status"] == "Ready" and store["operation"]["status"] not in ("Queued", "Running"):
                return store
            assert time.monotonic() < deadline, f"not Ready: {store}"
            time.sleep(0.5)

    def shell(self, commands):
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"export REAL_PATH=$PATH PATH={self.folder}/bin:$PATH\n{commands}"],
            cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT,
        )

    def play(self, block):
        commands = block.text
        if STORE in commands or OPERATION in commands:
            store = self.a_ready_store()
            commands = commands.replace(STORE, self.store).replace(OPERATION, store["operation"]["id"])
        state = os.environ.get("URUMI_STATE", str(ROOT / ".urumi"))
        commands = commands.replace("source .urumi/env", f"source {state}/env")
        commands = commands.replace("localhost:3000", os.environ["URUMI_API"].removeprefix("http://"))
        commands = re.sub(r"(?<![\w/.])(?=(?:deploy|tests)/)", f"{ROOT}/", commands)
        return self.shell(commands)


def main():
    pages = {page.path.as_posix(): page for page in all_pages()}
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(folder)
        for name in ORDER:
            for block in pages[name].blocks:
                if block.language != "sh" or block.mark == "not run":
                    continue
                begun = time.monotonic()
                try:
                    done = stage.play(block)
                    wrong = "" if done.returncode == 0 else f"ended with {done.returncode}\n{done.stdout[-1500:]}{done.stderr[-1500:]}"
                except (AssertionError, subprocess.TimeoutExpired) as error:
                    wrong = str(error)
                took = time.monotonic() - begun
                print(f"{'FAILED' if wrong else 'ok    '} {name}:{block.line} in {took:.1f} s {wrong}", flush=True)
                passed, failed = passed + (not wrong), failed + bool(wrong)
    print(f"pages: {passed} passed, {failed} failed, 0 skipped")
    return failed


if __name__ == "__main__":
    sys.exit(main() > 0)
