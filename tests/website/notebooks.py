"""Runs a notebook in a kernel of its own, and compares what it prints with what is stored in it."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from scripts.website.notebooks import read_text
from tests.service.server import ROOT

TUTORIALS = ROOT / "docs" / "tutorials"
NUMBER = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)(?:e-?\d+)?")
VARIES = "varies"
"""The tag of a cell whose numbers depend on the machine: they are not compared."""
NEEDS = "needs-"
"""What the tag of a cell begins with that runs where a command is installed, and is left out elsewhere."""


def read_notebook(file: Path) -> NotebookNode:
    """Read a notebook, without the cells that cannot run here."""
    notebook: NotebookNode = nbformat.read(file, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if all(map(shutil.which, list_needs(cell)))]
    return notebook


def list_tags(cell: NotebookNode) -> list[str]:
    """Return the tags of a cell."""
    return list(cell.metadata.get("tags", []))


def list_needs(cell: NotebookNode) -> list[str]:
    """Return the commands that a cell needs."""
    return [tag.removeprefix(NEEDS) for tag in list_tags(cell) if tag.startswith(NEEDS)]


def run_notebook(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run a notebook as Jupyter does, from where it lies; `folder` is for what is written. A cell that fails raises."""
    ran: NotebookNode = nbformat.from_dict(notebook)
    resources = {"metadata": {"path": str(TUTORIALS)}}
    client = NotebookClient(ran, timeout=900, kernel_name="python3", resources=resources, coalesce_streams=True)
    # Sockets of the file system, whose paths must be short: nobody else can reach the kernel.
    with tempfile.TemporaryDirectory() as sockets:
        manager = client.create_kernel_manager()
        manager.transport, manager.ip = "ipc", f"{sockets}/kernel"
        client.execute(env=make_environment(folder))
    for cell in ran.cells:
        cell.metadata.pop("execution", None)
    return ran


def make_environment(folder: Path) -> dict[str, str]:
    """Return the environment of a kernel that has this checkout and its commands, and no setting of anybody else's."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SERIESMITH_", "BENTOML_"))}
    return inherited | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "client")]),
        "BENTOML_DO_NOT_TRACK": "True",
        "IPYTHONDIR": str(folder / "ipython"),
        "TMPDIR": str(folder),
        "OMP_NUM_THREADS": "1",
    }


def check_outputs(stored: NotebookNode, ran: NotebookNode) -> None:
    """Fail where a run prints something else than is stored, draws what is not, or not what is, or warns."""
    for before, after in zip(stored.cells, ran.cells, strict=True):
        if before.cell_type != "code":
            continue
        assert not [one for one in after.outputs if one.get("name") == "stderr"], after.outputs
        pictures = [sum("image/png" in one.get("data", {}) for one in cell.outputs) for cell in (before, after)]
        assert pictures[0] == pictures[1], before.source
        check_text(_join(before), _join(after), VARIES in list_tags(before))


def _join(cell: NotebookNode) -> str:
    return "\n".join(filter(None, map(read_text, cell.outputs)))


def check_text(stored: str, came: str, varies: bool) -> None:
    """Fail where the words differ, or a number by more than 2 % and .02, unless the numbers vary."""
    assert _mask(came) == _mask(stored)
    if not varies:
        numbers = [[float(number) for number in NUMBER.findall(text)] for text in (came, stored)]
        assert numbers[0] == pytest.approx(numbers[1], rel=0.02, abs=0.02)


def _mask(text: str) -> str:
    return " ".join(NUMBER.sub("#", text).split())
