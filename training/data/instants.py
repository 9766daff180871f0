"""Instants written as numbers or as dates become numbers, and their spacing says how a recording was sampled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from training.data.cases import DatasetError


def parse_instants(texts: Sequence[str], where: str) -> NDArray[np.float64]:
    """`[len(texts)]`: numbers as they are, dates of ISO 8601 as seconds since 1970; `where` begins a DatasetError.

    A date without an offset from UTC is taken as UTC.
    """
    try:
        return np.array([float(text) for text in texts])
    except ValueError:
        pass
    try:
        dates = [datetime.fromisoformat(text.strip()) for text in texts]
    except ValueError as error:
        raise DatasetError(
            f"{where} has an instant that is neither a number nor a date such as 2007-01-31 12:00:00: {error}. Write "
            "all of them in one of the two ways."
        ) from error
    return np.array([(date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() for date in dates])
