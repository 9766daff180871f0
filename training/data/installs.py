"""A reader of a heavy format is an optional install, and a sentence names it where it is absent."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from training.data.cases import DatasetError


def import_reader(module: str, path: Path) -> Any:
    """The installed package that reads `path`; DatasetError where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise DatasetError(
            f"The file {path} is read by the package {module.split('.')[0]}, which is not installed. Install it with "
            "pip install 'seriesmith[formats]'."
        ) from error
