"""Cases as the catalogue keeps them: as they came, with gaps and lengths of their own, and what there is to say of
them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Label = str | int
Part = Literal["train", "test"]


@dataclass(frozen=True, eq=False)
class StoredCases:
    """Series of a dataset, both partitions one after the other.

    series: float32 `[n_cases, n_channels, n_timepoints]` in original units; NaN is a missing value, and fills up series
        that are shorter than the longest.
    lengths: `[n_cases]`, the timepoints that each has.
    labels: one per case, integers or text as the user wrote them; None: unlabelled.
    groups: one per case, None for a case that has none; None: no case has one.
    part: `[n_cases]`, "train" or "test".
    synthetic: `[n_cases]`, which series were generated from a model. sample_weight: `[n_cases]`, 1 for most.
    channel_names, units: one per channel, or None. sampling_interval: with its unit ("0.01 s"), or None.
    times: float64 `[n_cases, n_timepoints]`, ascending, NaN behind each series' end, for series that are sampled
        irregularly; None: regular.
    """

    series: NDArray[np.float32]
    lengths: NDArray[np.int64]
    labels: tuple[Label, ...] | None = None
    groups: tuple[str | None, ...] | None = None
    part: NDArray[np.str_] | None = None
    synthetic: NDArray[np.bool_] | None = None
    sample_weight: NDArray[np.float32] | None = None
    channel_names: tuple[str, ...] | None = None
    units: tuple[str, ...] | None = None
    sampling_interval: str | None = None
    times: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.series)

    @property
    def parts(self) -> NDArray[np.str_]:
        """`part`; all are "train" where it is None."""
        return np.full(len(self), "train") if self.part is None else self.part

    @property
    def is_synthetic(self) -> NDArray[np.bool_]:
        """`synthetic`; none is where it is None."""
        return np.zeros(len(self), np.bool_) if self.synthetic is None else self.synthetic

    @property
    def weights(self) -> NDArray[np.float32]:
        """`sample_weight`; all are 1 where it is None."""
        return np.ones(len(self), np.float32) if self.sample_weight is None else self.sample_weight

    @property
    def are_marked(self) -> bool:
        """Whether some are synthetic, or weigh otherwise than others."""
        return bool(self.is_synthetic.any()) or bool((self.weights != 1).any())

    @cached_property
    def counted(self) -> NDArray[np.bool_]:
        """`[n_cases, 1, n_timepoints]`: which timepoints lie within their series' length."""
        return np.asarray((np.arange(self.series.shape[2]) < self.lengths[:, None])[:, None, :])

    def select(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> StoredCases:
        """The cases at `index`, or where a mask is true."""
        places = np.flatnonzero(index) if index.dtype == np.bool_ else index

        def pick(values: NDArray[Any] | None) -> NDArray[Any] | None:
            return None if values is None else values[places]

        longest = int(self.lengths[places].max(initial=0))
        return replace(
            self,
            series=np.ascontiguousarray(self.series[places, :, :longest]),
            lengths=self.lengths[places],
            labels=None if self.labels is None else tuple(self.labels[case] for case in places),
            groups=None if self.groups is None else tuple(self.groups[case] for case in places),
            part=pick(self.part),
            synthetic=pick(self.synthetic),
            sample_weight=pick(self.sample_weight),
            times=None if self.times is None else self.times[places, :longest],
        )

    def take_part(self, part: Part | None) -> StoredCases:
        """The cases of a partition; None: all."""
        return self if part is None else self.select(self.parts == part)

    def list_arrays(self) -> list[NDArray[np.float32]]:
        """Each series as `[n_channels, length]`."""
        return [case[:, :length] for case, length in zip(self.series, self.lengths, strict=True)]


def pad(arrays: Sequence[NDArray[Any]], dtype: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
    """Arrays `[…, length]` of any lengths in one, NaN behind their ends."""
    longest = max((array.shape[-1] for array in arrays), default=0)
    lead = arrays[0].shape[:-1] if arrays else (1,)
    padded = np.full((len(arrays), *lead, longest), np.nan, dtype)
    for row, array in zip(padded, arrays, strict=True):
        row[..., : array.shape[-1]] = array
    return padded


def concatenate(parts: Sequence[StoredCases]) -> StoredCases:
    """Cases of several, one after the other; channels are described as those of the first. Their channels are equally
    many, and labels are there in all or none."""
    first = parts[0]
    labelled, grouped = first.labels is not None, any(one.groups is not None for one in parts)
    timed = any(one.times is not None for one in parts)
    longest = max(one.series.shape[2] for one in parts)

    def widen(values: NDArray[Any]) -> NDArray[Any]:
        missing = longest - values.shape[-1]
        return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, missing)], constant_values=np.nan)

    return replace(
        first,
        series=np.concatenate([widen(one.series) for one in parts]),
        lengths=np.concatenate([one.lengths for one in parts]),
        labels=tuple(label for one in parts for label in one.labels or ()) if labelled else None,
        groups=tuple(group for one in parts for group in one.groups or [None] * len(one)) if grouped else None,
        part=np.concatenate([one.parts for one in parts]),
        synthetic=np.concatenate([one.is_synthetic for one in parts]),
        sample_weight=np.concatenate([one.weights for one in parts]),
        times=np.concatenate([widen(_get_times(one)) for one in parts]) if timed else None,
    )


