"""Renders charts/store by helm and reads the result back as objects.

Python has no YAML reader of its own, so a second, empty chart lets helm turn
its own output into JSON. Knows nothing about what is right or wrong.
"""
import json
import os
import re
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CHART = os.path.join(ROOT, "charts/store")
STORE = os.path.join(ROOT, "tests/chart/store.yaml")
LOCAL = os.path.join(ROOT, "values-local.yaml")
PROD = os.path.join(ROOT, "values-prod.yaml")
EMBEDDED = os.path.join(ROOT, "deploy/local/values-embedded.yaml")
ID = "store-bcd245"
HTTPS = ["--set", f"store.url=https://{ID}.localhost"]
GATEWAY = ["--set", "routing.type=gateway,routing.gateway.name=web,routing.gateway.namespace=infra"]

TO_JSON = """{{ range $path, $_ := .Files.Glob "files/*" }}
{{- $documents := list }}
{{- range splitList "\\n---\\n" ($.Files.Get $path) }}
{{- $document := fromYaml . }}
{{- if $document }}{{ $documents = append $documents $document }}{{ end }}
{{- end }}
---
{{ dict "name" (base $path) "documents" $documents | toJson }}
{{- end }}
"""


def helm(*arguments, check=True):
    done = subprocess.run(["helm", *arguments], capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"helm {' '.join(arguments)}:\n{done.stderr}")
    return done


def value_arguments(overlays):
    return [word for path in (*overlays, STORE) for word in ("-f", path)]


def render(overlays, *more, check=True):
    """The text that helm would apply for a store."""
    done = helm("template", ID, CHART, "-n", ID, *value_arguments(overlays), *more, check=check)
    return done.stdout if check else done


def objects(texts):
    """{name: text} → {name: [object, …]}, in one run of helm."""
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, "files"))
        os.makedirs(os.path.join(folder, "templates"))
        for name, text in texts.items():
            with open(os.path.join(folder, "files", name), "w") as file:
                file.write(text)
        with open(os.path.join(folder, "Chart.yaml"), "w") as file:
            file.write("apiVersion: v2\nname: reader\nversion: 0.0.1\n")
        with open(os.path.join(folder, "templates/all.yaml"), "w") as file:
            file.write(TO_JSON)
        printed = helm("template", "reader", folder).stdout
    read = (json.loads(line) for line in printed.splitlines() if line.startswith("{"))
    return {one["name"]: one["documents"] for one in read}


def without_files(text):
    """A rendering with the ConfigMap's files left out; they are in charts/store/files."""
    return re.sub(r"(?ms)^(kind: ConfigMap\n.*?^data:\n).*?(?=^---$|\Z)", r"\1  # files/**\n", text)
