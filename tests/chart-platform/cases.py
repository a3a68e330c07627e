"""Renders charts/platform, in the many ways it can be installed.

The reader of YAML and the evaluator of network policies are those of tests/chart.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(os.path.dirname(HERE), "chart"))

from rendering import ROOT, helm, objects  # noqa: E402,F401 (for whoever imports this module)

CHART = os.path.join(ROOT, "charts/platform")
GIVEN = os.path.join(HERE, "given.yaml")
LOCAL = os.path.join(CHART, "values-local.yaml")
PROD = os.path.join(CHART, "values-prod.yaml")
RELEASE, NAMESPACE = "urumi", "urumi-system"
# Kinds of others, which a cluster may lack.
FOREIGN = ["keda.sh/v1alpha1", "external-secrets.io/v1", "cert-manager.io/v1", "gateway.networking.k8s.io/v1", "monitoring.coreos.com/v1"]

SHA = "sha256:" + "a" * 64
TRIAL = "postgres.enabled=true,rabbitmq.enabled=true"
GATEWAY = "routing.type=gateway,routing.gateway.name=web,routing.gateway.namespace=infra,routing.gateway.sectionName=https"
STORES = 'stores.values={"wordpress":{"image":{"repository":"shop","tag":"1"}},"routing":{"ingress":{"className":"traefik"}}}'

# name: (overlays, --set, --set-json)
CASES = {
    "given": ([], "", ""),
    "local": ([LOCAL], "", ""),
    "local-two": ([LOCAL], "api.replicas=2,worker.replicas=2", ""),
    "local-keda": ([LOCAL], "worker.keda.enabled=true", ""),
    "prod": ([PROD], "", ""),
    "prod-keda": ([PROD], "worker.keda.enabled=true,worker.keda.minReplicas=2", ""),
    "prod-gateway": ([PROD], GATEWAY, ""),
    "prod-no-gateway-tls": ([PROD], f"{GATEWAY},routing.tls.issuer.name=", ""),
    "prod-no-routing": ([PROD], "routing.type=none,routing.tls.enabled=false", ""),
    "prod-wildcard": ([PROD], "routing.tls.useDefaultCertificate=true,routing.tls.issuer.name=,routing.ingress.className=nginx", 'routing.ingress.annotations={"x.example/y":"z"}'),
    "prod-own-certificate": ([PROD], "routing.tls.secretName=mine,routing.tls.issuer.kind=Issuer", ""),
    "prod-trial-servers": ([PROD], TRIAL, ""),
    "prod-own-secret": ([PROD], "secrets.external.enabled=false,secrets.existingSecret=mine", ""),
    "prod-without-dashboard": ([PROD], "dashboard.enabled=false", ""),
    "prod-fixed-replicas": ([PROD], "api.autoscaling.enabled=false,api.replicas=3,worker.replicas=1", ""),
    "prod-without-policies": ([PROD], "networkPolicy.enabled=false", ""),
    "prod-without-internet": ([PROD], "networkPolicy.internet.enabled=false", ""),
    "prod-digests": ([PROD], f"api.image.digest={SHA},worker.image.digest={SHA},dashboard.image.digest={SHA},image.registry=registry.example,image.pullPolicy=Always,imagePullSecrets[0].name=pull", ""),
    "prod-stores": ([PROD], "worker.credentials=external,worker.controlHost=up.acme.example,worker.slots=4,api.commandsInFlight=64", STORES),
    "prod-moving": ([PROD], "worker.alsoHandles={httproutes,externalsecrets}", ""),
    "prod-traces": ([PROD], "telemetry.otlpEndpoint=http://otel.monitoring:4318,networkPolicy.collector.namespaceLabels.x=monitoring", ""),
    "prod-settings": (
        [PROD], "api.settings.rate_limit_per_second=200,api.settings.oidc_issuer=https://id.acme.example,worker.settings.patience_image_pull_seconds=1234567,api.trustedProxies[0]=10.0.0.0/8,"
        "api.extraEnv[0].name=OTEL_EXPORTER_OTLP_HEADERS,api.extraEnv[0].value=a=b,worker.extraEnv[0].name=HTTPS_PROXY,worker.extraEnv[0].value=http://p:1", ""),
    "prod-nodes": (
        [PROD], "api.nodeSelector.pool=system,worker.nodeSelector.pool=system,api.priorityClassName=high,worker.priorityClassName=high,"
        "api.tolerations[0].key=system,api.tolerations[0].operator=Exists,worker.tolerations[0].key=system,worker.tolerations[0].operator=Exists,"
        "monitoring.labels.release=prometheus", ""),
}
SNAPSHOTS = ("local", "local-keda", "prod", "prod-keda", "prod-gateway", "prod-stores")


def arguments(overlays, sets="", json=""):
    found = [word for path in (GIVEN, *overlays) for word in ("-f", path)]
    # What an overlay fills in for a trial, the installation gives.
    found += ["-f", GIVEN] if overlays else []
    if sets:
        found += ["--set", sets]
    if json:
        found += ["--set-json", json]
    return found


def render(overlays, sets="", json="", check=True):
    """The text that helm would apply."""
    known = [word for api in FOREIGN for word in ("--api-versions", api)]
    done = helm("template", RELEASE, CHART, "-n", NAMESPACE, *known, *arguments(overlays, sets, json), check=check)
    return done.stdout if check else done
