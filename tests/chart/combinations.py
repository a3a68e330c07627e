"""Which values are rendered together, and which of them are kept as snapshots."""
from rendering import EMBEDDED, GATEWAY, HTTPS, LOCAL, PROD

PLANS = ("small", "medium", "large")


def combinations():
    """{name: (overlays, more arguments)}"""
    found = {}
    for plan in PLANS:
        chosen = ["--set", f"store.plan={plan}"]
        found[f"local-{plan}"] = ([LOCAL], chosen)
        found[f"local-gateway-{plan}"] = ([LOCAL], chosen + GATEWAY)
        found[f"local-embedded-{plan}"] = ([LOCAL, EMBEDDED], chosen)
        found[f"prod-{plan}"] = ([PROD], chosen + HTTPS)
        found[f"prod-embedded-{plan}"] = ([PROD, EMBEDDED], chosen + HTTPS + ["--set", "wordpress.content.storageClass=local-path-shared"])
        found[f"prod-gateway-{plan}"] = ([PROD], chosen + HTTPS + GATEWAY)
    for source in ("url", "path", "image"):
        found[f"local-woocommerce-{source}"] = ([LOCAL], ["--set", f"woocommerce.source={source},woocommerce.version=11.0.1,woocommerce.sha256={'a' * 64}"])
    found["defaults"] = ([], [])
    found["local-suspended"] = ([LOCAL], ["--set", "store.suspended=true"])
    found["prod-suspended"] = ([PROD], HTTPS + ["--set", "store.suspended=true"])
    found["prod-fixed-replicas"] = ([PROD], HTTPS + ["--set", "wordpress.autoscaling.enabled=false,wordpress.replicas=3"])
    found["prod-external-secrets"] = ([PROD], HTTPS + ["--set", "credentials.external.enabled=true,credentials.external.storeName=vault"])
    found["prod-pinned"] = ([PROD], HTTPS + ["--set", f"wordpress.image.digest=sha256:{'1' * 64},mysql.image.digest=sha256:{'2' * 64}"])
    found["prod-wanted-replicas"] = ([PROD], HTTPS + ["--set", "wordpress.replicas=6"])
    return found


SNAPSHOTS = (
    "local-small", "local-medium", "local-large", "prod-small", "prod-medium", "prod-large",
    "local-embedded-small", "prod-gateway-small", "local-suspended", "prod-wanted-replicas",
    "local-woocommerce-url", "prod-external-secrets",
)
