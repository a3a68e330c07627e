"""What the machine tells: processor time of processes and their children, memory,
versions. Reads /proc; starts nothing but programs that say their version.
"""
import os
import platform
import re
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")


def stat(pid):
    """Fields of /proc/PID/stat behind the name, or None."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(") ")[2].split()
    except OSError:
        return None


def processor(pid, children=False):
    """Seconds that a process has used, and those of its children that were waited for."""
    fields = stat(pid)
    if fields is None:
        raise RuntimeError(f"process {pid} is gone")
    return sum(int(ticks) for ticks in fields[11:15 if children else 13]) / TICK


def descendants(pid):
    below, found = {}, [pid]
    for name in os.listdir("/proc"):
        if name.isdigit() and (fields := stat(name)) is not None:
            below.setdefault(int(fields[1]), []).append(int(name))
    for one in found:
        found.extend(below.get(one, ()))
    return found


def tree(pid):
    """Seconds of a process, of all that it ever waited for, and of all that live below it."""
    total = 0.0
    for one in descendants(pid):
        try:
            total += processor(one, children=True)
        except RuntimeError:
            pass
    return total


def memory(pid):
    """MiB: (resident, proportional)."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        found = dict(re.findall(r"^(Rss|Pss):\s+(\d+)", file.read(), re.M))
    return int(found["Rss"]) / 1024, int(found["Pss"]) / 1024


def said(*command):
    try:
        output = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return (output.stdout or output.stderr).strip().splitlines()[0]
    except (OSError, IndexError, subprocess.TimeoutExpired):
        return "not there"


def fsync(folder, count=200):
    """Median of writing 8 KiB through to the disk, in ms."""
    path, times = os.path.join(folder, "fsync"), []
    with open(path, "wb", buffering=0) as file:
        for _ in range(count):
            begun = time.perf_counter()
            file.write(b"x" * 8192)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begun) * 1000)
    os.remove(path)
    return sorted(times)[count // 2]


def description(folder):
    """[(what, as it is)]; `folder` is where the servers write."""
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    with open("/proc/meminfo") as file:
        memory_gib = int(re.search(r"MemTotal:\s+(\d+)", file.read()).group(1)) / 1048576
    wrk = said("wrk", "-v")
    return [
        ("processor", f"{len(os.sched_getaffinity(0))} × {model.group(1) if model else platform.machine()}"),
        ("memory", f"{memory_gib:.0f} GiB"),
        ("kernel", platform.release()),
        ("8 KiB to the disk", f"{fsync(folder):.2f} ms"),
        ("load at the beginning", "%.1f %.1f %.1f" % os.getloadavg()),
        ("PostgreSQL", said("psql", "--version")),
        ("RabbitMQ", said("dpkg-query", "-W", "-f", "${Version}", "rabbitmq-server")),
        ("wrk", wrk.split(" [")[0]),
        ("Node.js", said("node", "--version")),
        ("Python", platform.python_version()),
    ]
