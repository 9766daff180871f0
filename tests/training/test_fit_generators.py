"""A fit by a generator without an encoder yields a bundle that samples, augments, classifies, and refuses the rest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime
from bundle.errors import Unsupported
from tests.training.report_page import Page
from tests.training.test_fit import make_brief
from training import data as datasets
from training.configuration import ConfigurationError, FitConfiguration
from training.families.classifiers import fcn
from training.families.generators import energy_score, wgan_gp
from training.fit import fit_and_publish, parse_arguments
from training.fitting import fit
from training.learning.augmenting import fit_noise_maker
from training.learning.cases import TrainingCases
from training.learning.run import start_fabric
from training.quality.fitted import make_sampling

SETTINGS = make_brief(dataset="sines", folds=2, generator=energy_score.Settings(steps=300), report=True)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of a brief fit, with its report."""
    directory = fit_and_publish(replace(SETTINGS, models=tmp_path_factory.mktemp("generator") / "models"))
    assert directory is not None
    return directory


@pytest.fixture(scope="module")
def bundle(directory: Path) -> Bundle:
    return Bundle.load(directory, Runtime("cpu", 1))


def test_it_can_do_what_its_graphs_can(bundle: Bundle) -> None:
    assert set(bundle.manifest.graphs) == {"generate", "blend", "classifier"}
    assert set(bundle.operations) == {"sample", "augment", "classify", "blend"}
    assert bundle.manifest.latent is None and bundle.manifest.calibration is None
    assert {card.components for card in bundle.manifest.classes} == {None}
    with pytest.raises(Unsupported, match="cannot encode: it has no encoder; it can sample, augment, classify, blend"):
        bundle.require("encode")


def test_its_samples_are_of_their_class_and_replay(bundle: Bundle) -> None:
    for index in range(3):
        made = bundle.sample(index, 40, seed=5).series
        assert made.shape == (40, 2, 64)
        assert (bundle.classify(made).argmax(axis=1) == index).mean() > 0.9
        np.testing.assert_array_equal(bundle.sample(index, 7, seed=5).series, made[:7])


def test_the_policy_was_judged_in_folds_and_quality_measured(bundle: Bundle) -> None:
    metrics = bundle.manifest.metrics
    assert metrics.uplift is not None and [row.policy for row in metrics.uplift.candidates] == ["none", "latent"]
    assert metrics.quality is not None and metrics.quality.n_cases > 0
    assert metrics.accuracy is not None and metrics.accuracy > 0.9


def test_its_report_says_what_is_not_there_and_what_it_reveals(directory: Path) -> None:
    page = Page(directory.parents[2] / "reports" / "sines" / "1" / "report.html")
    for section in ("latent", "reconstructions", "anomaly"):
        assert "has no encoder" in page.text[section] and not page.pictures.get(section)
    assert "energy_score: the bundle keeps the weights of a network" in page.text["summary"]
    assert page.pictures["series"] and page.pictures["losses"]


def test_a_fit_may_start_from_it_and_judges_what_the_bundle_makes(directory: Path, bundle: Bundle) -> None:
    still: dict[str, Any] = {"steps": 1, "learning_rate": 1e-12, "weight_decay": 0.0}
    networks: dict[str, Any] = {"generator": energy_score.Settings(**still), "classifier": fcn.Settings(**still)}
    settings = replace(SETTINGS, start_from=directory, folds=0, policy="none", **networks)
    fitted = fit(start_fabric(settings), datasets.load("sines").train, settings)
    made = make_sampling(fitted).sample(np.array([20, 0, 0]), seed=9).series
    np.testing.assert_allclose(made, bundle.sample(0, 20, seed=9).series, atol=1e-4)


def test_what_is_filled_or_padded_counts_in_no_distance() -> None:
    one, other = torch.zeros(2, 1, 4), torch.tensor([[[1.0, 1.0, 9.0, 9.0]], [[3.0, 3.0, 3.0, 3.0]]])
    counted = torch.tensor([[[1.0, 1.0, 0.0, 0.0]], [[1.0, 1.0, 1.0, 1.0]]])
    assert float(energy_score.measure_distance(one, other, counted)) == pytest.approx((1 + 3) / 2)


def test_what_moves_codes_cannot_be_made(cases: TrainingCases) -> None:
    maker = fit_noise_maker(start_fabric(SETTINGS), cases, replace(SETTINGS, generator=energy_score.Settings(steps=1)))
    with pytest.raises(ConfigurationError, match="moves cases between their codes"):
        maker.make("interpolation", cases, np.array([1, 0, 0, 0]), 0)
    made = maker.make("guided", cases, np.array([3, 0, 0, 0]), 0).series
    assert made.shape == (3, *cases.series.shape[1:]) and np.isfinite(made).all()


def test_a_generator_is_chosen_by_name_recorded_and_stands_in_place_of_vae_and_texture() -> None:
    chosen = parse_arguments(["--dataset=sines", "--generator", "energy_score", "--generator.width=64"])
    assert chosen.generator == energy_score.Settings(width=64)
    both = parse_arguments(
        ["--dataset=gaussian_process", "--generator.n-cases=12", "--generator=energy_score", "--generator.width=64"]
    )
    assert both.generator == chosen.generator and both.record()["generated"]["n_cases"] == 12
    for flag, value in (("spectral-norm", True), ("no-spectral-norm", False)):
        bounded = parse_arguments(["--dataset=sines", "--generator=wgan_gp", f"--generator.{flag}"]).generator
        assert bounded == wgan_gp.Settings(spectral_norm=value)
    record = chosen.record()
    assert (record["vae"], record["texture"]) == (None, None)
    assert FitConfiguration.from_record(record, None) == chosen
    for idle in (["--vae=convolutional"], ["--texture.steps=3"]):
        with pytest.raises(ConfigurationError, match="sets nothing beside --generator"):
            parse_arguments([*idle, "--generator=energy_score"])
    with pytest.raises(ConfigurationError, match="--rounds is 2; a generator without an encoder is fitted in one"):
        parse_arguments(["--generator=energy_score", "--rounds=2"])
    with pytest.raises(ConfigurationError, match="policy interpolation moves cases between their codes"):
        parse_arguments(["--generator=energy_score", "--policy=interpolation"])
