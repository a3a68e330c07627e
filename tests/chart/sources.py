"""WooCommerce from a zip, on the embedded cluster: `woocommerce.source` path and url.

The set-up's own pods, as the chart renders them, with one container before theirs that
lays the zip into the pod (a place in the image, for them), and their last one replaced
by a look at what is there then. The zip is a small one of this test's own; it is served
by TLS on the machine's end of the node's link. What is not the pinned one is refused.
sources.sh gives the environment. The last line is `sources: N passed, N failed, 0 skipped`.
"""
import base64
import copy
import hashlib
import http.server
import io
import json
import os
import secrets
import ssl
import sys
import tempfile
import threading
import zipfile

from hands import KEYS, create, namespace, run, secret, until
from invariants import named, of_kind, template
from rendering import EMBEDDED, ID, LOCAL, objects, render

HERE, ADDRESS = "urumi-chart-sources", os.environ["LINK_ADDRESS"]
STATE = os.path.dirname(os.environ["KUBECONFIG"])
# Which web image the cluster has; only that one is there.
WOOCOMMERCE = os.path.join(STATE, "values-woocommerce.yaml")
IMAGE = [WOOCOMMERCE] if os.path.exists(WOOCOMMERCE) else []
VERSION, PLACE = "9.9.9", "/tmp/given.zip"
LOOK = """
$file = '/usr/src/woocommerce/woocommerce.php';
echo str_contains((string) @file_get_contents($file), 'Version: 9.9.9') ? 'there' : 'not there', ' ';
echo @touch('/usr/src/woocommerce/mine') ? 'writable' : 'read-only';
"""


def zipped(**files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as out:
        for name, text in files.items():
            out.writestr(name.replace("__", "/"), text)
    return made.getvalue()


GOOD = zipped(**{"woocommerce__woocommerce.php": "<?php\n/**\n * Version: 9.9.9\n */\n", "woocommerce__includes__x.php": "<?php\n"})
OTHER = zipped(**{"akismet__akismet.php": "<?php\n"})


def sha256(content):
    return hashlib.sha256(content).hexdigest()


# (title, source, what is there, its pinned sum, whether its server is believed, exit code)
CASES = (
    ("a zip in the image", "path", GOOD, None, True, 0),
    ("another zip than the pinned one", "path", GOOD, "0" * 64, True, 15),
    ("no zip at that place", "path", None, "0" * 64, True, 15),
    ("a file that is no zip", "path", b"PK", None, True, 16),
    ("a zip without the plugin", "path", OTHER, None, True, 16),
    ("a zip by download", "url", GOOD, None, True, 0),
    ("another download than the pinned one", "url", GOOD, "0" * 64, True, 15),
    ("a download from a server that nobody vouches for", "url", GOOD, None, False, 15),
    ("a download that is not there", "url", None, "0" * 64, True, 15),
)


class Shelf(http.server.BaseHTTPRequestHandler):
    """Serves /<case>/woocommerce.9.9.9.zip."""

    def do_GET(self):
        _, number, name = self.path.split("/")
        content = CASES[int(number)][2]
        found = content is not None and name == f"woocommerce.{VERSION}.zip"
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(content if found else b"")

    def log_message(self, *_):
        pass


def serve(folder):
    """The server's port and the certificate with which it can be believed."""
    certificate, key = os.path.join(folder, "crt"), os.path.join(folder, "key")
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=shelf",
        "-addext", f"subjectAltName=IP:{ADDRESS}", "-keyout", key, "-out", certificate)
    server = http.server.ThreadingHTTPServer((ADDRESS, 0), Shelf)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with open(certificate) as file:
        return server.server_address[1], file.read()


def rendered(number, port):
    _, source, content, pinned, _, _ = CASES[number]
    # The link's address is none of the internet's, and no policy is in force here.
    more = ["--set", f"woocommerce.source={source},woocommerce.version={VERSION},woocommerce.sha256={pinned or sha256(content)},woocommerce.path={PLACE}",
            "--set", f"woocommerce.url=https://{ADDRESS}:{port}/{number}/woocommerce.{{version}}.zip", "--set", "networkPolicy.enabled=false"]
    return render([LOCAL, EMBEDDED, *IMAGE], *more)


