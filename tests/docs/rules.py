"""What must hold for the pages: each function yields what breaks it."""

import os
import re

from pages import ROOT, files

# Whose commands are run, by whom: `api`, api/tests/it/docs.rs in a shell against a real
# api; `platform`, tests/docs/run.py on the platform of `make test-long-pages`.
RUN = {
    "docs/API.md": "api",
    "README.md": "platform",
    "docs/CLI.md": "platform",
    "docs/FOR-API-CLIENTS.md": "platform",
    "docs/FOR-OPERATORS.md": "platform",
    "docs/OPERATING.md": "platform",
    "docs/RUNBOOK.md": "platform",
}
# Folders at the top whose paths are looked up.
TOP = "api worker shared cli dashboard charts deploy docs tests bench".split()
SOURCES = ["*.rs", "*.toml", "*.sh", "*.py", "*.mjs", "*.yaml", "*.yml", "*.tpl", "Makefile"]


def links_lead_somewhere(pages):
    by_path = {page.path.as_posix(): page for page in pages}
    for page in pages:
        for line, target in page.links:
            where = f"{page.path}:{line}: {target}"
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            path, _, anchor = target.partition("#")
            full = page.path if not path else page.path.parent / path
            name = os.path.normpath(full)
            if name.startswith("..") or not (ROOT / name).exists() and name not in by_path:
                yield f"{where}: there is no such file"
            elif anchor and name in by_path and anchor not in by_path[name].anchors:
                yield f"{where}: there is no such heading"


def commands_are_run_or_marked(pages):
    for page in pages:
        for block in page.blocks:
            where = f"{page.path}:{block.line}"
            if block.language in ("bash", "shell", "console"):
                yield f"{where}: call the language `sh`"
            if block.language != "sh":
                continue
            how = RUN.get(page.path.as_posix())
            if block.mark == "not run":
                if len(block.words.split()) < 3:
                    yield f"{where}: why is it not run?"
            elif how is None:
                yield f"{where}: nothing runs these commands; see tests/docs/rules.py"
            elif how == "api" and "curl" not in block.text:
                yield f"{where}: api/tests/it/docs.rs runs what has a curl"


def tests_are_there(pages):
    """In SECURITY.md each protection names its test."""
    names = set()
    for name in files("*.rs", "*.py"):
        names.update(re.findall(r"\b(?:fn|def) (\w+)", (ROOT / name).read_text()))
    for page in pages:
        if page.path.name != "SECURITY.md":
            continue
        for row in page.prose.splitlines():
            cells = [cell.strip() for cell in row.strip("|").split("|")]
            if not row.startswith("|") or len(cells) != 3 or cells[2] in ("test", "---"):
                continue
            said = re.findall(r"`([^`]+)`", cells[2])
            if not said:
                yield f"{page.path}: no test is named for: {cells[0]}"
            for one in said:
                if re.fullmatch(r"\w+", one) and one not in names:
                    yield f"{page.path}: there is no test `{one}`"


def settings_are_known(pages):
    known = set()
    for name in files(*SOURCES):
        text = (ROOT / name).read_text()
        known.update(re.findall(r"\bURUMI_[A-Z0-9_]+", text))
        if name.endswith(".toml") and "/settings/" in name:
            known.update("URUMI_" + key.upper() for key in re.findall(r"^(\w+) =", text, re.M))
    # What is written whole and is not the beginning of a pattern.
    for page in pages:
        text = page.prose + "".join(block.text for block in page.blocks)
        for found in set(re.findall(r"\b(URUMI_[A-Z0-9_]*[A-Z0-9])(?![A-Z0-9_]*[_…<])", text)):
            if found.removesuffix("_FILE") not in known:
                yield f"{page.path}: nothing reads {found}"


def paths_are_there(pages):
    # Of another branch of history, on purpose.
    told = re.compile(rf"`((?:{'|'.join(TOP)})/[\w./@-]+)`")
    for page in pages:
        if page.path.name in ("VERIFICATION.md", "CHANGELOG.md"):
            continue
        for found in set(told.findall(page.prose)):
            path = found.rstrip("/.")
            if not (ROOT / path).exists() and not (ROOT / page.path.parent / path).exists():
                yield f"{page.path}: there is no {found}"


def targets_are_there(pages):
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z0-9-]+):", text, re.M))
    for page in pages:
        said = re.findall(r"`(?:\w+=\S+ )*make ([a-z][a-z0-9-]*)", page.prose)
        for block in page.blocks:
            if block.language == "sh":
                said += re.findall(r"^(?:\w+=\S+ )*make ([a-z][a-z0-9-]*)", block.text, re.M)
        for one in sorted(set(said)):
            if one.rstrip("-") not in targets and not one.endswith("-"):
                yield f"{page.path}: there is no `make {one}`"


ALL = [
    links_lead_somewhere, commands_are_run_or_marked, tests_are_there, settings_are_known,
    paths_are_there, targets_are_there,
]
