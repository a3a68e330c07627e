"""Requests to the api beside the least that gives the same answer. GET is of a Ready
store with its operation and five steps: the same tables, the same JSON (compared
before); 64 connections. POST is with an Idempotency-Key, beside the same SQL statement by
statement by pgbench (prepared, 8 clients, the same rows and fsync, a database of its
own); 8 connections. Express with SQLite (synchronous=FULL) is the design that this
product replaces; its JSON is of the same shape, with fewer fields and no steps."""
import os

import loads
import servers
from measure import control, interleave, interval, median, quotients, rate, rounds_of, row

TITLE = "requests"
STORES, SECONDS, ROUNDS = 200, 3, 10


def express(name):
    """The Express server on a file of its own: (program, port)."""
    port, file = servers.free_port(), os.path.join(servers.STATE, f"{name}.sqlite")
    for end in ("", "-wal", "-shm"):
        if os.path.exists(file + end):
            os.remove(file + end)
    program = servers.Program(name, ["node", os.path.join(os.environ["BENCH_EXPRESS"], "server.js"), str(port), file], {"NODE_ENV": "production"})
    servers.until("Express answers", lambda: answers(program, port))
    return program, port


def answers(program, port):
    program.alive()
    try:
        return servers.ask(port, "GET", "/stores")[0] == 200
    except OSError:
        return False


def make(port, count):
    ids = []
    for number in range(count):
        status, store, _ = servers.ask(port, "POST", "/stores", {"name": f"Shop {number}", "plan": "small"}, {"Idempotency-Key": f"seed-{number}"})
        if status != 202:
            raise RuntimeError(f"POST answered {status}")
        ids.append(store["id"])
    return ids


def write_ids(name, ids):
    path = os.path.join(servers.STATE, name)
    with open(path, "w") as out:
        out.write("\n".join(ids) + "\n")
    return path


def reading(found):
    api = servers.Api("bench_read").start()
    ids = make(api.port, STORES)
    api.stop()  # so that nothing of the platform's own work meets the rows
    with open(os.path.join(servers.ROOT, "bench", "sql", "ready.sql")) as file:
        servers.sql(api.database, file.read() + "VACUUM ANALYZE;")
    api.start()
    port = servers.free_port()
    peer = servers.Program("bench-api", [os.path.join(servers.PROGRAMS, "bench-api"), f"127.0.0.1:{port}", servers.TENANT],
                           {"DATABASE_URL": servers.url_of(api.database)})
    servers.until("the peer answers", lambda: show(peer, port, ids[0]))
    for one in ids[:5]:
        ours, theirs = show(api.program, api.port, one), show(peer, port, one)
        if ours != theirs:
            different = [key for key in ours if ours.get(key) != theirs.get(key)]
            raise RuntimeError(f"the peer's JSON differs in {different}: {[(ours[key], theirs.get(key)) for key in different]}")
    other, other_port = express("express-read")
    path, other_path = write_ids("ids", ids), write_ids("ids-express", make(other_port, STORES))
    side = lambda at, pid, file: lambda: loads.wrk(at, "get.lua", SECONDS, 64, pid, BENCH_IDS=file)
    print("  GET /stores/{id}")
    sides = interleave({
        "ours": side(api.port, api.program.pid, path), "peer": side(port, peer.pid, path), "again": side(port, peer.pid, path),
        "express": side(other_port, other.pid, other_path),
    }, ROUNDS)
    column = lambda name, key: [sample[key] for sample in sides[name]]
    ratio = lambda name, key: interval(quotients(column("ours", key), column(name, key)))
    shown = lambda name: f"{rate(column(name, 'per_second'))}, p99 {median(column(name, 'p99_ms')):.1f} ms"
    found["rows"] += [
        row("GET, requests a second", ratio("peer", "per_second"), "≥ 0.85", at_least=0.85, ours=shown("ours"), theirs=shown("peer")),
        row("GET, CPU of the program per request", ratio("peer", "cpu_us"), "≤ 1.25", at_most=1.25,
            ours=f"{median(column('ours', 'cpu_us')):.0f} µs", theirs=f"{median(column('peer', 'cpu_us')):.0f} µs"),
        row("GET, requests a second beside Express", ratio("express", "per_second"), "", ours=shown("ours"), theirs=shown("express")),
        row("GET, CPU beside Express", ratio("express", "cpu_us"), "", ours=f"{median(column('ours', 'cpu_us')):.0f} µs",
            theirs=f"{median(column('express', 'cpu_us')):.0f} µs"),
        control("GET, requests a second", column("again", "per_second"), column("peer", "per_second")),
        control("GET, CPU", column("again", "cpu_us"), column("peer", "cpu_us")),
    ]
    for program in (peer, other):
        program.end()
    api.end()


