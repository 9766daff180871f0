"""What no bundle could hold is refused in a sentence before anything is trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bundle.manifest import MOST_LATENT, MOST_TEXTURE_STEPS
from tests.training.test_ending import refuse
from tests.training.test_fit import make_brief
from training import fit as door
from training.configuration import ConfigurationError
from training.data import Cases
from training.door import check_fit
from training.learning.mixture_fit import fit_mixture

CASES = Cases(np.random.default_rng(0).normal(size=(60, 1, 16)).astype(np.float32), tuple(range(60)), None)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"latent_dim": 100_000}, f"--latent-dim is 100000; it must be at most {MOST_LATENT}"),
        ({"texture_steps": 10**6}, f"--texture-steps is 1000000; it must be at most {MOST_TEXTURE_STEPS}"),
        ({"expansion": 1e300}, "--expansion is 1e+300; it must be above 0 and at most 1e+06"),
        ({"pool_expansion": 1e7}, "--pool-expansion is 10000000.0; it must be above 0"),
    ],
)
def test_a_setting_that_no_manifest_holds_is_refused(settings: dict[str, float], words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        make_brief(**settings)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--texture=nope"], "it must be one of: flow, stored"),
        (["--classifier=nope"], "training.families.classifiers has no 'nope'"),
        (["--vae=nope"], "training.families.vae has no 'nope'"),
        (["--key=" + "k" * 20_000], "may have 10000"),
    ],
)
def test_a_family_that_nobody_knows_is_refused_before_training(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door, "fit", lambda *_: pytest.fail("trained"))
    assert words in refuse(tmp_path, capsys, *arguments)


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
        ({"latent_dim": 1024}, 16, "for the mixtures of 60 classes, 1 components each, in 1024 dimensions"),
        ({}, 2**20, "for resampling 1048576 timepoints to 128"),
        ({"working_timepoints": 30_000}, 30_000, "for the noise of 1 channels of 30000 timepoints"),
    ],
)
def test_a_bundle_that_no_server_takes_is_refused_with_what_makes_it_large(
    settings: dict[str, int], n_timepoints: int, words: str
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
