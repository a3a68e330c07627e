"""What a web pod of store A reaches, by real packets on the embedded cluster.

First without filters, where all of it must be reachable that can be, or the test
could not see a leak; then with the stores' policies in force. DNS, the own
database and the shop through the ingress must go on. On the way: a run of the
store's CronJob, and what helm keeps of a release. isolation.sh gives the
environment. The last line is `isolation: N passed, N failed, 0 skipped`.
"""
import json
import os
import secrets
import sys
import urllib.request

import filters
from hands import KEYS, create, get, namespace, run, secret, until
from rendering import CHART, EMBEDDED, LOCAL

A, B = "store-bcdf22", "store-bcdf44"
STATE = os.path.dirname(os.environ["KUBECONFIG"])
# Which web image the cluster has; only that one is there.
WOOCOMMERCE = os.path.join(STATE, "values-woocommerce.yaml")
VALUES = [LOCAL, EMBEDDED] + ([WOOCOMMERCE] if os.path.exists(WOOCOMMERCE) else [])
APISERVER = (os.environ["API_ADDRESS"], int(os.environ["APISERVER_PORT"]))
# Nothing answers there in any case: no leak could be seen, so these are asked only with the filters.
NOWHERE = {
    "the metadata address": ("169.254.169.254", 80),
    "the platform's API": (os.environ["API_ADDRESS"], int(os.environ["API_PORT"])),
}
RELEASE = 256 * 1024


def install(store):
    drawn = {key: secrets.token_hex(24) for key in ["mysql-root-password", "mysql-password", "wordpress-admin-user", "wordpress-admin-password", *KEYS]}
    create(namespace(store), secret("store-credentials", store, drawn))
    host = f"{store}.localhost"
    values = {"store": {"id": store, "name": "Isolated", "host": host, "url": f"http://{host}:{ingress()}", "plan": "small", "adminEmail": "o@example.com"},
              "credentials": {"existingSecret": "store-credentials"}}
    run("helm", "upgrade", "--install", store, CHART, "-n", store, *[word for file in [*VALUES, "-"] for word in ("-f", file)], given=json.dumps(values))


def ingress():
    with open(os.path.join(STATE, "ingress-port")) as file:
        return file.read().strip()


def serves(store):
    request = urllib.request.Request(f"http://127.0.0.1:{ingress()}/", headers={"Host": f"{store}.localhost:{ingress()}"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status == 200
    except OSError:
        return False


def pod(store, part):
    chosen = json.loads(run("kubectl", "get", "pods", "-n", store, "-l", f"app.kubernetes.io/component={part}", "-o", "json"))["items"]
    return next(one for one in chosen if one["status"]["phase"] == "Running")


def reaches(store, part, address, port):
    """A TCP connection, tried from inside the pod."""
    name = pod(store, part)["metadata"]["name"]
    if part == "mysql":
        script = ["bash", "-c", f"timeout 4 bash -c '</dev/tcp/{address}/{port}' 2>/dev/null && echo yes || echo no"]
    else:
        script = ["php", "-r", f"echo @fsockopen('{address}', {port}, $e, $m, 4) ? 'yes' : 'no';"]
    return run("kubectl", "exec", "-n", store, name, "-c", part, "--", *script).strip() == "yes"


def resolves(store):
    name = pod(store, "wordpress")["metadata"]["name"]
    code = "echo gethostbyname('mysql.%s.svc.cluster.local');" % store
    return run("kubectl", "exec", "-n", store, name, "-c", "wordpress", "--", "php", "-r", code).strip()[0].isdigit()


def in_wordpress(store, code):
    name = pod(store, "wordpress")["metadata"]["name"]
    return run("kubectl", "exec", "-n", store, name, "-c", "wordpress", "--", "php", "-r", f"require '/usr/src/wordpress/wp-load.php'; {code}").strip()


def does_due_tasks(store):
    """One run of the store's CronJob, within its quota: why a due task was not done, or None."""
    if in_wordpress(store, "echo wp_schedule_single_event(time() - 5, 'urumi_test_due') ? 'due' : 'not due';") != "due":
        return "nothing was due, so the test sees nothing"
    run("kubectl", "create", "job", "once", "--from=cronjob/cron", "-n", store)
    ended = run("kubectl", "wait", "--for=condition=Complete", "job/once", "-n", store, "--timeout=90s", check=False)
    left = in_wordpress(store, "echo wp_next_scheduled('urumi_test_due') ? 'still due' : '';")
    return None if "condition met" in ended and not left else f"{ended}{left}\n" + run("kubectl", "logs", "job/once", "-n", store, check=False)


def main():
    results = []
    try:
        for store in (A, B):
            install(store)
        for store in (A, B):
            until(f"{store} serves", lambda store=store: serves(store))
        address = {(store, part): pod(store, part)["status"]["podIP"] for store in (A, B) for part in ("wordpress", "mysql")}
        service = {part: get("service", part, B)["spec"]["clusterIP"] for part in ("wordpress", "mysql")}
        kubernetes = get("service", "kubernetes", "default")["spec"]["clusterIP"]
        shut = {
            "B's web pod": ("wordpress", address[B, "wordpress"], 8080), "B's web Service": ("wordpress", service["wordpress"], 80),
            "B's database": ("wordpress", address[B, "mysql"], 3306), "B's database Service": ("wordpress", service["mysql"], 3306),
            "the apiserver": ("wordpress", *APISERVER), "the apiserver's Service": ("wordpress", kubernetes, 443),
            "its own web pod, from its database": ("mysql", address[A, "wordpress"], 8080),
            "B's database, from its database": ("mysql", address[B, "mysql"], 3306),
        }
        for title, (part, host, port) in shut.items():
            there = reaches(A, part, host, port)
            results.append((f"without filters it would reach {title}", None if there else "it does not, so the test sees nothing"))
        results.append(("the CronJob does what is due", does_due_tasks(A)))
        kept = max(len(one["data"]["release"]) for one in json.loads(run("kubectl", "get", "secrets", "-n", A, "-l", "owner=helm", "-o", "json"))["items"])
        print(f"helm keeps {kept // 1024} KiB of a release")
        results.append(("the release's Secret is small", None if kept <= RELEASE else f"{kept} bytes"))
        filters.lay()
        for title, (part, host, port) in {**shut, **{title: ("wordpress", *where) for title, where in NOWHERE.items()}}.items():
            results.append((f"A does not reach {title}", "it does" if reaches(A, part, host, port) else None))
        results.append(("A reaches its database", None if reaches(A, "wordpress", "mysql", 3306) else "it does not"))
        results.append(("A asks DNS", None if resolves(A) else "it does not"))
        for store in (A, B):
            results.append((f"{store} serves through the ingress", None if serves(store) else "it does not"))
    except Exception as error:
        results.append(("the run came to its end", f"{error}"))
    finally:
        filters.lift()
        if os.environ.get("URUMI_KEEP") != "1":
            for store in (A, B):
                run("kubectl", "delete", "namespace", store, "--wait=false", "--ignore-not-found", check=False)
    failed = [(title, why) for title, why in results if why]
    for title, why in failed:
        print(f"FAILED {title}\n  " + str(why).strip().replace("\n", "\n  "))
    print(f"isolation: {len(results) - len(failed)} passed, {len(failed)} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
