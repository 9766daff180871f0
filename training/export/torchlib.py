"""The operators that torch's exporter knows are read once, where this torch lets us.

Torch reads them anew for every graph, which takes as long as a small graph's export. There is no public way to keep
them. Where a torch has no such private part, every export reads them again and nothing else changes.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

REGISTRY = "torch.onnx._internal.exporter._registration"


@contextlib.contextmanager
def keep_torchlib(registry: str = REGISTRY) -> Iterator[bool]:
    """Exports within it share one reading of the operators; says whether they do."""
    try:
        holder = importlib.import_module(registry).ONNXRegistry
        reader = _keep(holder.from_torchlib)
    except (ImportError, AttributeError):
        yield False
        return
    with patch.object(holder, "from_torchlib", staticmethod(reader)):
        yield True


@functools.cache
def _keep(reader: Callable[..., Any]) -> Callable[..., Any]:
    return functools.cache(reader)
