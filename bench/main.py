"""The tables that are named; one report. Run by run.sh.

main.py TABLE...     the last line is `bench: N met, N short, N not measured`
"""
import importlib
import json
import os
import signal
import sys
import time
import traceback

import machine
import report
import servers


def measured(name):
    table = importlib.import_module(f"tables.{name}")
    print(f"==> {name}: {table.TITLE}", flush=True)
    found = {"name": name, "title": f"{name}: {table.TITLE}", "about": " ".join(table.__doc__.split()), "rows": [], "settings": ""}
    begun = time.monotonic()
    try:
        table.measure(found)
    except Exception as error:  # a table that fails must not take the others with it
        traceback.print_exc()
        found["error"] = str(error).splitlines()[0]
    finally:
        servers.end_all()
    found["seconds"] = time.monotonic() - begun
    for row in found["rows"]:
        print(f"    {row['what']}: {row['value']} (goal {row['goal']}) {row['verdict']}")
    print(f"    {name}: {found['seconds']:.0f} s", flush=True)
    with open(os.path.join(servers.STATE, f"{name}.json"), "w") as file:
        json.dump(found, file, indent=1)
    return found


def main(names):
    description, tables = machine.description(servers.STATE), []
    out = os.environ["BENCH_REPORT"]
    for name in names:
        tables.append(measured(name))
        # What is measured is kept, whatever becomes of the rest.
        report.write(out, tables, description)
    rows = [row for table in tables for row in table["rows"] if row["met"] is not None]
    missing = sum(1 for table in tables if table.get("error"))
    met = sum(1 for row in rows if row["met"])
    print(f"report: {os.path.relpath(out, servers.ROOT)}")
    print(f"bench: {met} met, {len(rows) - met} short, {missing} not measured")
    return 1 if missing else 0


def ended(*_):
    sys.exit(143)  # so that what was started is ended (servers.end_all)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, ended)
    sys.exit(main(sys.argv[1:]))