def pod(number, documents, certificate):
    _, source, content, _, believed, _ = CASES[number]
    job = of_kind(documents, "Job")[0]
    spec = copy.deepcopy(template(job)["spec"])
    unpack, last = spec["initContainers"][-1], spec["containers"][0]
    giver = copy.deepcopy(unpack) | {"name": "giver", "command": ["php", "-r", "foreach (json_decode(getenv('GIVEN'), true) as $path => $text) { file_put_contents($path, base64_decode($text)); }"]}
    given = {"/tmp/ca.pem": certificate.encode()} | ({PLACE: content} if source == "path" and content is not None else {})
    giver["env"] = [{"name": "GIVEN", "value": json.dumps({path: base64.b64encode(text).decode() for path, text in given.items()})}]
    if believed:
        unpack["env"].append({"name": "SSL_CERT_FILE", "value": "/tmp/ca.pem"})
    last["command"] = ["php", "-r", LOOK]
    spec["initContainers"].insert(0, giver)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"case-{number}", "namespace": HERE, "labels": template(job)["metadata"]["labels"]}, "spec": spec}


def seen(number):
    """The exit code of the container that unpacks, once the pod is over; else None."""
    status = json.loads(run("kubectl", "get", "pod", f"case-{number}", "-n", HERE, "-o", "json"))["status"]
    if status.get("phase") not in ("Succeeded", "Failed"):
        return None
    return next(one["state"]["terminated"]["exitCode"] for one in status["initContainerStatuses"] if one["name"] == "woocommerce")


def logs(number, container):
    return run("kubectl", "logs", f"case-{number}", "-n", HERE, "-c", container, check=False).strip()


def checks():
    with tempfile.TemporaryDirectory() as folder:
        port, certificate = serve(folder)
        read = objects({str(number): rendered(number, port) for number in range(len(CASES))})
        files = of_kind(read["0"], "ConfigMap")[0]
        drawn = {key: secrets.token_hex(24) for key in ["mysql-root-password", "mysql-password", "wordpress-admin-user", "wordpress-admin-password", *KEYS]}
        create(namespace(HERE))
        run("kubectl", "wait", "--for=create", "serviceaccount/default", "-n", HERE, "--timeout=60s")
        create(secret("store-credentials", HERE, drawn), files | {"metadata": {"name": files["metadata"]["name"], "namespace": HERE}})
        create(*(pod(number, read[str(number)], certificate) for number in range(len(CASES))))
        for number, (title, source, _, _, _, wanted) in enumerate(CASES):
            until(f"{title}: the pod's end", lambda number=number: seen(number) is not None)
            code, said = seen(number), logs(number, "woocommerce")
            print(f"{source}: {title}: {code} ({said.splitlines()[-1] if said else 'silent'})")
            good = code == wanted and (code != 0 or logs(number, "setup") == "there read-only")
            yield f"{source}: {title} ends with {wanted}", None if good else f"{code}: {said}\n{logs(number, 'setup')}"
    web = named(read["0"], "Deployment", "wordpress")["spec"]["template"]["spec"]
    job = template(of_kind(read["0"], "Job")[0])["spec"]
    mine = [one["initContainers"][0] for one in (web, job)]
    same = [{key: one[key] for key in ("command", "env", "image", "volumeMounts", "securityContext")} for one in mine]
    yield "web pods unpack as the set-up does", None if same[0] == same[1] else json.dumps(same)[:1500]


def main():
    results = []
    try:
        for one in checks():
            results.append(one)
    except Exception as error:
        results.append(("the run came to its end", f"{error!r}"))
        print(run("kubectl", "get", "pods,events", "-n", HERE, check=False)[-3000:])
    finally:
        run("kubectl", "delete", "namespace", HERE, "--wait=false", "--ignore-not-found", check=False)
    failed = [(title, why) for title, why in results if why]
    for title, why in failed:
        print(f"FAILED {title}\n  " + str(why).strip().replace("\n", "\n  "))
    print(f"sources: {len(results) - len(failed)} passed, {len(failed)} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
