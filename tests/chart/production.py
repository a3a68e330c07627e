"""values-prod on the embedded cluster, as a customer and an operator see it.

Once by Ingress and once by HTTPRoute: both web pods on one shared volume, TLS by
a certificate of a Secret, the autoscaler there; an order is placed and found (on
plain WordPress: home and login). By Ingress also two upgrades in a row, of chart
and image, and a rollback, while customers go on asking: none may be failed, and
data, passwords and volumes stay. production.sh gives the environment.
The last line is `production: N passed, N failed, 0 skipped`.
"""
import http.client
import json
import os
import re
import secrets
import shutil
import socket
import ssl
import sys
import tempfile
import threading
import time
import urllib.parse

from hands import KEYS, create, get, namespace, run, secret, until
from rendering import CHART, EMBEDDED, PROD

PORT = int(os.environ["TLS_PORT"])
WOOCOMMERCE = os.environ["WOOCOMMERCE_VALUES"]
SELLS = os.path.exists(WOOCOMMERCE)
GATEWAY = "urumi-test-gateway"


class Visitor:
    """One who finds the shop at its address by TLS, and believes only its certificate."""

    def __init__(self, host, certificate):
        self.host, self.trust = host, ssl.create_default_context(cafile=certificate)
        self.cookies = {}

    def ask(self, path, headers=None, body=None):
        raw = socket.create_connection(("127.0.0.1", PORT), timeout=30)
        connection = http.client.HTTPSConnection(self.host, PORT)
        connection.sock = self.trust.wrap_socket(raw, server_hostname=self.host)
        headers = {"Host": f"{self.host}:{PORT}", **(headers or {})}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request("POST" if body else "GET", path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        connection.close()
        return answer.status, answer.headers, text

    def json(self, path, headers=None, body=None):
        if body is not None:
            headers, body = {**(headers or {}), "Content-Type": "application/json"}, json.dumps(body)
        status, _, text = self.ask(path, headers, body)
        if status not in (200, 201):
            raise RuntimeError(f"{path}: {status} {text[:300]}")
        return json.loads(text)


class Store:
    def __init__(self, name, folder):
        self.name, self.host = name, f"{name}.localhost"
        self.certificate, key = os.path.join(folder, f"{name}.crt"), os.path.join(folder, f"{name}.key")
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={self.host}",
            "-addext", f"subjectAltName=DNS:{self.host}", "-keyout", key, "-out", self.certificate)
        self.user, self.password = "admin", secrets.token_hex(16)
        self.pair = {"tls.crt": open(self.certificate).read(), "tls.key": open(key).read()}
        self.visitor = Visitor(self.host, self.certificate)

    def make(self):
        drawn = {key: secrets.token_hex(24) for key in ["mysql-root-password", "mysql-password", *KEYS]}
        create(
            namespace(self.name),
            secret("store-credentials", self.name, {**drawn, "wordpress-admin-user": self.user, "wordpress-admin-password": self.password}),
            secret("own-tls", self.name, self.pair, "kubernetes.io/tls"),
        )

    def install(self, chart, *more):
        values = {"store": {"id": self.name, "name": "Production", "host": self.host, "url": f"https://{self.host}:{PORT}", "plan": "small",
                            "adminEmail": "owner@example.com"}, "credentials": {"existingSecret": "store-credentials"},
                  "wordpress": {"content": {"storageClass": "local-path-shared"}}, "routing": {"tls": {"clusterIssuer": "", "secretName": "own-tls"}}}
        files = [PROD, EMBEDDED] + ([WOOCOMMERCE] if SELLS else []) + ["-"]
        run("helm", "upgrade", "--install", self.name, chart, "-n", self.name, *[word for file in files for word in ("-f", file)], *more,
            given=json.dumps(values))

    def settle(self):
        """Both web pods, of the newest revision, serve."""
        def settled():
            web = get("deployment", "wordpress", self.name)
            status, seen = web["status"], web["status"].get("observedGeneration") == web["metadata"]["generation"]
            return seen and web["spec"]["replicas"] == 2 and all(status.get(key) == 2 for key in ("replicas", "updatedReplicas", "availableReplicas"))
        until("two new web pods", settled)

    def identity(self):
        """What an upgrade must not touch."""
        claims = {name: get("pvc", name, self.name) for name in ("mysql-data", "wordpress-content")}
        return {
            "passwords": get("secret", "store-credentials", self.name)["data"],
            "volumes": {name: (one["metadata"]["uid"], one["spec"]["volumeName"]) for name, one in claims.items()},
            "database": get("pod", "mysql-0", self.name)["metadata"]["uid"],
        }

    def buy(self):
        """The number of an order, placed with cash on delivery."""
        ask = Visitor(self.host, self.certificate)
        _, headers, _ = ask.ask("/wp-json/wc/store/v1/cart")
        own = {name: headers[name] for name in ("Cart-Token", "Nonce")}
        product = ask.json("/wp-json/wc/store/v1/products")[0]
        if ask.ask(urllib.parse.urlparse(product["permalink"]).path)[0] != 200:
            raise RuntimeError("the product has no page")
        ask.json("/wp-json/wc/store/v1/cart/add-item", own, {"id": product["id"], "quantity": 1})
        who = {"first_name": "Ada", "last_name": "Lovelace", "address_1": "1 Main St", "city": "Springfield", "state": "CA", "postcode": "90210",
               "country": "US", "email": "ada@example.com", "phone": "5551234"}
        order = {"billing_address": who, "shipping_address": who, "payment_method": "cod"}
        return ask.json("/wp-json/wc/store/v1/checkout", own, order)["order_id"]

    def find(self, order):
        owner = Visitor(self.host, self.certificate)
        owner.ask("/wp-login.php")
        form = urllib.parse.urlencode({"log": self.user, "pwd": self.password, "testcookie": "1"})
        owner.ask("/wp-login.php", {"Content-Type": "application/x-www-form-urlencoded"}, form)
        nonce = owner.ask("/wp-admin/admin-ajax.php?action=rest-nonce")[2]
        return owner.json(f"/wp-json/wc/v3/orders/{order}", {"X-WP-Nonce": nonce})

    def remove(self):
        run("kubectl", "delete", "namespace", self.name, "--wait=false", "--ignore-not-found", check=False)


