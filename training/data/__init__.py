"""Datasets in: every partition that leaves this package is finite, equal in length and float32."""

from __future__ import annotations

from training.data.cases import Cases, Dataset, DatasetError, Label
from training.data.load import load

__all__ = ["Cases", "Dataset", "DatasetError", "Label", "load"]
