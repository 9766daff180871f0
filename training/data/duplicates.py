"""Cases that are equal, value for value: where they stand in two sets, what is measured flatters the fit."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np

from bundle.evidence import MOST_PAIRS, Duplicates, EqualPair
from training.data import Cases, Dataset

SHOWN = 5
"""Pairs that a sentence names."""


def find_duplicates(dataset: Dataset) -> Duplicates:
    """The equal series of a dataset, and the groups that stand in both of its sets, in time linear in its size."""
    train, test = dataset.train, dataset.test
    keys = hash_cases(train.series)
    first: dict[bytes, int] = {}
    for case, key in enumerate(keys):
        first.setdefault(key, case)
    pairs = [
        EqualPair(test=case, training=first[key])
        for case, key in enumerate(hash_cases(test.series) if test is not None else [])
        if key in first
    ]
    counts = Counter(keys)
    labels = train.labels or ("",) * len(keys)
    with_label = Counter(zip(keys, labels, strict=True))
    return Duplicates(
        across=len(pairs),
        pairs=pairs[:MOST_PAIRS],
        groups_across=len(set(train.groups or ()) & set((test.groups if test is not None else None) or ())),
        within=sum(count for count in counts.values() if count > 1),
        contradicting=sum(counts[key] != with_label[key, label] for key, label in zip(keys, labels, strict=True)),
    )


def describe(found: Duplicates) -> list[str]:
    """What there is to say of a dataset's duplicates, in sentences; nothing where there are none."""
    sentences = []
    if found.across:
        pairs = ", ".join(f"{pair.test} = {pair.training}" for pair in found.pairs[:SHOWN])
        more = f" and {found.across - SHOWN} more" if found.across > SHOWN else ""
        sentences.append(
            f"{_count(found.across, 'test case is', 'test cases are')} also in the training set (test = training, "
            f"counted from 0: {pairs}{more}): what is measured on the test set flatters this fit."
        )
    if found.groups_across:
        sentences.append(
            f"{_count(found.groups_across, 'group has', 'groups have')} cases in both the training and the test set: "
            "what is measured on the test set flatters this fit."
        )
    if found.within:
        sentences.append(
            f"{_count(found.within, 'training case is', 'training cases are')} equal to another one; equal cases stay "
            "together wherever cases are held out."
        )
    if found.contradicting:
        sentences.append(
            f"{_count(found.contradicting, 'training case is', 'training cases are')} equal to one of another label: "
            "no classifier can be right about both."
        )
    return sentences


def hash_cases(series: np.ndarray) -> list[bytes]:
    """A digest of each case of `series` `[n_cases, n_channels, n_timepoints]`; equal values have equal digests."""
    positive = np.ascontiguousarray(series + np.float32(0))  # -0 becomes 0
    return [hashlib.blake2b(case.data, digest_size=16).digest() for case in positive]


def group_equal(cases: Cases) -> tuple[str, ...] | None:
    """The groups of cases, those joined that hold equal cases; None where every case is its own group."""
    keys = hash_cases(cases.series)
    if len(set(keys)) == len(keys):
        return cases.groups
    return _join_groups(cases.groups or tuple(map(str, range(len(keys)))), keys)


def _join_groups(groups: Sequence[str], keys: Sequence[bytes]) -> tuple[str, ...]:
    """Groups that share a key become one, by union and find."""
    parent = {group: group for group in groups}

    def find_root(group: str) -> str:
        while parent[group] != group:
            parent[group] = parent[parent[group]]
            group = parent[group]
        return group

    first: dict[bytes, str] = {}
    for group, key in zip(groups, keys, strict=True):
        parent[find_root(group)] = find_root(first.setdefault(key, group))
    return tuple(find_root(group) for group in groups)


def _count(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"
