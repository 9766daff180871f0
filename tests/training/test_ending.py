"""A fit that cannot go on ends in one sentence, with an exit status, and publishes nothing."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.service.server import wait_until
from tests.training.test_fit import BRIEF, make_brief
from tests.training.test_resuming import count_finished_loops, kill, start
from training import fit as door
from training.configuration import FitConfiguration
from training.ending import explain
from training.fit import main
from training.learning.augmenting import fit_generator
from training.learning.cases import TrainingCases
from training.learning.loop import TrainingError
from training.learning.run import start_fabric
from training.learning.watcher import Cancelled
from training.publishing.aside import Withheld


def refuse(models: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The sentence with which a fit ends that must not publish."""
    assert main(["--dataset=sines", "--models", str(models), *BRIEF, *arguments]) == 2
    assert not list(models.rglob("manifest.json")) if models.is_dir() else True
    (sentence,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("fit.py: ")]
    return sentence


def has_members(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)])
def test_a_signal_ends_a_fit_in_one_line_with_its_status_and_its_workers(number: int, tmp_path: Path) -> None:
    fit = start(tmp_path, "--workers=2", "--vae.steps=100000")
    wait_until(lambda: count_finished_loops(tmp_path) >= 1 or fit.poll() is not None, 120, "a finished training loop")
    _, words = kill(fit, number)
    assert fit.returncode == 128 + number, words
    assert "nothing was published" in words and "Traceback" not in words
    assert [entry.name for entry in tmp_path.iterdir()] == [".fits"]
    wait_until(lambda: not has_members(fit.pid), 10, "the end of all that worked for the fit")


def test_a_loss_that_is_no_number_ends_training_and_says_what_to_do(
    cases: TrainingCases, settings: FitConfiguration
) -> None:
    with pytest.raises(TrainingError, match=r"no finite number. Set a lower --vae.learning-rate \(it is 1e\+30\)"):
        fit_generator(start_fabric(settings), cases, replace(settings, vae=replace(settings.vae, learning_rate=1e30)))


def test_a_fit_that_went_astray_keeps_no_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--vae.learning-rate" in refuse(tmp_path, capsys, "--vae.learning-rate=1e30")
    assert not list(tmp_path.iterdir())


def test_a_repository_that_cannot_be_one_is_refused_before_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert "Not a directory" in refuse(tmp_path / "file" / "models", capsys)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_ends_a_fit_in_a_sentence_and_leaves_no_half_bundle(
    small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = refuse(small_disk, capsys)
    assert "No space left on device" in sentence and "No version was added" in sentence
    assert not list(small_disk.rglob(".tmp-*"))


def test_a_read_only_repository_is_refused_before_training(
    small_disk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    monkeypatch.setattr(door, "fit", lambda *_: pytest.fail("trained"))
    sentence = refuse(small_disk, capsys)
    assert "Read-only file system" in sentence and "--models or SERIESMITH_MODELS" in sentence


def test_a_folder_for_reports_that_takes_none_costs_the_report_and_not_the_bundle(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "small.npz", X=np.random.default_rng(0).normal(size=(12, 1, 16)))
    (tmp_path / "reports").write_text("a file stands where the folder should")
    directory = door.fit_and_publish(make_brief(data=tmp_path / "small.npz", models=tmp_path / "m", report=True))
    assert directory is not None and (directory / "manifest.json").exists()
    assert "not written" in capsys.readouterr().out


def test_a_bug_in_the_report_costs_the_report_and_is_logged_whole(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    np.savez(tmp_path / "small.npz", X=np.random.default_rng(0).normal(size=(12, 1, 16)))
    monkeypatch.setattr(door, "write_report", lambda *_: max([]))
    arguments = ["--data", str(tmp_path / "small.npz"), "--models", str(tmp_path / "m"), *BRIEF, "--report"]
    assert main([*arguments, "--policy=none"]) == 0
    assert "not written: max()" in capsys.readouterr().out and "Traceback" in caplog.text


@pytest.mark.parametrize(
    ("error", "words", "status"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "Free some space", 2),
        (PermissionError(errno.EACCES, "Permission denied", "/models"), "/models: Permission denied", 2),
        (MemoryError(), "memory ran out", 2),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "memory ran out", 2),
        (BrokenProcessPool("killed"), "fewer --workers", 2),
        (KeyboardInterrupt(), "stopped by SIGINT", 130),
        (KeyboardInterrupt(signal.SIGTERM), "stopped by SIGTERM", 143),
        (Withheld("pumps", ["it is worse."], Path("aside/1")), "pumps is not published: it is worse. What was in", 3),
        (Cancelled("by the user"), "cancelled (by the user); nothing was published", 130),
    ],
)
def test_what_the_machine_brings_about_is_said_in_a_sentence(error: BaseException, words: str, status: int) -> None:
    ending = explain(error)
    assert ending is not None and words in ending.reason and ending.status == status


def test_a_bug_keeps_its_traceback() -> None:
    assert explain(RuntimeError("a bug")) is None and explain(ValueError("a bug")) is None