def show(program, port, store):
    program.alive()
    try:
        status, body, _ = servers.ask(port, "GET", f"/stores/{store}")
        return body if status == 200 else None
    except OSError:
        return None


class Written:
    """What a side wrote for each store: rows over the whole, since a backend tells its
    counts when it has time; bytes of the log, which all databases share, around its
    blocks."""

    ROWS = """SELECT sum(n_tup_ins + n_tup_upd), (SELECT seq FROM audit_head) FROM pg_stat_user_tables
        WHERE relname IN ('stores', 'operations', 'audit_events', 'audit_pending', 'audit_head', 'idempotency_keys', 'stream_events', 'store_words');"""
    LOG = "SELECT pg_current_wal_lsn() - '0/0', (SELECT seq FROM audit_head);"

    def __init__(self, database):
        self.database, self.logs = database, []
        self.begun = self.look(self.ROWS)

    def look(self, text):
        return [float(value) for value in servers.sql(self.database, text)[0]]

    def around(self, block):
        before = self.look(self.LOG)
        sample = block()
        self.logs.append([one - other for one, other in zip(self.look(self.LOG), before)])
        return sample

    def each(self):
        """(rows, KiB)"""
        rows, stores = (one - other for one, other in zip(self.look(self.ROWS), self.begun))
        log = [sum(values) for values in zip(*self.logs)]
        return rows / stores, log[0] / log[1] / 1024


def writing(found):
    api = servers.Api("bench_write").start()
    make(api.port, 3)
    script = loads.transaction(api.database, os.path.join(servers.STATE, "same_tx.sql"))
    api.stop()
    servers.make_database("bench_same", api.database)
    api.start()
    other, other_port = express("express-write")
    numbers = iter(range(1_000_000))
    post = lambda at, pid: loads.wrk(at, "post.lua", SECONDS, 8, pid, BENCH_KEY=f"block{next(numbers)}")
    bench = loads.Pgbench("bench_same", script, 8)
    ours, theirs = Written(api.database), Written("bench_same")
    print("  POST /stores")
    sides = interleave({
        "ours": lambda: ours.around(lambda: post(api.port, api.program.pid)),
        "peer": lambda: theirs.around(lambda: bench(SECONDS)),
        "again": lambda: bench(SECONDS),
        "express": lambda: post(other_port, other.pid),
    }, ROUNDS)
    column = lambda name: [sample["per_second"] for sample in sides[name]]
    ratio = lambda name: interval(quotients(column("ours"), column(name)))
    api.stop()  # its backends tell what they counted
    (rows, log), (their_rows, their_log) = ours.each(), theirs.each()
    latency = [sample["p99_ms"] for sample in sides["ours"]]
    found["rows"] += [
        row("POST, transactions a second", ratio("peer"), "≥ 0.8", at_least=0.8, ours=f"{rate(column('ours'))}, p99 {median(latency):.0f} ms",
            theirs=f"{rate(column('peer'))} (pgbench)",
            note=f"each store writes {rows:.1f} rows here and {their_rows:.1f} by pgbench, {log:.1f} and {their_log:.1f} KiB of log "
                 "(the outbox and the kept counts left out of the rows: relay and chance move them)"),
        row("POST beside Express", ratio("express"), "", ours=rate(column("ours")), theirs=rate(column("express"))),
        control("POST", column("again"), column("peer")),
    ]
    other.end()
    api.end()
    servers.drop_database("bench_same")


def measure(found):
    found["settings"] = (f"blocks of {SECONDS} s, {rounds_of(ROUNDS)} rounds after one that is dropped; wrk with one thread on the same cores; "
                         "api with its defaults (2 threads, 10 connections), PostgreSQL as deploy/local/postgres.sh sets it, but that no checkpoint falls into a block; fsync on")
    reading(found)
    writing(found)
