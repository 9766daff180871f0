"""docs/latent-space.md runs: its code, against the shipped bundles, prints what it says; and its picture is drawn.

`python -m tests.test_latent_space` writes what the code prints now into the page.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bundle.repository import SHIPPED
from tests.service.server import ROOT, run_server
from tests.test_readme import NUMBER
from training.walk import main

PAGE = ROOT / "docs" / "latent-space.md"
MARK = "print('@')\n"


def run_page(url: str, text: str) -> list[str]:
    """What each example of the page prints."""
    blocks = [part.partition("```\n")[0] for part in text.split("```python\n")[1:]]
    code = MARK.join(blocks).replace("http://localhost:3000", url)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.split("@\n")


def write_page(text: str, printed: list[str]) -> str:
    """The page with what its examples print."""
    first, *rest = text.split("```text\n")
    pairs = zip(printed, (part.partition("```\n")[2] for part in rest), strict=True)
    return first + "".join(f"```text\n{said}```\n{behind}" for said, behind in pairs)


def test_every_example_prints_what_the_page_says(tmp_path: Path) -> None:
    text = PAGE.read_text()
    with run_server(tmp_path, SHIPPED) as running:
        now = write_page(text, run_page(running.url, text))
    assert NUMBER.sub("#", now) == NUMBER.sub("#", text)
    numbers = [[float(number) for number in NUMBER.findall(page)] for page in (now, text)]
    assert numbers[0] == pytest.approx(numbers[1], rel=0.05, abs=0.05)


def test_the_picture_is_drawn_and_a_bundle_that_cannot_be_is_refused(tmp_path: Path, plain_repository: Path) -> None:
    out = tmp_path / "pictures" / "walk.png"
    asked = ["--bundle", str(SHIPPED / "basicmotions" / "1"), "--out", str(out), "--steps", "3", "--channel", "5"]
    assert main(asked) == 0 and out.read_bytes()[:4] == b"\x89PNG"
    for bundle in ("judge", "autoencoder"):
        assert main(["--bundle", str(plain_repository / bundle / "1"), "--out", str(out)]) == 2
    assert main([*asked[:-1], "6"]) == 2


if __name__ == "__main__":
    text = PAGE.read_text()
    with tempfile.TemporaryDirectory() as folder, run_server(Path(folder), SHIPPED) as running:
        PAGE.write_text(write_page(text, run_page(running.url, text)))
