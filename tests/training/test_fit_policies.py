"""A fit ships what its settings for policies, averages and textures say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime, Session
from bundle.manifest import read_manifest
from tests.conftest import take_steps
from tests.training.conftest import BRIEF
from training import data as datasets
from training.choosing.cross_validation import CANDIDATES
from training.choosing.folds import fit_policy
from training.configuration import FitConfiguration
from training.data.partition import split_dataset
from training.export.bundling import list_exportables
from training.export.exporting import export
from training.families.classifiers import fcn, ridge
from training.families.textures import stored
from training.families.vae import convolutional
from training.fit import fit_and_publish
from training.fitting import Fitted, fit
from training.learning.run import start_fabric

FIT = Path(__file__).resolve().parents[2] / "training" / "fit.py"
QUICKER = {**BRIEF, **take_steps(10, 2, 10, euler_steps=4)}
SERIES = datasets.load("sines").train.series[:9]


def make_settings(**changed: object) -> FitConfiguration:
    return FitConfiguration(**{"dataset": "sines", **QUICKER, **changed})


def learn(**changed: object) -> Fitted:
    configuration = make_settings(**{"folds": 0, **changed})
    parts = split_dataset(datasets.load("sines"), configuration)
    return fit(start_fabric(configuration), parts.learn, configuration)


@pytest.mark.long
def test_processes_side_by_side_choose_and_learn_what_one_does(tmp_path: Path) -> None:
    steps = ["--vae.steps=10", "--texture.steps=2", "--texture.euler-steps=4", "--classifier.steps=10"]
    others = [
        "--companion=none",
        "--policy=auto",
        f"--folds={QUICKER['folds']}",
        "--workers=2",
        "--device=cpu",
        "--no-report",
        "--advice=brief",
        "--force",
    ]
    command = [sys.executable, str(FIT), "--dataset", "sines", "--models", str(tmp_path)]
    ended = subprocess.run([*command, *steps, *others], capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr
    several = read_manifest((tmp_path / "sines" / "1" / "manifest.json").read_bytes())
    one = learn(policy="auto", folds=QUICKER["folds"], advice="brief")
    assert several.metrics.uplift == one.uplift
    assert one.held_out is not None and several.calibration == one.held_out.calibrate()
    assert one.uplift is not None and one.uplift.advice.uplift is not None
    assert [row.policy for row in one.uplift.candidates] == ["none", *CANDIDATES]
    assert several.format_version == 3


@pytest.mark.parametrize("policy", ["none", "latent"])
def test_the_classifier_shipped_is_the_one_trained_with_the_policy(policy: str) -> None:
    fitted = learn(policy=policy)
    assert fitted.uplift is not None and fitted.uplift.policy == policy
    configuration = fitted.generator.configuration
    again, _ = fit_policy(
        start_fabric(configuration), fitted.cases, fitted.uplift.policy, fitted.generator, configuration
    )
    assert fitted.classifier is not None and fitted.generator.classifier is not None
    pairs = zip(fitted.classifier.parameters(), again.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    pairs = zip(fitted.classifier.parameters(), fitted.generator.classifier.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs) is (policy == "none")


def test_an_average_answers_the_mean_of_a_classifier_with_the_policy_and_one_without() -> None:
    without, by_warps, both = (
        learn(policy=policy, average=average)
        for policy, average in (("none", False), ("warps", False), ("warps", True))
    )
    one, other, mean = (compute_probabilities(fitted) for fitted in (without, by_warps, both))
    assert np.abs(one - other).max() > 1e-3
    np.testing.assert_allclose(mean, (one + other) / 2, atol=1e-5)


@pytest.mark.long
def test_a_fit_may_start_from_an_average_or_from_a_bundle_of_one_class(tmp_path: Path) -> None:
    still: dict[str, Any] = {"steps": 1, "learning_rate": 1e-12, "weight_decay": 0.0}
    barely = {"vae": convolutional.Settings(**still), "classifier": fcn.Settings(**still)}
    average = fit_and_publish(make_settings(models=tmp_path, policy="warps", average=True, folds=0))
    assert average is not None
    fitted = learn(policy="warps", start_from=average, **barely)
    with np.load(average / "weights.npz") as weights:
        assert fitted.classifier is not None
        first = fitted.classifier.state_dict()["0.weight"]
        np.testing.assert_allclose(first, weights["classifier.one.0.weight"], atol=1e-6)
        assert np.abs(weights["classifier.other.0.weight"] - weights["classifier.one.0.weight"]).max() > 1e-3

    data = tmp_path / "alike.npz"
    np.savez(data, X=SERIES, y=np.zeros(len(SERIES), int))
    one_class = {"dataset": None, "data": data, "policy": "latent", "models": tmp_path, "name": "alike"}
    cold = fit_and_publish(make_settings(**one_class))
    assert cold is not None
    warm = fit_and_publish(make_settings(**one_class, start_from=cold, **barely))
    assert warm is not None
    with np.load(cold / "weights.npz") as before, np.load(warm / "weights.npz") as after:
        assert before.files == after.files and "classifier.0.weight" in after.files
        for name in ("vae.widen.weight", "classifier.0.weight"):
            np.testing.assert_allclose(after[name], before[name], atol=1e-6)


def compute_probabilities(fitted: Fitted) -> np.ndarray:
    """As the exported classifier answers, which the export has compared with torch."""
    [item] = [item for item in list_exportables(fitted, fitted.generator.configuration) if item.name == "classifier"]
    return Session(export(item).content, Runtime("cpu", 1))({"series": SERIES}, ["class_probabilities"])[0]


def test_a_bundle_that_stores_residuals_is_served_and_says_so(tmp_path: Path) -> None:
    without = {"folds": 0, "policy": "none", "training_sketch": False}
    directory = fit_and_publish(make_settings(models=tmp_path, texture=stored.Settings(), **without))
    assert directory is not None
    bundle = Bundle.load(directory, Runtime("cpu", 1))
    assert bundle.manifest.texture_steps is None
    assert bundle.manifest.provenance.configuration["texture"] == {"family": "stored"}
    assert bundle.manifest.provenance.training_sketch is None
    made = bundle.sample(1, 70, seed=3)
    assert made.series.shape == (70, 2, 64) and np.isfinite(made.series).all()
    np.testing.assert_array_equal(bundle.sample(1, 5, seed=3).series, made.series[:5])


@pytest.mark.long
def test_a_ridge_is_trained_under_a_policy_judged_in_folds_and_served(tmp_path: Path) -> None:
    directory = fit_and_publish(make_settings(models=tmp_path, classifier=ridge.Settings(), policy="warps"))
    assert directory is not None
    bundle = Bundle.load(directory, Runtime("cpu", 1))
    metrics = bundle.manifest.metrics
    assert metrics.accuracy is not None and metrics.accuracy > 0.9
    assert metrics.uplift is not None and [row.policy for row in metrics.uplift.candidates] == ["none", "warps"]
    np.testing.assert_allclose(bundle.classify(SERIES).sum(axis=1), 1, rtol=1e-5)
