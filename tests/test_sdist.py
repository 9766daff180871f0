"""What a source distribution holds: all that `make serve` and `make studio` need."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NEEDED = ("bundle", "service", "studio", "training", "models", "client", "deploy", "scripts")
BUILD = "from setuptools.build_meta import build_sdist; print(build_sdist('dist'))"


def test_a_source_distribution_holds_every_file_of_the_rooms_that_serve(tmp_path: Path) -> None:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listing.returncode:
        pytest.skip("this is no git checkout, so that nothing says which files belong to it")
    tracked = [Path(name) for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]
    for file in tracked:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / file, tmp_path / file)
    built = subprocess.run([sys.executable, "-c", BUILD], cwd=tmp_path, capture_output=True, text=True, check=True)
    with tarfile.open(tmp_path / "dist" / built.stdout.split()[-1]) as archive:
        held = {Path(*Path(name).parts[1:]) for name in archive.getnames()}
    wanted = {file for file in tracked if file.parts[0] in NEEDED or len(file.parts) == 1}
    missing = sorted(str(file) for file in wanted - held)
    assert missing == [".gitignore", "DEVELOPERS.md"]
