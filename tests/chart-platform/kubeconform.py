"""Every rendering against the schemas of each Kubernetes: kubeconform.py FOLDER

FOLDER is what kinds.sh made. The last line is `kubeconform-platform: N passed, N failed, 0 skipped`.
"""
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from cases import CASES, render

SCHEMA = "{{.ResourceKind}}{{.KindSuffix}}.json"
# What must be refused, one of each foreign kind, or the schemas say nothing.
WRONG = """
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: x}
spec: {scaleTargetRef: {name: x}, minReplicas: 1, triggers: [{type: rabbitmq, metadata: {}}]}
---
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata: {name: x}
spec: {secretTargetRefs: []}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: x}
spec: {secretStore: {name: x}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: x}
spec: {dnsNames: [x], secretName: x, issuerRef: {name: x}, privateKey: {algorithm: DSA}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: x}
spec: {hostname: [x.localhost]}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: x}
spec: {selector: {}, endpoint: []}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: x}
spec: {groups: [{name: x, rules: [{alert: x, expression: up}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: x}
spec: {replicas: "two", selector: {matchLabels: {a: b}}, template: {spec: {containers: []}}}
"""


def kubeconform(folder, version, files):
    schemas = os.path.join(folder, version, SCHEMA)
    done = subprocess.run(
        [os.path.join(folder, "kubeconform"), "-strict", "-schema-location", schemas, *files], capture_output=True, text=True
    )
    return done.stdout + done.stderr


def main(folder):
    results = []
    versions = sorted(name for name in os.listdir(folder) if name[0].isdigit())
    with tempfile.TemporaryDirectory() as work, ThreadPoolExecutor(os.cpu_count()) as pool:
        paths = {}
        for name, text in zip(CASES, pool.map(lambda how: render(*how), CASES.values())):
            paths[name] = os.path.join(work, f"{name}.yaml")
            with open(paths[name], "w") as file:
                file.write(text)
        wrong = os.path.join(work, "wrong.yaml")
        with open(wrong, "w") as file:
            file.write(WRONG)
        for version in versions:
            said = kubeconform(folder, version, paths.values())
            for name, path in paths.items():
                lines = [line for line in said.splitlines() if line.startswith(path)]
                results.append((f"{name}, Kubernetes {version}", "\n".join(lines) or None))
            seen = [line for line in kubeconform(folder, version, [wrong]).splitlines() if "is invalid" in line]
            results.append((f"what is wrong is seen, Kubernetes {version}", None if len(seen) == WRONG.count("kind: ") else f"only: {seen}"))
    failed = [(title, why) for title, why in results if why]
    for title, why in failed:
        print(f"FAILED {title}\n  " + why.replace("\n", "\n  "))
    print(f"{len(CASES)} renderings, Kubernetes {', '.join(versions)}")
    print(f"kubeconform-platform: {len(results) - len(failed)} passed, {len(failed)} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
