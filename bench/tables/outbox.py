"""From a commit to RabbitMQ's confirm. Idle: one POST after the other, from the moment
that PostgreSQL wrote the commit down (before it waited for the disk) to the mark that the
relay makes after the confirm, both of one clock. Throughput: commands that are due at once,
beside a bare publisher of the same bytes with the same window to a quorum queue of the
same broker. Drain: the broker is stopped, commands pile up, it comes back. Cost: the
transaction of a POST by pgbench with and without its outbox row."""
import http.client
import json
import os
import random
import subprocess
import time
import uuid

import loads
import servers
from measure import control, interleave, interval, median, percentile, quotients, rate, rounds_of, row

TITLE = "commit to confirmed publish"
# More at once, and the broker is short of memory (384 MB) and takes nothing.
POSTS, BATCH, BLOCK, ROUNDS, BACKLOG = 1000, 256, 20_000, 5, 50_000
WINDOW = int(os.environ.get("BENCH_WINDOW", BATCH))

# Operations first, which others hear of too; then, when all is quiet, what is measured.
OPERATIONS = """
INSERT INTO operations (id, store_id, tenant_id, kind, status, generation, attempt, max_attempts, budget_ms, actor, request_id,
    created_at, not_after, finished_at)
SELECT gen_random_uuid(), o.store_id, o.tenant_id, o.kind, 'Succeeded', o.generation, 1, o.max_attempts, o.budget_ms, 'bench', '{batch}',
    now(), o.not_after, now()
FROM (SELECT o.* FROM operations o JOIN outbox b ON b.operation_id = o.id ORDER BY b.id LIMIT 1) o, generate_series(1, {count});
"""
COMMANDS = """
INSERT INTO outbox (kind, store_id, tenant_id, operation_id, message_id, attempt, routing_key, payload)
SELECT 'command', o.store_id, o.tenant_id, o.id, gen_random_uuid(), 1, b.routing_key, b.payload
FROM operations o, (SELECT * FROM outbox ORDER BY id LIMIT 1) b WHERE o.request_id = '{batch}';
"""
LEFT = "SELECT count(*) FROM outbox WHERE dispatched_at IS NULL;"
TOOK = """
WITH marks AS (SELECT dispatched_at, count(*) AS n FROM outbox WHERE dispatch_count > 0 AND id > {after} GROUP BY 1),
    ends AS (SELECT min(dispatched_at) AS first, max(dispatched_at) AS last FROM marks)
SELECT (SELECT sum(n) FROM marks, ends WHERE dispatched_at > first), extract(epoch FROM last - first) FROM ends;
"""


def idle(found, api):
    chance = random.Random(9)
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=30)
    for number in range(POSTS):
        status, _, _ = servers.ask(api.port, "POST", "/stores", {"name": f"Idle {number}"}, connection=connection)
        if status != 202:
            raise RuntimeError(f"POST answered {status}")
        time.sleep(chance.uniform(0.005, 0.03))
    servers.until("all are published", lambda: servers.number(api.database, LEFT) == 0)
    lines = servers.sql(api.database, """
        SELECT extract(epoch FROM b.dispatched_at - pg_xact_commit_timestamp(o.xmin)) * 1000, extract(epoch FROM b.dispatched_at - o.created_at) * 1000
        FROM outbox b JOIN operations o ON o.id = b.operation_id WHERE dispatch_count = 1;""")
    times, whole = ([float(line[place]) for line in lines] for place in (0, 1))
    if any(not 0 < time < all_of_it for time, all_of_it in zip(times, whole)):
        raise RuntimeError("an operation was written again after its POST")
    # They are done with: a command that stays silent would be said again.
    servers.sql(api.database, "UPDATE operations SET status = 'Succeeded', finished_at = now(); DELETE FROM outbox WHERE id > (SELECT min(id) FROM outbox);")
    bare = publish(500, 1)
    found["rows"].append(row("idle, p99", percentile(times, 99), "≤ 25 ms", at_most=25, unit="ms", ours=f"p50 {median(times):.1f} ms, longest {max(times):.0f} ms",
                             theirs=f"a bare confirm: p50 {bare['p50_us'] / 1000:.1f}, p99 {bare['p99_us'] / 1000:.1f} ms", note=f"{len(times)} POSTs; from the begin of their transactions p50 {median(whole):.1f}, p99 {percentile(whole, 99):.1f} ms"))


payload = b""


def publish(messages, window):
    output = subprocess.run([os.path.join(servers.PROGRAMS, "bench-publisher"), str(messages), str(window)], input=payload, capture_output=True,
                            check=True, env={"PATH": os.environ["PATH"], "AMQP_URL": servers.AMQP.rpartition("/")[0] + "/bench_bare"}).stdout
    told = json.loads(output)
    servers.management("DELETE", "queues/bench_bare/bench.commands/contents")
    return {**told, "per_second": told["messages"] / told["seconds"]}


