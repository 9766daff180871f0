"""Builds the images here, runs and calls them, and prints a table: `make image-check`.

python -m scripts.images [--training]
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from scripts.images.base import make_base
from scripts.images.findings import Findings
from scripts.images.serving import build_serving, check_serving
from scripts.images.store import Store
from scripts.images.training import build_training, check_training

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build/image-check"
PROGRAMS = {
    "buildah": "buildah",
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "unshare": "util-linux",
}
"""What the check needs, and the Debian package that has it."""


def require_programs() -> None:
    """Raise `SystemExit` that says what is missing."""
    if missing := {package for program, package in PROGRAMS.items() if shutil.which(program) is None}:
        raise SystemExit(
            f"image-check builds and runs without a container engine, and needs for it: {', '.join(sorted(missing))}. "
            f"On Debian: apt install {' '.join(sorted(missing))}. With an engine, `make bento image` makes the image."
        )
    if os.geteuid() != 0:
        raise SystemExit("image-check mounts file systems and changes users, so it has to run as root.")


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m scripts.images", description=__doc__)
    parser.add_argument("--training", action="store_true", help="the training image too: build it, fit, serve the fit")
    asked = parser.parse_args()
    require_programs()
    os.chdir(ROOT)
    store, findings = Store.open(FOLDER), Findings()
    make_base(store)
    build_serving(store, findings)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # nobody reads it
        models = Path(folder) / "models"
        shutil.copytree(ROOT / "models/gunpoint", models / "gunpoint")
        check_serving(store, findings, models)
        if asked.training:
            models.chmod(0o777)  # nobody writes to it
            build_training(store, findings)
            check_training(store, findings, models)
    print(findings.describe())
    return 0 if findings.passed else 1


if __name__ == "__main__":
    sys.exit(main())
