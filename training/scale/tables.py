"""Whatever a fit reads, a table, a folder of files, an archive, as a column of series; labels are put aside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from training.data.cases import DatasetError
from training.data.load import load_raw
from training.data.series import narrow_series
from training.data.source import make_source
from training.scale.columns import SERIES, SERIES_TYPE, TIMES
from training.settings import ConfigurationError


def read_cases(path: Path) -> pa.Table:
    """The training cases, then the test cases, of a dataset, as they came: their lengths, gaps and times.

    Raises `ConfigurationError` with what is wrong with them.
    """
    cases: list[np.ndarray] = []
    times: list[np.ndarray] = []
    try:
        _, partitions, _ = load_raw(make_source(data=path))
        for raw in partitions:
            if raw is not None:
                cases.extend(narrow_series(raw.series, f"The dataset {path.name}"))
                times.extend(raw.times or ())
    except DatasetError as error:
        raise ConfigurationError(str(error)) from error
    columns = {SERIES: pa.array([list(case) for case in cases], SERIES_TYPE)}
    if len(times) == len(cases):
        columns[TIMES] = pa.array(times, pa.list_(pa.float64()))
    return pa.table(columns).combine_chunks()
