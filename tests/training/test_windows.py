"""`python training/windows.py` and its two judges."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import save_unlabelled
from training.quality.recurrent import compute_discriminative_score, compute_predictive_score
from training.windows import fit_gaussian, main

WINDOWS = Path(__file__).resolve().parents[2] / "training" / "windows.py"
BRIEF = ["--repetitions", "2", "--discriminator-steps", "3", "--predictor-steps", "3"]
AXES = ["--layout", "n_cases,n_timepoints,n_channels", "--key", "data"]


def draw_waves(count: int, seed: int, n_channels: int = 4) -> torch.Tensor:
    """Sines of one frequency and any phase, `[count, n_channels, 12]` in 0 … 1."""
    phase = torch.rand(count, n_channels, 1, generator=torch.Generator().manual_seed(seed)) * 0.3
    return 0.5 + 0.5 * torch.sin(torch.arange(12) * 0.9 + phase)


def test_the_discriminator_knows_strangers_and_takes_equals_for_each_other() -> None:
    real = draw_waves(200, 0)
    assert compute_discriminative_score(real, draw_waves(200, 1), seed=0, steps=150) < 0.25
    strangers = torch.rand(real.shape, generator=torch.Generator().manual_seed(0))
    assert compute_discriminative_score(real, strangers, seed=0, steps=300) > 0.4


def test_the_predictor_learns_more_from_equals_than_from_windows_of_another_course() -> None:
    real, equals = draw_waves(200, 0, 8), draw_waves(200, 1, 8)
    upside_down = torch.cat([equals[:, :-1], 1 - equals[:, -1:]], dim=1)
    assert compute_predictive_score(real, equals, 0, 300) < 0.6 * compute_predictive_score(real, upside_down, 0, 300)


@pytest.mark.parametrize("n_channels", [1, 2])
def test_equal_seeds_give_equal_scores_of_few_channels_too(n_channels: int) -> None:
    real, made = draw_waves(30, 0, n_channels), draw_waves(30, 1, n_channels)
    for score in (compute_discriminative_score, compute_predictive_score):
        assert score(real, made, 5, 4) == score(real, made, 5, 4)


def test_one_gaussian_has_the_mean_and_the_covariance_of_the_windows_and_nothing_else() -> None:
    real = draw_waves(4000, 0, 2)
    drawn = fit_gaussian(real, 1)
    assert drawn.shape == real.shape and torch.equal(drawn, fit_gaussian(real, 1))
    assert torch.allclose(drawn.mean(0), real.mean(0), atol=0.01)
    assert torch.allclose(drawn.flatten(1).T.cov(), real.flatten(1).T.cov(), atol=0.002)
    assert drawn.max() > real.max() and drawn.min() < real.min()  # sines end where they end


def test_the_command_prints_a_row_of_numbers(repository: Path, tmp_path: Path) -> None:
    bundle, data = repository / "unlabelled" / "1", tmp_path / "unlabelled.npz"
    save_unlabelled(data)
    command = [sys.executable, str(WINDOWS), "--data", str(data), "--bundle", str(bundle), *AXES, *BRIEF]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    row = next(line for line in ended.stdout.splitlines() if line.startswith("| unlabelled"))
    n_cases, *scores = [cell.strip() for cell in row.strip("|").split("|")[1:]]
    means = [float(score.split(" ± ")[0]) for score in scores]
    assert n_cases == "24" and len(means) == 6
    assert all(0 <= mean <= 0.5 for mean in means[:3]) and all(0 < mean < 1 for mean in means[3:])
    assert "Differences from TimeGAN's protocol" in ended.stdout


def test_a_bundle_of_other_series_or_of_classes_is_refused(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "windows.npz"
    np.savez(file, data=np.random.default_rng(0).random((20, 64, 2)))
    for name, words in (("unlabelled", "1 x 40"), ("sines", "3 classes")):
        assert main(["--data", str(file), "--bundle", str(repository / name / "1"), *AXES, *BRIEF]) == 2
        assert words in capsys.readouterr().err
