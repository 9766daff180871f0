"""The image that serves: how large it is, what is in it, and that it serves as nobody on a read-only root."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from bundle.repository import list_versions
from scripts.images.base import BASE
from scripts.images.containers import NOBODY, Container, Volume, run_container
from scripts.images.findings import Findings
from scripts.images.store import Store

IMAGE = "localhost/seriesmith:check"
LARGEST = 450.0
"""MB that our layers may add to the base."""

LABELS = {f"org.opencontainers.image.{name}" for name in ("title", "licenses", "version", "revision")}
COMPILERS = ("gcc", "cc", "g++", "clang", "make", "cargo")
ENVIRONMENT = "app/.venv"
BENTO = "home/bentoml/bento"
ANONYMOUS = {"SERIESMITH_ALLOW_ANONYMOUS": "true"}
"""Nobody else is in the network of the check."""

CALLS = (sys.executable, "-m", "scripts.images.calls")


def build_serving(store: Store, findings: Findings) -> None:
    """Make the image of the latest bento by `make image`, as anybody would."""
    seconds = store.make("image", IMAGE, f"--opt build-arg=BASE_IMAGE={BASE} --opt pull-never")
    findings.note("built in", f"{seconds:.0f} s")
    size = store.measure(IMAGE) - store.measure(BASE)
    findings.note("beyond its base", f"{size:.0f} MB")
    findings.claim(f"at most {LARGEST:.0f} MB beyond its base", size <= LARGEST, f"{size:.0f} MB")


def inspect(root: Path, configuration: Mapping[str, Any], findings: Findings) -> None:
    """Look at what the image is and holds, without running it."""
    user = configuration["User"].partition(":")[0]
    findings.claim("its user is a number other than 0", user.isdigit() and user != "0", user)
    ports = sorted(configuration["ExposedPorts"])
    findings.claim("both ports are exposed", ports == ["3000/tcp", "3001/tcp"], ports)
    findings.claim("it has a health check", bool(configuration.get("Healthcheck")))
    missing = LABELS - {name for name, value in configuration["Labels"].items() if value}
    findings.claim("it says title, licence, version and revision", not missing, missing)
    inspect_packages(root, findings)
    left = [name for name in COMPILERS for bin in ("usr/bin", "usr/local/bin") if (root / bin / name).exists()]
    findings.claim("no compiler is left", not left, left)
    cached = [str(path) for path in (*root.glob("root/.cache/*"), *root.glob(f"{ENVIRONMENT}/bin/pip*"))]
    findings.claim("no cache and no pip are left", not cached, cached)


def inspect_packages(root: Path, findings: Findings) -> None:
    """Compare the packages that are there with the SBOM and the pins, and look for bytecode."""
    packages = next(root.glob(f"{ENVIRONMENT}/lib/python3*/site-packages"))
    compare_with_sbom(packages, root / BENTO / "src/build/sbom.cdx.json", findings)
    direct = list(packages.glob("*.dist-info/direct_url.json"))
    findings.claim("none came from a file or an address", not direct, direct)
    folders = (packages, root / BENTO / "src")
    without = [file for folder in folders for file in folder.rglob("*.py") if not find_bytecode(file)]
    findings.claim("bytecode of every module is there", not without, without[:3])


def compare_with_sbom(packages: Path, sbom: Path, findings: Findings, which: str = "") -> None:
    """Compare the packages of an environment with its SBOM."""
    installed = dict(read_package(folder) for folder in packages.glob("*.dist-info"))
    listed = {normalise(each["name"]): each["version"] for each in json.loads(sbom.read_text())["components"]}
    said = f"{which}the SBOM lists the {len(installed)} packages"
    findings.claim(said, installed == listed, installed.items() ^ listed.items())


def read_package(folder: Path) -> tuple[str, str]:
    """Return name and version of a .dist-info folder."""
    name, version = folder.name.removesuffix(".dist-info").rsplit("-", 1)
    return normalise(name), version


def normalise(name: str) -> str:
    """A package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def find_bytecode(source: Path) -> Path | None:
    """Return the compiled form of a module."""
    return next((source.parent / "__pycache__").glob(f"{source.stem}.*.pyc"), None)