class Customers:
    """Constant requests, each on a connection of its own."""

    PATHS = ["/", "/wp-login.php", "/wp-includes/css/dist/block-library/style.min.css", "/wp-json/"] + (["/product/sample-product/", "/wp-json/wc/store/v1/products"] if SELLS else [])

    def __init__(self, store):
        self.store, self.stop, self.asked, self.failed = store, threading.Event(), 0, []
        self.threads = [threading.Thread(target=self.go_on, args=(path,)) for path in self.PATHS]

    def go_on(self, path):
        while not self.stop.is_set():
            try:
                status = Visitor(self.store.host, self.store.certificate).ask(path)[0]
                why = None if status == 200 else status
            except Exception as error:  # whatever a customer would see
                why = repr(error)
            self.asked += 1
            if why:
                self.failed.append(f"{time.strftime('%X')} {path}: {why}")
            self.stop.wait(0.2)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()


def next_chart(folder):
    """The chart of the next version: another version, and another file in each web pod."""
    path = os.path.join(folder, "store")
    shutil.copytree(CHART, path)
    for file, old, new in (("Chart.yaml", r"^version: .*$", "version: 99.0.0"), ("files/php-ini/store.ini", r"^post_max_size.*$", "post_max_size = 65M")):
        text = open(os.path.join(path, file)).read()
        with open(os.path.join(path, file), "w") as out:
            out.write(re.sub(old, new, text, count=1, flags=re.M))
    return path


def opens(store, way):
    """One installation, by Ingress or by HTTPRoute, up to an order that is found."""
    begun = time.monotonic()
    store.make()
    more = []
    if way == "HTTPRoute":
        make_gateway(store)
        more = ["--set", f"routing.type=gateway,routing.gateway.name=web,routing.gateway.namespace={GATEWAY}"]
    store.install(CHART, *more)
    store.settle()
    until("the front page by TLS", lambda: answers(store))
    print(f"{way}: two web pods serve after {time.monotonic() - begun:.0f} s")
    kinds = run("kubectl", "get", "ingress,hpa,pdb,pvc", "-n", store.name, "-o", "name") + (
        run("kubectl", "get", "httproute", "-n", store.name, "-o", "name"))
    yield f"{way}: autoscaler and budget are there", None if "horizontalpodautoscaler" in kinds and "poddisruptionbudget" in kinds else kinds
    if way == "HTTPRoute":
        with open(os.path.join(os.path.dirname(WOOCOMMERCE), "traefik.yaml")) as settings:
            ports = re.findall(rf":{PORT}\b", settings.read())
        yield f"{way}: one entry point has the listener's port, or routes come and go", None if len(ports) == 1 else ports
    routed = ("ingress.networking" in kinds, "httproute" in kinds)
    yield f"{way}: that and no other way in", None if routed == (way == "Ingress", way == "HTTPRoute") else kinds
    modes = get("pvc", "wordpress-content", store.name)["spec"]["accessModes"]
    yield f"{way}: the volume is shared", None if modes == ["ReadWriteMany"] else modes
    status, headers, _ = store.visitor.ask("/wp-login.php")
    yield f"{way}: login by TLS, cookies for TLS only", None if status == 200 and "secure" in str(headers.get_all("Set-Cookie")).lower() else str(headers)
    if SELLS:
        order = store.buy()
        found = store.find(order)
        good = (found["payment_method"], found["status"]) == ("cod", "processing")
        yield f"{way}: order {order} is placed and found", None if good else json.dumps(found)[:500]


