"""The pages held to their rules, each rule held to a seeded fault, the webhook snippet
run, and what a k3s server is given rendered. Needs no platform."""

import base64
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import rules
from pages import ROOT, all_pages, read

# A page with one fault, and the rule that must find it.
FAULTS = [
    ("links_lead_somewhere", "docs/X.md", "[a](NOWHERE.md)"),
    ("links_lead_somewhere", "docs/X.md", "[a](#not-here)\n# Here"),
    ("links_lead_somewhere", "docs/X.md", "[a](../../outside.md)"),
    ("commands_are_run_or_marked", "docs/X.md", "```sh\nls\n```"),
    ("commands_are_run_or_marked", "docs/X.md", "<!-- not run: no -->\n```sh\nls\n```"),
    ("commands_are_run_or_marked", "docs/X.md", "<!-- not run: the mark is not above -->\ntext\n```sh\nls\n```"),
    ("commands_are_run_or_marked", "docs/API.md", "```sh\nls\n```"),
    ("tests_are_there", "docs/SECURITY.md", "| a | b | `nobody_wrote_this` |"),
    ("tests_are_there", "docs/SECURITY.md", "| a | b | none |"),
    ("settings_are_known", "docs/X.md", "`URUMI_NOTHING_READS" + "_THIS`"),
    ("paths_are_there", "docs/X.md", "`worker/src/nowhere.rs`"),
    ("targets_are_there", "docs/X.md", "`make everything-well`"),
]
GOOD = [
    ("docs/X.md", "# A `b` c!\n[a](#a-b-c) [b](API.md#webhooks) [c](../README.md) [d](https://x.y/#z) `[e](nowhere)`"),
    ("docs/X.md", "<!-- not run: needs a cloud of yours -->\n```sh\nls\n```"),
    ("docs/X.md", "# A\n# A\n[a](#a-1)"),
    ("docs/X.md", "`URUMI_PATIENCE_…_SECONDS` `URUMI_SLOTS` `make up` `make test-long-…` `URUMI_AUDIT_SIGNING_KEY_FILE`"),
]


def pages_hold():
    pages = all_pages()
    assert len(pages) > 20, f"only {len(pages)} pages were found"
    wrong = [fault for rule in rules.ALL for fault in rule(pages)]
    assert not wrong, "\n".join(wrong)


def rules_find_their_faults():
    others = all_pages()
    for rule, path, text in FAULTS:
        page = read(Path(path), text)
        found = list(getattr(rules, rule)([*(one for one in others if one.path != page.path), page]))
        assert any(path in one for one in found), f"{rule} did not find: {text}"
    for path, text in GOOD:
        page = read(Path(path), text)
        found = [fault for rule in rules.ALL for fault in rule([*others, page]) if fault.startswith(f"{path}:")]
        assert not found, f"{text}: {found}"


def the_script_for_webhooks_tells_ours_from_others():
    text = next(
        block.text for page in all_pages() for block in page.blocks if block.mark == "file" and block.words == "webhook.py"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "webhook.py"
        path.write_text(text)
        spec = importlib.util.spec_from_file_location("webhook", path)
        webhook = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(webhook)
        secret, body, now = "whsec_" + base64.b64encode(b"k" * 32).decode(), b'{"data":{"id":7}}', int(time.time())
        good = {"webhook-id": "m", "webhook-timestamp": str(now), "webhook-signature": f"v1,{signed(b'k' * 32, f'm.{now}.'.encode() + body)}"}
        assert webhook.verified(secret, good, body)["id"] == 7
        both = {**good, "webhook-signature": "v1,AAAA " + good["webhook-signature"]}
        assert webhook.verified(secret, both, body)["id"] == 7
        for headers, given, key in [
            (good, body.replace(b"7", b"8"), secret),
            ({**good, "webhook-id": "n"}, body, secret),
            ({**good, "webhook-timestamp": str(now - 301)}, body, secret),
            (good, body, "whsec_" + base64.b64encode(b"x" * 32).decode()),
            ({**good, "webhook-signature": "v1,AAAA"}, body, secret),
        ]:
            try:
                webhook.verified(key, headers, given)
            except ValueError:
                continue
            raise AssertionError(f"it was believed: {headers} {given}")
        arguments = [f"{name}: {value}" for name, value in good.items()]
        run = subprocess.run([sys.executable, path, secret, *arguments], input=body, capture_output=True, check=True)
        assert run.stdout == b"7\n", run
        # The vector of the reference libraries, which the api's own test has too.
        vector = signed(base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}')
        secret_rs = (ROOT / "api/src/webhooks/secret.rs").read_text()
        assert f"v1,{vector}" in secret_rs, "this test signs otherwise than the api"


def signed(key, text):
    """HMAC-SHA256 by its definition (RFC 2104), not by the module that the script uses."""
    block = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in block) + text).digest()
    return base64.b64encode(hashlib.sha256(bytes(b ^ 0x5C for b in block) + inner).digest()).decode()


