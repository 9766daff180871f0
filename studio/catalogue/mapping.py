"""What is laid out in two dimensions of datasets: some series of each, brought to one length."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bundle.errors import InvalidRequest
from studio.catalogue.cases import StoredCases, concatenate
from studio.catalogue.catalogue import Catalogue

LENGTH = 128
"""Timepoints that series are brought to."""

MOST_FEATURES = 1024


def gather(catalogue: Catalogue, ids: Sequence[str], most: int, folder: Path) -> dict[str, Any]:
    """Write `features.npy` `[n, n_features]`, and say of each row its label, place, whether it is synthetic, and
    whether it is of the second dataset. Raises `NotFound`, and `InvalidRequest` for datasets of unlike channels."""
    found = [_choose(catalogue, id, most // len(ids)) for id in ids]
    if len({cases.series.shape[1] for cases, _ in found}) > 1:
        counts = " and ".join(str(cases.series.shape[1]) for cases, _ in found)
        raise InvalidRequest(
            f"the datasets have {counts} channels; only datasets of equally many lie on one map.", "beside"
        )
    unlabelled = any(cases.labels is None for cases, _ in found)
    cases = concatenate([_drop_labels(one) if unlabelled else one for one, _ in found])
    np.save(folder / "features.npy", compute_features(cases))
    labels = [label for one, _ in found for label in (one.labels or [None] * len(one))]
    return {
        "labels": None if all(label is None for label in labels) else labels,
        "index": [int(row) for _, rows in found for row in rows],
        "synthetic": cases.is_synthetic.tolist(),
        "beside": [place > 0 for place, (one, _) in enumerate(found) for _ in range(len(one))],
    }


def _choose(catalogue: Catalogue, id: str, most: int) -> tuple[StoredCases, NDArray[np.intp]]:
    """Series all over a dataset, always the same."""
    shape = catalogue.get(id).shape
    n_cases = shape["n_cases"] + shape["n_test"]
    rows = np.arange(n_cases)
    if n_cases > most:
        rows = np.sort(np.random.default_rng(0).permutation(n_cases)[:most])
    return catalogue.read_rows(id, rows), rows


def _drop_labels(cases: StoredCases) -> StoredCases:
    from dataclasses import replace

    return replace(cases, labels=None)


def compute_features(cases: StoredCases) -> NDArray[np.float32]:
    """`[n, n_channels * length]`: gaps filled, brought to one length, each channel over its standard deviation."""
    n_cases, n_channels, _ = cases.series.shape
    length = max(4, min(LENGTH, MOST_FEATURES // n_channels))
    features = np.empty((n_cases, n_channels, length), np.float32)
    for row, array in zip(features, cases.list_arrays(), strict=True):
        grid = np.linspace(0, array.shape[1] - 1, length)
        for channel, values in zip(row, array, strict=True):
            known = np.flatnonzero(~np.isnan(values))
            channel[:] = np.interp(grid, known, values[known]) if len(known) else 0.0
    features -= features.mean(axis=(0, 2), keepdims=True)
    features /= np.maximum(features.std(axis=(0, 2), keepdims=True), 1e-12)
    return features.reshape(n_cases, -1)
