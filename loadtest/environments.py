"""An environment per folder with a `requirements.txt`, made when it is first needed: `.venv-bench/<name>`.

`python -m loadtest.environments loadtest/peers/mosec …` makes them and prints where they are.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

from loadtest.peers.graph import ROOT
from loadtest.server import NotRun

ENVIRONMENTS = ROOT / ".venv-bench"
PINS = ROOT / "constraints.txt"


def install_environment(folder: Path) -> Path:
    """The `bin` of the environment that the folder asks for. Raises `NotRun` when it cannot be installed."""
    place = ENVIRONMENTS / folder.name
    stamp = place / ".made-for"
    wanted = _compute_fingerprint(folder)
    if not stamp.is_file() or stamp.read_text() != wanted:
        shutil.rmtree(place, ignore_errors=True)
        print(f"making {place.relative_to(ROOT)} …", file=sys.stderr, flush=True)
        _run([sys.executable, "-m", "venv", str(place)])
        pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "--requirement", str(folder / "requirements.txt")])
        stamp.write_text(wanted)
    return place / "bin"


def read_versions(folder: Path) -> dict[str, str]:
    """Of the packages that its `requirements.txt` names, as installed."""
    python = ENVIRONMENTS / folder.name / "bin" / "python"
    listed = subprocess.run([python, "-m", "pip", "list", "--format", "json"], capture_output=True, text=True)
    installed = {package["name"].lower(): package["version"] for package in json.loads(listed.stdout or "[]")}
    lines = (folder / "requirements.txt").read_text().split("\n")
    names = [line.split("==")[0].lower() for line in lines if line and not line.startswith("-")]
    return {name: installed[name] for name in names if name in installed}


def _compute_fingerprint(folder: Path) -> str:
    sources = (folder / "requirements.txt").read_bytes() + PINS.read_bytes() + sys.version.encode()
    return hashlib.sha256(sources).hexdigest()


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no word why"]
        raise NotRun(f"its environment could not be made: {lines[-1][:300]}")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(install_environment(Path(name).resolve()))
