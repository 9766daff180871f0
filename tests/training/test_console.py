"""`seriesmith` runs the commands of training/, and `python training/<command>.py` is the same."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from training.console import COMMANDS, main, works_alone

ROOT = Path(__file__).resolve().parents[2]


def test_the_installed_script_is_this_console() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    module, function = scripts["seriesmith"].split(":")
    assert getattr(importlib.import_module(module), function) is main


def test_help_lists_every_command_in_a_line_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from training.console import main; main(['--help']);"
        "assert not {'torch', 'tyro', 'numpy', 'aeon'} & set(sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    lines = [line.split()[0] for line in ended.stdout.splitlines() if line.startswith("  ")]
    assert lines == list(COMMANDS)


def test_a_command_that_there_is_not_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fitt"]) == 2
    assert capsys.readouterr().err == f"seriesmith has no command 'fitt'; it has: {', '.join(COMMANDS)}.\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_its_name_in_its_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0 and f"usage: seriesmith {command}" in capsys.readouterr().out


def test_a_notebooks_backend_of_matplotlib_is_not_needed() -> None:
    code = "from training.console import run_command\ntry: run_command('models', ['--help'], '')\nexcept SystemExit: "
    code += "import matplotlib.pyplot as plt; print(plt.figure().canvas)"
    elsewhere = os.environ | {"MPLBACKEND": "module://of_a_notebook.backend"}
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=elsewhere, capture_output=True, text=True)
    assert ended.returncode == 0 and "FigureCanvasAgg" in ended.stdout, ended.stderr


def test_a_command_whose_library_is_not_installed_names_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(COMMANDS, "absent", "")

    def fail(_: str) -> None:
        raise ModuleNotFoundError(name="torch")

    monkeypatch.setattr("training.console.importlib.import_module", fail)
    assert main(["absent"]) == 2
    assert "needs torch, which is not installed here: pip install -e" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_script_without_the_project_installed_says_how_to_install_it(command: str, tmp_path: Path) -> None:
    script = [sys.executable, "-E", "-S", str(ROOT / "training" / f"{command}.py")]  # nothing is installed for it
    ended = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 2 and ended.stderr.startswith(f"{command}.py: install the project first")
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "alone"),
    [
        ("--dataset GunPoint --workers=1", True),
        ("--workers 1 --dataset GunPoint", True),
        ("--help", True),
        ("--dataset GunPoint", False),
        ("--workers=16", False),
        ("--name 1 --workers 2", False),
    ],
)
def test_a_command_of_one_worker_starts_no_process_beside_its_own(line: str, alone: bool) -> None:
    assert works_alone(line.split()) is alone
