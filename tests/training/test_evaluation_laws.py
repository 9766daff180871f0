"""The parts of an evaluation: statistics by hand, curves' subsets, and the contract of every peer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training.configuration import FitConfiguration
from training.evaluation import peers, policies
from training.evaluation.across import compute_means
from training.evaluation.comparison import compare
from training.evaluation.results import Choice, Row
from training.evaluation.statistics import (
    bootstrap_datasets,
    compute_average_ranks,
    compute_critical_difference,
    count_win_tie_loss,
    estimate_over_seeds,
    find_cliques,
    find_worst_outlier,
)
from training.evaluation.subsets import Level, choose_kept, choose_rare_classes, list_levels, qualifies
from training.evaluation.table import write_markdown
from training.families.vae import convolutional
from training.learning.cases import TrainingCases


def test_an_interval_over_datasets_is_fixed_holds_its_mean_and_has_a_width_for_a_spread() -> None:
    assert bootstrap_datasets([1.0, 2.0, 6.0]) == bootstrap_datasets([1.0, 2.0, 6.0])
    assert bootstrap_datasets([1.0, 2.0, 6.0]).mean == pytest.approx(3)
    alike = bootstrap_datasets([2.0, 2.0, 2.0])
    assert (alike.low, alike.high) == (2, 2)
    halves = bootstrap_datasets([0.0] * 50 + [1.0] * 50)
    assert (halves.low, halves.high) == pytest.approx((0.40, 0.60), abs=0.011)
    with pytest.raises(ValueError, match="at least one dataset"):
        bootstrap_datasets([])


def test_an_interval_over_seeds_is_students() -> None:
    interval = estimate_over_seeds([1.0, 2.0, 3.0])
    assert interval is not None
    assert (interval.mean, interval.high - interval.mean) == pytest.approx((2, 4.302653 / np.sqrt(3)))
    assert estimate_over_seeds([1.0]) is None


def test_wins_ties_and_losses_are_counted_and_the_outlier_found() -> None:
    counts = count_win_tie_loss([0.5, 0.0, -0.1, 2.0, 1e-12])
    assert (counts.win, counts.tie, counts.loss, str(counts)) == (2, 2, 1, "2/2/1")
    assert find_worst_outlier([0.1, 0.2, -9.0, 5.0]) == 2


def test_ranks_and_the_critical_difference_are_demsars() -> None:
    ranks = compute_average_ranks(np.array([[0.9, 0.8, 0.7], [0.5, 0.5, 0.4]]))
    np.testing.assert_allclose(ranks, [1.25, 1.75, 3])
    # Demšar (2006), table 5: q = 2.569 for four classifiers; section 3.2.2: fourteen datasets.
    assert compute_critical_difference(14, 4) == pytest.approx(2.569 * np.sqrt(4 * 5 / (6 * 14)), abs=1e-3)
    assert find_cliques(np.array([1.0, 1.5, 2.4, 4.0]), 1.0) == [(0, 1), (1, 2)]
    assert find_cliques(np.array([1.0, 3.0]), 1.0) == []


def _make_rows() -> list[Row]:
    shares = {
        ("A", "none"): (0.5, 0.6),
        ("A", "auto"): (0.6, 0.8),
        ("B", "none"): (0.9, 0.9),
        ("B", "auto"): (0.9, 0.8),
    }
    return [
        Row(dataset, seed, "minirocket", policy, 9, share, share, 0.5)
        for (dataset, policy), own in shares.items()
        for seed, share in enumerate(own)
    ]


def test_a_comparison_pairs_by_seed_and_the_table_says_so() -> None:
    (comparison,) = compare(_make_rows()[::-1], "accuracy")
    np.testing.assert_allclose(comparison.pair("auto", "A"), [10, 20])
    assert comparison.compute_uplift("auto") == pytest.approx({"A": 15, "B": -5})
    assert comparison.compared == ("auto",) and comparison.complete == ("A", "B")
    choices = [
        Choice("A", 0, "warps", "warps", "warps", True, 2.0, 1.0, 3.0, "none:0.5 warps:0.4"),
        Choice("B", 0, "none", "none", "latent", False, None, None, None, ""),
    ]
    text = write_markdown("title", [comparison], choices)
    assert "| auto | 2 | 77.50 | +5.00 [-5.00, 15.00] |  | 1/0/1 | B -5.00 | 0.500 |" in text
    assert "“use it” (1 jobs, 1 datasets): +10.00 [10.00, 10.00]" in text
    assert "| B | **-5.0 [-68.5, 58.5]** |" in text
    assert "| B | none | none | not latent |" in text


def test_policies_of_unequal_seeds_are_ranked_on_those_that_all_have_and_the_latent_share_is_paired() -> None:
    extra = [
        Row("A", 2, "minirocket", "none", 9, 1.0, 1.0, 0.5),
        *(
            Row(name, seed, "minirocket", "auto-without-latent", 9, 0.4, 0.4, 0.5)
            for name in "AB"
            for seed in ((1, 5) if name == "A" else (7,))
        ),
    ]
    (comparison,) = compare(_make_rows() + extra, "accuracy")
    assert comparison.policies == ("none", "auto", "auto-without-latent")
    assert comparison.compute_scores("A") == pytest.approx([60, 80, 40]), "seed 1 alone is everyone's"
    assert comparison.compute_scores("B") == [] and comparison.complete == ("A",)
    assert [comparison.count_seeds(policy) for policy in comparison.policies] == [3, 2, 2]
    assert comparison.compute_uplift("auto", "auto-without-latent") == pytest.approx({"A": 40})
    assert "auto less auto-without-latent: +40.00 [40.00, 40.00], 1/0/0." in write_markdown("title", [comparison], [])


CLASS_INDEX = np.repeat([0, 1, 2], [30, 24, 21])


def test_the_mean_of_judges_is_paired_and_what_is_free_is_the_better_by_judge() -> None:
    def make_row(dataset: str, judge: str, policy: str, seed: int, share: float) -> Row:
        return Row(dataset, seed, judge, policy, 9, share, share, None)

    rows = [
        make_row(dataset, judge, policy, seed, share + 0.1 * seed)  # a seed's level is no difference
        for dataset, judge, policy, share in [
            ("A", "minirocket", "none", 0.5),
            ("A", "minirocket", "latent", 0.6),
            ("A", "minirocket", "smote", 0.5),
            ("A", "minirocket", "class-weights", 0.56),
            ("B", "minirocket", "none", 0.5),
            ("B", "minirocket", "latent", 0.54),
            ("B", "minirocket", "smote", 0.54),
            ("B", "minirocket", "class-weights", 0.5),
            ("A", "dtw", "none", 0.4),
            ("A", "dtw", "latent", 0.44),
            ("A", "dtw", "smote", 0.42),
            ("B", "dtw", "none", 0.4),
            ("B", "dtw", "latent", 0.4),
            ("B", "dtw", "smote", 0.42),
            ("A", "fcn", "none", 0.4),  # our own training, of no account here
            ("A", "fcn", "latent", 0.1),
        ]
        for seed in (0, 1)
    ]
    compared = compare(rows, "accuracy")
    latent, smote = compute_means(compared)
    assert (latent.policy, latent.judges, smote.policy) == ("latent", ("dtw", "minirocket"), "smote")
    assert latent.uplift == pytest.approx({"A": 7, "B": 2})
    assert latent.over_free["by judge"] == pytest.approx({"A": 3, "B": 1})
    assert latent.over_free["by judge and dataset"] == pytest.approx({"A": 3, "B": -1})
    assert smote.over_free == {}
    table = write_markdown("T", compared, ())
    assert (
        "| latent | dtw, minirocket | +4.50 [2.00, 7.00] | 2/0/0 | +2.00 [1.00, 3.00] | +1.00 [-1.00, 3.00] |" in table
    )
    assert "less warps" not in table, "nothing here was warped"
    both = [
        replace(row, policy={"latent": "latent+warps", "smote": "warps"}.get(row.policy, row.policy)) for row in rows
    ]
    assert "latent+warps less warps: +2.50 [-1.00, 6.00], 1/0/1." in write_markdown("T", compare(both, "accuracy"), ())
    assert "Mean of the judges" not in write_markdown("T", compare(rows[:8], "accuracy"), ())


@pytest.mark.parametrize("size", [2, 5, 10, 20])
def test_low_data_keeps_as_many_of_each_class_and_less_is_a_part_of_more(size: int) -> None:
    index = choose_kept(CLASS_INDEX, Level("low-data", size), seed=4)
    assert np.bincount(CLASS_INDEX[index]).tolist() == [size] * 3
    assert set(index) <= set(choose_kept(CLASS_INDEX, Level("low-data", 21), seed=4))
    np.testing.assert_array_equal(index, choose_kept(CLASS_INDEX, Level("low-data", size), seed=4))
    assert set(index) != set(choose_kept(CLASS_INDEX, Level("low-data", size), seed=5))


@pytest.mark.parametrize(("ratio", "rare"), [(2, (11, 13, 14)), (5, (4, 5, 5)), (10, (2, 3, 3)), (20, (1, 1, 1))])
def test_imbalance_makes_one_class_rare_in_turn_and_leaves_the_others(ratio: int, rare: tuple[int, ...]) -> None:
    full = np.bincount(CLASS_INDEX)
    others = [22.5, 25.5, 27.0]
    for seed in range(4):
        counts = np.bincount(CLASS_INDEX[choose_kept(CLASS_INDEX, Level("imbalance", ratio), seed)])
        place = seed % 3
        assert counts[place] == max(1, round(round(others[place]) / ratio))
        assert counts[place] == pytest.approx(rare[place], abs=1)
        assert np.delete(counts, place).tolist() == np.delete(full, place).tolist()


def test_a_level_needs_its_cases() -> None:
    assert choose_rare_classes(np.array([69, 31]), 2) == {0: 16}, "31 cases are no 34"
    assert choose_rare_classes(np.array([69, 31]), 20) == {0: 2, 1: 3}
    assert choose_rare_classes(np.array([12, 12, 12]), 20) == {}
    assert not qualifies(np.repeat([0, 1], [5, 4]), Level("low-data", 5))
    assert qualifies(np.repeat([0, 1], [5, 5]), Level("low-data", 5))
    with pytest.raises(ValueError, match="low-data-5"):
        choose_kept(np.repeat([0, 1], [5, 4]), Level("low-data", 5), 0)
    np.testing.assert_array_equal(choose_kept(CLASS_INDEX, None, 1), np.arange(75))
    assert list_levels(None) == (None,) and len(list_levels("imbalance")) == 4
    assert list_levels("low-data", (5,)) == (Level("low-data", 5),)


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("peer", policies.list_peers())
def test_every_peer_puts_new_cases_behind_the_old_ones(peer: str, n_channels: int) -> None:
    random = np.random.default_rng(0)
    class_index = np.array([2, 0, 0, 1, 1, 1, 0, 1, 1, 0, 0, 1], dtype=np.int64)
    series = (100 + class_index[:, None, None] + random.normal(size=(12, n_channels, 16))).astype(np.float32)
    cases, counts = TrainingCases(series.copy(), class_index, 3), np.array([6, 0, 5])
    brief = FitConfiguration(vae=convolutional.Settings(steps=3, batch_size=8), seed=7)
    first, again = (peers.import_peer(peer).augment(cases, counts, brief) for _ in range(2))
    np.testing.assert_array_equal(first.series[:12], series)
    np.testing.assert_array_equal(first.class_index[:12], class_index)
    np.testing.assert_array_equal(cases.series, series)
    np.testing.assert_array_equal(first.series, again.series)
    np.testing.assert_array_equal(first.class_index, again.class_index)
    assert first.series.shape == (len(first.class_index), n_channels, 16)
    assert first.series.dtype == np.float32 and first.class_index.dtype == np.int64 and first.n_classes == 3
    added = np.bincount(first.class_index[12:], minlength=3)
    assert added[1] == 0 and added[0] <= 6 + 3 and added[2] <= 5
    assert np.isfinite(first.series).all() and abs(first.series[12:].mean() - 100) < 5


@pytest.mark.parametrize("n_own", [1, 2, 3])
@pytest.mark.parametrize("peer", policies.list_peers())
def test_every_peer_takes_a_class_of_very_few_cases(peer: str, n_own: int) -> None:
    class_index = np.repeat([0, 1], [n_own, 6])
    series = np.random.default_rng(0).normal(size=(n_own + 6, 1, 16)).astype(np.float32)
    brief = FitConfiguration(vae=convolutional.Settings(steps=3, batch_size=8), seed=7)
    grown = peers.import_peer(peer).augment(TrainingCases(series, class_index, 2), np.array([6, 0]), brief)
    added = np.bincount(grown.class_index[n_own + 6 :], minlength=2)
    assert added[1] == 0 and (0 < added[0] <= 6 + 3 or peer == "published")
