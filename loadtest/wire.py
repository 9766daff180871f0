"""A wire: how one request asks for the classes of series, and where the answer holds the probabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Message:
    """Headers, in lower case, and body, either way."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Wire:
    """`path` is an HTTP path, or the full method of a unary call when `grpc`.

    `asked` takes float32 series `[n, n_channels, n_timepoints]`; `answered` gives probabilities `[n, n_classes]`.
    """

    name: str
    path: str
    asked: Callable[[Array], Message]
    answered: Callable[[Message], Array]
    grpc: bool = False
