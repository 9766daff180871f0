"""Where a dataset comes from and how it is read: the fields are flags of `fit.py`, and a part of its record."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

import tyro

from training.data.generated import NO_OPTIONS, Options
from training.data.settings import ArraySettings, CommonSettings
from training.data.shaping import Shaping
from training.data.tables.settings import TableSettings


@dataclass(frozen=True)
class Place:
    """Where a dataset is."""

    dataset: str | None = None
    """A dataset's name: one that aeon ships or downloads, a generator's, or one in the folder given by --data."""
    data: Path | None = None
    """A file (.csv, .tsv, .ts, .arff, .npz, .npy, .h5, .mat, .xlsx, .hea, .edf …) or a folder of them, with
    <name>_TRAIN and, if there is one, <name>_TEST."""
    format: str | None = None
    """How the file is to be read, whatever it is called (default: by suffix and content)."""


@dataclass(frozen=True)
class Source(Shaping, ArraySettings, TableSettings, CommonSettings, Place):
    """A dataset's place, and the settings of every reader; a reader takes the part that its `Settings` names.

    Fields, and with them the flags in --help, come in the order of these bases from the last to the first.
    """

    generated: Annotated[Options, tyro.conf.arg(name="generator")] = NO_OPTIONS
    """Options of the generator that --dataset names."""
    drop_unlabelled: bool = False
    """Leave cases without a label out, rather than refuse the dataset."""


def find_set(source: Source) -> dict[str, object]:
    """The settings of readers that differ from their defaults, by name."""
    common = ("dataset", "data", "format", "drop_unlabelled", "generated", *(field.name for field in fields(Shaping)))
    readers = [field for field in fields(Source) if field.name not in common]
    return {
        field.name: getattr(source, field.name) for field in readers if getattr(source, field.name) != field.default
    }


def make_source(**settings: Any) -> Source:
    """A source from Python: a single word stands for a tuple of one."""
    several = {field.name for field in fields(Source) if field.default == ()}
    values: dict[str, Any] = {name: _as_tuple(value) if name in several else value for name, value in settings.items()}
    return Source(**values)


def _as_tuple(value: Any) -> tuple[str, ...]:
    return (str(value),) if isinstance(value, str | int | float) else tuple(str(each) for each in value)
