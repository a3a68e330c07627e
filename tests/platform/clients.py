"""Clients of the platform's API that go on while something restarts, through the ingress.

Each request is on a connection of its own, or on one that is kept, as clients of both
habits have it. What an answer means is the client's: a refusal with Retry-After is asked
again as documented, with the same Idempotency-Key; anything else counts as failed.
"""
import http.client
import json
import threading
import time
import uuid


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body or "null")


class Api:
    """The API at an ingress, by the host that it serves."""

    def __init__(self, port, host, key=None):
        self.port, self.host, self.key = port, host, key

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def send(self, connection, method, path, body=None, **headers):
        headers = {"Host": self.host} | ({"Authorization": f"Bearer {self.key}"} if self.key else {}) | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())

    def ask(self, method, path, body=None, **headers):
        connection = self.connect()
        try:
            return self.send(connection, method, path, body, **headers)
        finally:
            connection.close()


class Clients:
    """Readers and a writer. `asked` and `failed` grow; `told` counts documented refusals."""

    def __init__(self, api, store, wishes=0):
        self.api, self.store = api, store
        self.stop, self.lock = threading.Event(), threading.Lock()
        self.asked, self.failed, self.told, self.written, self.slowest = 0, [], 0, wishes, 0.0
        self.threads = [
            threading.Thread(target=self.read, args=("/stores?limit=10", False)),
            threading.Thread(target=self.read, args=(f"/stores/{store}", True)),
            threading.Thread(target=self.read, args=("/", False)),
            threading.Thread(target=self.read, args=("/whoami", True)),
            threading.Thread(target=self.write),
        ]

    def count(self, what, begun, why=None):
        with self.lock:
            self.asked += 1
            self.slowest = max(self.slowest, time.monotonic() - begun)
            if why:
                self.failed.append(f"{time.strftime('%X')} {what}: {why}")

    def read(self, path, kept):
        connection = None
        while not self.stop.is_set():
            begun = time.monotonic()
            try:
                connection = connection or self.api.connect()
                answer = self.api.send(connection, "GET", path)
                if self.is_refusal(answer):
                    self.stop.wait(int(answer.headers["Retry-After"]))
                self.count(path, begun, None if answer.status == 200 or self.is_refusal(answer) else f"{answer.status} {answer.body[:200]}")
                if not kept or answer.headers.get("Connection") == "close":
                    connection.close()
                    connection = None
            except Exception as error:  # whatever a client would see
                self.count(path, begun, repr(error))
                connection = None
            self.stop.wait(0.1)

    def is_refusal(self, answer):
        """The documented one: 503, a problem, and when to come again."""
        told = answer.status == 503 and "Retry-After" in answer.headers and answer.headers.get("Content-Type", "").startswith("application/problem+json")
        if told:
            with self.lock:
                self.told += 1
        return told

    def write(self):
        """Wishes, one after the other; each until it is accepted, under one key."""
        while not self.stop.is_set():
            wish, key = self.written + 1, str(uuid.uuid4())
            while True:
                begun = time.monotonic()
                try:
                    answer = self.api.ask("PATCH", f"/stores/{self.store}", {"labels": {"wish": str(wish)}}, Idempotency_Key=key)
                except Exception as error:
                    self.count("PATCH", begun, repr(error))
                    time.sleep(0.2)
                    continue
                if answer.status == 200:
                    self.count("PATCH", begun)
                    self.written = wish
                    break
                if self.is_refusal(answer):
                    self.count("PATCH", begun)
                    time.sleep(int(answer.headers["Retry-After"]))
                else:
                    self.count("PATCH", begun, f"{answer.status} {answer.body[:200]}")
                    time.sleep(0.2)
            self.stop.wait(0.1)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()
