"""Partitions keep groups whole, classes in proportion, and every class on the training side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from training.data.cases import Label

Indices = NDArray[np.intp]
Counts = NDArray[np.intp]


def split_folds(
    labels: Sequence[Label] | None, groups: Sequence[str] | None, n_folds: int, seed: int, n_cases: int
) -> list[tuple[Indices, Indices]]:
    """(train, held-out) case indices of up to `n_folds` folds, each ascending.

    No group is on both sides of a fold, no case is held out twice, and no class is held out as a whole: its last group
    stays in training. Folds that would hold out nothing are dropped, so there may be fewer, or none. Without groups
    the folds' counts of a class that has enough cases differ by one at most. Equal seeds give equal folds.
    """
    if n_folds < 2:
        raise ValueError(f"n_folds is {n_folds}, but at least 2 folds are needed. Give a larger number.")
    group_of_case, counts = _count_groups(labels, groups, n_cases)
    n_folds = min(n_folds, max(2, len(counts)))  # of more folds than groups some would hold out nothing
    order = _sort_largest_first(counts, _find_movable(counts, seed))
    folds = _deal(counts, order, n_folds)
    held_out = [_without_whole_classes(counts, order[folds[order] == fold]) for fold in range(n_folds)]
    return [_split_sides(group_of_case, held) for held in held_out if held]


def hold_out(
    labels: Sequence[Label] | None, groups: Sequence[str] | None, share: float, seed: int, n_cases: int
) -> tuple[Indices, Indices]:
    """(kept, held-out) case indices, each ascending; about `share` (0 … 1, exclusive) of every class is held out.

    The rules of `split_folds` hold. Without groups a class differs from its share by less than one case, where more
    than one case of it exists; at least one group is held out where any may be, else none is.
    """
    if not 0.0 < share < 1.0:
        raise ValueError(f"share is {share}, but it must lie between 0 and 1. Give the part to hold out, such as 0.2.")
    group_of_case, counts = _count_groups(labels, groups, n_cases)
    return _split_sides(group_of_case, _choose(counts, _find_movable(counts, seed), share))


def _count_groups(labels: Sequence[Label] | None, groups: Sequence[str] | None, n_cases: int) -> tuple[Indices, Counts]:
    """The group index of every case `[n_cases]`, and the cases `[n_groups, n_classes]` of each group and class."""
    for what, values in (("labels", labels), ("groups", groups)):
        if values is not None and len(values) != n_cases:
            raise ValueError(f"{len(values)} {what} came for {n_cases} cases. Give one for each, or None.")
    class_of_case = _number(labels if labels is not None else [0] * n_cases)
    group_of_case = _number(groups if groups is not None else range(n_cases))
    counts = np.zeros((group_of_case.max(initial=-1) + 1, class_of_case.max(initial=-1) + 1), dtype=np.intp)
    np.add.at(counts, (group_of_case, class_of_case), 1)
    return group_of_case, counts


def _number(values: Iterable[Label]) -> Indices:
    numbers: dict[Label, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], dtype=np.intp)


def _find_movable(counts: Counts, seed: int) -> Indices:
    """The groups that may be held out, as none holds a whole class, in an order drawn from the seed."""
    drawn: Indices = np.random.default_rng(seed).permutation(len(counts))
    holds_a_whole_class = ((counts == counts.sum(axis=0)) & (counts > 0)).any(axis=1)
    movable: Indices = drawn[~holds_a_whole_class[drawn]]
    return movable


def _sort_largest_first(counts: Counts, groups: Indices) -> Indices:
    return groups[np.argsort(-counts[groups].sum(axis=1), kind="stable")]


def _deal(counts: Counts, order: Indices, n_folds: int) -> Indices:
    """A fold for each group `[n_groups]` (-1: none): the one with fewest cases of the group's classes, then of all."""
    folds = np.full(len(counts), -1, dtype=np.intp)
    filled = np.zeros((n_folds, counts.shape[1]), dtype=np.intp)
    totals = counts.sum(axis=0)
    for group in order:
        crowding = filled @ (counts[group] / totals)
        fold = np.lexsort((filled.sum(axis=1), crowding))[0]
        folds[group] = fold
        filled[fold] += counts[group]
    return folds


def _without_whole_classes(counts: Counts, groups: Indices) -> list[int]:
    """Those of the groups that can be held out together without taking the last cases of a class out of training."""
    held = _Held(counts)
    held.take(groups, lambda _: True)
    return held.groups


def _choose(counts: Counts, order: Indices, share: float) -> list[int]:
    """Groups that fit into each class's share, then some that bring the whole closer to it, then at least one."""
    wanted = np.round(share * counts.sum(axis=0), 9)  # 0.1 of 30 is 3, not 3.0000000000000004
    held = _Held(counts)

    def fits(group: int) -> bool:
        return bool((held.counts + counts[group] <= wanted).all(where=counts[group] > 0))

    def helps(group: int) -> bool:
        lacks = (held.counts < wanted).all(where=counts[group] > 0)
        missing = wanted.sum() - held.counts.sum()
        return bool(lacks and abs(missing - counts[group].sum()) < abs(missing))

    held.take(order, fits)
    held.take(order, helps)
    held.take(_sort_largest_first(counts, order)[::-1], lambda _: not held.groups)
    return held.groups


class _Held:
    """The groups held out so far, of which none has taken the last cases of a class out of training."""

    def __init__(self, counts: Counts) -> None:
        self._of_group = counts
        self._totals = counts.sum(axis=0)
        self._taken = np.zeros(len(counts), dtype=np.bool_)
        self.groups: list[int] = []
        self.counts = np.zeros_like(self._totals)

    def take(self, groups: Indices, wanted: Callable[[int], bool]) -> None:
        for group in groups.tolist():
            after = self.counts + self._of_group[group]
            if not self._taken[group] and (after < self._totals).all() and wanted(group):
                self._taken[group] = True
                self.groups.append(group)
                self.counts = after


def _split_sides(group_of_case: Indices, held: list[int]) -> tuple[Indices, Indices]:
    is_held = np.isin(group_of_case, held)
    return np.flatnonzero(~is_held), np.flatnonzero(is_held)
