"""What must be true of docker-compose.yml in every choice of profiles, by what compose
itself makes of it: complete, said without a warning, published on loopback only,
pinned, bounded, and started in order. Starts nothing, asks no engine.

    check.py COMPOSE-PROGRAM"""

import fnmatch
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = sys.argv[1]
CLUSTERS = ["k3s", "bring-your-own-cluster"]
CHOICES = [[c] for c in CLUSTERS] + [[c, "observability"] for c in CLUSTERS] + [["observability"]]
# Those that run once and end.
TASKS = {"secrets", "migrate", "dashboard", "kubeconfig"}
# The images have no program that could ask them.
UNASKED = {"loki", "alloy", "collector"}
failures, passed = [], 0


def check(name, complaints):
    global passed
    complaints = [c for c in complaints if c]
    if complaints:
        failures.append(name)
        print(f"FAIL  {name}", *[f"      {c}" for c in complaints], sep="\n")
    else:
        passed += 1
        print(f"ok    {name}")


def config(profiles, **variables):
    """What compose makes of the file, and what it says meanwhile."""
    bare = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME")}
    ran = subprocess.run(
        [COMPOSE, "config", "--format", "json"],
        capture_output=True, text=True, cwd=ROOT,
        env=bare | {"COMPOSE_PROFILES": ",".join(profiles)} | variables,
    )
    return ran.returncode, (json.loads(ran.stdout) if ran.returncode == 0 else {}), ran.stderr.strip()


def faults(services):
    for name, service in services.items():
        for port in service.get("ports", []):
            if port.get("host_ip") != "127.0.0.1":
                yield f"{name} publishes {port.get('published')} on {port.get('host_ip') or 'every address'}"
        image = service.get("image", "")
        if not re.search(r":[\w.\-]+$", image) or image.endswith(":latest"):
            yield f"{name} takes whatever {image} is today"
        if name not in TASKS | UNASKED and not service.get("healthcheck"):
            yield f"{name} cannot be asked whether it is well"
        if name in TASKS and service.get("restart") == "unless-stopped":
            yield f"{name} would be run for ever"
        if name not in TASKS and service.get("restart") != "unless-stopped":
            yield f"{name} stays down when it dies"
        if name not in TASKS and not service.get("logging", {}).get("options", {}).get("max-size"):
            yield f"{name}'s log has no bound"
        for other, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if other in TASKS else "service_healthy"
            if other not in UNASKED and how["condition"] != wanted:
                yield f"{name} starts at {other}'s {how['condition']}, not {wanted}"
            if other not in services:
                yield f"{name} needs {other}, which is not started"
        for volume in service.get("volumes", []):
            source = volume.get("source", "")
            if volume["type"] == "bind" and source.startswith(str(ROOT)) and not Path(source).exists():
                yield f"{name} mounts {source}, which is not there"
            if source == "secrets" and name != "secrets" and not volume.get("read_only"):
                yield f"{name} could change the passwords"
        for variable, value in (service.get("environment") or {}).items():
            if (re.search(r"PASSWORD|SECRET|_KEY$", variable) and not variable.endswith("_FILE")) or re.search(r"://[^/]*:[^/]*@", value or ""):
                yield f"{name} has a secret in its environment: {variable}"


def left_out(path):
    """Whether .dockerignore keeps a path from the engine: the last line that fits says."""
    folders = [str(one) for one in (path, *path.parents) if str(one) != "."]
    out = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.lstrip("!").removeprefix("**/")
        if line and not line.startswith("#") and any(fnmatch.fnmatch(one, pattern) or Path(one).match(pattern) for one in folders):
            out = not line.startswith("!")
    return out


def copies():
    """What the images are built from is there, and reaches the engine."""
    for recipe in sorted(ROOT.glob("deploy/images/*/Dockerfile")):
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", recipe.read_text(), re.M):
            for word in line.split():
                found = list(ROOT.glob(word))
                if not found:
                    yield f"{recipe.parent.name}: there is no {word}"
                yield from (f"{recipe.parent.name}: .dockerignore leaves {word} out" for one in found if left_out(one.relative_to(ROOT)))


check("images are built from what reaches the engine", list(copies()))

for profiles in CHOICES:
    code, made, said = config(profiles)
    services = made.get("services", {})
    name = ",".join(profiles)
    check(f"{name}: compose says nothing against it", [said, f"exit {code}" if code else ""])
    check(f"{name}: loopback, pins, health, order", list(faults(services)))

_, made, _ = config(["k3s"])
check("k3s brings its own worker and no other", [] if "worker" in made["services"] and "worker-for-your-cluster" not in made["services"] else [str(list(made["services"]))])
_, made, _ = config(["bring-your-own-cluster"])
own = set(made["services"])
check("your own cluster brings no k3s", [] if not own & {"k3s", "kubeconfig", "worker"} and "worker-for-your-cluster" in own else [str(own)])
_, made, _ = config([], COMPOSE_PROFILES="k3s", URUMI_STORE_URL="https://{host}:7")
check("{host} comes through unharmed", [] if made["services"]["api"]["environment"]["URUMI_STORE_URL"] == "https://{host}:7" else ["it does not"])
plain = subprocess.run([COMPOSE, "config", "--services"], capture_output=True, text=True, cwd=ROOT, env={k: v for k, v in os.environ.items() if k in ("PATH", "HOME")})
check("without a word there is a cluster", [] if {"k3s", "worker", "api"} <= set(plain.stdout.split()) else [plain.stdout + plain.stderr])

# The versions that are named in two places are one.
version = re.search(r'^\[workspace\.package\][^\[]*?^version = "([^"]+)"', (ROOT / "Cargo.toml").read_text(), re.M | re.S)[1]
check("the images are those of this version", [] if f"URUMI_VERSION={version}\n" in (ROOT / ".env").read_text() else [f".env is to name {version}"])

print(f"compose: {passed} passed, {len(failures)} failed, 0 skipped")
sys.exit(bool(failures))
