"""A shop's life on real pods, by the platform's API, while customers go on asking.

Two web pods on one shared volume under an autoscaler: from the oldest chart to the
newest and to another image, and back by a rollback; an upgrade to an image that is
not there; a rest and its end. Passwords, volumes, files and an order stay, nobody is
failed while the shop is not at rest. life.sh gives the environment.
The last line is `life: N passed, N failed, 0 skipped`.
"""
import hashlib
import http.client
import json
import os
import sys
import threading
import time

from hands import ask, get, run, until

HOST, PORT = os.environ["URUMI_INGRESS"].split(":")
NEXT, OLDEST = os.environ["NEXT_TAG"], os.environ["OLDEST_CHART"]
MARK = "/usr/src/wordpress/wp-content/uploads/brought.txt"


class Shop:
    def __init__(self):
        status, store = ask("POST", "/stores", {"name": "Long life"})
        if status != 202:
            raise RuntimeError(f"POST /stores: {status} {store}")
        self.id, self.host = store["id"], store["host"]

    def look(self):
        return ask("GET", f"/stores/{self.id}")[1]

    def settle(self, status="Ready"):
        def settled():
            store = self.look()
            if store["status"] in ("Failed", "DeleteFailed"):
                raise RuntimeError(json.dumps(store, indent=1)[:3000])
            return store["operation"]["status"] not in ("Queued", "Running") and store["status"] == status
        until(f"{self.id} {status}", settled)
        return self.look()

    def do(self, deed, body=None, status="Ready"):
        """An operation, to its end: the store, and the seconds it took."""
        begun = time.monotonic()
        code, said = ask("POST", f"/stores/{self.id}/{deed}", body or {})
        if code != 202:
            raise RuntimeError(f"{deed}: {code} {said}")
        return self.settle(status), time.monotonic() - begun

    def visit(self, path="/"):
        connection = http.client.HTTPConnection(HOST, int(PORT), timeout=30)
        connection.request("GET", path, headers={"Host": self.host})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def web(self):
        return get("deployment", "wordpress", self.id)

    def in_web(self, *command):
        return run("kubectl", "exec", "-n", self.id, "deployment/wordpress", "-c", "wordpress", "--", *command)

    def identity(self):
        """What nothing that happens to a shop may touch."""
        secret = get("secret", "store-credentials", self.id)["data"]
        claims = {name: get("pvc", name, self.id) for name in ("mysql-data", "wordpress-content")}
        return {
            "passwords and salts": hashlib.sha256(json.dumps(secret, sort_keys=True).encode()).hexdigest(),
            "volumes": {name: (one["metadata"]["uid"], one["spec"]["volumeName"]) for name, one in claims.items()},
        }

    def post(self):
        """A page of the owner's, written into the database."""
        return self.in_web("php", "-r", "require '/usr/src/wordpress/wp-load.php'; echo wp_insert_post(['post_title' => 'Brought', 'post_status' => 'publish', 'post_name' => 'brought']);").strip()


class Customers:
    """Constant requests, each on a connection of its own."""

    PATHS = ["/", "/wp-login.php", "/wp-json/", "/wp-includes/css/dist/block-library/style.min.css", "/?page_id=2"]

    def __init__(self, shop):
        self.shop, self.stop, self.asked, self.failed = shop, threading.Event(), 0, []
        self.threads = [threading.Thread(target=self.go_on, args=(path,)) for path in self.PATHS]

    def go_on(self, path):
        while not self.stop.is_set():
            try:
                status = self.shop.visit(path)
                why = None if status in (200, 301) else status
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