def check_serving(store: Store, findings: Findings, models: Path) -> None:
    """Look at the image, run it with the bundles that are in it, and with those of `models`, mounted read-only."""
    configuration = store.describe(IMAGE)
    with store.unpack(IMAGE) as root:
        inspect(root, configuration, findings)
        run_baked(root, configuration, store.folder / "baked.log", findings)
        run_mounted(root, configuration, store.folder / "mounted.log", findings, models)


def run_baked(root: Path, configuration: Mapping[str, Any], log: Path, findings: Findings) -> None:
    """Run the image as it is, and end it while it answers."""
    served = name_bundles(root / BENTO / "src/models")
    with run_container(root, configuration, log, environment=ANONYMOUS) as container:
        if not claim_calls(container, findings, "ready", served):
            return
        findings.note("ready after", f"{time.monotonic() - container.started:.1f} s")
        claim_confinement(container, findings)
        claim_calls(container, findings, "models,sample,health,infer", served)
        probe = container.execute(configuration, *configuration["Healthcheck"]["Test"][1:])
        findings.claim("its health check passes", probe.returncode == 0, probe.stderr[-500:])
        findings.note("written to /tmp", f"{measure_folder(Path(f'/proc/{container.pid}/root/tmp')) / 1e6:.1f} MB")
        claim_draining(container, findings, served)


def run_mounted(root: Path, configuration: Mapping[str, Any], log: Path, findings: Findings, models: Path) -> None:
    """Run the image with another repository than its own."""
    with serve_mounted(root, configuration, log, models) as container:
        if claim_calls(container, findings, "ready,models,sample", name_bundles(models), "mounted models: "):
            findings.claim("mounted models: it ends with 0", (code := container.end()) == 0, code)


def serve_mounted(
    root: Path, configuration: Mapping[str, Any], log: Path, models: Path
) -> AbstractContextManager[Container]:
    """Start the image with the repository `models`, mounted read-only."""
    environment = ANONYMOUS | {"SERIESMITH_MODELS": "/models", "SERIESMITH_DRAIN_SECONDS": "0"}
    return run_container(root, configuration, log, environment=environment, volumes=(Volume(models, "/models"),))


def measure_folder(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file())


def name_bundles(models: Path) -> str:
    """The newest version of each model of a repository: "basicmotions/1,gunpoint/1"."""
    return ",".join(f"{name}/{versions[-1]}" for name, versions in sorted(list_versions(models).items()))


def claim_confinement(container: Container, findings: Findings) -> None:
    """Ask Linux what the process may do."""
    status = container.read_status()
    findings.claim("it runs as nobody", set(status["Uid"].split()) == {str(NOBODY)}, status["Uid"])
    findings.claim("it is process 1", status["NSpid"].split()[-1] == "1", status["NSpid"])
    capabilities = {status[name].strip("0") for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}
    findings.claim("it has no capability, and gets none", capabilities == {""} and status["NoNewPrivs"] == "1", status)
    mounts = Path(f"/proc/{container.pid}/mountinfo").read_text().splitlines()
    root = next(line.split() for line in reversed(mounts) if line.split()[4] == "/")
    findings.claim("its root is read-only", root[5].split(",")[0] == "ro", root)


def claim_calls(container: Container, findings: Findings, names: str, served: str, prefix: str = "") -> bool:
    """Have scripts/images/calls.py make the calls from inside the container's network; return whether all went well."""
    done = container.call(*CALLS, names, served)
    for line in done.stdout.splitlines():
        findings.claim(prefix + json.loads(line), True)
    if done.returncode:
        log = container.log.read_text(errors="replace")
        findings.claim(f"{prefix}{names}", False, f"{done.stderr[-2000:]}\nThe server's log:\n{log[-2000:]}")
    return done.returncode == 0


def claim_draining(container: Container, findings: Findings, served: str) -> None:
    """Send SIGTERM while an answer streams."""
    command = ["nsenter", "--target", str(container.pid), "--net", *CALLS, "drain", served]
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as calls:
        assert calls.stdout is not None
        streaming = calls.stdout.readline()
        began = time.monotonic()
        code = container.end()
        said, failed = calls.communicate(timeout=60)
    findings.note("ends after SIGTERM in", f"{time.monotonic() - began:.1f} s")
    findings.claim("it ends with 0", code == 0, code)
    claim = json.loads(said) if said else "an answer that streams is finished"
    findings.claim(claim, bool(streaming) and calls.returncode == 0, failed[-1000:])
