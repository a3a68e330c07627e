"""Every rendering against the schemas of each Kubernetes: kubeconform.py FOLDER VERSION...

FOLDER holds the program and a folder of schemas for each version. The last line
is `kubeconform: N passed, N failed, 0 skipped`.
"""
import os
import subprocess
import sys
import tempfile

from combinations import combinations
from rendering import ROOT, render

SCHEMA = "{{.ResourceKind}}{{.KindSuffix}}.json"
# What must be refused, or the schemas say nothing.
WRONG = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: x}
spec: {schedule: "* * * * *", suspendd: true, jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: x, image: "x:1"}]}}}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: x}
spec: {hostname: [x.localhost]}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: x}
spec: {refreshPolicy: Never, dataFrom: [{extract: {}}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: x, labels: {x: 1}}
spec: {replicas: "two", selector: {matchLabels: {a: b}}, template: {spec: {containers: []}}}
"""


def kubeconform(folder, version, files):
    schemas = os.path.join(folder, version, SCHEMA)
    done = subprocess.run(
        [os.path.join(folder, "kubeconform"), "-strict", "-schema-location", schemas, *files], capture_output=True, text=True
    )
    return done.stdout + done.stderr


def main(folder, *versions):
    results = []
    with tempfile.TemporaryDirectory() as work:
        paths = {}
        for name, how in combinations().items():
            paths[name] = os.path.join(work, f"{name}.yaml")
            with open(paths[name], "w") as file:
                file.write(render(how[0], *how[1]))
        paths["shared storage of k3s"] = os.path.join(ROOT, "deploy/k3s/shared-storage.yaml")
        wrong = os.path.join(work, "wrong.yaml")
        with open(wrong, "w") as file:
            file.write(WRONG)
        for version in versions:
            said = kubeconform(folder, version, paths.values())
            for name, path in paths.items():
                lines = [line for line in said.splitlines() if line.startswith(path)]
                results.append((f"{name}, Kubernetes {version}", "\n".join(lines) or None))
            seen = [line for line in kubeconform(folder, version, [wrong]).splitlines() if "is invalid" in line]
            results.append((f"what is wrong is seen, Kubernetes {version}", None if len(seen) == 4 else f"only: {seen}"))
    failed = [(title, why) for title, why in results if why]
    for title, why in failed:
        print(f"FAILED {title}\n  " + why.replace("\n", "\n  "))
    print(f"kubeconform: {len(results) - len(failed)} passed, {len(failed)} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
