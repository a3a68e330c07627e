"""Sizes of programs and images, times of builds and of starts. A start is from exec to
the first `ready` answer, with the servers up and the tables there. Build times: of the
programs that are measured here, as this run found them; and of what `make up` builds
(profile local), where that was built before: after a change in the api. BENCH_COLD=1
builds our own crates anew, and everything."""
import http.client
import os
import subprocess
import time

import servers
from measure import interval, percentile, row

TITLE = "sizes, builds, starts"
STARTS = 15
# Of Cargo; `make up` has it.
BUILT = "local"


def sizes(found):
    for name in ("urumi-api", "urumi-worker", "urumi"):
        size = os.path.getsize(os.path.join(servers.PROGRAMS, name)) / 1048576
        found["rows"].append(row(f"{name}, binary", size, "", unit="MiB"))
    images = subprocess.run(["docker", "images", "--format", "{{.Repository}} {{.Size}}"], capture_output=True, text=True, check=False) if which("docker") else None
    if images is None or images.returncode != 0:
        found["rows"].append(row("images", "not measured", "", note="there is no container engine; `docker compose build` and `docker images` tell them"))
        return
    for line in images.stdout.splitlines():
        if line.startswith("urumi"):
            name, size = line.split()
            found["rows"].append(row(f"{name}, image", size, ""))


def which(name):
    return subprocess.run(["sh", "-c", f"command -v {name}"], capture_output=True, check=False).returncode == 0


def ready(port, path, word):
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status == 200 and word in body
    except (OSError, http.client.HTTPException):
        return False


def started(begin, port, path, word, end):
    """ms, asked as often as the machine lets us."""
    begun = time.perf_counter()
    begin()
    while not ready(port, path, word):
        if time.perf_counter() - begun > 30:
            raise RuntimeError("it does not become ready")
        time.sleep(0.001)
    took = (time.perf_counter() - begun) * 1000
    end()
    return took


def starts(found):
    api = servers.Api("bench_start")
    api.migrate()

    def begin():
        api.program = servers.Program(api.name, [os.path.join(servers.PROGRAMS, "urumi-api"), "serve"], api.variables)

    times = [started(begin, api.port, "/readyz", '"degraded":false', api.stop) for _ in range(STARTS)]
    found["rows"].append(row("urumi-api, start to ready", interval(times), "≤ 150 ms", at_most=150, unit="ms", note=f"longest of {STARTS}: {max(times):.0f} ms"))
    if not os.path.exists(os.environ.get("BENCH_KUBECONFIG", "")):
        found["rows"].append(row("urumi-worker, start to ready", "not measured", "≤ 150 ms", note="no cluster"))
    else:
        import platforms
        worker = platforms.Worker("bench_start", api.variables["AMQP_URL"], "127.0.0.1:1")
        times = [started(worker.begin, worker.port, "/readyz", "", worker.stop) for _ in range(STARTS)]
        found["rows"].append(row("urumi-worker, start to ready", interval(times), "≤ 150 ms", at_most=150, unit="ms", note=f"longest of {STARTS}: {max(times):.0f} ms"))
    api.end()
    times = []
    for _ in range(STARTS):
        begun = time.perf_counter()
        subprocess.run([os.path.join(servers.PROGRAMS, "urumi"), "--version"], check=True, stdout=subprocess.DEVNULL)
        times.append((time.perf_counter() - begun) * 1000)
    found["rows"].append(row("urumi --version", interval(times), "≤ 150 ms", at_most=150, unit="ms", note=f"p99 {percentile(times, 99):.0f} ms"))


def built(*words):
    begun = time.monotonic()
    subprocess.run(["cargo", "build", "--locked", "--profile", BUILT, *words], check=True, cwd=servers.ROOT,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - begun


def builds(found):
    found["rows"].append(row("build of the programs measured here, and of the peers", float(os.environ["BENCH_BUILD_SECONDS"]), "", unit="s",
                             note=f"profile {os.environ['BENCH_PROFILE']}, linked as a whole; {os.environ['BENCH_BUILT_BEFORE']}"))
    three = ["--bin", "urumi-api", "--bin", "urumi-worker", "--bin", "urumi"]
    target = os.environ["CARGO_TARGET_DIR"]
    cold = os.environ.get("BENCH_COLD") == "1"
    if not cold and not os.path.exists(os.path.join(target, BUILT, "urumi-api")):
        found["rows"].append(row("builds", "not measured", "", note="nothing is built yet as `make up` does; BENCH_COLD=1 measures all of it (minutes)"))
        return
    built(*three)
    os.utime(os.path.join(servers.ROOT, "api", "src", "lib.rs"))
    found["rows"].append(row("build after a change in the api", built(*three), "", unit="s"))
    if not cold:
        found["rows"].append(row("build of everything", "not measured", "", note="BENCH_COLD=1 measures it (minutes)"))
        return
    subprocess.run(["cargo", "clean", "--profile", BUILT, *[word for name in ("urumi-shared", "urumi-api", "urumi-worker", "urumi-cli") for word in ("-p", name)]],
                   check=True, cwd=servers.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found["rows"].append(row("build of our own crates", built(*three), "", unit="s"))
    os.environ["CARGO_TARGET_DIR"] = os.path.join(servers.STATE, "target")
    found["rows"].append(row("build of everything", built(*three), "", unit="s"))
    os.environ["CARGO_TARGET_DIR"] = target


def measure(found):
    found["settings"] = f"{STARTS} starts each; programs of profile {os.environ['BENCH_PROFILE']}"
    sizes(found)
    starts(found)
    builds(found)
