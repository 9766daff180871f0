"""A fit that was killed goes on where it stopped, to the same bundle, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bundle.manifest import read_manifest
from tests.conftest import take_steps
from tests.service.server import wait_until
from tests.training.test_fit import BRIEF, FIT, make_brief
from training.configuration import FitConfiguration
from training.fit import fit_and_publish
from training.learning import checkpoints
from training.learning.augmenting import fit_generator
from training.learning.cases import TrainingCases
from training.learning.generator import Generator
from training.learning.run import start_fabric

WITHOUT_FOLDS = make_brief(dataset="sines")
FLAGS = [*BRIEF, "--dataset=sines"]


class Killed(BaseException):
    """Stands for SIGKILL where a process of its own would take too long."""


def start(models: Path, *arguments: str) -> subprocess.Popen[str]:
    """A fit of the sines, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, str(FIT), "--models", str(models), *FLAGS, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def kill(fit: subprocess.Popen[str], number: int = signal.SIGKILL) -> tuple[str, str]:
    """Signal the whole group; what it wrote."""
    os.killpg(fit.pid, number)
    return fit.communicate(timeout=120)


def count_finished_loops(models: Path) -> int:
    return len(list(models.glob(f"{checkpoints.FOLDER}/*/*.done")))


def compute_hashes(directory: Path | None) -> dict[str, str]:
    """Of everything but the manifest, which holds how long the fit took."""
    assert directory is not None
    manifest = read_manifest((directory / "manifest.json").read_bytes())
    arrays = {card.file: card.sha256 for card in (manifest.mixture, manifest.probe, manifest.weights) if card}
    return {str(name): graph.sha256 for name, graph in manifest.graphs.items()} | arrays


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The hashes of a fit that nobody disturbed."""
    return compute_hashes(fit_and_publish(replace(WITHOUT_FOLDS, models=tmp_path_factory.mktemp("undisturbed"))))


@pytest.mark.long
def test_a_killed_fit_goes_on_to_the_same_bundle_and_leaves_nothing(
    undisturbed: dict[str, str], tmp_path: Path
) -> None:
    fit = start(tmp_path)
    wait_until(
        lambda: count_finished_loops(tmp_path) >= 2 or fit.poll() is not None, 120, "two finished training loops"
    )
    kill(fit)
    assert fit.returncode == -signal.SIGKILL
    assert count_finished_loops(tmp_path) >= 2 and not (tmp_path / "sines").exists()
    again = start(tmp_path)
    _, words = again.communicate(timeout=300)
    assert again.returncode == 0, words
    assert "going on with the fit that was stopped" in words
    assert compute_hashes(tmp_path / "sines" / "1") == undisturbed
    assert [entry.name for entry in tmp_path.iterdir()] == ["sines"]


def collect_weights(generator: Generator) -> dict[str, torch.Tensor]:
    """Of all networks of a generator."""
    assert generator.classifier is not None
    parts = (generator.vae, generator.texture, generator.classifier)
    return {f"{number}.{key}": value for number, part in enumerate(parts) for key, value in part.state_dict().items()}


@pytest.fixture
def kept(tmp_path: Path, settings: FitConfiguration) -> FitConfiguration:
    """Few steps, and a folder for checkpoints."""
    return replace(settings, **take_steps(30, 20, 25, euler_steps=4), checkpoints=tmp_path / "checkpoints")


def test_what_takes_long_to_write_is_written_less_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def write_slowly(file: Path, state: checkpoints.State) -> bool:
        nonlocal now
        now += 0.3
        return True

    monkeypatch.setattr(checkpoints, "_write", write_slowly)
    monkeypatch.setattr(time, "monotonic", lambda: now)
    checkpoint = checkpoints.LoopCheckpoint(tmp_path, "loop")
    due: list[float] = []
    while now < 120:
        now += 1
        if checkpoint.is_due:
            due.append(now)
            checkpoint.keep({})
    assert due[0] == checkpoints.SECONDS
    assert len(due) == 4 and min(np.diff(due)) >= 30, "0.3 s are a hundredth of 30"


def test_a_loop_goes_on_from_any_of_its_states_to_the_same_weights_and_losses(
    cases: TrainingCases, kept: FitConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fit_generator(start_fabric(kept), cases, replace(kept, checkpoints=None))
    monkeypatch.setattr(checkpoints, "SECONDS", 0.0)
    monkeypatch.setattr(checkpoints, "MOST_SHARE", float("inf"))
    keep, n_states = checkpoints.LoopCheckpoint.keep, 0

    def keep_and_die(self: checkpoints.LoopCheckpoint, state: checkpoints.State) -> None:
        nonlocal n_states
        keep(self, state)
        n_states += 1
        if n_states % 7 == 0:
            raise Killed

    monkeypatch.setattr(checkpoints.LoopCheckpoint, "keep", keep_and_die)
    for deaths in range(20):
        try:
            again = fit_generator(start_fabric(kept), cases, kept)
            break
        except Killed:
            torch.manual_seed(deaths)
    assert deaths >= 10
    for name, tensor in collect_weights(whole).items():
        assert torch.equal(collect_weights(again)[name], tensor), name
    for name, history in whole.histories.items():
        np.testing.assert_array_equal(again.histories[name].steps, history.steps)
        for part, losses in history.parts.items():
            np.testing.assert_array_equal(again.histories[name].parts[part], losses)


def test_a_damaged_checkpoint_is_ignored_with_a_warning(
    cases: TrainingCases, kept: FitConfiguration, caplog: pytest.LogCaptureFixture
) -> None:
    first = fit_generator(start_fabric(kept), cases, kept)
    assert kept.checkpoints is not None
    for file in kept.checkpoints.iterdir():
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    again = fit_generator(start_fabric(kept), cases, kept)
    assert "is damaged" in caplog.text
    assert all(torch.equal(tensor, collect_weights(again)[name]) for name, tensor in collect_weights(first).items())


def test_a_disk_that_takes_no_checkpoint_costs_the_checkpoint_and_not_the_fit(
    cases: TrainingCases, kept: FitConfiguration, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder can be made here")
    fit_generator(start_fabric(kept), cases, replace(kept, checkpoints=tmp_path / "file" / "checkpoints"))
    assert "no checkpoint could be kept" in caplog.text


def test_loops_of_other_settings_or_other_cases_find_nothing(cases: TrainingCases, kept: FitConfiguration) -> None:
    assert kept.checkpoints is not None
    fit_generator(start_fabric(kept), cases, kept)
    n_loops = len(list(kept.checkpoints.iterdir()))
    fit_generator(start_fabric(kept), cases, replace(kept, working_timepoints=kept.working_timepoints + 1))
    assert len(list(kept.checkpoints.iterdir())) == 2 * n_loops
    other = cases.series.copy()
    other[0, 0, 0] += 1
    fit_generator(start_fabric(kept), replace(cases, series=other), kept)
    assert len(list(kept.checkpoints.iterdir())) == 3 * n_loops


def test_another_configuration_or_dataset_has_another_folder_and_fresh_empties_it(tmp_path: Path) -> None:
    own = checkpoints.find_folder(tmp_path, "sines", WITHOUT_FOLDS, "a" * 64)
    assert own == checkpoints.find_folder(tmp_path, "sines", replace(WITHOUT_FOLDS, resume=False), "a" * 64)
    others = {
        checkpoints.find_folder(tmp_path, "sines", replace(WITHOUT_FOLDS, seed=1), "a" * 64),
        checkpoints.find_folder(tmp_path, "sines", WITHOUT_FOLDS, "b" * 64),
        checkpoints.find_folder(tmp_path, "other", WITHOUT_FOLDS, "a" * 64),
    }
    assert len({own, *others}) == 4
    checkpoints.open_folder(own, resume=True)
    (own / "loop.done").write_bytes(b"")
    assert checkpoints.open_folder(own, resume=True) == checkpoints.Kept(finished=1, begun=0)
    assert checkpoints.open_folder(own, resume=False) == checkpoints.Kept(finished=0, begun=0)
    assert not list(own.iterdir())


def test_checkpoints_that_nobody_came_back_to_go_after_a_week(tmp_path: Path) -> None:
    forgotten, recent = (tmp_path / checkpoints.FOLDER / name for name in ("forgotten", "recent"))
    for folder, days in ((forgotten, 8), (recent, 6)):
        folder.mkdir(parents=True)
        os.utime(folder, (time.time() - days * 86_400,) * 2)
    checkpoints.open_folder(tmp_path / checkpoints.FOLDER / "own", resume=True)
    assert recent.exists() and not forgotten.exists()
