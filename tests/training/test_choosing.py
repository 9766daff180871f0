"""The choice of a policy rests on the evidence of held-out training cases, and says none where there is no evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bundle.evidence import Candidate, Interval
from bundle.generation.policy import PolicyName
from tests.conftest import take_steps
from training.choosing.balance import is_imbalanced
from training.choosing.cross_validation import (
    CANDIDATES,
    CrossValidation,
    Evidence,
    cross_validate,
    summarise_candidate,
)
from training.choosing.folds import Fold, Judged, make_folds
from training.configuration import FitConfiguration
from training.data import Cases
from training.data.partition import make_training_cases
from training.fitting import list_candidates
from training.judging.comparing import judge_arms
from training.judging.expecting import summarise_advice
from training.judging.kinds import choose_kinds
from training.learning.cases import TrainingCases
from training.learning.generator import Generator

ZERO = Interval(mean=0, low=0, high=0)


def build_row(policy: PolicyName, nll: float, number: int = 1) -> Candidate:
    return Candidate(policy=policy, round=number, nll=nll, balanced_accuracy=0.5, uplift=ZERO)


ROWS = [
    build_row("none", 0.4),
    build_row("warps", 0.2),
    build_row("latent", 0.5),
    build_row("interpolation+warps", 0.3),
]


@pytest.fixture(scope="module")
def judged(generator: Generator) -> list[Judged]:
    """Folds of 1000 held-out cases."""
    return [_build_judged(generator, [0] * 1000, {})]


def test_the_lowest_negative_log_likelihood_is_chosen_and_served(judged: list[Judged]) -> None:
    found = Evidence("auto", judged, ROWS)
    assert (found.policy, found.served, found.rounds) == ("warps", "warps", 1)
    found = Evidence("auto", judged, [*ROWS, build_row("latent", 0.1, 2)])
    assert (found.policy, found.served, found.rounds) == ("latent", "latent", 2)


def test_where_none_is_best_the_best_latent_policy_is_served_and_of_equals_none_is_chosen(
    judged: list[Judged],
) -> None:
    found = Evidence("auto", judged, [build_row("none", 0.1), *ROWS[1:]])
    assert (found.policy, found.served) == ("none", "interpolation")
    assert Evidence("auto", judged, [build_row("none", 0.2), *ROWS[1:]]).policy == "none"
    assert Evidence("auto", [], []).policy == "none" and Evidence("auto", [], []).served == "latent"


def test_what_fills_a_rare_class_is_warped_besides(judged: list[Judged]) -> None:
    assert Evidence("auto", judged, ROWS, imbalanced=True).served == "warps"
    assert Evidence("latent", judged, ROWS, imbalanced=True).served == "latent+warps"
    assert Evidence("auto", judged, [build_row("none", 0.1), *ROWS[1:]], True).served == "interpolation+warps"


@pytest.mark.parametrize(
    ("n_cases", "imbalanced", "policy"),
    [(9, False, "latent"), (11, False, "warps"), (39, True, "latent"), (41, True, "warps")],
)
def test_another_policy_has_to_beat_a_latent_one_by_its_start_in_nats(
    n_cases: int, imbalanced: bool, policy: PolicyName, generator: Generator
) -> None:
    rows = [build_row("none", 0.9), build_row("warps", 0.4), build_row("latent", 0.5)]
    assert Evidence("auto", [_build_judged(generator, [0] * n_cases, {})], rows, imbalanced).policy == policy


@pytest.mark.parametrize("rows", [[], ROWS])
def test_a_policy_that_is_set_is_kept_whatever_the_evidence(rows: list[Candidate], judged: list[Judged]) -> None:
    found = Evidence("latent+warps", judged, rows)
    assert (found.policy, found.served) == ("latent+warps", "latent")


def test_candidates_are_all_or_the_one_set_and_none_without_two_classes() -> None:
    one, two = (Cases(np.zeros((4, 1, 8), np.float32), labels, None) for labels in (("a",) * 4, ("a", "b") * 2))
    unlabelled = replace(one, labels=None)
    auto, set_ = FitConfiguration(), FitConfiguration(policy="latent")
    assert list_candidates(two, ("a", "b"), auto) == CANDIDATES and list_candidates(two, ("a", "b"), set_) == (
        "latent",
    )
    assert list_candidates(one, ("a",), auto) == list_candidates(unlabelled, ("all",), auto) == ()


@pytest.mark.parametrize(("counts", "expected"), [((9, 3), True), ((8, 3), False), ((4, 0, 3), False), ((5,), False)])
def test_three_times_the_smallest_class_is_imbalanced(counts: tuple[int, ...], expected: bool) -> None:
    assert is_imbalanced(np.repeat(np.arange(len(counts)), counts)) is expected


def _build_judged(generator: Generator, truth: list[int], probabilities: dict[PolicyName, list[float]]) -> Judged:
    """A fold whose held-out cases were given these probabilities of class 1, of two."""
    held_out = TrainingCases(np.zeros((len(truth), 1, 8), np.float32), np.array(truth), 2)
    log = {policy: np.log(np.stack([1 - np.array(p), p], axis=1)) for policy, p in probabilities.items()}
    return Judged(Fold(held_out, held_out), generator, None, log)


def test_the_evidence_of_a_candidate_is_what_one_computes_by_hand(generator: Generator) -> None:
    folds = [
        _build_judged(generator, [0, 0, 1], {"none": [0.4, 0.6, 0.9], "warps": [0.2, 0.3, 0.8]}),
        _build_judged(generator, [0], {"none": [0.3], "warps": [0.7]}),
    ]
    settings = FitConfiguration(seed=0, balance=0)
    found = summarise_candidate(folds, "warps", settings, balanced=False)
    assert found.nll == pytest.approx((-(np.log(0.8) + np.log(0.7) + np.log(0.3)) / 3 - np.log(0.8)) / 2)
    assert found.balanced_accuracy == pytest.approx((2 / 3 + 1) / 2)
    assert found.uplift.mean == pytest.approx(100 * (3 - 3) / 4) and found.uplift.low < 0 < found.uplift.high
    assert summarise_candidate(folds, "none", settings, balanced=False).uplift == ZERO
    by_case = summarise_candidate(folds, "warps", settings, balanced=True)
    assert by_case.nll == pytest.approx(-(np.log(0.8) + np.log(0.7) + np.log(0.3) + np.log(0.8)) / 4)
    assert by_case.balanced_accuracy == found.balanced_accuracy


def test_a_class_of_one_case_and_whole_groups_stay_on_one_side() -> None:
    labels = ("a",) * 6 + ("b",) * 6 + ("rare",)
    groups = tuple(str(number // 2) for number in range(13))
    learn = Cases(np.arange(13, dtype=np.float32)[:, None, None] * np.ones((1, 1, 8), np.float32), labels, groups)
    folds = make_folds(learn, make_training_cases(learn, ("a", "b", "rare")), FitConfiguration(folds=3))
    assert len(folds) == 3
    for fold in folds:
        assert 2 in fold.kept.class_index and 2 not in fold.held_out.class_index
        kept, held_out = ({int(value) // 2 for value in side.series[:, 0, 0]} for side in (fold.kept, fold.held_out))
        assert not kept & held_out and len(kept | held_out) == 7


@pytest.fixture(scope="module")
def brief(settings: FitConfiguration) -> FitConfiguration:
    return replace(settings, **take_steps(10, 2, 10, euler_steps=4), policy="auto", advice="brief")


@pytest.fixture(scope="module")
def folds(cases: TrainingCases, brief: FitConfiguration) -> list[Fold]:
    labels = tuple(int(index) for index in cases.class_index)
    return make_folds(Cases(cases.series, labels, None), cases, brief)


@pytest.fixture(scope="module")
def chosen(cases: TrainingCases, folds: list[Fold], brief: FitConfiguration) -> CrossValidation:
    return cross_validate(cases, folds, brief, ("warps", "latent"))


def test_what_was_chosen_is_the_best_by_its_own_evidence(
    chosen: CrossValidation, folds: list[Fold], brief: FitConfiguration, cases: TrainingCases
) -> None:
    uplift = chosen.uplift
    assert [row.policy for row in uplift.candidates] == ["none", "warps", "latent"]
    balanced = is_imbalanced(cases.class_index)
    assert uplift.candidates == [
        summarise_candidate(chosen.folds, row.policy, brief, balanced) for row in uplift.candidates
    ]
    assert uplift.policy == Evidence("auto", chosen.folds, uplift.candidates, balanced).policy
    assert (uplift.n_folds, uplift.n_cases) == (len(folds), sum(len(fold.held_out.series) for fold in folds))
    assert uplift.balanced is (balanced and uplift.policy != "none")
    assert uplift.weight == brief.synthetic_weight


def test_advice_is_what_the_judges_found_on_the_same_folds(
    chosen: CrossValidation, brief: FitConfiguration, cases: TrainingCases
) -> None:
    advice, balance, kinds = chosen.uplift.advice, is_imbalanced(cases.class_index), choose_kinds(brief.advice)
    decided = [judge_arms(judged, [advice.policy], balance, kinds) for judged in chosen.folds]
    counts = np.bincount(cases.class_index, minlength=cases.n_classes)
    assert advice == summarise_advice(advice.policy, decided, None, counts)
    assert [judge.judge for judge in advice.judges] == list(kinds)


@pytest.mark.parametrize("given", [{"folds": []}, {"candidates": ()}], ids=["no folds", "no candidates"])
def test_without_folds_or_candidates_none_is_chosen_and_nothing_advised(
    given: dict[str, Any], cases: TrainingCases, folds: list[Fold], brief: FitConfiguration
) -> None:
    uplift = cross_validate(cases, given.get("folds", folds[:1]), brief, given.get("candidates", ("warps",))).uplift
    assert (uplift.policy, uplift.candidates) == ("none", [])
    assert (uplift.advice.policy, uplift.advice.use, uplift.advice.uplift) == ("latent+warps", False, None)
    assert uplift.advice.judges == []


@pytest.mark.parametrize("seed", [0, 1])
def test_rounds_go_on_while_the_evidence_gains_and_the_folds_are_those_of_the_best(
    seed: int, cases: TrainingCases, brief: FitConfiguration
) -> None:
    settings = replace(brief, rounds=3, seed=seed, advice="none")
    learn = Cases(cases.series, tuple(int(index) for index in cases.class_index), None)
    result = cross_validate(cases, make_folds(learn, cases, settings), settings, ("warps", "latent"))
    rows = result.uplift.candidates
    cost = Evidence("auto", result.folds, rows, is_imbalanced(cases.class_index)).compute_cost
    best = [min(cost(row) for row in rows if row.round <= number) for number in range(1, result.uplift.rounds + 1)]
    assert best == sorted(best, reverse=True) and len(set(best)) == len(best)
    assert result.uplift.rounds == max(row.round for row in rows)
    chosen_row = min(rows, key=cost)
    balanced = is_imbalanced(cases.class_index)
    assert summarise_candidate(result.folds, chosen_row.policy, settings, balanced, chosen_row.round) == chosen_row
