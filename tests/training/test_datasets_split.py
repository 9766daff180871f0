"""Whatever is split, groups stay whole, classes stay in proportion and no class leaves the training side."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from training.data.split import hold_out, split_folds

Sides = tuple[NDArray[np.intp], NDArray[np.intp]]


def _draw(seed: int) -> tuple[list[str], list[str], int]:
    """Labels and groups of a random dataset: classes of very unequal size, groups that mix classes."""
    generator = np.random.default_rng(seed)
    n_cases = int(generator.integers(4, 80))
    labels = generator.choice(["a", "b", "c", "d"], n_cases, p=[0.6, 0.25, 0.1, 0.05]).tolist()
    groups = generator.integers(0, max(1, n_cases // 3), n_cases).astype(str).tolist()
    return labels, groups, n_cases


def _assert_lawful(sides: Sides, labels: list[str] | None, groups: list[str] | None, n_cases: int) -> None:
    kept, held = sides
    np.testing.assert_array_equal(np.sort(np.concatenate(sides)), np.arange(n_cases))
    assert np.all(np.diff(kept) > 0) and np.all(np.diff(held) > 0) and len(kept) > 0
    if groups is not None:
        assert not {groups[case] for case in kept} & {groups[case] for case in held}
    if labels is not None:
        assert {labels[case] for case in kept} == set(labels)


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("seed", range(25))
def test_groups_stay_whole_and_no_class_leaves_training(seed: int, grouped: bool, labelled: bool) -> None:
    labels, groups, n_cases = _draw(seed)
    some_labels, some_groups = labels if labelled else None, groups if grouped else None
    folds = split_folds(some_labels, some_groups, 5, seed, n_cases)
    for fold in folds:
        assert len(fold[1]) > 0
        _assert_lawful(fold, some_labels, some_groups, n_cases)
    held = np.concatenate([held for _, held in folds]) if folds else np.array([])
    assert len(held) == len(set(held.tolist()))
    for share in (0.1, 0.25, 0.5, 0.9):
        _assert_lawful(hold_out(some_labels, some_groups, share, seed, n_cases), some_labels, some_groups, n_cases)


@pytest.mark.parametrize("seed", range(10))
def test_folds_are_stratified_and_hold_out_every_case_of_a_class_that_has_two(seed: int) -> None:
    labels, _, n_cases = _draw(seed + 100)
    of_class = Counter(labels)
    folds = split_folds(labels, None, 4, seed, n_cases)
    for name, count in of_class.items():
        held = [sum(labels[case] == name for case in held) for _, held in folds]
        assert sum(held) == (0 if count == 1 else count)
        assert max(held) - min(held) <= 1


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("share", [0.1, 0.2, 0.5, 0.75])
def test_held_out_cases_are_stratified(share: float, seed: int) -> None:
    labels, _, n_cases = _draw(seed + 200)
    _, held = hold_out(labels, None, share, seed, n_cases)
    held_of_class = Counter(labels[case] for case in held)
    for name, count in Counter(labels).items():
        assert abs(held_of_class[name] - share * count) < 1


def test_many_small_classes_still_give_the_share_asked_for() -> None:
    labels = [str(case // 2) for case in range(40)]
    assert len(hold_out(labels, None, 0.2, 0, 40)[1]) == 8


def test_groups_are_stratified_as_well_as_they_allow() -> None:
    labels = ["a"] * 20 + ["b"] * 20
    groups = [str(case // 2) for case in range(40)]
    for _, held in split_folds(labels, groups, 5, 0, 40):
        assert Counter(labels[case] for case in held) == {"a": 4, "b": 4}
    assert Counter(labels[case] for case in hold_out(labels, groups, 0.2, 0, 40)[1]) == {"a": 4, "b": 4}


def test_equal_seeds_give_equal_splits_and_others_differ() -> None:
    labels, groups, n_cases = _draw(3)

    def held(seed: int) -> list[list[int]]:
        folds = split_folds(labels, groups, 3, seed, n_cases)
        return [side.tolist() for _, side in folds] + [hold_out(labels, groups, 0.3, seed, n_cases)[1].tolist()]

    assert held(1) == held(1)
    assert held(1) != held(2)


def test_a_class_of_one_case_or_one_group_is_never_held_out() -> None:
    labels = ["rare", "one", "one", *["a"] * 9]
    groups = ["g0", "g1", "g1", *[f"h{case // 3}" for case in range(9)]]
    folds = split_folds(labels, groups, 3, 0, 12)
    assert len(folds) == 3
    for _, held in [*folds, hold_out(labels, groups, 0.5, 0, 12)]:
        assert {labels[case] for case in held} == {"a"}


def test_no_valid_fold_gives_none_and_nothing_held_out() -> None:
    for labels, groups in ((["a", "b", "c", "d"], None), (["a", "a", "b", "b"], ["g"] * 4), (None, ["g"] * 4)):
        assert split_folds(labels, groups, 5, 0, 4) == []
        kept, held = hold_out(labels, groups, 0.5, 0, 4)
        assert (len(kept), len(held)) == (4, 0)


def test_fewer_groups_than_folds_give_fewer_folds() -> None:
    assert len(split_folds(None, ["a", "a", "b", "c"], 10, 0, 4)) == 3


def test_a_small_share_still_holds_out_one_case() -> None:
    assert len(hold_out(["a"] * 4, None, 0.05, 0, 4)[1]) == 1


def test_integer_and_text_labels_are_different_classes() -> None:
    assert split_folds([1, "1", 2, "2"], None, 2, 0, 4) == []


@pytest.mark.filterwarnings("error")
def test_nothing_warns() -> None:
    split_folds(["a", "a", "a", "b", "b", "c"], None, 5, 0, 6)
    hold_out(["a", "a", "a", "b", "b", "c"], list("xxyyzz"), 0.3, 0, 6)


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 2 folds"):
        split_folds(None, None, 1, 0, 4)
    with pytest.raises(ValueError, match="between 0 and 1"):
        hold_out(None, None, 1.0, 0, 4)
    with pytest.raises(ValueError, match="3 labels came for 4 cases"):
        hold_out(["a"] * 3, None, 0.5, 0, 4)
