"""Settings by the names that they had while they were flat go on working: in manifests and as flags."""

from __future__ import annotations

from typing import Any

import pytest

from bundle.manifest import read_manifest
from tests.conftest import ROOT
from training.configuration import FitConfiguration
from training.families.classifiers import fcn
from training.families.textures import flow, stored
from training.families.vae import convolutional
from training.fit import parse_arguments
from training.former import FORMER

FLAT = {
    "vae": "convolutional",
    "latent_dim": 4,
    "vae_steps": 11,
    "kl_weight": 0.1,
    "kl_warm_up": 0.2,
    "class_weight": 0.3,
    "warp_probability": 0.4,
    "texture": "flow",
    "texture_fit_steps": 12,
    "texture_steps": 6,
    "classifier": "fcn",
    "classifier_steps": 13,
    "learning_rate": 0.01,
    "weight_decay": 0.02,
    "batch_size": 5,
}
COMMON: dict[str, Any] = {"learning_rate": 0.01, "weight_decay": 0.02, "batch_size": 5}
EXPECTED = FitConfiguration(
    vae=convolutional.Settings(
        steps=11, latent_dim=4, kl_weight=0.1, kl_warm_up=0.2, class_weight=0.3, warp_probability=0.4, **COMMON
    ),
    texture=flow.Settings(steps=12, euler_steps=6, **COMMON),
    classifier=fcn.Settings(steps=13, **COMMON),
    policy_warp_probability=0.4,
    companion="none",
)


def test_a_flat_record_means_what_it_meant() -> None:
    assert set(FORMER) < set(FLAT)
    assert FitConfiguration.from_record(FLAT, None) == EXPECTED
    without = FitConfiguration.from_record({**FLAT, "texture": "stored"}, None)
    assert without.texture == stored.Settings() and without.vae == EXPECTED.vae


@pytest.mark.parametrize("name", ["gunpoint", "basicmotions"])
def test_a_shipped_bundle_can_be_fitted_again_from_its_record(name: str) -> None:
    manifest = read_manifest((ROOT / "models" / name / "1" / "manifest.json").read_bytes())
    configuration = FitConfiguration.from_record(manifest.provenance.configuration, None)
    assert configuration.vae == convolutional.Settings() and configuration.texture == flow.Settings()
    assert FitConfiguration.from_record(configuration.record(), None) == configuration


@pytest.mark.parametrize("written", ["--{}={}", "--{} {}"])
def test_a_flag_by_its_former_name_sets_what_it_set(written: str) -> None:
    flags = [written.format(name.replace("_", "-"), value) for name, value in FLAT.items()]
    assert parse_arguments(" ".join(flags).split()) == EXPECTED


def test_a_former_flag_that_sets_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse_arguments(["--texture=stored", "--texture-steps=4"]).texture == stored.Settings()
    assert "--texture-steps=4 sets nothing" in capsys.readouterr().err
