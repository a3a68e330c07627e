"""What the programs take while nobody touches them: memory empty, at 1,000 and at
10,000 stores (records and objects laid down, not made), and CPU with twenty dashboards
that watch. The worker at 10,000 is not measured: their objects do not fit this
control plane."""
import http.client
import os
import re
import time

import machine
import platforms
import servers
from measure import row
from tables import curve
from tables.api import make

TITLE = "idle, and memory"
WATCHED, DASHBOARDS = 30, 20

COPIES = """
INSERT INTO stores ({columns}) SELECT {columns} FROM (
    SELECT (jsonb_populate_record(NULL::stores, replace(to_jsonb(s)::text, s.id, n.id)::jsonb)).* FROM
        (SELECT * FROM stores LIMIT 1) s,
        (SELECT 'store-' || string_agg(substr('bcdfghjklmnpqrstvwxz', n / (20 ^ place)::int % 20 + 1, 1), '' ORDER BY place) AS id
         FROM generate_series({after}, {upto}) n, generate_series(0, 5) place GROUP BY n) n) copy
ON CONFLICT DO NOTHING;
VACUUM ANALYZE stores;
"""
COLUMNS = """
SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = 'stores' AND is_generated = 'NEVER';"""


def dashboards(port):
    """Connections that stream, as an open dashboard has one."""
    found = []
    for _ in range(DASHBOARDS):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        connection.request("GET", "/stores/events", headers={"Accept": "text/event-stream"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"the stream answered {answer.status}")
        found.append((connection, answer))
        servers.ask(port, "GET", "/stores?limit=50")
    return found


def share(pid, seconds):
    """Percent of one core."""
    before, begun = machine.processor(pid), time.monotonic()
    time.sleep(seconds)
    return (machine.processor(pid) - before) / (time.monotonic() - begun) * 100


def api(found):
    one = servers.Api("bench_idle").start()
    time.sleep(3)
    found["rows"].append(row("api, empty", machine.memory(one.program.pid)[1], "", unit="MiB"))
    make(one.port, 1)
    with open(os.path.join(servers.ROOT, "bench", "sql", "ready.sql")) as file:
        servers.sql(one.database, file.read())
    columns = servers.sql(one.database, COLUMNS, split=None)[0]
    before = 0
    for stores in (1_000, 10_000):
        servers.sql(one.database, COPIES.format(columns=columns, after=before + 1, upto=stores))
        before = stores
        one.stop()
        one.start()
        watching = dashboards(one.port)
        time.sleep(5)
        used = share(one.program.pid, WATCHED)
        found["rows"].append(row(f"api, {stores:,} stores, {DASHBOARDS} dashboards".replace(",", " "), machine.memory(one.program.pid)[1], "", unit="MiB",
                                 ours=f"{used:.2f} % of a core"))
        for connection, _ in watching:
            connection.close()
    one.end()


def worker(found):
    platform = platforms.Platform("bench_idle_w")
    time.sleep(5)
    found["rows"].append(row("worker, empty", machine.memory(platform.worker.program.pid)[1], "", unit="MiB", ours=f"{share(platform.worker.program.pid, 20):.2f} % of a core"))
    platform.end()
    text = curve.told()
    for name, used, memory in re.findall(r"1000 stores, (\w+): ([\d.]+) % of a core, ([\d.]+) MiB", text):
        found["rows"].append(row(f"{name}, 1 000 ready stores with their objects", float(memory), "", unit="MiB", ours=f"{used} % of a core"))
    used, requests = re.search(r"1000 stores: ([\d.]+) % of a core, ([\d.]+) requests a second", text).groups()
    found["rows"].append(row("both, 1 000 ready stores", float(used), "≤ 2 % of a core", at_most=2, unit="%", note=f"{requests} requests a second to the apiserver"))


def measure(found):
    found["settings"] = f"proportional memory; CPU over {WATCHED} s (the worker's at 1,000 stores: 60 s, by `urumi-faults curve`)"
    api(found)
    worker(found)
