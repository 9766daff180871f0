"""Many datasets are fitted side by side, a core each; one that fails keeps none of the others from being published."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from training.configuration import FitConfiguration
from training.data.choose import list_suffixes
from training.data.folder import is_partition, list_data_files
from training.ending import explain
from training.fit import fit_and_publish
from training.scale.running import run_tasks
from training.settings import ConfigurationError


@dataclass(frozen=True)
class Fit:
    """How one of several fits ended: its number among them, exit status, and what it said."""

    number: int
    status: int
    said: str


def list_datasets(folder: Path, configuration: FitConfiguration) -> list[FitConfiguration]:
    """The configuration for each dataset of a folder: a subfolder, or a file with what lies beside it as its test set.

    Raises `ConfigurationError` where there is none.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"--datasets is {folder}, which is no folder. Give one that holds a dataset each.")
    subfolders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    files = list_data_files(folder, list_suffixes(configuration.format))
    trains = [path for path in files if not is_partition(path, "test")]
    found = [replace(configuration, data=path, dataset=None, name=path.name.lower()) for path in subfolders]
    found += [replace(configuration, data=path, dataset=None) for path in trains]
    if not found:
        raise ConfigurationError(f"--datasets is {folder}, which holds no datasets: neither folders nor files of data.")
    return found


def run_fits(fits: Sequence[FitConfiguration], address: str | None, workers: int) -> Iterator[Fit]:
    """Fit and publish each, one core for each, on a cluster or on this machine, as they end.

    On a cluster the repository must lie where every machine finds it.
    """
    return run_tasks(partial(_fit, tuple(replace(own, workers=1) for own in fits)), range(len(fits)), workers, address)


def _fit(fits: Sequence[FitConfiguration], number: int) -> Fit:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            fit_and_publish(fits[number])
        except Exception as error:
            if (ending := explain(error)) is None:
                raise
            print(ending.reason)
            return Fit(number, ending.status, said.getvalue())
    return Fit(number, 0, said.getvalue())
