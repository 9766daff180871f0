"""`--pretrain`: a VAE learns series without labels first, and the fit starts from what it learned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bundle.manifest import read_manifest
from training.configuration import ConfigurationError, FitConfiguration
from training.data import Dataset, DatasetError, load
from training.families import make_settings
from training.fit import fit_and_publish
from training.fitting import fit
from training.learning.learner import compute_reconstruction_errors
from training.learning.run import start_fabric
from training.learning.scaling import Scaling
from training.pretraining import describe_measured, load_pretraining, pretrain

FEW: dict[str, Any] = {
    "vae": make_settings("vae", "recurrent", {"steps": 3, "width": 8}),
    "classifier": make_settings("classifier", "lstm", {"steps": 3, "width": 8}),
    "texture": make_settings("texture", "flow", {"steps": 1}),
}


def write_waves(path: Path, n_cases: int, n_timepoints: int = 24, n_channels: int = 1, scale: float = 1.0) -> Path:
    """Write waves of two frequencies, with labels, of which the first one is missing."""
    random, frequency = np.random.default_rng(n_cases), 1 + np.arange(n_cases) % 2
    phase = random.uniform(0, 1, (n_cases, n_channels, 1))
    series = scale * np.sin(2 * np.pi * (frequency[:, None, None] * np.linspace(0, 1, n_timepoints) + phase))
    np.savez(path, X=series.astype(np.float32), y=np.array(["", *frequency[1:].astype(str)]))
    return path


@pytest.fixture
def configuration(tmp_path: Path) -> FitConfiguration:
    """A brief fit of twelve waves that has more, longer and a hundred times larger ones to learn first."""
    data = write_waves(tmp_path / "few.npz", 13)
    more = write_waves(tmp_path / "more.npz", 80, n_timepoints=48, scale=100)
    return FitConfiguration(
        data=data, drop_unlabelled=True, pretrain=more, device="cpu", folds=0, policy="none", models=tmp_path, **FEW
    )


def load_dataset(configuration: FitConfiguration) -> Dataset:
    return load(data=configuration.data, drop_unlabelled=True)


def test_labels_are_put_aside_and_series_stretched_and_each_is_said(configuration: FitConfiguration) -> None:
    unlabelled = load_pretraining(load_dataset(configuration), configuration)
    assert unlabelled is not None
    assert unlabelled.cases.series.shape == (80, 1, 24) and not unlabelled.cases.class_index.any()
    said = "\n".join(unlabelled.notes)
    assert "the labels of more were put aside" in said and "stretched from 48 timepoints to 24" in said


def test_it_is_said_that_cases_to_measure_on_were_learned_first(configuration: FitConfiguration) -> None:
    dataset = load_dataset(configuration)
    same = load_pretraining(dataset, replace(configuration, pretrain=configuration.data))
    said = list(describe_measured(same, dataset.train))
    assert len(said) == 1 and said[0].startswith("12 of 12 cases to measure on are among the series to pretrain on")
    assert not list(describe_measured(load_pretraining(dataset, configuration), dataset.train))
    assert not list(describe_measured(None, dataset.train)) and not list(describe_measured(same, None))


def test_what_was_learned_first_serves_series_of_another_scale(configuration: FitConfiguration) -> None:
    dataset = load_dataset(configuration)
    longer = replace(configuration, vae=make_settings("vae", "recurrent", {"steps": 300, "width": 32}))
    unlabelled = load_pretraining(dataset, longer)
    assert unlabelled is not None
    first = pretrain(start_fabric(longer), unlabelled, 2, longer).initial.vae
    assert first is not None
    errors = compute_reconstruction_errors(first, Scaling(dataset.train.series, 128), dataset.train.series)
    assert errors.mean() < 0.5 * dataset.train.series.var()


def test_both_networks_start_from_it_where_they_read_alike(configuration: FitConfiguration) -> None:
    dataset = load_dataset(configuration)
    unlabelled, fabric = load_pretraining(dataset, configuration), start_fabric(configuration)
    fitted = fit(fabric, dataset.train, configuration, unlabelled=unlabelled)
    assert fitted.pretraining is not None and fitted.pretraining.networks == ["vae", "classifier"]
    assert fitted.pretraining.n_cases == 80 and "VAE, pretraining" in fitted.histories
    other = replace(configuration, classifier=make_settings("classifier", "fcn", {"steps": 2}))
    fitted = fit(fabric, dataset.train, other, unlabelled=unlabelled)
    assert fitted.pretraining is not None and fitted.pretraining.networks == ["vae"]


def test_what_no_fit_can_start_from_is_refused(configuration: FitConfiguration, tmp_path: Path) -> None:
    dataset = load_dataset(configuration)
    wide = write_waves(tmp_path / "wide.npz", 20, n_channels=2)
    with pytest.raises(DatasetError, match=r"has series of 2 channels, and the dataset of 1\."):
        load_pretraining(dataset, replace(configuration, pretrain=wide))
    with pytest.raises(ConfigurationError, match="--from and --pretrain both came"):
        load_pretraining(dataset, replace(configuration, start_from=tmp_path))
    with pytest.raises(ConfigurationError, match="--generator has none"):
        load_pretraining(dataset, replace(configuration, generator=make_settings("generator", "energy_score")))


@pytest.mark.long
def test_the_manifest_says_what_was_learned_first_and_the_fit_can_be_repeated(configuration: FitConfiguration) -> None:
    directory = fit_and_publish(replace(configuration, name="waves", report=False, force=True))
    assert directory is not None
    provenance = read_manifest((directory / "manifest.json").read_bytes()).provenance
    assert provenance.pretraining is not None and provenance.pretraining.dataset == "more"
    again = FitConfiguration.from_record(provenance.configuration, configuration.models)
    assert again.pretrain == configuration.pretrain
