"""`make image-check` says what it lacks, and lets a build read the package indexes that this machine reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from scripts.images.findings import Findings
from scripts.images.pip_settings import list_local_paths, read_pip_settings
from scripts.images.serving import read_package

ROOT = Path(__file__).resolve().parents[2]


def test_it_names_the_packages_that_it_needs_and_the_way_without() -> None:
    command = [sys.executable, "-m", "scripts.images"]
    environment = os.environ | {"PATH": "/nowhere", "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ended.returncode == 1
    assert "apt install buildah debootstrap" in ended.stderr and "`make bento image`" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_build_gets_the_settings_of_pip_and_the_files_that_they_name(tmp_path: Path) -> None:
    index, certificate, absent = tmp_path / "index/simple", tmp_path / "ca.crt", tmp_path / "absent"
    index.mkdir(parents=True)
    certificate.touch()
    environment = {"PIP_CERT": str(certificate), "PIP_EXTRA_INDEX_URL": f"file://{index}", "PIP_CACHE_DIR": str(absent)}
    code = "from scripts.images.pip_settings import *; print(read_pip_settings())"
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=True
    ).stdout
    assert f"'cert': '{certificate}'" in printed and f"'extra-index-url': 'file://{index}'" in printed
    settings = {"cert": str(certificate), "extra-index-url": f"file://{index}", "cache-dir": str(absent), "quiet": "1"}
    assert list_local_paths(settings) == sorted([str(certificate), str(index.parent)])
    assert read_pip_settings().get("cert") != str(certificate)


def test_a_claim_that_fails_fails_the_check_and_says_why() -> None:
    findings = Findings()
    findings.note("size", "402 MB")
    findings.claim("it is small", True)
    assert findings.passed
    findings.claim("it ends with 0", False, "it ended with 137")
    assert not findings.passed
    assert findings.describe().splitlines()[-2:] == ["it ends with 0  FAILS: it ended with 137", "1 of 2 claims hold"]


def test_packages_are_compared_by_their_normal_names() -> None:
    assert read_package(Path("a/Flask_Thing.x-1.0.post1.dist-info")) == ("flask-thing-x", "1.0.post1")
