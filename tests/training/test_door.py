"""What no bundle could hold is refused in a sentence before anything is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bundle.manifest import MOST_LATENT, MOST_TEXTURE_STEPS
from tests.training.test_ending import refuse
from tests.training.test_fit import make_brief
from training import data as datasets
from training import fit as door
from training.configuration import ConfigurationError
from training.data import Cases
from training.door import check_fit
from training.families import list_names
from training.families.textures import flow
from training.families.vae import convolutional
from training.learning.mixture_fit import fit_mixture

WIDE = convolutional.Settings(latent_dim=1024)
CASES = Cases(np.random.default_rng(0).normal(size=(60, 1, 16)).astype(np.float32), tuple(range(60)), None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--vae.latent-dim=100000"], f"--vae.latent-dim is 100000; it must be at least 1 and at most {MOST_LATENT}"),
        (
            ["--texture=flow", "--texture.euler-steps=1000000"],
            f"at most {MOST_TEXTURE_STEPS}",
        ),
        (["--expansion=1e300"], "--expansion is 1e+300; it must be above 0 and at most 1e+06"),
        (["--pool-expansion=1e7"], "--pool-expansion is 10000000.0; it must be above 0"),
        (["--vae.kl-weight=inf"], "--vae.kl-weight is inf; it must be a finite number, at least 0"),
        (["--texture=nope"], f"--texture is 'nope'; it must be one of: {', '.join(list_names('texture'))}"),
        (["--classifier=nope"], f"--classifier is 'nope'; it must be one of: {', '.join(list_names('classifier'))}"),
        (["--vae=nope"], f"--vae is 'nope'; it must be one of: {', '.join(list_names('vae'))}"),
        (["--vae"], f"--vae has no name after it; it must be one of: {', '.join(list_names('vae'))}"),
    ],
)
def test_a_setting_or_family_that_cannot_be_is_refused_before_data_is_read(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(datasets, "load", lambda *_, **__: pytest.fail("read"))
    assert words in refuse(tmp_path, capsys, *arguments)


def test_a_setting_longer_than_a_manifest_takes_is_refused_before_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "fit", lambda *_: pytest.fail("trained"))
    assert "may have 10000" in refuse(tmp_path, capsys, "--key=" + "k" * 20_000)


@pytest.mark.parametrize("name", ["n" * 220, "half\udcff"])
def test_a_name_or_path_that_no_manifest_holds_is_refused_before_training(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "fit", lambda *_: pytest.fail("trained"))
    np.savez(tmp_path / f"{name}.npz", X=CASES.series)
    arguments = [f"--data={tmp_path / name}.npz", "--name=short", "--models", str(tmp_path / "m")]
    assert door.main(arguments) == 2
    sentence = capsys.readouterr().err
    assert "name has 220 characters" in sentence or "half a character" in sentence
    assert not list(tmp_path.rglob("manifest.json"))


@pytest.mark.parametrize(
    ("settings", "n_timepoints", "words"),
    [
        (
            {"vae": convolutional.Settings(latent_dim=1024)},
            16,
            "for the mixtures of 60 classes, 1 components each, in 1024 dimensions",
        ),
        ({}, 2**20, "for resampling 1048576 timepoints to 128"),
        (
            {"working_timepoints": 30_000, "texture": flow.Settings()},
            30_000,
            "for the noise of 1 channels of 30000 timepoints",
        ),
    ],
)
def test_a_bundle_that_no_server_takes_is_refused_with_what_makes_it_large(
    settings: dict[str, Any], n_timepoints: int, words: str
) -> None:
    cases = Cases(np.broadcast_to(np.float32(0), (60, 1, n_timepoints)), CASES.labels, None)
    with pytest.raises(ConfigurationError, match=r"may have 1074\.") as refused:
        check_fit("d", cases, make_brief(**settings))
    assert words in str(refused.value)
    check_fit("d", CASES, make_brief())


def test_more_components_than_cases_may_have_take_no_memory() -> None:
    latent, class_index = np.random.default_rng(0).normal(size=(24, 3)), np.arange(24) % 2
    many, few = (fit_mixture(latent, class_index, 2, most, 0) for most in (10**12, 2))
    assert np.array_equal(many.means, few.means) and np.array_equal(many.covariances, few.covariances)
