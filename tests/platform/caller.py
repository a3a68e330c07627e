"""One who speaks to the apiserver of this instance, and waiting for what takes time."""
import http.client
import json
import os
import ssl
import time

PKI, PORT = os.environ["PKI"], int(os.environ["APISERVER_PORT"])
APPLY = "application/apply-patch+yaml"
PATIENCE = 30


class Caller:
    """By a token, or by a certificate."""

    def __init__(self, token=None, certificate=None):
        self.trust = ssl.create_default_context(cafile=f"{PKI}/ca.crt")
        if certificate:
            self.trust.load_cert_chain(f"{PKI}/{certificate}.crt", f"{PKI}/{certificate}.key")
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method, path, body=None, kind="application/json", dry=False, headers=None):
        """Status and answer; a dry run changes nothing."""
        more = ["fieldManager=urumi", "force=true"] if kind == APPLY else []
        more += ["dryRun=All"] if dry and method != "GET" else []
        path += "".join(("&" if "?" in path or number else "?") + one for number, one in enumerate(more))
        connection = http.client.HTTPSConnection("127.0.0.1", PORT, context=self.trust, timeout=30)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), {**self.headers, "Content-Type": kind, **(headers or {})})
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, {"message": text}

    def must(self, method, path, body=None, kind="application/json"):
        status, said = self.ask(method, path, body, kind)
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status} {said.get('message', said)}")
        return said


def until(what, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"not within {PATIENCE} s: {what}")
        time.sleep(0.1)