def drained(api, count, before=lambda: None):
    """Messages a second, from the first mark to the last."""
    after = servers.number(api.database, "SELECT max(id) FROM outbox;")
    batch = uuid.uuid4()
    servers.sql(api.database, OPERATIONS.format(count=count, batch=batch))
    time.sleep(1)
    servers.sql(api.database, COMMANDS.format(batch=batch))
    before()
    servers.until("all are published", lambda: servers.number(api.database, LEFT) == 0, 300, 0.25)
    messages, seconds = (float(value) for value in servers.sql(api.database, TOOK.format(after=int(after)))[0])
    servers.sql(api.database, f"DELETE FROM outbox WHERE id > {int(after)}; VACUUM outbox;")
    servers.management("DELETE", f"queues/{api.name}/store.commands/contents")
    return {"per_second": messages / seconds, "seconds": seconds}


def throughput(found, api):
    sides = interleave({"ours": lambda: drained(api, BLOCK), "peer": lambda: publish(BLOCK, WINDOW), "again": lambda: publish(BLOCK, WINDOW)}, ROUNDS)
    column = lambda name: [sample["per_second"] for sample in sides[name]]
    found["rows"] += [
        row("throughput", interval(quotients(column("ours"), column("peer"))), "≥ 0.8", at_least=0.8, ours=rate(column("ours")), theirs=rate(column("peer"))),
        control("throughput", column("again"), column("peer")),
    ]
    return median(column("ours"))


def broker(verb):
    environment = {**os.environ, "URUMI_AMQP_MANAGEMENT": "1"}
    subprocess.run([os.path.join(servers.ROOT, "deploy", "local", "rabbitmq.sh"), verb], check=True, env=environment, stdout=subprocess.DEVNULL)


def drain(found, api, steady):
    begun = None

    def back():
        nonlocal begun
        broker("start")
        begun = time.monotonic()

    broker("stop")
    told = drained(api, BACKLOG, back)
    whole = time.monotonic() - begun
    found["rows"].append(row(f"drain of {BACKLOG:,} rows after an outage".replace(",", " "), told["per_second"] / steady, "≥ 0.8 of the steady rate", at_least=0.8,
                             ours=f"{told['per_second']:,.0f}/s".replace(",", " "), theirs=f"{steady:,.0f}/s".replace(",", " "),
                             note=f"{whole:.1f} s from the broker's first answer to the last mark, none left"))


def cost(found, api):
    api.stop()
    path = lambda name: os.path.join(servers.STATE, name)
    whole = loads.Pgbench("bench_row", loads.transaction("bench_row", path("with_outbox.sql")), 1)
    bare = loads.Pgbench("bench_row", loads.transaction("bench_row", path("without_outbox.sql"), outbox=False), 1)
    sides = interleave({"with": lambda: whole(3), "without": lambda: bare(3), "again": lambda: bare(3)}, 2 * ROUNDS)
    column = lambda name: [sample["ms"] for sample in sides[name]]
    found["rows"] += [
        row("cost inside the transaction", interval(quotients(column("with"), column("without"))), "≤ 1.07", at_most=1.07,
            ours=f"{median(column('with')):.2f} ms", theirs=f"{median(column('without')):.2f} ms without"),
        control("cost", column("again"), column("without")),
    ]
    servers.drop_database("bench_row")


def measure(found):
    global payload
    found["settings"] = (f"window {WINDOW}, payload of a real command; {rounds_of(ROUNDS)} rounds of {BLOCK} messages after one that is dropped; no worker, so "
                         "URUMI_COMMANDS_IN_FLIGHT=1000000 (a window that wide is not counted through); else the api's defaults; fsync on; no checkpoint of "
                         "PostgreSQL meanwhile, which would be ours alone where the peer writes to the broker only")
    servers.make_vhost("bench_bare")
    api = servers.Api("bench_outbox", urumi_commands_in_flight=1_000_000).start()
    servers.ask(api.port, "POST", "/stores", {"name": "Sample"}, {"Idempotency-Key": "sample"})
    payload = servers.sql(api.database, "SELECT payload::text FROM outbox LIMIT 1;", split=None)[0].encode()
    # Before the many stores of the others, whose ids are drawn: the script's own must be free.
    api.stop()
    servers.make_database("bench_row", api.database)
    api.start()
    idle(found, api)
    steady = throughput(found, api)
    drain(found, api, steady)
    cost(found, api)
    api.end()
    servers.drop_vhost("bench_bare")
