"""Blocks of load: wrk against a server, pgbench against a database. Each returns what
was done and what it took; processor time is read around the block, so that the load's
own does not count.
"""
import json
import os
import re
import subprocess

import machine
import servers

LOAD = os.path.join(servers.ROOT, "bench", "load")
LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def wrk(port, script, seconds, connections, pid, **variables):
    """{requests, per_second, cpu_us of the server, p50_ms, p99_ms}"""
    before = machine.processor(pid)
    output = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", os.path.join(LOAD, script), f"http://127.0.0.1:{port}"],
        capture_output=True, text=True, check=True, env={**os.environ, "BENCH_LOAD": LOAD, **{key: str(value) for key, value in variables.items()}}).stdout
    used = machine.processor(pid) - before
    told = json.loads(re.search(r"RESULT (.*)", output).group(1))
    if told["errors"] or not told["requests"]:
        raise RuntimeError(f"{told['errors']} of {told['requests']} requests failed")
    return {"requests": told["requests"], "per_second": told["requests"] / told["us"] * 1e6, "cpu_us": used / told["requests"] * 1e6,
            "p50_ms": told["p50"] / 1000, "p99_ms": told["p99"] / 1000}


def transaction(database, path, outbox=True):
    """Writes sql/same_tx.sql with the values of a real request's rows; its path."""
    with open(os.path.join(servers.ROOT, "bench", "sql", "same_tx.sql")) as file:
        text = file.read()
    drawn = json.loads(servers.sql(database, """
        SELECT jsonb_build_array(quote_literal(o.spec::text), quote_literal(b.payload::text), quote_literal(k.headers::text),
            quote_literal(encode(k.body, 'hex')), quote_literal(a.details::text), quote_nullable(o.traceparent),
            quote_literal((to_jsonb(a) - ARRAY['seq', 'prev_hash', 'hash', 'store_id', 'tenant_id'])::text),
            quote_literal(jsonb_build_object('store_id', a.store_id, 'tenant_id', a.tenant_id)::text))
        FROM operations o JOIN outbox b ON b.operation_id = o.id JOIN audit_events a ON a.operation_id = o.id, idempotency_keys k
        LIMIT 1;""", split=None)[0])
    spec, payload, headers, body, details, traceparent, before, after = drawn
    steps, number = [], ":n"
    for _ in range(6):
        steps.append(f"substr('{LETTERS}', ({number} % 27)::int + 1, 1)")
        number = f"({number} / 27)"
    values = {
        "tenant": servers.TENANT, "spec": spec, "payload": payload, "headers": headers, "details": details, "traceparent": traceparent,
        "text_before": before, "text_after": after,
        "body": f"decode({body}, 'hex')", "id": "('store-' || " + " || ".join(steps) + ")",
        "operation": "('00000000-0000-7000-8000-' || lpad(:n::text, 12, '0'))::uuid",
    }
    text = text.replace("{{}}", "\0")
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    lines, kept, skip = text.replace("\0", "{}").splitlines(), [], False
    for line in lines:
        if skip and not outbox:
            skip = False
            continue
        skip = line.startswith("--outbox:")
        if not skip:
            kept.append(line)
    with open(path, "w") as out:
        out.write("\n".join(kept) + "\n")
    return path


class Pgbench:
    """Blocks of one script; each begins where the numbers of the last one ended."""

    base = 0

    def __init__(self, database, script, clients):
        self.database, self.script, self.clients = database, script, clients

    def __call__(self, seconds):
        Pgbench.base += 400_000
        output = subprocess.run(
            ["pgbench", "-n", "-M", "prepared", "-c", str(self.clients), "-j", "1", "-T", str(seconds), "-D", "i=0", "-D", f"base={Pgbench.base}",
             "-f", self.script, servers.url_of(self.database)], capture_output=True, text=True, check=False)
        found = re.search(r"tps = ([\d.]+)", output.stdout)
        if output.returncode != 0 or not found:
            raise RuntimeError("pgbench: " + "; ".join(output.stderr.strip().splitlines()[-6:]))
        latency = re.search(r"latency average = ([\d.]+)", output.stdout)
        return {"per_second": float(found.group(1)), "ms": float(latency.group(1))}
