"""Values that cannot work, and the words with which they must be refused."""
from rendering import HTTPS, LOCAL, PROD, render

REFUSED = (
    ("two web pods on a ReadWriteOnce volume", [LOCAL], ["--set", "wordpress.replicas=2"], "want 1, or give the platform storage with ReadWriteMany"),
    ("autoscaling on a ReadWriteOnce volume", [LOCAL], ["--set", "wordpress.autoscaling.enabled=true"], "turn it off, or give the platform storage with ReadWriteMany"),
    ("prod with its storage made ReadWriteOnce", [PROD], HTTPS + ["--set", "wordpress.content.accessMode=ReadWriteOnce"], "turn it off, or give"),
    ("an unknown value", [LOCAL], ["--set", "wordpress.replica=1"], "replica"),
    ("an unknown value at the top", [LOCAL], ["--set", "mariadb.enabled=true"], "mariadb"),
    ("an unknown plan", [LOCAL], ["--set", "store.plan=huge"], "is none of plans: large, medium, small"),
    ("an id that is none", [LOCAL], ["--set", "store.id=store-ABC"], "/store/id"),
    ("an empty name", [LOCAL], ["--set", "store.name="], "/store/name"),
    ("an address without a scheme", [LOCAL], ["--set", "store.url=shop.example.com"], "/store/url"),
    ("an address of another host", [LOCAL], ["--set", "store.url=http://other.localhost:8080"], "does not name store.host"),
    ("an address with a quote in it", [LOCAL], ["--set", "store.url=http://a'b.localhost"], "/store/url"),
    ("TLS on an http address", [PROD], [], "/store/url"),
    ("an e-mail address that is none", [LOCAL], ["--set", "store.adminEmail=owner"], "/store/adminEmail"),
    ("WooCommerce by download without a checksum", [LOCAL], ["--set", "woocommerce.source=url,woocommerce.version=11.0.1"], "/woocommerce/sha256"),
    ("WooCommerce by download over http", [LOCAL], ["--set", "woocommerce.url=http://example.com/x.zip"], "/woocommerce/url"),
    ("WooCommerce from nowhere", [LOCAL], ["--set", "woocommerce.source=market"], "/woocommerce/source"),
    ("WooCommerce by download without the internet", [LOCAL], ["--set", f"woocommerce.source=url,woocommerce.version=11.0.1,woocommerce.sha256={'a' * 64},networkPolicy.internet.enabled=false"], "could not fetch it"),
    ("a currency that is none", [LOCAL], ["--set", "shop.currency=Euro"], "/shop/currency"),
    ("a country that is none", [LOCAL], ["--set", "shop.country=Germany"], "/shop/country"),
    ("tasks once an hour", [LOCAL], ["--set", "cron.everyMinutes=60"], "/cron/everyMinutes"),
    ("a tag that moves", [LOCAL], ["--set", "mysql.image.tag=latest"], "/mysql/image/tag"),
    ("an image without tag and digest", [LOCAL], ["--set", "mysql.image.tag="], "/mysql/image"),
    ("an IngressController from anywhere", [LOCAL], ["--set-json", 'networkPolicy.ingressController={"namespaceLabels":null,"podLabels":null,"cidrs":[]}'], "/networkPolicy/ingressController"),
    ("private addresses counted as public", [LOCAL], ["--set-json", 'networkPolicy.internet.except=["10.0.0.0/8"]'], "/networkPolicy/internet/except"),
    ("a gateway without a name", [LOCAL], ["--set", "routing.type=gateway"], "/routing/gateway/name"),
    ("a buffer pool larger than the memory", [LOCAL], ["--set", "plans.small.mysql.bufferPoolMi=500"], "128 MiB above"),
    ("a request above its limit", [LOCAL], ["--set", "plans.small.mysql.cpu.request=9000"], "is above its limit"),
    ("External Secrets from nowhere", [LOCAL], ["--set", "credentials.external.enabled=true"], "/credentials/external/storeName"),
    ("one secret for all stores", [LOCAL], ["--set", "credentials.external.enabled=true,credentials.external.storeName=vault,credentials.external.remoteKey=urumi"], "/credentials/external/remoteKey"),
    ("no Secret", [LOCAL], ["--set", "credentials.existingSecret="], "/credentials/existingSecret"),
)


def checks():
    for title, overlays, more, words in REFUSED:
        done = render(overlays, *more, check=False)
        if done.returncode == 0:
            yield f"refuses {title}", "it was rendered"
        elif words not in done.stderr:
            yield f"refuses {title}", f"refused, but without {words!r}: {done.stderr.strip()[-300:]}"
        else:
            yield f"refuses {title}", None
