"""The table of values in charts/platform/README.md, out of the comments in values.yaml.

A line `# -- …` describes the value below it; what is below that one has no line of
its own.
"""
import os
import re

from cases import CHART

BEGIN, END = "<!-- values: begin -->\n", "<!-- values: end -->\n"


def rows(text):
    """[(key, default, description)]"""
    path, found, said = [], [], None
    for line in text.splitlines():
        comment = re.match(r" *# -- (.*)", line)
        field = re.match(r"( *)([A-Za-z][A-Za-z0-9]*):(?: +(.*))?$", line)
        if comment:
            said = comment[1]
        elif field:
            depth = len(field[1]) // 2
            path[depth:] = [field[2]]
            if said:
                found.append((".".join(path), field[3] or "see values.yaml", said))
            said = None
    return found


def table(text):
    lines = ["| value | default | what it is |", "|---|---|---|"]
    for key, default, said in rows(text):
        lines.append(f"| `{key}` | `{default}` | {said} |".replace("`see values.yaml`", "see values.yaml"))
    return "\n".join(lines) + "\n"


def checks():
    path = os.path.join(CHART, "README.md")
    readme = open(path).read()
    now = table(open(os.path.join(CHART, "values.yaml")).read())
    before, rest = readme.split(BEGIN)
    if os.environ.get("UPDATE") == "1":
        with open(path, "w") as file:
            file.write(before + BEGIN + now + END + rest.split(END)[1])
        rest = now + END
    yield "the README's table is that of values.yaml", None if rest.split(END)[0] == now else "it differs; UPDATE=1 tests/chart-platform/run.sh"


def undescribed(values, described):
    """Values without a line of their own or of what they stand in."""
    def walk(node, path):
        if path and any(path == one or path.startswith(one + ".") for one in described):
            return
        if isinstance(node, dict) and node:
            for key, value in node.items():
                yield from walk(value, f"{path}.{key}" if path else key)
        else:
            yield path
    yield from walk(values, "")
