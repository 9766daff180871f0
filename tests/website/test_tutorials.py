"""Each tutorial runs, with real fits and real servers, and prints what it says.

`python -m tests.website.test_tutorials [NAME …]` stores what they print and draw now.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import nbformat
import pytest

from tests.website.notebooks import TUTORIALS, check_outputs, check_text, read_notebook, run_notebook

FITTING = ("scientist", "student")
"""Tutorials that fit, which takes a minute or more."""


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.long) for name in FITTING] + ["operator"])
def test_a_tutorial_prints_what_it_says(name: str, tmp_path: Path) -> None:
    stored = read_notebook(TUTORIALS / f"{name}.ipynb")
    assert any(cell.cell_type == "code" and cell.outputs for cell in stored.cells)
    check_outputs(stored, run_notebook(stored, tmp_path))


def test_every_tutorial_is_run() -> None:
    assert {file.stem for file in TUTORIALS.glob("*.ipynb")} == {*FITTING, "operator"}


@pytest.mark.parametrize(
    ("came", "varies"), [("7 of 9", False), ("6 of 10 in 3 s", True), ("6 of 9 and more", True), ("6 of", True)]
)
def test_another_output_is_noticed(came: str, varies: bool) -> None:
    with pytest.raises(AssertionError):
        check_text("6 of 9", came, varies)


def store_outputs(file: Path) -> None:
    """Run a notebook, and store what it prints and draws."""
    with tempfile.TemporaryDirectory() as folder:
        nbformat.write(run_notebook(read_notebook(file), Path(folder)), file)


if __name__ == "__main__":
    for name in sys.argv[1:] or [*FITTING, "operator"]:
        store_outputs(TUTORIALS / f"{name}.ipynb")
