"""Datasets in: every partition that leaves this package is finite, equal in length and float32."""

from __future__ import annotations

from training.data.cases import Cases, Dataset, DatasetError, Description, Label
from training.data.frames import read_frame
from training.data.load import load, load_source
from training.data.source import Source

__all__ = ["Cases", "Dataset", "DatasetError", "Description", "Label", "Source", "load", "load_source", "read_frame"]