def answers(store):
    try:
        status, _, text = Visitor(store.host, store.certificate).ask("/")
        store.last_seen = f"{status} {text[:200]}"
        return status == 200
    except (OSError, http.client.HTTPException) as error:
        store.last_seen = repr(error)
        return False


def evidence(store):
    """What the cluster and the ingress say of a store that does not come."""
    last = f"last answer: {getattr(store, 'last_seen', 'none')}"
    objects = run("kubectl", "get", "pods,endpointslices,ingress,events", "-n", store.name, "-o", "wide", check=False)[-6000:]
    routes = run("kubectl", "get", "gateways,httproutes", "-A", "-o", "yaml", check=False)[-6000:]
    with open(os.path.join(os.path.dirname(WOOCOMMERCE), "log/traefik.log")) as log:
        return "\n".join([last, objects, routes, *log.read().splitlines()[-40:]])


def make_gateway(store):
    create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": GATEWAY}}, secret("wildcard", GATEWAY, store.pair, "kubernetes.io/tls"), {
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "web", "namespace": GATEWAY},
        "spec": {"gatewayClassName": "traefik", "listeners": [{
            "name": "https", "protocol": "HTTPS", "port": PORT, "hostname": "*.localhost", "allowedRoutes": {"namespaces": {"from": "All"}},
            "tls": {"mode": "Terminate", "certificateRefs": [{"name": "wildcard"}]}}]},
    })


def upgrades(store, folder):
    before, order = store.identity(), store.buy() if SELLS else None
    chart = next_chart(folder)
    with Customers(store) as customers:
        for title, change in (
            ("the chart", lambda: store.install(chart)),
            ("the image", lambda: store.install(chart, "--set", f"wordpress.image.tag={os.environ['NEXT_TAG']}")),
            ("back to the first", lambda: run("helm", "rollback", store.name, "1", "-n", store.name)),
        ):
            begun, asked = time.monotonic(), customers.asked
            was = get("deployment", "wordpress", store.name)["metadata"]["generation"]
            change()
            until("a new revision", lambda: get("deployment", "wordpress", store.name)["metadata"]["generation"] > was)
            store.settle()
            print(f"{title}: {time.monotonic() - begun:.0f} s, {customers.asked - asked} requests")
            yield f"upgrade of {title}: nothing lost", None if store.identity() == before else "passwords, volumes or database changed"
        customers.stop.wait(3)
    print(f"upgrades: {customers.asked} requests, {len(customers.failed)} failed")
    yield "no request failed", None if customers.asked > 50 and not customers.failed else f"{customers.asked} asked\n" + "\n".join(customers.failed[:10])
    if SELLS:
        yield "an order from before is still there", None if store.find(order)["id"] == order else "it is gone"


def main():
    results, stores = [], []
    with tempfile.TemporaryDirectory() as folder:
        try:
            for name, way in (("store-prdgw2", "HTTPRoute"), ("store-prdng2", "Ingress")):
                stores.append(Store(name, folder))
                results += opens(stores[-1], way)
                if way == "HTTPRoute":
                    stores[-1].remove()
            results += upgrades(stores[-1], folder)
        except Exception as error:
            results.append(("the run came to its end", f"{error}"))
            if stores:
                print(evidence(stores[-1]))
        finally:
            if os.environ.get("URUMI_KEEP") != "1":
                for store in stores:
                    store.remove()
                run("kubectl", "delete", "namespace", GATEWAY, "--wait=false", "--ignore-not-found", check=False)
    failed = [(title, why) for title, why in results if why]
    for title, why in failed:
        print(f"FAILED {title}\n  " + str(why).strip().replace("\n", "\n  "))
    print(f"production: {len(results) - len(failed)} passed, {len(failed)} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
