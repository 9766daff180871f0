"""Advice is what folds found for each kind of classifier, drawn towards what is usual, beside what is free."""

from __future__ import annotations

import json
from typing import get_args

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from bundle.advising import describe_judge, describe_judges
from bundle.evidence import Advice, Free, Interval, JudgeAdvice, JudgeKind, MetricName, Verdict
from training.judging.arms import Arm, count_added, make_arms
from training.judging.comparing import (
    Decided,
    Difference,
    Group,
    collect_scores,
    compare,
    group_classes,
    measure_difference,
    soften_all,
)
from training.judging.expecting import (
    LEAST_GAIN,
    Usual,
    advise_kind,
    decide_verdict,
    expect_gain,
    read_usual,
    summarise_advice,
)
from training.judging.kinds import Bench, choose_kinds, import_kind
from training.judging.metrics import CLASS_SCORES, choose_metric, compute_margin, soften, weigh_classes
from training.learning.cases import TrainingCases
from training.learning.generator import Generator

KINDS: tuple[JudgeKind, ...] = get_args(JudgeKind)
SKLEARN = {
    "accuracy": accuracy_score,
    "balanced_accuracy": balanced_accuracy_score,
    "macro_f1": lambda truth, found: f1_score(truth, found, average="macro"),
}


def draw_decisions(seed: int = 0, n: int = 40, n_classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Classes `[n]`, all of them present, and scores `[n, n_classes]` that know something of them."""
    random = np.random.default_rng(seed)
    truth = np.concatenate([np.arange(n_classes), random.integers(n_classes, size=n - n_classes)])
    return truth, random.standard_normal((n, n_classes)) + np.eye(n_classes)[truth]


@pytest.mark.parametrize("metric", SKLEARN)
@pytest.mark.parametrize("seed", range(3))
def test_metrics_of_certain_decisions_are_those_of_scikit_learn(metric: MetricName, seed: int) -> None:
    truth, scores = draw_decisions(seed)
    each = CLASS_SCORES[metric](truth, soften(scores, 1e-9))
    found = weigh_classes(metric, np.bincount(truth)) @ each
    assert found == pytest.approx(SKLEARN[metric](truth, scores.argmax(axis=1)))


@pytest.mark.parametrize("metric", get_args(MetricName))
def test_a_class_without_cases_has_no_score_and_no_weight(metric: MetricName) -> None:
    truth, scores = draw_decisions()
    scores = np.concatenate([scores, np.full((len(truth), 1), -9.0)], axis=1)
    each = CLASS_SCORES[metric](truth, soften(scores, 1.0))
    assert np.isnan(each[3]) and np.isfinite(each[:3]).all()
    weights = weigh_classes(metric, np.bincount(truth, minlength=4))
    assert weights[3] == 0 and weights.sum() == pytest.approx(1)


def test_soft_decisions_add_up_to_one_and_keep_the_highest() -> None:
    _, scores = draw_decisions()
    decisions = soften(scores, compute_margin(scores))
    assert decisions.sum(axis=1) == pytest.approx(1.0)
    assert np.array_equal(decisions.argmax(axis=1), scores.argmax(axis=1))
    assert np.allclose(soften(7 * scores, compute_margin(7 * scores)), decisions)


def test_the_metric_that_fits_is_taken_unless_one_is_named() -> None:
    assert choose_metric(None, False) == "accuracy" and choose_metric(None, True) == "balanced_accuracy"
    assert choose_metric("macro_f1", False) == choose_metric("macro_f1", True) == "macro_f1"


@pytest.fixture(scope="module")
def rare(cases: TrainingCases) -> TrainingCases:
    """Two cases of class 0, all of the others."""
    few = np.flatnonzero(cases.class_index == 0)[:2]
    return cases.select(np.concatenate([few, np.flatnonzero(cases.class_index != 0)]))


def test_balanced_classes_meet_ours_and_smote_and_rare_ones_all_that_is_free(
    generator: Generator, cases: TrainingCases, rare: TrainingCases
) -> None:
    alike = list(make_arms(generator, cases, ["latent"], balance=False, seed=3))
    assert [arm.name for arm in alike] == ["none", "latent", "SMOTE"]
    counts = count_added(cases, balance=False)
    for arm in alike[1:]:
        assert np.array_equal(np.bincount(arm.added.class_index, minlength=cases.n_classes), counts)
    assert np.array_equal(alike[1].added.series, generator.make("latent", cases, counts, 3).series)
    filled = list(make_arms(generator, rare, ["latent", "warps"], balance=True, seed=3))
    assert [arm.name for arm in filled] == ["none", "latent", "warps", *get_args(Free)]
    for arm in filled:
        totals = np.bincount(np.concatenate([rare.class_index, arm.added.class_index]))
        assert len(arm.added.series) == 0 or len(set(totals)) == 1
        assert arm.weighted is (arm.name == "class weights")


@pytest.fixture(scope="module")
def bench(generator: Generator, rare: TrainingCases, cases: TrainingCases) -> Bench:
    return Bench(rare, cases.select(np.arange(0, len(cases.series), 3)), generator)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_scores_every_class_and_answers_alike_for_equal_seeds(kind: JudgeKind, bench: Bench) -> None:
    nothing = Arm("none", bench.real.select(np.arange(0)))
    judgement = import_kind(kind).judge(bench)
    scores, again = judgement(nothing, 4), judgement(nothing, 4)
    assert scores is not None and again is not None and np.array_equal(scores, again)
    assert scores.shape == (len(bench.asked.series), bench.real.n_classes) and np.isfinite(scores).all()
    assert (scores.argmax(axis=1) == bench.asked.class_index).mean() > 0.5


def test_copies_change_nothing_for_neighbours_and_a_network_weighs_instead(bench: Bench) -> None:
    copies = Arm("random oversampling", bench.real.select(np.array([0, 0])))
    weights = Arm("class weights", bench.real.select(np.arange(0)), weighted=True)
    neighbours, network = (import_kind(kind).judge(bench) for kind in ("nearest_neighbours", "deep_network"))
    assert neighbours(copies, 0) is neighbours(weights, 0) is network(copies, 0) is None


def test_a_class_without_cases_is_never_given(bench: Bench) -> None:
    lacking = bench.real.select(np.flatnonzero(bench.real.class_index != 0))
    nothing = Arm("none", lacking.select(np.arange(0)))
    for kind in choose_kinds("brief"):
        scores = import_kind(kind).judge(Bench(lacking, bench.asked, bench.maker))(nothing, 0)
        assert scores is not None and 0 not in scores.argmax(axis=1)


def test_what_was_known_of_the_network_is_not_trained_again(bench: Bench) -> None:
    known = np.log(np.full((len(bench.asked.series), bench.real.n_classes), 1 / 3))
    nothing = Arm("none", bench.real.select(np.arange(0)))
    judged = import_kind("deep_network").judge(Bench(bench.real, bench.asked, bench.maker, known))
    assert judged(nothing, 0) is known


@pytest.fixture(scope="module")
def decided(bench: Bench) -> Decided:
    scores = collect_scores(bench, ["latent"], True, choose_kinds("brief"))
    return Decided(bench.asked.class_index, soften_all(scores))


def test_rare_classes_are_a_group_of_their_own() -> None:
    alike = group_classes(np.array([6, 0, 4, 3]))
    assert {group: of.tolist() for group, of in alike.items()} == {"alike": [True, False, True, True]}
    found = group_classes(np.array([6, 0, 5, 2]))
    assert {group: of.tolist() for group, of in found.items()} == {
        "common": [True, False, True, False],
        "rare": [False, False, False, True],
    }


@pytest.mark.parametrize("metric", get_args(MetricName))
def test_differences_of_groups_add_up_to_that_of_the_metric_in_points(metric: MetricName, decided: Decided) -> None:
    counts = np.bincount(decided.truth, minlength=4)
    counts[0] = 1  # as if it were rare
    weights = weigh_classes(metric, counts)
    arms = decided.decisions["features_and_trees"]
    assert list(arms) == ["none", "latent", *get_args(Free)]
    compared = compare([decided], metric, counts)["features_and_trees"]
    assert list(compared) == list(arms)[1:]
    for arm, groups in compared.items():
        one, other = (np.nansum(weights * CLASS_SCORES[metric](decided.truth, arms[name])) for name in (arm, "none"))
        assert list(groups) == ["common", "rare"]
        whole = sum(group.share * group.mean for group in groups.values() if group.mean is not None)
        assert whole == pytest.approx(100 * (one - other))


def test_the_standard_error_is_that_of_a_weighted_mean_over_classes() -> None:
    truth = np.array([0] * 8 + [1] * 2)
    none = np.full((10, 2), 0.5)
    own = none.copy()
    own[:, 0] += 0.2
    own[:, 1] -= 0.2
    found = measure_difference(truth, own, none, "accuracy", np.array([0.8, 0.2]))
    assert (found.share, found.mean) == pytest.approx((1.0, 100 * (0.8 * 0.2 - 0.2 * 0.2)))
    assert found.error == pytest.approx(100 * 0.2 / np.sqrt(10))
    found = measure_difference(truth, own, none, "balanced_accuracy", np.array([0.5, 0.5]))
    assert found.error == pytest.approx(100 * 0.2 * np.sqrt(1 / 8 + 1 / 2) / 2)


def test_nothing_is_measured_of_a_class_that_no_fold_holds_out() -> None:
    truth, scores = np.zeros(4, np.int64), np.full((4, 2), 0.5)
    found = measure_difference(truth, scores, scores, "balanced_accuracy", np.array([0.0, 0.5]))
    assert found == Difference(0.5, None, None)


GROUPS: tuple[Group, ...] = get_args(Group)
USUAL = Usual(
    means={
        f"recall, {group}, {kind}, {arm}": 2.0
        for group in GROUPS
        for kind in KINDS
        for arm in ("moved", *get_args(Free))
    },
    spreads={f"recall, {group}, {kind}": 3.0 for group in GROUPS for kind in KINDS},
    error_factor=1.0,
    least_error=0.0,
)


def expect(measured: Difference) -> Interval:
    return expect_gain(USUAL, "balanced_accuracy", "random_convolutions", "moved", {"alike": measured})


def test_what_is_expected_lies_between_the_usual_and_the_measured_nearer_to_the_surer() -> None:
    assert expect(Difference(1.0, 10.0, 3.0)).mean == pytest.approx(6.0)
    assert expect(Difference(1.0, 10.0, 1e-6)).mean == pytest.approx(10.0)
    assert expect(Difference(1.0, 10.0, 1e9)).mean == pytest.approx(2.0)
    widths = [one.high - one.low for one in (expect(Difference(1.0, 10.0, error)) for error in (0.1, 1.0, 3.0, 30.0))]
    assert widths == sorted(widths)
    usual = expect(Difference(1.0, None, None))
    assert (usual.low, usual.high) == pytest.approx((2.0 - 1.96 * 3.0, 2.0 + 1.96 * 3.0))


def test_groups_count_by_their_share() -> None:
    measured = {"common": Difference(0.75, -1.0, 1e-6), "rare": Difference(0.25, 20.0, 1e-6)}
    found = expect_gain(USUAL, "accuracy", "features_and_trees", "moved", measured)  # type: ignore[arg-type]
    assert found.mean == pytest.approx(0.75 * -1.0 + 0.25 * 20.0)


def test_the_usual_is_known_of_every_kind_arm_and_group() -> None:
    usual = read_usual()
    for metric in get_args(MetricName):
        for group in GROUPS:
            for kind in KINDS:
                for arm in list_judged(kind, group):
                    found = expect_gain(usual, metric, kind, arm, {group: Difference(1.0, None, None)})
                    assert found.low < found.mean < found.high


def list_judged(kind: JudgeKind, group: Group) -> list[str]:
    """The arms that a kind can do, as the usual is listed."""
    arms = ["moved", "warped", "SMOTE"]
    if group != "alike" and kind != "nearest_neighbours":
        arms.append("class weights")
    return arms + (["random oversampling"] if len(arms) == 4 and kind != "deep_network" else [])


def build_interval(mean: float) -> Interval:
    return Interval(mean=mean, low=mean - 2, high=mean + 2)


@pytest.mark.parametrize(
    ("ours", "free", "verdict"),
    [
        (3.0, {"class weights": 1.0}, "use it"),
        (3.0, {}, "use it"),
        (3.0, {"class weights": 3.5}, "free does as well"),
        (-1.0, {"SMOTE": 2.0}, "free does as well"),
        (LEAST_GAIN - 0.1, {"SMOTE": LEAST_GAIN - 0.2}, "no gain"),
        (LEAST_GAIN, {"SMOTE": -4.0}, "use it"),
    ],
)
def test_ours_is_advised_where_it_gains_and_nothing_free_gains_more(
    ours: float, free: dict[Free, float], verdict: Verdict
) -> None:
    assert decide_verdict(build_interval(ours), {arm: build_interval(mean) for arm, mean in free.items()}) == verdict


def test_a_kind_is_told_what_was_measured_and_what_is_expected() -> None:
    measured = {arm: {"alike": Difference(1.0, mean, 3.0)} for arm, mean in (("latent", 8.0), ("class weights", 0.0))}
    found = advise_kind("features_and_trees", measured, "latent", "accuracy", USUAL)  # type: ignore[arg-type]
    assert (found.verdict, found.uplift.mean, found.free["class weights"].mean) == ("use it", 5.0, 1.0)
    assert found.measured == Interval(mean=8.0, low=8.0 - 1.96 * 3.0, high=8.0 + 1.96 * 3.0)


def test_what_no_fold_held_out_was_not_measured() -> None:
    groups = {"common": Difference(0.5, 1.0, 1.0), "rare": Difference(0.5, None, None)}
    found = advise_kind("features_and_trees", {"latent": groups}, "latent", "accuracy", USUAL)  # type: ignore[dict-item]
    assert found.measured is None and found.uplift.low < found.uplift.high


def test_without_folds_nothing_is_advised() -> None:
    found = summarise_advice("latent", [], None, np.array([9, 3]))
    assert (found.use, found.uplift, found.metric, found.judges) == (False, None, "balanced_accuracy", [])


def test_advice_leads_with_the_kind_that_gains_most(decided: Decided) -> None:
    found = summarise_advice("latent", [decided], "macro_f1", np.array([2, 8, 4, 0]))
    best = max(found.judges, key=lambda judge: judge.uplift.mean)
    assert found.uplift == best.uplift and found.metric == "macro_f1"
    assert describe_judges(found).startswith(describe_judge(best, "macro_f1"))
    assert found.use is any(judge.verdict == "use it" for judge in found.judges)
    assert Advice.model_validate_json(found.model_dump_json()) == found


POINTS = "points of balanced accuracy"
SAID: list[tuple[Verdict, float, dict[Free, Interval], str]] = [
    (
        "use it",
        6.1,
        {"class weights": build_interval(1.0)},
        f"use it: +6.1 {POINTS} [4.1, 8.1], against +1.0 for class weights.",
    ),
    ("use it", 6.1, {}, f"use it: +6.1 {POINTS} [4.1, 8.1]."),
    (
        "free does as well",
        2.0,
        {"class weights": build_interval(3.0)},
        f"class weights, which are free, do at least as well: +3.0 {POINTS} [1.0, 5.0], against +2.0.",
    ),
    ("no gain", -0.04, {"SMOTE": build_interval(0.5)}, f"no gain is to be expected: 0.0 {POINTS} [−2.0, 2.0]."),
]


@pytest.mark.parametrize(("verdict", "ours", "free", "words"), SAID)
def test_a_sentence_says_what_to_do_with_its_figures(
    verdict: Verdict, ours: float, free: dict[Free, Interval], words: str
) -> None:
    judge = JudgeAdvice(
        judge="random_convolutions", verdict=verdict, uplift=build_interval(ours), measured=None, free=free
    )
    assert describe_judge(judge, "balanced_accuracy") == f"For random convolutions, {words}"


def test_advice_from_before_there_were_judges_is_read() -> None:
    former = {"policy": "latent", "use": True, "uplift": {"mean": 2.0, "low": 0.5, "high": 3.5}}
    found = Advice.model_validate_json(json.dumps(former))
    assert (found.metric, found.judges) == (None, [])


def test_brief_leaves_out_what_takes_seconds() -> None:
    assert choose_kinds("full") == KINDS and choose_kinds("none") == ()
    assert set(choose_kinds("brief")) == {*KINDS} - {"deep_network"}
