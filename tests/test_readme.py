"""The README runs: its code, against a live server of the shipped bundles, prints what it says.

`python -m tests.test_readme` writes what the code prints now into the README.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bundle.repository import SHIPPED
from service.operations import OPERATIONS
from tests.service.server import ROOT, Server, run_server

README = ROOT / "README.md"
EXAMPLE = re.compile(r"```(bash|python)\n(.*?)```\n```text\n(.*?)\n```", re.DOTALL)
NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def run_examples(url: str) -> list[str]:
    """What each example prints; those in Python share their names, as in one session."""
    outputs, session = [], ""
    for language, code, _ in EXAMPLE.findall(README.read_text()):
        code = code.replace("http://localhost:3000", url).replace("localhost:3000", url)
        if language == "bash":
            command = ["bash", "-c", code]
            outputs.append(_run(command))
        else:
            before, session = (_run([sys.executable, "-c", session]) if session else ""), session + code
            outputs.append(_run([sys.executable, "-c", session]).removeprefix(before).strip("\n"))
    return outputs


def _run(command: list[str]) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip("\n")


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with run_server(tmp_path_factory.mktemp("readme"), SHIPPED) as running:
        yield running


def test_every_example_prints_what_the_readme_says(shipped: Server) -> None:
    said = [output for _, _, output in EXAMPLE.findall(README.read_text())]
    came = run_examples(shipped.url)
    assert len(said) >= 3
    for expected, actual in zip(said, came, strict=True):
        assert NUMBER.sub("#", actual) == NUMBER.sub("#", expected)
        numbers = [[float(number) for number in NUMBER.findall(text)] for text in (actual, expected)]
        assert numbers[0] == pytest.approx(numbers[1], rel=0.02, abs=0.02)


def test_the_protocols_example_runs(shipped: Server) -> None:
    text = (ROOT / "service" / "inference" / "README.md").read_text()
    code = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(code) == 1
    printed_there = _run([sys.executable, "-c", code[0].replace("localhost:3000", shipped.url.split("//")[1])])
    assert re.fullmatch(r"\[\[\S+ +\S+ ?\]\]", printed_there)


def test_it_is_short_and_names_every_endpoint() -> None:
    text = README.read_text()
    assert text.count("\n") <= 200
    assert all(f"/{name}" in text for name in OPERATIONS)
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert links and all((ROOT / link).exists() for link in links)


@contextmanager
def _temporary_server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder, run_server(Path(folder), SHIPPED) as running:
        yield running


if __name__ == "__main__":
    with _temporary_server() as running:
        outputs = iter(run_examples(running.url))
    README.write_text(
        EXAMPLE.sub(lambda found: f"```{found[1]}\n{found[2]}```\n```text\n{next(outputs)}\n```", README.read_text())
    )
