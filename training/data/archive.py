"""Datasets of the UCR/UEA archive by name: those that aeon ships work offline, others are downloaded once."""

from __future__ import annotations

import contextlib
import difflib
import os
import tempfile
from pathlib import Path

from training.data.cases import DatasetError
from training.data.raw import Partitions, Raw


def load_archived(name: str) -> Partitions:
    """The archive's own training and test split, labels as aeon gives them (text, in lower case).

    A name ending in `_eq` or `_nmv` asks for the archive's version of equal length, or without missing values.
    DatasetError when the name is unknown or the download fails.
    """
    folder = _find_folder(name)
    return _read_partition(name, "train", folder), _read_partition(name, "test", folder)


def _find_folder(name: str) -> Path:
    """The folder above the dataset's own, downloaded into it where need be."""
    import aeon.datasets

    base = name.removesuffix("_nmv").removesuffix("_eq")
    for folder in (Path(aeon.datasets.__file__).parent / "data", _find_cache()):
        if all((folder / base / f"{base}_{split}.ts").is_file() for split in ("TRAIN", "TEST")):
            return folder
    _refuse_unknown(base)
    return _download(base, _find_cache())


def _find_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "seriesmith" / "datasets"


def _refuse_unknown(name: str) -> None:
    from aeon.datasets.tsc_datasets import tsc_zenodo

    if name not in tsc_zenodo:
        close = ", ".join(difflib.get_close_matches(name, tsc_zenodo, n=3))
        raise DatasetError(
            f"No generator and no dataset of the archive is called {name!r}"
            f"{f'; close to it: {close}' if close else ''}. Check the name, or give the data as a file or folder with "
            "--data."
        )


def _download(name: str, cache: Path) -> Path:
    """Downloads beside the cache and renames, so that an interrupted download leaves nothing half there."""
    from aeon.datasets import load_classification

    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as partial:
            load_classification(name, split="train", extract_path=partial)
            with contextlib.suppress(OSError):  # another process was faster
                os.replace(Path(partial) / name, cache / name)
    except (ValueError, OSError) as error:
        raise DatasetError(
            f"The dataset {name!r} is neither shipped nor in {cache}, and its download failed: {error}. Go online and "
            "try again, or get it another way and give its folder with --data."
        ) from error
    return cache


def _read_partition(name: str, split: str, folder: Path) -> Raw:
    from aeon.datasets import load_classification

    try:
        series, labels = load_classification(name, split=split, extract_path=str(folder))
    except (ValueError, OSError) as error:
        raise DatasetError(
            f"The {split} set of {name!r} could not be read from {folder}: {str(error).strip()}. Take a classification "
            "dataset, or give the data as a file or folder with --data."
        ) from error
    return Raw(series, labels.tolist())
