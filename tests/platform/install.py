"""charts/platform on real pods: the release before, stores, restarts, the upgrade.

Two api, two worker, PostgreSQL 18 and RabbitMQ 4.3 in the cluster; everything by the
ingress. platform.sh gives the environment. Only the restart of the single PostgreSQL
may be noticed, as a 503 that says when to come again; nothing accepted may be lost or
done twice. The last line is `platform: N passed, N failed, 0 skipped`.
"""
import glob
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.append(os.path.join(ROOT, "tests/chart"))

from clients import Api, Clients  # noqa: E402
from hands import create, get, namespace, run, until  # noqa: E402
from rendering import objects  # noqa: E402

NAMESPACE, RELEASE, HOST = "urumi-system", "urumi", "urumi.localhost"
CHART = os.path.join(ROOT, "charts/platform")
PORT, VERSION = int(os.environ["INGRESS"]), os.environ["VERSION"]


def values(tag):
    """As an operator would write them for this cluster."""
    own = {part: {"image": {"repository": part, "tag": tag}} for part in ("api", "worker", "dashboard")}
    trial = {part: {"enabled": True, "image": {"registry": "urumi.local", "repository": part}} for part in ("postgres", "rabbitmq")}
    link = [f"{os.environ['LINK']}/32"]
    return json.dumps(own | trial | {
        "image": {"registry": "urumi.local", "pullPolicy": "Never"},
        "installation": "test-platform", "host": HOST,
        "stores": {"domain": "localhost", "url": f"http://{{host}}:{PORT}", "values": stores()},
        "api": own["api"] | {"replicas": 2, "drainSeconds": 5},
        "worker": own["worker"] | {"replicas": 2, "ingress": os.environ["POD_INGRESS"]},
        "networkPolicy": {"ingressController": {"cidrs": link}, "dns": {"cidrs": link}},
    })


def stores():
    """What stores need on the embedded cluster."""
    with open(os.path.join(ROOT, "deploy/local/values-embedded.yaml")) as file:
        return objects({"values": file.read()})["values"][0]


def kubectl(*arguments):
    return run("kubectl", "-n", NAMESPACE, *arguments)


def rolled(what, seconds=300):
    kubectl("rollout", "status", what, f"--timeout={seconds}s")


def install(chart, tag, verb):
    """helm by hand, and how long until all of it runs."""
    begun = time.monotonic()
    run("helm", *verb, RELEASE, chart, "-n", NAMESPACE, "-f", os.path.join(CHART, "values-local.yaml"), "-f", "-", given=values(tag))
    if verb == ["install"]:
        for part in ("postgres", "rabbitmq"):
            rolled(f"statefulset/{RELEASE}-{part}")
    jobs = [job for job in kubectl("get", "jobs", "-o", "name").split() if "-migrations-" in job]
    kubectl("wait", "--for=condition=Complete", "--timeout=300s", *jobs)
    for part in ("api", "worker"):
        rolled(f"deployment/{RELEASE}-{part}")
    return time.monotonic() - begun


class Platform:
    def __init__(self):
        self.results = []
        self.api = Api(PORT, HOST)

    def check(self, title, wrong):
        self.results.append((title, wrong))
        print(f"{'ok' if not wrong else 'FAILED'}: {title}" + (f"\n  {wrong}" if wrong else ""), flush=True)

    def log_in(self):
        self.api.key = kubectl("exec", f"deployment/{RELEASE}-api", "-c", "api", "--", "urumi-api", "key").strip()

    def order(self, name):
        answer = self.api.ask("POST", "/stores", {"name": name}, Idempotency_Key=name.replace(" ", "-"))
        if answer.status != 202:
            raise RuntimeError(f"POST /stores: {answer.status} {answer.body}")
        return answer.json["id"]

    def store(self, id_):
        return self.api.ask("GET", f"/stores/{id_}").json

    def ready(self, *ids):
        def all_are():
            found = [self.store(one) for one in ids]
            bad = [one for one in found if one["status"] in ("Failed", "DeleteFailed")]
            if bad:
                raise RuntimeError(json.dumps(bad[0], indent=1)[:3000])
            return all(one["status"] == "Ready" for one in found)
        until(f"Ready: {ids}", all_are)

    def shop_answers(self, id_):
        return Api(PORT, f"{id_}.localhost").ask("GET", "/").status

    def during(self, title, deed, refusals=False):
        """A deed while clients go on; what they may notice is said."""
        before = self.wishes
        with Clients(self.api, self.first, before) as clients:
            time.sleep(1)
            begun = time.monotonic()
            deed()
            took = time.monotonic() - begun
            time.sleep(1)
        self.wishes = clients.written
        print(f"{title}: {took:.0f} s, {clients.asked} requests, {len(clients.failed)} failed, {clients.told} told to come again, slowest {clients.slowest:.1f} s", flush=True)
        wrong = clients.failed[:8] or ([] if refusals else [f"{clients.told} were refused"] if clients.told else [])
        self.check(f"nobody is failed: {title}", "\n  ".join(wrong) or ("nobody asked" if clients.asked < 20 or clients.written == before else None))

    def restart(self, kind, part):
        def deed():
            kubectl("rollout", "restart", f"{kind}/{RELEASE}-{part}")
            rolled(f"{kind}/{RELEASE}-{part}")
        return deed

    def nothing_lost(self):
        rows, path = 0, f"/stores/audit/logs?store_id={self.first}&limit=100"
        while path:
            page = self.api.ask("GET", path).json
            rows += sum(1 for row in page["items"] if row["action"] == "store.update.requested" and row["outcome"] == "accepted")
            path = page["next_cursor"] and f"/stores/audit/logs?store_id={self.first}&limit=100&cursor={page['next_cursor']}"
        self.check("each accepted wish is in the audit, once", None if rows == self.wishes else f"{self.wishes} were accepted, {rows} are written down")
        proof = self.api.ask("GET", "/audit/verify").json
        self.check("the audit's chain holds", None if proof.get("valid") and proof.get("complete") else json.dumps(proof)[:500])


