"""Which datasets are compared: a TOML file of the flags that `fit.py` reads each with."""

from __future__ import annotations

import re
import shlex
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bundle.manifest import NAME_PATTERN
from training.configuration import ConfigurationError

EXAMPLE = '[datasets]\ngunpoint = "--dataset GunPoint --data ucr/"'


@dataclass(frozen=True)
class Planned:
    """A dataset by its name in the table, with the flags that read it."""

    name: str
    flags: tuple[str, ...]


def read_plan(path: Path) -> list[Planned]:
    """The datasets of a plan; paths in it are relative to where the command runs.

    Raises `ConfigurationError` for a file that is no plan.
    """
    try:
        parsed = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"--plan {path} cannot be read: {error}. Write it like this:\n{EXAMPLE}") from error
    datasets = parsed.get("datasets")
    if not isinstance(datasets, dict) or not datasets or set(parsed) != {"datasets"}:
        raise ConfigurationError(f"--plan {path} must hold one table, of datasets and their flags:\n{EXAMPLE}")
    return [_read_dataset(path, name, flags) for name, flags in datasets.items()]


def _read_dataset(path: Path, name: str, flags: Any) -> Planned:
    if not re.fullmatch(NAME_PATTERN, name):
        raise ConfigurationError(
            f"--plan {path} names a dataset {name!r}; a name is lower-case letters, digits, '-' and '_'."
        )
    if not isinstance(flags, str):
        raise ConfigurationError(f"--plan {path} gives {name} {flags!r}; its flags are one string:\n{EXAMPLE}")
    return Planned(name, tuple(shlex.split(flags)))