def story(shop):
    begun = time.monotonic()
    shop.settle()
    print(f"Ready after {time.monotonic() - begun:.0f} s")
    until("both web pods", lambda: shop.web()["status"].get("availableReplicas") == 2)
    post = shop.post()
    shop.in_web("sh", "-c", f"echo brought >{MARK}")
    before = shop.identity()

    def whole(title):
        kept = shop.identity() == before and shop.in_web("cat", MARK).strip() == "brought" and shop.visit(f"/?p={post}") in (200, 301)
        return f"{title}: passwords, salts, volumes, files and pages are as before", None if kept else f"{before}\n{shop.identity()}"

    with Customers(shop) as customers:
        def changed(title, store, seconds, chart=None, image=None):
            failed = len(customers.failed)
            print(f"{title}: {seconds:.0f} s, {customers.asked} requests so far, {failed} failed; {store['chart']} {store['images'].get('wordpress')}")
            good = store["operation"]["status"] == "Succeeded" and (chart is None or store["chart"] == f"store-{chart}")
            good = good and (image is None or store["images"]["wordpress"].endswith(f":{image}"))
            yield f"{title} succeeded", None if good else json.dumps(store, indent=1)[:3000]
            yield whole(title)

        first = shop.look()
        newest, image = first["chart"].removeprefix("store-"), first["images"]["wordpress"].rsplit(":", 1)[1]
        yield from changed("to the oldest chart", *shop.do("upgrade", {"chart": OLDEST}), chart=OLDEST)
        yield from changed("to the newest chart", *shop.do("upgrade"), chart=newest)
        yield from changed("to another image", *shop.do("upgrade", {"image": NEXT}), chart=newest, image=NEXT)
        yield from changed("back by a rollback", *shop.do("rollback"), chart=newest, image=image)

        store, seconds = shop.do("upgrade", {"image": "0.0.0-absent"})
        print(f"to an absent image: {seconds:.0f} s, {customers.asked} requests so far, {len(customers.failed)} failed")
        ended = (store["status"], store["operation"]["status"], (store["operation"].get("failure") or {}).get("code"))
        good = ended == ("Ready", "Failed", "ImagePull") and store["images"]["wordpress"].endswith(f":{image}")
        yield "an absent image: Failed, and Ready as before", None if good else json.dumps(store, indent=1)[:3000]
        until("both web pods", lambda: shop.web()["status"].get("availableReplicas") == 2)
        containers = shop.web()["spec"]["template"]["spec"]["containers"]
        yield "the web pods run the image from before", None if containers[0]["image"].endswith(f":{image}") else containers[0]["image"]
        yield whole("an absent image")
    print(f"all the while: {customers.asked} requests, {len(customers.failed)} failed")
    yield "no request failed", None if customers.asked > 200 and not customers.failed else f"{customers.asked} asked\n" + "\n".join(customers.failed[:10])

    # The autoscaler is there; a number that somebody wants is at rest too.
    run("kubectl", "scale", "deployment/wordpress", "--replicas=3", "-n", shop.id)
    until("three web pods", lambda: shop.web()["status"].get("availableReplicas") == 3)
    _, seconds = shop.do("suspend", status="Suspended")
    until("no web pod", lambda: "wordpress" not in run("kubectl", "get", "pods", "-n", shop.id, "-l", "app.kubernetes.io/component=wordpress", "-o", "name"))
    there = run("kubectl", "get", "hpa,pdb", "-n", shop.id, "-o", "name")
    yield "at rest: no web pods, no autoscaler, no budget", None if not there.strip() else there
    print(f"at rest after {seconds:.0f} s")
    _, seconds = shop.do("resume")
    replicas = shop.web()["spec"]["replicas"]
    yield "resumed with as many web pods as before", None if replicas == 3 else f"{replicas} instead of 3"
    there = run("kubectl", "get", "hpa,pdb", "-n", shop.id, "-o", "name")
    yield "resumed with autoscaler and budget", None if "horizontalpodautoscaler" in there and "poddisruptionbudget" in there else there
    yield whole("a rest")
    print(f"serves again after {seconds:.0f} s")


def main():
    results, shop = [], None
    try:
        shop = Shop()
        for one in story(shop):
            results.append(one)
    except Exception as error:
        results.append(("the run came to its end", f"{error!r}"))
        if shop:
            print(run("kubectl", "get", "pods,events", "-n", shop.id, check=False)[-3000:])
    finally:
        if shop and os.environ.get("URUMI_KEEP") != "1":
            ask("DELETE", f"/stores/{shop.id}")
    failed = [(title, why) for title, why in results if why]
    for title, why in failed:
        print(f"FAILED {title}\n  " + str(why).strip().replace("\n", "\n  "))
    print(f"life: {len(results) - len(failed)} passed, {len(failed)} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
