"""Cases for tests: with gaps, lengths of their own, groups, a test set and names."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.catalogue.cases import StoredCases


def make_cases(n_cases: int = 20, labels: tuple[Any, Any] | None = ("well", "sick"), **fields: Any) -> StoredCases:
    """Two channels of 12 to 30 timepoints, a quarter of them to test."""
    random = np.random.default_rng(0)
    lengths = random.integers(12, 31, n_cases)
    lengths[0] = 30
    series = random.normal(size=(n_cases, 2, 30)).astype(np.float32)
    series[1, 0, 3:5] = np.nan
    for case, length in zip(series, lengths, strict=True):
        case[:, length:] = np.nan
    usual: dict[str, Any] = {
        "labels": None if labels is None else tuple(labels[case % 2] for case in range(n_cases)),
        "groups": tuple(f"patient {case // 2}" for case in range(n_cases)),
        "part": np.where(np.arange(n_cases) < n_cases * 3 // 4, "train", "test"),
        "channel_names": ("flow", "pressure"),
        "units": ("l/min", "bar"),
        "sampling_interval": "0.01 s",
    }
    return StoredCases(series, lengths, **(usual | fields))
