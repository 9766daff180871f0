"""Ways of making cases: kernels keep what a class is, selections keep what they say, all by training cases alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training.evaluation.making import list_arms, select_cases, spread_kernels, write_table
from training.judging.arms import count_added
from training.judging.kinds import Bench, import_kind
from training.learning.cases import TrainingCases
from training.learning.generator import Generator

RANDOM = np.random.default_rng(0)
CODES = RANDOM.normal(size=(60, 3)) * [1, 2, 3] + np.repeat([[0], [5]], 30, axis=0)
CLASSES = np.repeat([0, 1], 30)


@pytest.mark.parametrize("width", [0.25, 0.75])
def test_kernels_keep_mean_and_covariance_of_a_class(width: float) -> None:
    law = spread_kernels(CODES, CLASSES, 2, width)
    own = CODES[CLASSES == 1]
    drawn_means, share = law.means[1], law.weights[1]
    assert share.sum() == pytest.approx(1)
    np.testing.assert_allclose(share @ drawn_means, own.mean(axis=0))
    between = (drawn_means - own.mean(axis=0)).T @ (share[:, None] * (drawn_means - own.mean(axis=0)))
    np.testing.assert_allclose(between + law.covariances[1, 0], np.cov(own.T, bias=True), atol=0.8)


def test_a_class_of_one_code_has_the_spread_of_the_others() -> None:
    law = spread_kernels(CODES[:31], CLASSES[:31], 2, 0.5)
    assert law.weights[1].tolist() == [1.0, *[0.0] * 29]
    np.testing.assert_array_equal(law.means[1, 0], CODES[30])
    assert np.linalg.eigvalsh(law.covariances[1, 0]).min() > 0.05


@pytest.mark.parametrize("by", ["hard", "diverse"])
def test_a_selection_has_the_counts_asked_for(generator: Generator, cases: TrainingCases, by: str) -> None:
    counts = np.array([2, 3, 4, 0])
    chosen = select_cases(generator, cases, counts, 5, by)
    assert np.bincount(chosen.class_index, minlength=4).tolist() == counts.tolist()


def test_soft_labels_are_between_the_class_asked_for_and_the_classifiers(
    generator: Generator, cases: TrainingCases
) -> None:
    arms = {
        arm.name: arm for arm in list_arms(generator, cases, False, 0, ("latent", "latent, soft", "latent, 0.5 soft"))
    }
    assert list(arms) == ["none", "latent", "latent, 0.5 soft", "latent, soft"]
    asked, half, soft = (arms[name] for name in list(arms)[1:])
    assert half.shares is not None and soft.shares is not None
    np.testing.assert_array_equal(soft.added.series, asked.added.series)
    np.testing.assert_allclose(soft.shares, generator.model.screen(asked.added.series), atol=1e-6)
    np.testing.assert_allclose(half.shares, (soft.shares + np.eye(cases.n_classes)[asked.added.class_index]) / 2)
    sure = replace(asked, shares=np.eye(cases.n_classes)[asked.added.class_index])
    bench = Bench(cases, cases.select(np.arange(0, len(cases.series), 2)), generator)
    for kind in ("random_convolutions", "deep_network"):
        judgement = import_kind(kind).judge(bench)
        plain, same, other = (judgement(arm, 0) for arm in (asked, sure, half))
        assert plain is not None and same is not None and other is not None
        assert plain.shape == same.shape == other.shape and np.isfinite(other).all()
        if kind == "random_convolutions":
            np.testing.assert_array_equal(plain.argmax(axis=1), same.argmax(axis=1))


@pytest.mark.long
def test_every_way_adds_as_many_cases_of_the_classes_there_are(generator: Generator, cases: TrainingCases) -> None:
    real = replace(cases, n_classes=4)
    arms = {arm.name: arm for arm in list_arms(generator, real, True, 0)}
    wanted = count_added(real, True)
    for name, arm in arms.items():
        expected = 0 if name in ("none", "class weights") else wanted.sum()
        assert len(arm.added.series) == expected, name
    assert {"mixture", "kernels of 0.5", "latent, hard", "SMOTE"} <= arms.keys()


def test_the_table_pairs_each_way_with_none_and_takes_seeds_together() -> None:
    rows = [
        (name, seed, "balanced", way, "random_convolutions", f"{value}")
        for name, seed, way, value in [
            ("A", "0", "none", 0.5),
            ("A", "0", "latent", 0.6),
            ("A", "1", "none", 0.5),
            ("A", "1", "latent", 0.5),
            ("B", "0", "none", 0.5),
            ("B", "0", "latent", 0.45),
        ]
    ]
    last = write_table(rows).splitlines()[-1]
    assert last.startswith("| balanced | latent | +0.00 [") and "| 1/0/1 |" in last.replace(" / ", "/")
