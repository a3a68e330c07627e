"""The chart's documents, held to the chart: README, comments of the values, NOTES.

The README's table of values is made from the comments of values.yaml; UPDATE=1
writes it anew. A value without a comment, one that the schema does not know, and
one of the schema that values.yaml does not show, are faults.
"""
import json
import os
import re

from rendering import CHART, LOCAL, helm, objects, value_arguments

BEGIN, END = "<!-- values: begin -->", "<!-- values: end -->"
LINE = re.compile(r"^( *)([A-Za-z][\w-]*):(?: +(.*))?$")


def entries(text):
    """(path, comment, default, whether it is a leaf) of each key, in their order; a
    comment begins with `# -- `."""
    above, comment, found = [], None, []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        bare = line.strip()
        if bare.startswith("# -- "):
            comment = bare[5:]
        elif bare.startswith("# ") and comment is not None:
            comment += " " + bare[2:]
        elif match := LINE.match(line):
            depth, key, default = len(match[1]), match[2], match[3]
            above = [one for one in above if one[0] < depth] + [(depth, key)]
            listed = [one.strip()[2:] for one in block(lines, number, depth)]
            found.append((".".join(name for _, name in above), comment, default or ", ".join(listed), default is not None or bool(listed)))
            comment = None
        else:
            comment = None
    return found


def block(lines, number, depth):
    """The items of a list below a key, if it holds one."""
    for line in lines[number + 1:]:
        if not line.startswith(" " * (depth + 1) + " ") or not line.strip().startswith("- "):
            return
        yield line


def uncommented(text):
    """Leaves that neither they nor anything above them says a word about."""
    said = {path for path, comment, _, _ in entries(text) if comment}
    for path, _, _, leaf in entries(text):
        parts = path.split(".")
        if leaf and not any(".".join(parts[:count]) in said for count in range(1, len(parts) + 1)):
            yield path


def cell(text):
    return text.replace("|", "\\|")


def table(text):
    rows = ["| value | is | default |", "|---|---|---|"]
    for path, comment, default, leaf in entries(text):
        if comment:
            rows.append(f"| `{path}` | {cell(comment)} | {f'`{cell(default)}`' if leaf else 'see values.yaml'} |")
    return "\n".join(rows)


def with_table(readme, text):
    before, rest = readme.split(BEGIN)
    return f"{before}{BEGIN}\n{table(text)}\n{END}{rest.split(END)[1]}"


def stray(schema, values, root, path=""):
    """Keys that the schema and the values do not share."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    if not isinstance(values, dict):
        return
    properties, more = schema.get("properties", {}), schema.get("additionalProperties")
    if isinstance(more, dict):
        for key, value in values.items():
            yield from stray(more, value, root, f"{path}.{key}")
        return
    for key in sorted(set(properties) ^ set(values)):
        if f"{path}.{key}" != ".global":
            yield f"{path}.{key} is only in {'the schema' if key in properties else 'values.yaml'}"
    for key in set(properties) & set(values):
        yield from stray(properties[key], values[key], root, f"{path}.{key}")


def notes(*more):
    done = helm("install", "store-bcd245", CHART, "-n", "store-bcd245", "--dry-run=client", *value_arguments([LOCAL]), *more)
    return done.stdout.split("\nNOTES:\n")[1]


def checks():
    with open(os.path.join(CHART, "values.yaml")) as file:
        text = file.read()
    path = os.path.join(CHART, "README.md")
    with open(path) as file:
        readme = file.read()
    wanted = with_table(readme, text)
    if os.environ.get("UPDATE") == "1":
        with open(path, "w") as file:
            file.write(wanted)
        readme = wanted
    yield "the README's table is that of values.yaml", None if readme == wanted else "it differs; UPDATE=1 tests/chart/run.sh"
    changed = text.replace("everyMinutes: 5", "everyMinutes: 6")
    yield "another default is seen in the README", None if with_table(readme, changed) != readme else "it stayed green"
    yield "every value has a comment", "\n".join(uncommented(text)) or None
    without = text.replace("  # -- Keep a binary log (needed for point-in-time restore).\n", "")
    yield "a value without a comment is seen", None if list(uncommented(without)) == ["mysql.binaryLog"] else "it stayed green"

    with open(os.path.join(CHART, "values.schema.json")) as file:
        schema = json.load(file)
    values = objects({"values": text})["values"][0]
    yield "values.yaml and the schema know the same keys", "\n".join(stray(schema, values, schema)) or None
    more, less = json.loads(json.dumps(values)), json.loads(json.dumps(values))
    more["plans"]["small"]["mysql"]["x"] = less.pop("shop")
    seen = [list(stray(schema, one, schema)) for one in (more, less)]
    yield "a key that one of them lacks is seen", None if all(seen) else "it stayed green"

    plain, sells = notes(), notes("--set", "woocommerce.source=image")
    yield "the notes of a plain WordPress say that it sells nothing", None if "sells nothing" in plain and "sells nothing" not in sells else plain
