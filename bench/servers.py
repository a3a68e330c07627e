"""The programs under test and their databases and virtual hosts, one of each for each
use, on the instance's servers (run.sh starts them, with fsync). Waits for conditions,
ends what it started.
"""
import atexit
import http.client
import json
import os
import signal
import socket
import subprocess
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STATE = os.environ["BENCH_STATE"]
PROGRAMS = os.environ["BENCH_PROGRAMS"]
DATABASE = os.environ["BENCH_DATABASE_URL"]
AMQP = os.environ["BENCH_AMQP_URL"]
MANAGEMENT = urllib.parse.urlsplit(os.environ["BENCH_AMQP_MANAGEMENT_URL"])
TENANT = "00000000-0000-7000-8000-000000000001"


def until(what, condition, within=60, every=0.05):
    """The condition's first true value."""
    deadline = time.monotonic() + within
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise RuntimeError(f"not within {within} s: {what}")
        time.sleep(every)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Program:
    """One process; ended with the bench."""

    running = []

    def __init__(self, name, command, variables, own_environment=False):
        self.name = name
        self.log = os.path.join(STATE, f"{name}.log")
        environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8", **variables}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=environment if not own_environment else {**os.environ, **variables})
        Program.running.append(self)

    @property
    def pid(self):
        return self.process.pid

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self in Program.running:
            Program.running.remove(self)

    def alive(self):
        if self.process.poll() is not None:
            with open(self.log, errors="replace") as log:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n" + "".join(log.readlines()[-5:]))


@atexit.register
def end_all():
    for program in list(Program.running):
        program.end()


def url_of(database):
    return DATABASE.rpartition("/")[0] + "/" + database


def sql(database, text, split="|"):
    """What psql prints: rows of unaligned columns."""
    command = ["psql", "-qXAt", "-v", "ON_ERROR_STOP=1"]
    output = subprocess.run([*command, url_of(database)], input=text, capture_output=True, text=True, check=False)
    if output.returncode != 0:
        raise RuntimeError(f"psql: {output.stderr.strip()}")
    lines = output.stdout.splitlines()
    return [line.split(split) for line in lines] if split else lines


def number(database, text):
    return float(sql(database, text)[0][0] or 0)


def make_database(name, template="template1"):
    drop_database(name)
    sql("postgres", f"CREATE DATABASE {name} TEMPLATE {template};")
    return url_of(name)


def drop_database(name):
    """Not while Postgres cleans in it: only a superuser may end that."""
    def dropped():
        try:
            sql("postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE);")
        except RuntimeError as error:
            if not any(text in str(error) for text in ("must be a member of the role", "permission denied to terminate process")):
                raise
            return False
        return True
    until(f"{name} is dropped", dropped, 60, 1)


def management(method, path, body=None):
    import base64
    connection = http.client.HTTPConnection(MANAGEMENT.hostname, MANAGEMENT.port, timeout=30)
    word = base64.b64encode(f"{MANAGEMENT.username}:{MANAGEMENT.password}".encode()).decode()
    connection.request(method, "/api/" + path, body, {"Authorization": f"Basic {word}", "Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return json.loads(text) if answer.status == 200 and text else None


def make_vhost(name):
    management("DELETE", f"vhosts/{name}")
    management("PUT", f"vhosts/{name}", "{}")
    user = urllib.parse.urlsplit(AMQP).username
    management("PUT", f"permissions/{name}/{user}", '{"configure":".*","write":".*","read":".*"}')
    return AMQP.rpartition("/")[0] + "/" + name


def drop_vhost(name):
    management("DELETE", f"vhosts/{name}")


class Api:
    """Our api on a database and virtual host of its own, as `make up` runs it."""

    def __init__(self, name, template=None, **settings):
        self.name, self.port = name, free_port()
        self.database = name
        if template is None:
            make_database(name)
        else:
            make_database(name, template)
        self.variables = {
            "ENVIRONMENT": "local", "DATABASE_URL": url_of(name), "AMQP_URL": make_vhost(name),
            "URUMI_LISTEN": f"127.0.0.1:{self.port}", "URUMI_INSTALLATION": name, "URUMI_LOG_FORMAT": "json",
            **{key.upper(): str(value) for key, value in settings.items()},
        }
        self.program = None

    def start(self):
        self.program = Program(self.name, [os.path.join(PROGRAMS, "urumi-api"), "serve"], self.variables)
        until(f"{self.name} is ready", self.ready, 120)
        return self

    def ready(self):
        self.program.alive()
        try:
            return ask(self.port, "GET", "/readyz")[1].get("degraded") is False
        except OSError:
            return False

    def migrate(self):
        subprocess.run([os.path.join(PROGRAMS, "urumi-api"), "migrate"], check=True, stdout=subprocess.DEVNULL,
                       env={"PATH": os.environ["PATH"], **self.variables})

    def stop(self):
        if self.program is not None:
            self.program.end()
            self.program = None

    def end(self):
        self.stop()
        drop_database(self.database)
        drop_vhost(self.name)


def ask(port, method, path, body=None, headers=None, connection=None):
    """(status, JSON, headers); with `connection` on that one, which stays open."""
    own = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    given = {"Content-Type": "application/json"} if body is not None else {}
    own.request(method, path, None if body is None else json.dumps(body), {**given, **(headers or {})})
    answer = own.getresponse()
    text = answer.read()
    if connection is None:
        own.close()
    kind = answer.headers.get("Content-Type", "")
    return answer.status, json.loads(text) if "json" in kind and text else {}, answer.headers