def _get_times(cases: StoredCases) -> NDArray[np.float64]:
    if cases.times is not None:
        return cases.times
    steps = np.arange(cases.series.shape[2], dtype=np.float64)
    return np.where(cases.counted[:, 0], steps, np.nan)


def describe_shape(cases: StoredCases) -> dict[str, Any]:
    """The field `shape` of a dataset."""
    return {
        "n_cases": int((cases.parts == "train").sum()),
        "n_test": int((cases.parts == "test").sum()),
        "n_channels": cases.series.shape[1],
        "n_timepoints": int(cases.lengths.max(initial=0)),
        "shortest": int(cases.lengths.min(initial=cases.series.shape[2])),
        "n_missing": int((np.isnan(cases.series) & cases.counted).sum()),
        "n_synthetic": int(cases.is_synthetic.sum()),
        "irregular": cases.times is not None,
        "channel_names": None if cases.channel_names is None else list(cases.channel_names),
        "units": None if cases.units is None else list(cases.units),
        "sampling_interval": cases.sampling_interval,
    }


def count_classes(cases: StoredCases) -> list[dict[str, Any]]:
    """The field `classes` of a dataset: label and count, numbers by value, text by text."""
    counts = Counter(cases.labels or ())
    ordered = sorted(counts, key=lambda label: (_read_number(label), str(label)))
    return [{"label": label, "count": counts[label]} for label in ordered]


def _read_number(label: Label) -> float:
    try:
        return float(label)
    except ValueError:
        return float("inf")


def compute_digest(cases: StoredCases) -> str:
    """SHA-256 in hex over all values, lengths, labels, groups and partitions: equal cases, equal digest."""
    digest = hashlib.sha256()
    about = (cases.series.shape[1], cases.labels, cases.groups, cases.parts.tolist(), cases.lengths.tolist())
    digest.update(json.dumps(about).encode())
    for array in cases.list_arrays():
        digest.update(np.where(np.isnan(array), np.float32(np.nan), array).astype("<f4").tobytes())
    if cases.times is not None:
        digest.update(cases.times.astype("<f8").tobytes())
    if cases.are_marked:
        digest.update(cases.is_synthetic.tobytes() + cases.weights.astype("<f4").tobytes())
    return digest.hexdigest()


def compute_statistics(cases: StoredCases) -> dict[str, Any]:
    """Mean, standard deviation, minimum, maximum and share missing of each channel: of all cases, and of each class."""
    labels = None if cases.labels is None else np.array(cases.labels, object)
    return {
        "channels": list(_measure_channels(cases.series, cases.counted, cases.channel_names)),
        "classes": [
            one | {"channels": list(_measure_channels(cases.series[own], cases.counted[own], cases.channel_names))}
            for one in count_classes(cases)
            if (own := np.flatnonzero(labels == one["label"])) is not None
        ],
    }


def _measure_channels(
    series: NDArray[np.float32], counted: NDArray[np.bool_], names: Sequence[str] | None
) -> Iterator[dict[str, Any]]:
    inside = np.broadcast_to(counted[:, 0], (len(series), series.shape[2]))
    total = int(inside.sum())
    for channel in range(series.shape[1]):
        values = series[:, channel][inside]
        known = values[~np.isnan(values)].astype(np.float64)
        found = (known.mean(), known.std(), known.min(), known.max()) if len(known) else (None,) * 4
        plain = [None if value is None else float(value) for value in found]
        yield {
            "name": names[channel] if names is not None else None,
            **dict(zip(("mean", "sd", "min", "max"), plain, strict=True)),
            "missing": 1 - len(known) / total if total else 0.0,
        }
