"""Writes every pin: constraints.txt for all extras together, and with hashes what serving installs: `make lock`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Where the service runs. Elsewhere the same pins hold; what only another platform needs stays unpinned there.
PLATFORM = ["--python-platform", "x86_64-manylinux_2_28"]
TARGET = ["--python-version", "3.11", *PLATFORM]
OTHERS = ("3.12", "3.13")
"""Pythons on which the same pins have to hold."""

STYLE = ["--no-annotate", "--quiet", "--custom-compile-command", "make lock"]


def main(flags: list[str]) -> None:
    """`flags` go to the resolver of constraints.txt; `--upgrade` forgets the pins that are there."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        programs = Path(folder) / "bin"
        # uv reads a wheel's metadata without the wheel: CUDA resolves in seconds instead of gigabytes.
        subprocess.run([programs / "python", "-m", "pip", "install", "--quiet", "uv"], check=True)
        resolve: list[str | Path] = [programs / "uv", "pip", "compile", "pyproject.toml", *TARGET, *STYLE]
        write("constraints.txt", [*resolve, "--all-extras", *flags])
        # Hashes only where nothing differs between indexes: torch's builds do, and serving has no torch.
        pinned: list[str | Path] = [*resolve, "--constraint", "constraints.txt", "--upgrade", "--generate-hashes"]
        write("requirements-serving.txt", [*pinned, "--extra", "cpu"])
        write("requirements-serving-gpu.txt", [*pinned, "--extra", "gpu"])
        for version in OTHERS:
            require_resolved(programs / "uv", version)


def require_resolved(uv: Path, version: str) -> None:
    """Resolve the pins for another Python; what serves has to come as wheels. Raises `CalledProcessError`."""
    compile_for: list[str | Path] = [uv, "pip", "compile", "--quiet", "--no-header", *PLATFORM]
    for what in (
        ["pyproject.toml", "--all-extras", "--constraint", "constraints.txt"],
        ["requirements-serving.txt", "--only-binary", ":all:"],
        ["requirements-serving-gpu.txt", "--only-binary", ":all:"],
    ):
        command = [*compile_for, "--python-version", version, *what]
        subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    print(f"the pins hold on Python {version}")


def write(name: str, command: list[str | Path]) -> None:
    """Resolve into the file. Exits when a pin would hold on some machines only."""
    subprocess.run([*command, "--output-file", name], check=True, cwd=ROOT)
    lines = [line.strip().removesuffix(" \\") for line in (ROOT / name).read_text().splitlines()]
    pins = [line for line in lines if not line.startswith(("#", "--hash="))]
    if local := [line for line in pins if "+" in line or "@" in line or line.startswith("-")]:
        sys.exit(f"{name} would name what only some indexes have: {', '.join(local)}. Resolve with the public index.")


if __name__ == "__main__":
    main(sys.argv[1:])