def a_k3s_server_is_given_what_a_store_asks_for():
    environment = {**os.environ, "DOMAIN": "shops.example.com", "URUMI_INSTANCE": os.environ.get("URUMI_INSTANCE", "test-docs")}
    with tempfile.TemporaryDirectory() as folder:
        key, cert, tsig = (str(Path(folder) / name) for name in ("key", "cert", "tsig"))
        Path(tsig).write_text("c2VjcmV0")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert,
             "-days", "30", "-subj", "/CN=x", "-addext", "subjectAltName=DNS:*.shops.example.com"],
            check=True, capture_output=True,
        )
        up = str(ROOT / "deploy/k3s/up.sh")
        given = ask([up, "--print", cert, key], environment)
        dns01 = {**environment, "EMAIL": "a@example.com", "NAMESERVER": "192.0.2.53:53", "TSIG_NAME": "urumi", "TSIG_FILE": tsig}
        made = ask([up, "--print", "--dns01"], dns01)
        assert 'dnsNames: ["shops.example.com", "*.shops.example.com"]' in made and "@" not in re.sub(r"a@example", "", made.split("ClusterIssuer")[1])
        for printed in (given, made):
            assert "name: urumi-wildcard" in printed and "secretName: urumi-wildcard" in printed
        for wrong in ({**environment, "DOMAIN": "other.example.com"}, {**environment, "DOMAIN": "no domain"}):
            assert refused([up, "--print", cert, key], wrong), wrong["DOMAIN"]
        assert refused([up, "--print", "--dns01"], {**dns01, "EMAIL": "a@b\"c"})
    # The class and the certificate that it makes are those that stores ask for.
    helm = str(ROOT / ".urumi/bin/helm")
    host = "store-bcd245.shops.example.com"
    rendered = ask([helm, "template", "x", str(ROOT / "charts/store"), *(f"--values={ROOT / name}" for name in (
        "values-prod.yaml", "deploy/k3s/values-store.yaml", "tests/chart/store.yaml")), f"--set=store.host={host},store.url=https://{host}"], environment)
    assert "storageClassName: shared" in rendered and "name: shared" in given
    assert re.search(rf"tls:\n\s+- hosts: \[{re.escape(host)}\]\n\s+rules:", rendered), "the Ingress names a Secret of its own"


def ask(command, environment):
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def refused(command, environment):
    return subprocess.run(command, env=environment, capture_output=True).returncode != 0


def main():
    passed = failed = 0
    for test in (pages_hold, rules_find_their_faults, the_script_for_webhooks_tells_ours_from_others, a_k3s_server_is_given_what_a_store_asks_for):
        name = test.__name__.replace("_", " ")
        try:
            test()
            passed += 1
            print(f"ok     {name}")
        except AssertionError as error:
            failed += 1
            print(f"FAILED {name}\n{error}")
    print(f"docs: {passed} passed, {failed} failed, 0 skipped")
    return failed


if __name__ == "__main__":
    sys.exit(main() > 0)
