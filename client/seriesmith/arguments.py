"""What callers pass, arrays and labels of any kind, as what is sent; nothing of theirs is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seriesmith.errors import InvalidRequest

Label = str | int
Strategy = str | Mapping[Any, Any]
"""`"balance"` (every class up to the largest), `{"factor": f}` (each class times f ≥ 1), or totals per class:
`{label: total}`, as imbalanced-learn's sampling_strategy, or the same under `{"counts": …}`, for a class that is called
factor or counts."""


Ragged = ArrayLike | Sequence[ArrayLike]
"""An array, or a list of one for each case, of several lengths."""


def prepare_series(series: Ragged, field: str = "series") -> NDArray[np.float32]:
    """Convert to float32 `[n_cases, n_channels, n_timepoints]` or without channels. Raises `InvalidRequest`.

    A list of cases of several lengths is filled up with NaN, which is also a missing value: the model decides whether
    it takes that.
    """
    try:
        array = np.asarray(series)
    except ValueError:
        array = _fill_up(series, field)
    if array.dtype.kind == "O":  # None is a missing value
        array = _convert_objects(array)
    if array.dtype.kind not in "fiu" or array.ndim not in (2, 3):
        raise InvalidRequest(
            f"{field} is {array.dtype} of shape {array.shape}; pass numbers, [n_cases, n_channels, n_timepoints] or "
            "[n_cases, n_timepoints].",
            field,
        )
    with np.errstate(over="ignore"):
        sent = np.ascontiguousarray(array, "<f4")
    if np.isinf(sent).any():
        place = tuple(map(int, np.argwhere(np.isinf(sent))[0]))
        raise InvalidRequest(
            f"{field}[{', '.join(map(str, place))}] is {array[place]}, which is no finite 32-bit number; rescale "
            "before sending.",
            field,
        )
    return sent


def _fill_up(series: Ragged, field: str) -> NDArray[np.float64]:
    """Fill up cases of several lengths with NaN behind the shorter ones. Raises `InvalidRequest`."""
    try:
        cases = [np.asarray(case, np.float64) for case in series]  # type: ignore[union-attr]
    except (TypeError, ValueError) as error:
        raise InvalidRequest(
            f"{field} holds a case whose channels differ in length, or no numbers ({error}); pass a list of arrays "
            "[n_channels, n_timepoints].",
            field,
        ) from error
    shapes = sorted({case.shape[:-1] for case in cases})
    if len(shapes) != 1 or len(shapes[0]) > 1:
        raise InvalidRequest(
            f"{field} holds cases of the shapes {cases[0].shape} to {cases[-1].shape}; they may differ in length "
            "alone.",
            field,
        )
    whole = np.full((len(cases), *shapes[0], max(case.shape[-1] for case in cases)), np.nan)
    for place, case in enumerate(cases):
        whole[place, ..., : case.shape[-1]] = case
    return whole


def _convert_objects(array: NDArray[Any]) -> NDArray[Any]:
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError):
        return array


def prepare_times(times: Ragged) -> list[list[float]]:
    """Convert times, ascending numbers for each case, to lists. Raises `InvalidRequest`."""
    try:
        rows = [np.asarray(row, np.float64) for row in times]  # type: ignore[union-attr]
    except (TypeError, ValueError) as error:
        raise InvalidRequest(f"times hold no numbers ({error}); pass one for each timepoint.", "times") from error
    return [row[~np.isnan(row)].tolist() for row in rows]


def prepare_array(array: Ragged, field: str) -> NDArray[np.float32]:
    """Convert numbers to float32. Raises `InvalidRequest` for what are none."""
    try:
        return np.asarray(array, "<f4")
    except (TypeError, ValueError) as error:
        raise InvalidRequest(f"{field} cannot become an array of numbers: {error}.", field) from error


def prepare_by_channel(numbers: ArrayLike, field: str) -> list[float | None]:
    """Convert a number, or one for each channel, to a list; None and NaN stand for none. Raises `InvalidRequest`."""
    try:
        listed: list[float] = np.atleast_1d(np.asarray(numbers, np.float64)).tolist()
    except (TypeError, ValueError) as error:
        raise InvalidRequest(f"{field} is {numbers!r:.80}; pass a number, or one for each channel.", field) from error
    return [None if number != number else number for number in listed]


def prepare_wholes(numbers: Sequence[int], field: str) -> list[int]:
    """Convert whole numbers, numpy's too, to a list. Raises `InvalidRequest`."""
    try:
        return [_require_whole(number) for number in numbers]
    except TypeError as error:
        raise InvalidRequest(f"{field} is {numbers!r:.80}; pass whole numbers: {error}.", field) from error


def prepare_labels(labels: ArrayLike) -> list[Label]:
    """Convert labels `[n_cases]` to int or str; whole floats, as scikit-learn makes them, become int.

    Raises `InvalidRequest`.
    """
    array = np.asarray(labels)
    if array.ndim != 1:
        raise InvalidRequest(f"labels have shape {array.shape}; pass one for each case.", "labels")
    return [prepare_label(label) for label in array.tolist()]


def prepare_label(label: object, field: str = "labels") -> Label:
    """Convert one label, a numpy scalar or a whole float too, to int or str. Raises `InvalidRequest`."""
    if isinstance(label, np.generic):
        label = label.item()
    if isinstance(label, float) and label.is_integer():
        return int(label)
    if isinstance(label, (str, int)) and not isinstance(label, bool):
        return label
    raise InvalidRequest(f"{field} hold {label!r}; a class label is an integer or a string.", field)


def prepare_counts(counts: Mapping[Any, Any], field: str) -> dict[str, int]:
    """Convert counts to integers by the text of the class label. Raises `InvalidRequest`."""
    try:
        return {str(prepare_label(label, field)): _require_whole(count) for label, count in counts.items()}
    except TypeError as error:
        raise InvalidRequest(f"{field} is {dict(counts)!r:.80}; each count must be a whole number.", field) from error


def _require_whole(count: object) -> int:
    if isinstance(count, bool) or not hasattr(count, "__index__"):
        raise TypeError(f"{count!r} is no integer")
    return int(count.__index__())


def prepare_strategy(strategy: Strategy) -> str | dict[str, Any] | None:
    """Convert a strategy to the fields that the server takes, None for its default. Raises `InvalidRequest`."""
    if isinstance(strategy, str):
        return None if strategy == "balance" else strategy
    if not isinstance(strategy, Mapping):
        raise InvalidRequest(
            f'strategy is {strategy!r:.80}; pass "balance", {{"factor": f}} or {{label: total}}.', "strategy"
        )
    if set(strategy) == {"factor"} and isinstance(strategy["factor"], Real):
        return {"factor": float(strategy["factor"])}
    totals = strategy["counts"] if set(strategy) == {"counts"} else strategy
    if not isinstance(totals, Mapping):
        totals = strategy
    return {"counts": prepare_counts(totals, "strategy")}