def story(platform):
    create(namespace(NAMESPACE))
    run(os.path.join(ROOT, "deploy/cluster/secret.sh"), NAMESPACE, RELEASE)
    before = sorted(glob.glob(os.path.join(ROOT, "charts/platform-*.tgz")))
    first = before[-1] if before else CHART
    print(f"installed {os.path.basename(first)}: {install(first, VERSION, ['install']):.0f} s until it serves", flush=True)
    platform.log_in()
    platform.check("the dashboard is served", None if b"<html" in platform.api.ask("GET", "/").body else "no page")
    platform.check("nothing without a key", None if Api(PORT, HOST).ask("GET", "/stores").status == 401 else "it was answered")

    begun = time.monotonic()
    platform.first, second = platform.order("First shop"), platform.order("Second shop")
    platform.ready(platform.first, second)
    print(f"two stores Ready after {time.monotonic() - begun:.0f} s", flush=True)
    platform.check("both shops answer", None if {platform.shop_answers(one) for one in (platform.first, second)} == {200} else "one does not")

    platform.during("the api's pods are replaced", platform.restart("deployment", "api"))
    third = platform.order("Third shop")
    until("a worker is at the third", lambda: platform.store(third)["status"] != "Queued")
    platform.during("workers are replaced while one makes a store", platform.restart("deployment", "worker"))
    platform.ready(third)
    platform.check("the store that was in the making is Ready", None)
    fourth = platform.order("Fourth shop")
    platform.during("RabbitMQ restarts while a store is made", platform.restart("statefulset", "rabbitmq"))
    platform.during("PostgreSQL restarts while a store is made", platform.restart("statefulset", "postgres"), refusals=True)
    platform.ready(fourth)
    platform.check("the store made meanwhile is Ready", None)

    platform.during("the upgrade to this release", lambda: install(CHART, f"{VERSION}-next", ["upgrade"]))
    images = {one["image"] for part in ("api", "worker") for one in get("deployment", f"{RELEASE}-{part}", NAMESPACE)["spec"]["template"]["spec"]["containers"]}
    platform.check("the new images run", None if all(one.endswith("-next") for one in images) else str(images))
    fifth = platform.order("Fifth shop")
    platform.ready(fifth)
    platform.during("the way back", lambda: (run("helm", "rollback", RELEASE, "1", "-n", NAMESPACE), rolled(f"deployment/{RELEASE}-api"), rolled(f"deployment/{RELEASE}-worker")))
    everyone = (platform.first, second, third, fourth, fifth)
    platform.nothing_lost()
    platform.check("all shops answer", None if {platform.shop_answers(one) for one in everyone} == {200} else "one does not")

    status = platform.api.ask("DELETE", f"/stores/{fifth}").status
    until("the fifth is gone", lambda: platform.store(fifth)["status"] == "Deleted")
    left = [one for one in run("kubectl", "get", "namespaces", "-o", "name").split() if one.endswith(fifth)]
    platform.check("a store is deleted without a trace", None if status == 202 and not left else f"{status} {left}")

    run("helm", "uninstall", RELEASE, "-n", NAMESPACE, "--wait")
    platform.check("shops go on selling without the platform", None if platform.shop_answers(second) == 200 else "it does not answer")
    claims = kubectl("get", "pvc", "-o", "name").split()
    platform.check("the volumes stay", None if len(claims) == 2 else str(claims))


def main():
    platform = Platform()
    platform.wishes = 0
    try:
        story(platform)
    except Exception as error:
        platform.check("the story comes to its end", f"{type(error).__name__}: {error}")
    failed = [one for one in platform.results if one[1]]
    print(f"platform: {len(platform.results) - len(failed)} passed, {len(failed)} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
