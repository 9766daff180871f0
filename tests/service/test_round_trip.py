"""A file of series of unequal length with gaps, a fit, `/augment`, and a file again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seriesmith import AugmentAnswer, Client
from tests.conftest import take_dense_steps
from tests.service.server import Server, run_server
from tests.training.test_fit import make_brief
from training.data import load
from training.data.raw import Raw
from training.data.writing import write_cases
from training.fit import fit_and_publish

LENGTHS = (24, 31, 40, 40, 28, 36, 40, 25, 33, 30)


def make_cases() -> tuple[list[np.ndarray], list[str]]:
    """Ten cases of two channels, slow ones "idle" and fast ones "busy", gaps in three of them."""
    random = np.random.default_rng(0)
    labels = ["idle", "busy", "idle"] * 3 + ["idle"]
    cases = []
    for length, label in zip(LENGTHS, labels, strict=True):
        time = np.linspace(0, 1, length) + random.uniform()
        wave = np.sin((15 if label == "busy" else 6) * time)
        cases.append(np.stack([wave, 50 + 3 * wave]) + 0.05 * random.normal(size=(2, length)))
    for case in cases[::4]:
        case[0, 5:8] = case[1, 12] = np.nan
    return cases, labels


def write_file(path: Path, cases: list[np.ndarray], labels: list[str]) -> Path:
    """Write cases in the format of the suffix; a table is long, as their lengths differ."""
    write_cases(path, Raw([list(case) for case in cases], labels, channel_names=("speed", "heat")))
    return path


LONG: dict[str, Any] = {"id": "id", "time": "time", "value": ("speed", "heat"), "label": "label"}
FLAGS: dict[str, dict[str, Any]] = {"ts": {}, "csv": LONG, "parquet": LONG}
"""What reading a format has to be told."""


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serves what a fit made of the .ts file."""
    folder = tmp_path_factory.mktemp("round")
    file = write_file(folder / "machines.ts", *make_cases())
    settings = make_brief(**take_dense_steps(5, 5), folds=0, held_out_share=0.0, data=file, models=folder / "models")
    fit_and_publish(settings)
    with run_server(folder, folder / "models") as running:
        yield running


@pytest.fixture(scope="module")
def augmented(fitted: Server) -> AugmentAnswer:
    """What a client asks of the given cases, as lists of arrays with NaN."""
    cases, labels = make_cases()
    with Client(fitted.url) as client:
        return client.augment(cases, labels, strategy={"factor": 2.0}, seed=1)


def test_the_manifest_says_what_the_data_was(fitted: Server):
    series = fitted.get("/models/machines")["series"]
    assert (series["n_timepoints"], series["length_policy"], series["gap_policy"]) == (40, "resample", "interpolate")
    assert (series["shortest"], series["longest"]) == (12, 80)
    assert [(lengths[0], lengths[-1]) for lengths in series["class_lengths"]] == [(25, 31), (24, 40)]


def test_given_cases_come_back_and_made_ones_have_their_lengths(augmented: AugmentAnswer):
    cases, labels = make_cases()
    assert augmented.lengths is not None and augmented.note is not None and "12 missing values in 3" in augmented.note
    assert augmented.lengths[:10].tolist() == list(LENGTHS) and np.isfinite(augmented.series).all()
    for given, back in zip(cases, augmented.series, strict=False):
        there = ~np.isnan(given)
        assert np.array_equal(back[:, : given.shape[1]][there], given[there].astype(np.float32))
    known = set(zip(labels, LENGTHS, strict=True))
    assert set(zip(augmented.labels[10:].tolist(), augmented.lengths[10:].tolist(), strict=True)) <= known


@pytest.mark.parametrize("kind", FLAGS)
def test_what_is_answered_goes_to_a_file_that_is_read_again(augmented: AugmentAnswer, kind: str, tmp_path: Path):
    assert augmented.lengths is not None
    pairs = zip(augmented.series, augmented.lengths, strict=True)
    cases, labels = [case[:, :length] for case, length in pairs], augmented.labels.tolist()
    again = load(data=write_file(tmp_path / f"machines.{kind}", cases, labels), **FLAGS[kind])
    assert again.train.lengths is not None and again.train.lengths.tolist() == augmented.lengths.tolist()
    assert again.train.labels == tuple(labels) and again.shape.gap_policy == "refuse"
    assert np.allclose(again.train.series[2], augmented.series[2], rtol=1e-6)


@pytest.mark.parametrize("kind", FLAGS)
def test_every_format_brings_the_same_series_with_gaps(kind: str, tmp_path: Path):
    cases, labels = make_cases()
    dataset = load(data=write_file(tmp_path / f"machines.{kind}", cases, labels), **FLAGS[kind])
    same = load(data=write_file(tmp_path / "other.ts", cases, labels))
    assert np.array_equal(dataset.train.series, same.train.series) and dataset.train.labels == same.train.labels
    assert any("12 missing values in 3 of 10 cases" in note for note in dataset.description.notes)
