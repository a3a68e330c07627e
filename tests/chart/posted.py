"""values-prod by the platform's own hands: what a POST gives when its workers have them.

Two web pods on shared storage, the autoscaler, an address by TLS that workers ask as a
customer does: posted.py ingress|gateway FOLDER. The certificate comes as cert-manager
brings it, a moment after the store's namespace, or hangs at the Gateway; workers and
customers believe the one authority of FOLDER. Then an order, a login link, health as it
is looked at on a schedule, and away. posted.sh gives the environment.
The last line is `posted-<way>: N passed, N failed, 0 skipped`.
"""
import base64
import json
import os
import sys
import time
import urllib.parse

from hands import ask, create, get, run, secret, until
from production import GATEWAY, PORT, SELLS, Store, Visitor

WAY, FOLDER = sys.argv[1:3]
AUTHORITY = os.path.join(FOLDER, "ca.crt")


class Posted(Store):
    """A store that the platform made, with what a customer and its owner do."""

    def __init__(self):
        status, view = ask("POST", "/stores", {"name": "Posted"})
        if status != 202:
            raise RuntimeError(f"POST /stores: {status} {view}")
        self.name, self.host, self.url = view["id"], view["host"], view["url"]
        self.certificate = AUTHORITY
        self.visitor = Visitor(self.host, AUTHORITY)

    def look(self):
        return ask("GET", f"/stores/{self.name}")[1]

    def until_ready(self):
        def ready():
            view = self.look()
            if view["status"] == "Failed":
                raise RuntimeError(json.dumps(view, indent=1)[:4000])
            return view["status"] == "Ready"
        until(f"{self.name} Ready", ready)

    def learn_login(self):
        kept = get("secret", "store-credentials", self.name)["data"]
        self.user, self.password = (base64.b64decode(kept[f"wordpress-admin-{what}"]).decode() for what in ("user", "password"))

    def remove(self):
        ask("DELETE", f"/stores/{self.name}")
        until(f"{self.name} Deleted", lambda: self.look()["status"] == "Deleted")


def certificate(host):
    """{tls.crt, tls.key} for that host, signed by the authority."""
    at = os.path.join(FOLDER, host)
    run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={host}", "-keyout", f"{at}.key", "-out", f"{at}.csr")
    with open(f"{at}.ext", "w") as file:
        file.write(f"subjectAltName=DNS:{host}\n")
    run("openssl", "x509", "-req", "-in", f"{at}.csr", "-CA", AUTHORITY, "-CAkey", os.path.join(FOLDER, "ca.key"), "-days", "2", "-extfile", f"{at}.ext", "-out", f"{at}.crt")
    return {f"tls.{kind}": open(f"{at}.{kind}").read() for kind in ("crt", "key")}


def there(name):
    return name in run("kubectl", "get", "namespaces", "-o", "name")


def bring_certificate(store):
    pair = certificate(store.host)
    if WAY == "ingress":
        until("the store's namespace", lambda: there(f"namespace/{store.name}"))
        create(secret(f"{store.name}-tls", store.name, pair, "kubernetes.io/tls"))
        return
    create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": GATEWAY}}, secret("own", GATEWAY, pair, "kubernetes.io/tls"), {
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "web", "namespace": GATEWAY},
        "spec": {"gatewayClassName": "traefik", "listeners": [{
            "name": "https", "protocol": "HTTPS", "port": PORT, "hostname": store.host, "allowedRoutes": {"namespaces": {"from": "All"}},
            "tls": {"mode": "Terminate", "certificateRefs": [{"name": "own"}]}}]},
    })


def story(store):
    begun = time.monotonic()
    bring_certificate(store)
    store.until_ready()
    took = time.monotonic() - begun
    print(f"{WAY}: Ready after {took:.0f} s")
    yield f"{WAY}: its address is by TLS", None if store.url == f"https://{store.host}:{PORT}" else store.url
    web = get("deployment", "wordpress", store.name)
    yield f"{WAY}: two web pods, and Ready waited for both", None if web["spec"]["replicas"] == web["status"].get("availableReplicas") == 2 else web["status"]
    kinds = run("kubectl", "get", "ingress,httproute,hpa,pdb", "-n", store.name, "-o", "name")
    yield f"{WAY}: autoscaler and budget are there", None if "horizontalpodautoscaler" in kinds and "poddisruptionbudget" in kinds else kinds
    routed = ("ingress.networking" in kinds, "httproute" in kinds)
    yield f"{WAY}: that and no other way in", None if routed == (WAY == "ingress", WAY == "gateway") else kinds
    modes = get("pvc", "wordpress-content", store.name)["spec"]["accessModes"]
    yield f"{WAY}: the volume is shared", None if modes == ["ReadWriteMany"] else modes

    status, headers, _ = store.visitor.ask("/wp-login.php")
    yield f"{WAY}: login by TLS, cookies for TLS only", None if status == 200 and "secure" in str(headers.get_all("Set-Cookie")).lower() else str(headers)
    store.learn_login()
    if SELLS:
        order = store.buy()
        found = store.find(order)
        good = (found["payment_method"], found["status"]) == ("cod", "processing")
        yield f"{WAY}: order {order} is placed and found", None if good else json.dumps(found)[:500]
    status, link = ask("POST", f"/stores/{store.name}/login-link")
    form = urllib.parse.urlencode({"word": link.get("url", "#").split("#")[1]})
    typed = {"Content-Type": "application/x-www-form-urlencoded"}
    answers = [Visitor(store.host, AUTHORITY).ask("/wp-login.php?action=urumi", typed, form) for _ in range(2)]
    cookies = str(answers[0][1].get_all("Set-Cookie"))
    good = [one[0] for one in answers] == [302, 403] and "wordpress_logged_in_" in cookies and "secure" in cookies.lower()
    yield f"{WAY}: the login link lets in by TLS, once", None if status == 201 and good else f"{status} {[one[0] for one in answers]} {cookies[:300]}"

    until("a look at its health", lambda: store.look()["health"]["status"] == "Healthy")
    view, wanted = store.look(), "WooCommerce" if SELLS else "WordPress"
    yield f"{WAY}: Healthy by the scheduled look, and known as {wanted}", None if view["shop"] == wanted else view["shop"]


def main():
    results, store = [], None
    try:
        store = Posted()
        for one in story(store):
            results.append(one)
        store.remove()
        results.append((f"{WAY}: it is gone", "its namespace is there" if there(f"namespace/{store.name}") else None))
    except Exception as error:
        results.append(("the run came to its end", f"{error!r}"))
        if store:
            print(json.dumps(store.look(), indent=1)[:4000])
            print(run("kubectl", "get", "pods,events,ingress", "-n", store.name, check=False)[-3000:])
            ask("DELETE", f"/stores/{store.name}")
    finally:
        run("kubectl", "delete", "namespace", GATEWAY, "--wait=false", "--ignore-not-found", check=False)
    failed = [(title, why) for title, why in results if why]
    for title, why in failed:
        print(f"FAILED {title}\n  " + str(why).strip().replace("\n", "\n  "))
    print(f"posted-{WAY}: {len(results) - len(failed)} passed, {len(failed)} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
