"""A fit ships what its settings for policies, rounds, averages and textures say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models.bundle import Bundle
from models.manifest import Manifest, read_manifest
from models.sessions import Runtime
from tests.training.conftest import BRIEF
from training import datasets
from training.configuration import FitConfiguration
from training.fit import fit_and_publish
from training.fitting import fit
from training.folds import fit_policy
from training.loop import start_fabric
from training.partition import partition

FIT = Path(__file__).resolve().parents[2] / "training" / "fit.py"
QUICKER: dict[str, Any] = {**BRIEF, "vae_steps": 10, "texture_fit_steps": 2, "classifier_steps": 10}
SERIES = datasets.load("sines").train.series[:9]


def published(models: Path, **settings: Any) -> Bundle:
    directory = fit_and_publish(FitConfiguration(**{"dataset": "sines", "models": models, **QUICKER, **settings}))
    assert directory is not None
    return Bundle.load(directory, Runtime("cpu", 1))


def test_processes_side_by_side_choose_and_learn_what_one_does(tmp_path: Path) -> None:
    flags = {**QUICKER, "policy": "auto", "rounds": 2, "workers": 2}
    texts = [f"--{name.replace('_', '-')}={value}" for name, value in flags.items() if name != "report"]
    command = [sys.executable, str(FIT), "--dataset", "sines", "--name", "several", "--models", str(tmp_path)]
    ended = subprocess.run([*command, *texts, "--no-report"], capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr
    several = read_manifest((tmp_path / "several" / "1" / "manifest.json").read_bytes())
    one = published(tmp_path, name="one", policy="auto", rounds=2).manifest
    assert hashes(several) == hashes(one)
    assert several.metrics == one.metrics and several.calibration == one.calibration
    uplift = several.metrics.uplift
    assert uplift is not None
    assert {row.policy for row in uplift.candidates} >= {"none", "warps", "latent", "latent+warps"}
    assert uplift.policy == min(uplift.candidates, key=lambda row: row.nll).policy
    assert uplift.advice.uplift is not None and several.format_version == 2


def hashes(manifest: Manifest) -> dict[str, str]:
    assert manifest.weights is not None
    return {name: graph.sha256 for name, graph in manifest.graphs.items()} | {"weights": manifest.weights.sha256}


@pytest.mark.parametrize("policy", ["none", "latent"])
def test_the_classifier_shipped_is_the_one_trained_with_the_policy(policy: str) -> None:
    settings = FitConfiguration(**{"dataset": "sines", **QUICKER, "policy": policy, "folds": 0})
    fabric = start_fabric(settings)
    fitted = fit(fabric, partition(datasets.load("sines"), settings).learn, settings)
    assert fitted.uplift is not None and fitted.uplift.policy == policy
    again, _ = fit_policy(fabric, fitted.cases, fitted.uplift.policy, fitted.generator, settings)
    assert fitted.classifier is not None and fitted.generator.classifier is not None
    pairs = zip(fitted.classifier.parameters(), again.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    pairs = zip(fitted.classifier.parameters(), fitted.generator.classifier.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs) is (policy == "none")


def test_an_average_answers_the_mean_of_a_classifier_with_the_policy_and_one_without(tmp_path: Path) -> None:
    without, by_warps, mean = (
        published(tmp_path, name=name, policy=policy, average=average, folds=0).classify(SERIES)
        for name, policy, average in (("one", "none", False), ("two", "warps", False), ("both", "warps", True))
    )
    assert np.abs(without - by_warps).max() > 1e-3
    np.testing.assert_allclose(mean, (without + by_warps) / 2, atol=1e-5)


@pytest.mark.parametrize("texture", ["stored", "flow"])
def test_a_bundle_of_either_texture_is_served(texture: str, tmp_path: Path) -> None:
    bundle = published(tmp_path, texture=texture, folds=0, policy="none")
    assert (bundle.manifest.texture_steps is None) is (texture == "stored")
    made = bundle.sample(1, 70, seed=3)
    assert made.series.shape == (70, 2, 64) and np.isfinite(made.series).all()
    np.testing.assert_array_equal(bundle.sample(1, 5, seed=3).series, made.series[:5])
    assert bundle.manifest.provenance.configuration["texture"] == texture
