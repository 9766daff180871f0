"""A data frame, or arrays, from Python become a dataset with the same checks as a file's."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from training.data.cases import Dataset, DatasetError
from training.data.check import check_dataset
from training.data.labelling import settle_labels
from training.data.load import prepare
from training.data.source import make_source
from training.data.tables.reading import read_table
from training.data.tables.table import from_arrow


def read_frame(frame: Any, name: str = "frame", **settings: Any) -> Dataset:
    """The dataset of a pandas or polars DataFrame, or a pyarrow Table; `settings` are those of tables in `Source`.

    `read_frame(frame, id="pump", time="t", value=["flow", "pressure"], label="fault")`. An index of pandas that is more
    than row numbers is a column, and has to be named. Raises DatasetError as a file's reader does.
    """
    source = make_source(**settings)
    raw = read_table(from_arrow(_to_arrow(frame), f"the frame {name}"), source)
    settled = settle_labels(raw, "the frame", source.drop_unlabelled)
    return check_dataset(name, prepare(settled, source, f"The frame {name}"), None, "from a data frame", source)


def _to_arrow(frame: Any) -> Any:
    try:
        if isinstance(frame, pa.Table):
            return frame
        if hasattr(frame, "to_arrow"):  # polars
            return frame.to_arrow()
        return pa.Table.from_pandas(frame)
    except (pa.ArrowException, TypeError, ValueError, AttributeError) as error:
        raise DatasetError(
            f"The frame, of type {type(frame).__name__}, is no table that Arrow can hold: {error}. Give a pandas or "
            "polars DataFrame whose columns have one type each."
        ) from error
