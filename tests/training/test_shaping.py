"""Series of several lengths, with gaps or with times become arrays to learn from, and a shape that says how."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bundle.grid import put_on_grid
from training.configuration import ConfigurationError, FitConfiguration
from training.data import DatasetError, load
from training.data.check import check_dataset
from training.data.raw import Raw
from training.data.shaping import Shaping
from training.learning.cases import TrainingCases, standardise
from training.learning.learner import compute_reconstruction_errors
from training.learning.losses import compute_error
from training.learning.scaling import Scaling
from training.learning.working_length import choose_working_length, measure_spectral_loss, settle_working_length

RANDOM = np.random.default_rng(0)
LENGTHS = (20, 33, 64, 40, 64, 51)
CASES = [[RANDOM.normal(size=length), 100 + RANDOM.normal(size=length)] for length in LENGTHS]
LABELS = ["a", "b"] * 3


def write_nan_padded(folder: Path) -> Path:
    whole = np.full((len(CASES), 2, 64), np.nan)
    for place, case in enumerate(CASES):
        whole[place, :, : len(case[0])] = case
    np.savez(folder / "padded.npz", X=whole, y=np.array(LABELS))
    return folder / "padded.npz"


def write_ts(folder: Path) -> Path:
    rows = [":".join(",".join(map(repr, map(float, channel))) for channel in case) for case in CASES]
    text = "\n".join(f"{row}:{label}" for row, label in zip(rows, LABELS, strict=True))
    (folder / "ragged.ts").write_text(f"@equalLength false\n@classLabel true a b\n@data\n{text}\n")
    return folder / "ragged.ts"


@pytest.mark.parametrize("write", [write_nan_padded, write_ts])
@pytest.mark.parametrize("policy", ["resample", "pad"])
def test_a_fit_s_array_is_what_the_bundle_makes_of_the_same_series(write: Any, policy: Any, tmp_path: Path):
    dataset = load(data=write(tmp_path), lengths=policy)
    placed = put_on_grid([np.array(case, np.float32) for case in CASES], dataset.shape)
    assert np.array_equal(dataset.train.series, placed.series)
    assert dataset.train.lengths is not None and dataset.train.lengths.tolist() == list(LENGTHS)
    assert (dataset.train.counted is not None) == (policy == "pad")
    assert (dataset.shape.n_timepoints, dataset.shape.shortest) == (64, 10)
    assert dataset.shape.longest == (64 if policy == "pad" else 128)
    (note,) = dataset.description.notes
    assert note.startswith("The series have 20 to 64 timepoints")


def test_times_of_a_reader_place_the_values():
    times = [np.sort(RANDOM.uniform(0, 9, length)) for length in LENGTHS]
    cases = [[3 * own, own] for own in times]
    dataset = check_dataset("timed", Raw(cases, LABELS, times=times), None)
    assert dataset.shape.timed and dataset.shape.length_policy == "resample"
    for own, case in zip(times, dataset.train.series, strict=True):
        assert np.allclose(case[0], 3 * np.linspace(own[0], own[-1], 64), atol=1e-4)
    assert "interpolated linearly at 64 even steps" in dataset.description.notes[0]
    with pytest.raises(DatasetError, match="Leave --lengths pad out"):
        check_dataset("timed", Raw(cases, LABELS, times=times), None, shaping=Shaping(lengths="pad"))


GAPPY = RANDOM.normal(size=(6, 1, 40))
GAPPY[2, 0, 5:9] = GAPPY[4, 0, 0] = np.nan


@pytest.mark.parametrize(
    ("gaps", "policy"), [("auto", "interpolate"), ("interpolate", "interpolate"), ("mask", "mask")]
)
def test_gaps_are_filled_counted_and_said(gaps: Any, policy: str):
    dataset = check_dataset("gappy", Raw(GAPPY, LABELS), None, shaping=Shaping(gaps=gaps))
    assert np.isfinite(dataset.train.series).all() and dataset.shape.gap_policy == policy
    assert (dataset.shape.longest_gap, dataset.shape.most_missing) == (0.25, 0.5)
    (note,) = dataset.description.notes
    assert "5 missing values in 2 of 6 cases were interpolated linearly" in note
    assert (dataset.train.counted is not None and (~dataset.train.counted).sum() == 5) == (policy == "mask")


def test_complete_series_of_one_length_are_as_they_were_and_refuse_gaps():
    dataset = check_dataset("whole", Raw(RANDOM.normal(size=(6, 1, 40)), LABELS), None)
    assert (dataset.shape.length_policy, dataset.shape.gap_policy) == ("fixed", "refuse")
    assert dataset.train.lengths is None and dataset.train.counted is None and not dataset.description.notes


def test_gaps_that_are_too_long_or_unwanted_are_refused_by_case():
    with pytest.raises(DatasetError, match=r"The training set of gappy: case\[2\] has a gap of 4 of its 40 timepoints"):
        check_dataset("gappy", Raw(GAPPY, LABELS), None, shaping=Shaping(longest_gap=0.05))
    with pytest.raises(DatasetError, match="misses a value at case 2, channel 0, timepoint 5"):
        check_dataset("gappy", Raw(GAPPY, LABELS), None, shaping=Shaping(gaps="refuse"))
    with pytest.raises(ConfigurationError, match="--longest-gap is 0"):
        FitConfiguration(dataset="sines", longest_gap=0.0)


def test_channels_of_unequal_length_are_refused_by_case():
    cases: list[Any] = [*CASES[:5], [np.arange(9.0), np.arange(8.0)]]
    with pytest.raises(DatasetError, match=r"a case 5 .* whose channels have 8 to 9 timepoints.*missing values"):
        check_dataset("uneven", Raw(cases, LABELS), None)


def test_what_is_filled_or_padded_weighs_nothing_in_the_loss():
    reconstruction, series = torch.zeros(2, 1, 4), torch.ones(2, 1, 4)
    counted = torch.tensor([[[1.0, 1, 1, 0]], [[1, 1, 0, 0]]])
    changed = torch.where(counted > 0, series, torch.tensor(1e6))
    assert compute_error(reconstruction, changed, counted) == 1
    assert compute_error(reconstruction, series, None) == 1


class Flat(torch.nn.Module):
    """Decodes zeros, so that errors are the squares of the series."""

    def encode(self, series: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return series[:, :, 0], series[:, :, 0]

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        return torch.zeros(len(latent), 1, 8)


def test_errors_and_networks_see_what_counts():
    series = np.full((2, 1, 8), 3, np.float32)
    series[1, 0, 4:] = 100
    counted = np.ones(series.shape, bool)
    counted[1, 0, 4:] = False
    scaling = Scaling(np.array([[[-1, 1] * 4]], np.float32), 8)
    model: Any = Flat()
    assert compute_reconstruction_errors(model, scaling, series, counted).tolist() == [9, 9]
    pool = standardise(TrainingCases(series, np.zeros(2, np.int64), 1, None, counted), scaling)
    assert pool.counted is not None and pool.counted.numpy().tolist() == counted.astype(float).tolist()


def make_tones(frequency: int, share: float) -> np.ndarray:
    """A slow wave and a fast one that holds `share` of the energy, over 1 000 timepoints."""
    time = np.arange(1000) / 1000
    fast = np.sqrt(share / (1 - share)) * np.sin(2 * np.pi * frequency * time)
    return np.tile(np.sin(2 * np.pi * 5 * time) + fast, (4, 1, 1)).astype(np.float32)


def test_the_loss_is_the_share_of_energy_above_the_nyquist_frequency():
    assert measure_spectral_loss(make_tones(150, 0.2), 128) == pytest.approx(0.2, abs=0.01)
    assert measure_spectral_loss(make_tones(150, 0.2), 384) < 1e-3
    assert measure_spectral_loss(make_tones(40, 0.2), 128) < 1e-3
    assert measure_spectral_loss(np.zeros((3, 1, 400), np.float32), 128) == 0


@pytest.mark.parametrize(("frequency", "expected"), [(40, 128), (90, 192), (150, 384), (400, 512)])
def test_auto_takes_the_least_length_that_keeps_99_percent(frequency: int, expected: int):
    assert choose_working_length(make_tones(frequency, 0.2)) == expected
    settled, said = settle_working_length(make_tones(frequency, 0.2), FitConfiguration(working_timepoints=0))
    assert settled.working_timepoints == expected and said is not None and "--working" not in said


def test_what_is_lost_at_the_usual_length_is_said_and_short_series_lose_nothing():
    settled, said = settle_working_length(make_tones(150, 0.2), FitConfiguration())
    assert settled.working_timepoints == 128 and said is not None
    assert "1000 timepoints are learned at 128: 20.0% of their spectral energy" in said and "auto" in said
    assert settle_working_length(make_tones(150, 0.2)[:, :, :100], FitConfiguration()) == (FitConfiguration(), None)
    with pytest.raises(ConfigurationError, match="at least 8, or auto"):
        FitConfiguration(working_timepoints=5)
