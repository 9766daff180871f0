"""With a time encoding the attention VAE makes time again exactly, and hands it past the code where it is told to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bundle.engine.bundle import Bundle
from tests.training.test_families import RUN, make_brief
from tests.training.test_fit import make_brief as make_brief_fit
from training import families
from training.configuration import ConfigurationError
from training.data import load
from training.data.generators.repeated_patterns import Settings
from training.data.time_encoding import encode_time
from training.evaluation.bypass import learn_codes, load_windows
from training.export.exporting import export
from training.families import textures, vae
from training.families.vae.attention import LOG_VARIANCE_BOUND, TIME, AttentionVAE, Clock
from training.fit import fit_and_publish
from training.learning.cases import Pool, TrainingCases, standardise
from training.learning.scaling import Scaling


def make_windows(n_timepoints: int = 24, period: float = 17.0, n_cases: int = 20) -> np.ndarray:
    """Noise and its time encoding, `[n_cases, 3, n_timepoints]`, at many phases."""
    random = np.random.default_rng(0)
    starts = random.uniform(0, 1000, n_cases)
    times = np.stack([encode_time(start + np.arange(n_timepoints), period) for start in starts])
    return np.concatenate([random.normal(size=(n_cases, 1, n_timepoints)), times], axis=1).astype(np.float32)


def standardise_windows(series: np.ndarray, working: int = 24) -> tuple[Pool, Scaling]:
    scaling = Scaling(series, working)
    return standardise(TrainingCases(series, np.arange(len(series)) % 2, 2), scaling), scaling


@pytest.fixture(scope="module")
def data() -> tuple[Pool, Scaling]:
    return standardise_windows(make_windows())


@pytest.fixture(scope="module")
def model(data: tuple[Pool, Scaling]) -> AttentionVAE:
    fitted, _ = vae.fit(data[0], make_brief("vae", "attention", time="bypass", warp_probability=0.0), RUN)
    assert isinstance(fitted, AttentionVAE)
    return fitted


@pytest.mark.parametrize("period", [3.0, 17.0, 400.0])
@pytest.mark.parametrize("working", [24, 90, 300])
def test_a_clock_makes_a_window_again_from_its_last_value_at_any_length_and_scale(period: float, working: int) -> None:
    learn, judge = make_windows(90, period)[:10], make_windows(90, period)[10:]
    if working < 90 and period < 8:
        pytest.skip("so short a period is averaged away at this length")
    pool, scaling = standardise_windows(learn, working)
    clock = Clock(min(working, 90))
    clock.learn(pool.series[:, -TIME:])
    expected = scaling.standardise(torch.as_tensor(judge))
    made = clock.standardise(clock.unroll(clock.read(expected)))
    torch.testing.assert_close(made, expected[:, -TIME:], atol=1e-3, rtol=0)


def test_a_value_off_the_circle_stands_for_the_nearest_time(model: AttentionVAE) -> None:
    assert model.clock is not None
    value = torch.tensor([[0.6, 0.8]])
    torch.testing.assert_close(model.clock.unroll(0.3 * value), model.clock.unroll(value))


@torch.no_grad()
def test_the_code_ends_in_the_last_value_which_is_certain_and_is_decoded_exactly(
    model: AttentionVAE, data: tuple[Pool, Scaling]
) -> None:
    pool, scaling = data
    mean, log_variance = model.encode(pool.series)
    assert mean.shape[1] == model.latent_dim == model.pattern_dim + TIME
    original = scaling.restore(pool.series)[:, -TIME:]
    torch.testing.assert_close(mean[:, -TIME:], original[..., -1], atol=1e-5, rtol=0)
    assert (log_variance[:, -TIME:] == -LOG_VARIANCE_BOUND).all()
    torch.testing.assert_close(scaling.restore(model.decode(mean))[:, -TIME:], original, atol=1e-5, rtol=0)


def test_its_graphs_answer_as_torch_does(model: AttentionVAE, data: tuple[Pool, Scaling]) -> None:
    latent = np.random.default_rng(0).standard_normal((256, model.latent_dim)).astype(np.float32)
    for item in model.list_exportables(data[1], latent):
        export(item)


@torch.no_grad()
def test_texture_leaves_time_as_it_is(model: AttentionVAE, data: tuple[Pool, Scaling]) -> None:
    pool, scaling = data
    decoded = textures.Decoded(pool.series, pool.class_index, 2, model, scaling)
    with torch.enable_grad():
        texture, _ = textures.fit(decoded, make_brief("texture", "flow", steps=8), RUN)
    residual = texture(pool.series, pool.class_index, torch.randn(texture.choose_noise_shape(len(pool.series))))
    assert (residual[:, -TIME:] == 0).all() and (residual[:, :-TIME] != 0).any()


def test_time_that_is_warped_or_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="--vae.warp-probability is 0.5; it must be 0"):
        families.make_settings("vae", "attention", {"time": "code"})
    settings = make_brief("vae", "attention", time="bypass", warp_probability=0.0)
    with pytest.raises(ConfigurationError, match="the series have 1"):
        vae.fit(standardise_windows(make_windows()[:, :1])[0], settings, RUN)
    noise = np.random.default_rng(0).normal(size=(20, 3, 24)).astype(np.float32)
    with pytest.raises(ConfigurationError, match="which they are not"):
        vae.fit(standardise_windows(noise)[0], settings, RUN)


@pytest.mark.long
def test_a_bundle_with_bypass_does_all_that_one_without_does_and_its_time_stays_time(tmp_path: Path) -> None:
    options = Settings(n_cases=4, n_timepoints=192, repetitions=2)
    attention = families.make_settings("vae", "attention", {"time": "bypass", "warp_probability": 0.0, "steps": 50})
    windows = {"dataset": "repeated_patterns", "generated": options, "window": 48, "stride": 7, "time_encoding": 48}
    directory = fit_and_publish(make_brief_fit(**windows, vae=attention, models=tmp_path))
    assert directory is not None
    bundle = Bundle.load(directory)
    assert bundle.manifest.latent is not None and bundle.manifest.latent.latent_dim == 18
    mean, _ = bundle.encode(series := make_windows(48, 48.0))
    np.testing.assert_allclose(bundle.decode(mean)[:, -TIME:], series[:, -TIME:], atol=1e-4)
    drawn = np.random.default_rng(1).standard_normal(mean.shape).astype(np.float32)
    made = bundle.add_texture(bundle.decode(drawn), 0, np.zeros((len(mean), *bundle.texture_shape), np.float32))
    np.testing.assert_allclose(np.square(made[:, -TIME:]).sum(axis=1), 1, atol=1e-3)
    assert bundle.classify(made).shape == (len(made), 2)


@pytest.mark.long
def test_what_is_usual_is_judged_alike_for_windows_of_other_recordings(tmp_path: Path) -> None:
    options = Settings(n_cases=6, n_timepoints=480, n_classes=3, repetitions=5)
    windows: dict[str, Any] = {"dataset": "repeated_patterns", "generated": options, "window": 48, "stride": 13}
    windows["time_encoding"] = 48
    attention = families.make_settings("vae", "attention", {"time": "bypass", "warp_probability": 0.0, "steps": 150})
    directory = fit_and_publish(make_brief_fit(**windows, vae=attention, folds=3, policy="none", models=tmp_path))
    assert directory is not None
    bundle, others = Bundle.load(directory), load(**windows).test
    assert others is not None and bundle.manifest.anomaly_threshold is not None
    mean, _ = bundle.encode(others.series)
    error = np.square(bundle.decode(mean) - others.series).mean(axis=(1, 2))
    assert (error > bundle.manifest.anomaly_threshold).mean() < 0.05
    assert 0.3 < np.median(bundle.compute_typicality(mean)) < 0.7


@pytest.mark.long
def test_codes_that_time_bypasses_cluster_by_pattern_after_a_hundred_epochs_and_others_do_not() -> None:
    windows = load_windows(0)
    indices = {arm: learn_codes(arm, *windows, 100, 0).compute_rand_index() for arm in ("none", "code", "bypass")}
    assert indices["bypass"] > max(indices["none"], indices["code"]) + 0.3
