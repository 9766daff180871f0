"""Every generator keeps the laws of all, and its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from training.data import DatasetError, load
from training.data.discover import find_generator, list_generators
from training.data.generators import (
    auto_regressive,
    coloured_noise,
    continuous_auto_regressive,
    gaussian_process,
    harmonic,
    narma,
    pseudo_periodic,
    repeated_patterns,
    uniform_random,
    white_noise,
)
from training.data.raw import Raw
from training.settings import ConfigurationError

SEEDED = [name for name in list_generators() if name != "sines"]


def generate(name: str, **options: Any) -> tuple[Raw, Raw]:
    generator: Any = find_generator(name)
    train, test = generator.generate(generator.Settings(**options))
    assert test is not None
    return train, test


def make_class(module: Any, class_index: int = 0, **options: Any) -> np.ndarray:
    """The training series `[n, n_timepoints]` of one class, of one channel."""
    train, _ = module.generate(module.Settings(**options))
    found: np.ndarray = np.asarray(train.series)[np.array(train.labels) == class_index, 0]
    return found


def compute_autocorrelation(series: np.ndarray, lag: int) -> float:
    """Of `[n, n_timepoints]`, about a mean of 0."""
    return float((series[:, lag:] * series[:, : series.shape[1] - lag]).mean() / (series**2).mean())


@pytest.mark.parametrize("name", SEEDED)
def test_equal_options_and_seeds_give_equal_bits_and_other_seeds_other_series(name: str) -> None:
    options = {"n_cases": 9, "n_timepoints": 64, "n_channels": 2, "n_classes": 3}
    first, again, other = (generate(name, **options, seed=seed) for seed in (3, 3, 4))
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.series, two.series)
        assert one.labels == two.labels
    assert not np.array_equal(first[0].series, other[0].series)
    assert not np.array_equal(first[0].series, first[1].series)


@pytest.mark.parametrize("name", SEEDED)
def test_partitions_have_the_shape_asked_for_balanced_classes_and_finite_values(name: str) -> None:
    for raw in generate(name, n_cases=9, n_timepoints=64, n_channels=2, n_classes=3):
        series = np.asarray(raw.series)
        assert series.shape == (9, 2, 64) and np.isfinite(series).all()
        assert np.bincount(np.array(raw.labels)).tolist() == [3, 3, 3]


@pytest.mark.parametrize("name", SEEDED)
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_irregular_series_keep_their_share_of_timepoints_with_their_times(name: str, share: float) -> None:
    whole, _ = generate(name, n_cases=4)
    kept, _ = generate(name, n_cases=4, keep_share=share)
    assert kept.times is not None and len({tuple(times) for times in kept.times}) == 4
    for case, full, times in zip(np.asarray(kept.series), np.asarray(whole.series), kept.times, strict=True):
        assert case.shape == (1, len(times)) and len(times) == round(share * 128)
        assert (np.diff(times) > 0).all()
        np.testing.assert_array_equal(case, full[:, times.astype(int)])
    assert any("irregularly" in note for note in kept.notes)


@pytest.mark.parametrize(
    "kernel", ["constant", "exponential", "squared_exponential", "rational_quadratic", "linear", "matern", "periodic"]
)
@pytest.mark.parametrize("class_index", [0, 1])
def test_a_gaussian_process_has_the_covariance_of_its_kernel(kernel: Any, class_index: int) -> None:
    n_cases, options = 8000, {"kernel": kernel, "n_timepoints": 24, "variance": 4.0}
    series = make_class(gaussian_process, class_index, n_cases=2 * n_cases, **options)
    expected = gaussian_process.compute_covariance(gaussian_process.Settings(**options), class_index)
    # The deviation of a sample covariance (Wishart); of 576 entries few are beyond 5 of them.
    deviation = np.sqrt((expected**2 + np.outer(expected.diagonal(), expected.diagonal())) / n_cases)
    assert (np.abs(series.T @ series / n_cases - expected) <= 5 * deviation + 1e-3).all()


@pytest.mark.parametrize(
    ("kernel", "at", "value"),
    [
        ("constant", 20, 1.0),
        ("exponential", 8, np.exp(-1)),
        ("squared_exponential", 8, np.exp(-0.5)),
        ("rational_quadratic", 8, 1 / 1.5),
        ("matern", 8, (1 + np.sqrt(3)) * np.exp(-np.sqrt(3))),
        ("periodic", 48, 1.0),
    ],
)
def test_a_kernel_is_what_the_book_says_at_a_distance(kernel: Any, at: int, value: float) -> None:
    covariance = gaussian_process.compute_covariance(gaussian_process.Settings(kernel=kernel), 0)
    assert covariance[0, at] == pytest.approx(value) and covariance[60, 60 + at] == pytest.approx(value)


def test_an_autoregression_has_the_autocorrelation_of_yule_and_walker() -> None:
    settings = auto_regressive.Settings()
    for class_index in (0, 1):
        first, second = settings.find_coefficients(class_index)
        expected = [1.0, first / (1 - second)]
        for _ in range(2, 8):
            expected.append(first * expected[-1] + second * expected[-2])
        series = make_class(auto_regressive, class_index, n_cases=800, n_timepoints=200)
        found = [compute_autocorrelation(series, lag) for lag in range(8)]
        np.testing.assert_allclose(found, expected, atol=0.02)
        halves = series[:, :50].var(), series[:, 150:].var()
        assert halves[0] == pytest.approx(halves[1], rel=0.1)  # it is stationary from the first timepoint on


def test_a_continuous_autoregression_forgets_exponentially() -> None:
    settings: Any = {"n_cases": 2000, "n_timepoints": 100, "rate": 0.1, "deviation": 2.0}
    for class_index, rate in ((0, 0.1), (1, 0.15)):
        series = make_class(continuous_auto_regressive, class_index, **settings)
        found = [compute_autocorrelation(series, lag) for lag in (1, 5, 20)]
        np.testing.assert_allclose(found, np.exp(-rate * np.array([1, 5, 20])), atol=0.03)
        assert series[:, 0].std() == pytest.approx(2, rel=0.1) and series[:, -1].std() == pytest.approx(2, rel=0.1)


def test_narma_follows_its_recursion() -> None:
    """Of order 1 without a product of inputs, y[t+1] = a y[t] + b y[t]^2 + d, which has a fixed point."""
    series = make_class(narma, order=1, coefficients=(0.3, 0.05, 0.0, 0.1))
    root = (0.7 - np.sqrt(0.7**2 - 4 * 0.05 * 0.1)) / (2 * 0.05)
    np.testing.assert_allclose(series, root, rtol=1e-9)
    ten = make_class(narma, n_cases=400, n_timepoints=400)
    assert 0.3 < ten.mean() < 0.5 and ten.min() > 0 and ten.max() < 1.5


@pytest.mark.parametrize("exponent", [-1.0, 0.0, 1.0, 2.0])
def test_the_spectrum_of_coloured_noise_falls_by_its_exponent(exponent: float) -> None:
    for class_index, steepness in ((0, exponent), (1, 1.5 * exponent)):
        series = make_class(coloured_noise, class_index, exponent=exponent, n_cases=800, n_timepoints=257)
        power = (np.abs(np.fft.rfft(series)) ** 2).mean(axis=0)[1:]
        slope = np.polyfit(np.log(np.fft.rfftfreq(257)[1:]), np.log(power), 1)[0]
        assert slope == pytest.approx(-steepness, abs=0.05)
        assert series.var() == pytest.approx(1, rel=0.05)


def test_a_harmonic_has_its_power_at_its_frequency() -> None:
    for class_index, waves in ((0, 4), (1, 8)):
        series = make_class(harmonic, class_index, contrast=2.0, noise=0.0)
        power = np.abs(np.fft.rfft(series)) ** 2
        np.testing.assert_allclose(power[:, waves] / power.sum(axis=1), 1, rtol=1e-9)
        np.testing.assert_allclose(np.abs(series).max(axis=1), 1, atol=0.02)


def test_cycles_of_a_pseudo_periodic_wave_differ_by_their_deviations() -> None:
    options: Any = {"n_timepoints": 2000, "n_cases": 20, "noise": 0.0, "n_classes": 1, "period": 40.0}
    even = make_class(pseudo_periodic, **options, period_deviation=0.0, amplitude_deviation=0.0)
    np.testing.assert_allclose(even[:, :-40], even[:, 40:], atol=1e-9)
    rising = [
        np.diff(np.flatnonzero((wave[:-1] < 0) & (wave[1:] >= 0))) for wave in make_class(pseudo_periodic, **options)
    ]
    lengths = np.concatenate(rising)
    assert lengths.mean() == pytest.approx(40, rel=0.03) and lengths.std() == pytest.approx(4, rel=0.2)


def test_noise_has_its_moments() -> None:
    for class_index, factor in ((0, 1.0), (1, 1.5)):
        white = make_class(white_noise, class_index, n_cases=400, mean=3.0, deviation=2.0)
        assert white.mean() == pytest.approx(3, abs=0.1) and white.std() == pytest.approx(2 * factor, rel=0.03)
        assert abs(compute_autocorrelation(white - 3, 1)) < 0.03
        uniform = make_class(uniform_random, class_index, n_cases=400, low=-1.0, high=1.0)
        assert uniform.min() >= -1 and uniform.max() < -1 + 2 * factor
        assert uniform.mean() == pytest.approx(-1 + factor, abs=0.05)


def test_a_segment_holds_the_pattern_of_its_label_and_the_order_is_shuffled() -> None:
    settings = repeated_patterns.Settings(n_classes=3, noise=0.05, n_timepoints=100)
    train, _ = repeated_patterns.generate(settings)
    patterns = [repeated_patterns.make_pattern(settings, index)[0] for index in range(3)]
    matches = [[np.correlate(case[0], pattern).max() for pattern in patterns] for case in np.asarray(train.series)]
    assert np.argmax(matches, axis=1).tolist() == train.labels
    assert train.labels != [index % 3 for index in range(60)]


def test_a_recording_repeats_each_pattern_without_pauses_and_labels_every_timepoint() -> None:
    settings = repeated_patterns.Settings(
        n_cases=4,
        n_classes=3,
        n_timepoints=500,
        pattern_timepoints=20,
        noise=0.0,
        amplitude_deviation=0.0,
        repetitions=2,
    )
    train, _ = repeated_patterns.generate(settings)
    assert train.labels is None and train.timepoint_labels is not None
    for recording, labels in zip(np.asarray(train.series), np.array(train.timepoint_labels), strict=True):
        runs = [labels[start] for start in range(0, 500, 20)]
        assert all(first == second for first, second in zip(runs[::2], runs[1::2], strict=False))
        expected = [repeated_patterns.make_pattern(settings, label)[0] for label in runs]
        np.testing.assert_allclose(recording[0], np.concatenate(expected))
    assert len({tuple(labels) for labels in train.timepoint_labels}) == 4


def test_classes_differ_so_that_a_fit_makes_sense() -> None:
    """The nearest mean spectrum of a class tells cases that it has not seen."""
    for name in SEEDED:
        spectra = [
            np.log(np.abs(np.fft.rfft(np.asarray(raw.series)[:, 0])) + 1e-3) for raw in generate(name, n_cases=400)
        ]
        train, test = (np.concatenate([found, found**2], axis=1) for found in spectra)
        labels = np.arange(400) % 2 if name != "repeated_patterns" else np.array(generate(name, n_cases=400)[0].labels)
        expected = labels if name != "repeated_patterns" else np.array(generate(name, n_cases=400)[1].labels)
        means = np.stack([train[labels == index].mean(axis=0) for index in range(2)])
        scale = train.std(axis=0) + 1e-9
        nearest = (((test[:, None] - means) / scale) ** 2).sum(axis=2).argmin(axis=1)
        assert (nearest == expected).mean() > 0.6, name


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("harmonic", {"period": 1.0}, "--generator.period is 1.0; it must be at least 2"),
        ("white_noise", {"n_classes": 0}, "--generator.n-classes is 0"),
        ("auto_regressive", {"coefficients": (1.0,)}, "a root of modulus 1 in class 0"),
        ("narma", {"coefficients": (1.0, 0.9, 1.5, 0.1)}, "grow without bounds"),
        ("uniform_random", {"low": 2.0}, "it must be above --generator.low"),
        ("repeated_patterns", {"n_timepoints": 20}, "a segment holds a whole pattern"),
        ("repeated_patterns", {"repetitions": 2, "keep_share": 0.5}, "keep-share is 0.5; it must be 1"),
    ],
)
def test_options_that_cannot_be_are_refused_by_their_flags(name: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        generate(name, **options)


def test_a_dataset_is_loaded_with_the_options_given() -> None:
    dataset = load("harmonic", generated=harmonic.Settings(n_timepoints=40, n_classes=3))
    assert dataset.train.series.shape == (60, 1, 40) and set(dataset.train.labels or ()) == {0, 1, 2}
    with pytest.raises(DatasetError, match="not those of the generator 'narma'"):
        load("narma", generated=harmonic.Settings())
    with pytest.raises(DatasetError, match="'GunPoint' is not generated"):
        load("GunPoint", generated=harmonic.Settings())
