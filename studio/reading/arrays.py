"""Which array of an `.npz` holds the series, which the labels: a guess that somebody may correct."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from studio.reading.columns import LABEL_WORDS, MARKS
from training.data.arrays import DESCRIPTIONS
from training.data.source import Source
from training.data.tables.roles import GROUPING, GROUPS

npy: Any = np.lib.format  # without types
Shapes = dict[str, tuple[int, ...]]


def list_arrays(path: Path) -> Shapes:
    """The arrays of an archive and their shapes; none where it cannot be read."""
    shapes: Shapes = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                with archive.open(name) as file:
                    version = npy.read_magic(file)
                    header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
                    shapes[name.removesuffix(".npy")] = header(file)[0]
    except (OSError, ValueError, zipfile.BadZipFile, RuntimeError, EOFError):
        return {}
    return shapes


def guess_arrays(shapes: Shapes, given: Source) -> Source:
    """The settings with the arrays that they do not name: the largest has the series, one as long labels or groups."""
    key = given.key or ("X" if "X" in shapes else "X_train" if "X_train" in shapes else None)
    if key is None:
        series = [name for name, shape in shapes.items() if len(shape) in (2, 3) and name not in DESCRIPTIONS]
        key = max(series, key=lambda name: int(np.prod(shapes[name], dtype=object)), default=None)
    if key is None or key.endswith("_train"):
        return given
    n_cases = shapes.get(key, (0,))[0]
    flat = [name for name, shape in shapes.items() if shape in ((n_cases,), (n_cases, 1)) and name != key]
    label, group = given.label, given.group
    if not label and "y" not in shapes:
        label = tuple(name for name in flat if name.lower().strip("_s") in LABEL_WORDS or "label" in name.lower())[:1]
    if not group and "groups" not in shapes:
        group = tuple(name for name in flat if name.lower() in (*GROUPING, *GROUPS))[:1]
    used = {key, *label, *group, "y", "groups", *DESCRIPTIONS}
    left = tuple(name for name in shapes if name not in used and (name in MARKS or name not in given.ignore))
    key_given = None if key in ("X", "X_train") else key
    return replace(given, key=key_given, label=label, group=group, ignore=(*given.ignore, *left))


def describe_arrays(shapes: Shapes, source: Source) -> list[dict[str, Any]]:
    """Each array's name, its shape and its role."""
    key = source.key or ("X" if "X" in shapes else "X_train")
    label, group = source.label or ("y",), source.group or ("groups",)
    return [
        {"name": name, "examples": [" × ".join(map(str, shape)) or "one value"], "count": 1,
         "role": _find_role(name, key, label, group, source)}
        for name, shape in shapes.items()
    ]  # fmt: skip


def _find_role(name: str, key: str, label: tuple[str, ...], group: tuple[str, ...], source: Source) -> str | None:
    base = name.removesuffix("_train").removesuffix("_test")
    if base == key.removesuffix("_train"):
        return "value"
    if name in source.ignore:
        return "ignore"
    return "label" if base in label else "group" if base in group else None
