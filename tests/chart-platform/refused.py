"""Values that cannot work, and the words with which they must be refused."""
from cases import LOCAL, PROD, render

REFUSED = (
    ("no installation", [LOCAL], "installation=", "/installation"),
    ("no host", [PROD], "host=", "/host"),
    ("no domain of stores", [PROD], "stores.domain=", "/stores/domain"),
    ("no ingress to ask shops by", [PROD], "worker.ingress=", "/worker/ingress"),
    ("an ingress without a port", [PROD], "worker.ingress=traefik.kube-system", "/worker/ingress"),
    ("an unknown value", [LOCAL], "api.replica=2", "replica"),
    ("an unknown value at the top", [LOCAL], "redis.enabled=true", "redis"),
    ("an unknown environment", [LOCAL], "environment=staging", "/environment"),
    ("no pods", [PROD], "worker.replicas=0", "/worker/replicas"),
    ("no slots", [PROD], "worker.slots=0", "/worker/slots"),
    ("a tag that moves", [PROD], "api.image.tag=latest", "/api/image/tag"),
    ("a trial server without a tag", [LOCAL], "postgres.image.tag=", "/postgres/image"),
    ("External Secrets from nowhere", [PROD], "secrets.external.storeName=", "/secrets/external/storeName"),
    ("no Secret", [PROD], "secrets.existingSecret=", "/secrets/existingSecret"),
    ("a gateway without a name", [PROD], "routing.type=gateway", "/routing/gateway/name"),
    ("a drain of nothing", [PROD], "api.drainSeconds=0", "/api/drainSeconds"),
    ("a worker that kills helm", [PROD], "worker.shutdownSeconds=60", "leaves a running helm"),
    ("no worker at times", [PROD], "worker.keda.minReplicas=0", "/worker/keda/minReplicas"),
    ("an autoscaler upside down", [PROD], "api.autoscaling.minReplicas=9", "minReplicas is above maxReplicas"),
    ("a scaler upside down", [PROD], "worker.keda.enabled=true,worker.keda.minReplicas=9", "minReplicas is above maxReplicas"),
    ("more connections than the trial database has", [PROD], "postgres.enabled=true,api.autoscaling.maxReplicas=20", "connections, and postgres.maxConnections is"),
    ("stores over http in production", [PROD], "stores.url=http://{host}", "serves stores by TLS"),
    ("traces that nothing lets out", [PROD], "telemetry.otlpEndpoint=http://otel.monitoring:4318", "networkPolicy.collector lets nobody reach it"),
    ("a kind that no store has", [PROD], "worker.alsoHandles={pods}", "/worker/alsoHandles"),
    ("a setting that the chart owns", [PROD], "api.settings.login=off", "the chart sets it"),
    ("a worker's setting that the chart owns", [PROD], "worker.settings.slots=9", "the chart sets it"),
    ("a setting that is no name", [PROD], "api.settings.Rate=9", "invalid propertyName"),
    ("private addresses counted as public", [PROD], "networkPolicy.internet.except={10.0.0.0/8}", "/networkPolicy/internet/except"),
    ("an ingress controller from anywhere", [PROD], "networkPolicy.ingressController.namespaceLabels=null,networkPolicy.ingressController.podLabels=null", "/networkPolicy/ingressController"),
    ("an amount that is none", [PROD], "api.resources.limits.memory=lots", "/api/resources/limits/memory"),
)


def checks():
    for title, overlays, sets, words in REFUSED:
        done = render(overlays, sets.replace("{host}", "\\{host\\}") if "url" in sets else sets, check=False)
        if done.returncode == 0:
            yield f"refuses {title}", "it was rendered"
        else:
            yield f"refuses {title}", None if words in done.stderr else f"refused, but without {words!r}: {done.stderr.strip()[-400:]}"
