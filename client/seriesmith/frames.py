"""Samplers give back what kind of thing they were given: data frames and series of pandas, or arrays.

pandas is never imported here: only who passes its objects has it.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seriesmith.errors import InvalidRequest

Array = NDArray[Any]


def _is_kind(value: object, kind: str) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, getattr(pandas, kind))


def read_series(X: Any) -> Array:
    """Read X as an array: a data frame with a row per case, a list of cases of one shape, or an array.

    Raises `InvalidRequest`.
    """
    if _is_kind(X, "DataFrame"):
        try:
            array: Array = X.to_numpy() if all(map(_is_plain, X.dtypes)) else X.to_numpy(np.float64)
        except (TypeError, ValueError) as error:
            raise InvalidRequest(
                f"X is a data frame with columns that are no numbers ({error}); pass one column per timepoint.",
                "series",
            ) from error
        return array
    if isinstance(X, (list, tuple)):
        shapes = sorted({np.shape(case) for case in X if isinstance(case, np.ndarray)})
        if len(shapes) > 1:
            raise _explain_unequal(f"a list of {len(X)} cases of the shapes {shapes[0]} to {shapes[-1]}")
        try:
            array = np.asarray(X)
        except ValueError as error:
            raise _explain_unequal(f"a list of {len(X)} cases whose lengths differ") from error
        return array
    return np.asarray(X)


def _is_plain(dtype: Any) -> bool:
    return isinstance(dtype, np.dtype) and dtype.kind in "fiu"


def _explain_unequal(came: str) -> InvalidRequest:
    return InvalidRequest(
        f"X is {came}; a model takes series of one length. Cut, pad or resample them to that of the model first.",
        "series",
    )


def read_labels(y: Any) -> Array:
    """Read y as an array: a pandas series, a data frame of one column, a list, or an array. Raises `InvalidRequest`."""
    if _is_kind(y, "DataFrame"):
        if y.shape[1] != 1:
            raise InvalidRequest(f"y is a data frame of {y.shape[1]} columns; pass one label for each case.", "labels")
        y = y.iloc[:, 0]
    if _is_kind(y, "Series"):
        return np.array(y.tolist(), object if y.dtype.kind == "O" else None)
    return np.asarray(y)


def blank_ends(series: Array, lengths: Array, n_timepoints: int) -> Array:
    """Return series `[n, n_channels, n_timepoints]` with NaN, not zeros, behind the `lengths` `[n]` of each."""
    whole = np.full((*series.shape[:2], n_timepoints), np.nan, series.dtype)
    for place, length in enumerate(lengths):
        whole[place, :, :length] = series[place, :, :length]
    return whole


def append_series(given: Any, read: Array, made: Array) -> Any:
    """Append the series made to those given; a data frame keeps its columns and types, with a new index."""
    if not _is_kind(given, "DataFrame"):
        return np.concatenate([read, made])
    pandas: Any = sys.modules["pandas"]
    rows = pandas.DataFrame(made, columns=given.columns).astype(given.dtypes)
    return pandas.concat([given, rows], ignore_index=True)


def append_labels(given: Any, read: Array, made: list[Any]) -> Any:
    """Append the labels of what was made to those given; a pandas series keeps its name and type."""
    if _is_kind(given, "DataFrame"):
        return append_labels(given.iloc[:, 0], read, made).to_frame()
    if not _is_kind(given, "Series"):
        # Text as wide as it needs: a class that only the strategy names may have a longer label than any given.
        dtype = np.dtype(str) if read.dtype.kind == "U" else read.dtype
        return np.concatenate([read, np.array(made, dtype)])
    pandas: Any = sys.modules["pandas"]
    if isinstance(given.dtype, pandas.CategoricalDtype):
        unknown = [label for label in dict.fromkeys(made) if label not in given.cat.categories]
        given = given.cat.add_categories(unknown)
    rows = pandas.Series(made, dtype=given.dtype, name=given.name)
    return pandas.concat([given, rows], ignore_index=True)
