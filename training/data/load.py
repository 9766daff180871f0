"""One call loads a dataset by name, from a file or from a folder, and checks it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from training.data.archive import load_archived
from training.data.beside import add_columns, find_columns, find_counterpart, refuse_unused, without_columns
from training.data.cases import Dataset, DatasetError
from training.data.check import check_dataset
from training.data.choose import list_suffixes, read_file
from training.data.discover import find_generator, list_generators
from training.data.folder import list_twins, resolve
from training.data.generated import NO_OPTIONS, Options
from training.data.labelling import settle_partitions
from training.data.layout import parse_layout
from training.data.missing import mark_missing
from training.data.raw import Partitions, Raw
from training.data.recording_folder import find_recordings, read_recordings
from training.data.series_folder import find_series_files, read_series_files
from training.data.source import Source, make_source
from training.data.time_encoding import add_time_encoding
from training.data.unpack import find_suffix
from training.data.windows import cut_windows


def load(dataset: str | None = None, data: Path | None = None, **settings: Any) -> Dataset:
    """The dataset called `dataset`, or the one in the file or folder `data`; `settings` are those of `Source`.

    Raises DatasetError when nothing is found or what is found cannot be learnt from.
    """
    return load_source(make_source(dataset=dataset, data=None if data is None else Path(data), **settings))


def load_source(source: Source) -> Dataset:
    """The dataset of a source, checked.

    By name alone: a generator's, else the UCR/UEA archive's (through aeon, downloaded where it is not shipped). With
    `data`, `format`, or the file's suffix and content, picks the reader, and `dataset` names the result and picks
    within a folder. Raises DatasetError when nothing is found or what is found cannot be learnt from.
    """
    name, partitions, origin = _load_partitions(source)
    return _finish(name, settle_partitions(partitions, source.drop_unlabelled), origin, source)


def load_raw(source: Source) -> tuple[str, Partitions, str]:
    """Name, partitions and origin in words of a source: lengths and gaps as they came, labels in one form, missing
    values marked, recordings cut where that is asked for; series and labels are not checked. Raises DatasetError."""
    name, partitions, origin = _load_partitions(source)
    train, test = _prepare_both(name, settle_partitions(partitions, source.drop_unlabelled), source)
    return name, (train, test), origin


def load_unlabelled(source: Source) -> Dataset:
    """The dataset of a source, its labels put aside unread, as a note says; see `load_source`."""
    name, (train, test), origin = _load_partitions(source)
    if train.labels is not None or train.timepoint_labels is not None:
        train = replace(train, notes=(*train.notes, f"the labels of {name} were put aside"))
    plain = [None if raw is None else replace(raw, labels=None, timepoint_labels=None) for raw in (train, test)]
    assert plain[0] is not None
    return _finish(name, (plain[0], plain[1]), origin, source)


def _load_partitions(source: Source) -> tuple[str, Partitions, str]:
    """Name, partitions, and where they come from, in words."""
    parse_layout(source.layout)
    if source.data is not None:
        return _load_files(source, source.data)
    if source.dataset:
        return source.dataset, _load_by_name(source.dataset, source.generated), "by name"
    raise DatasetError("Neither a dataset nor data was given. Name a dataset, or give a file or folder as data.")


def _finish(name: str, partitions: Partitions, origin: str, source: Source) -> Dataset:
    train, test = _prepare_both(name, partitions, source)
    return check_dataset(name, train, test, origin=origin, shaping=source)


def _prepare_both(name: str, partitions: Partitions, source: Source) -> Partitions:
    train, test = partitions
    return (
        prepare(train, source, f"The training set of {name}"),
        None if test is None else prepare(test, source, f"The test set of {name}", "test recording"),
    )


def prepare(raw: Raw, source: Source, where: str, recording: str = "recording") -> Raw:
    """A partition as its reader found it, with missing values marked, and cut into windows where that is asked for."""
    raw = mark_missing(raw, source.missing)
    if source.time_encoding is not None:
        raw = add_time_encoding(raw, source.time_encoding, source.window)
    if source.window is not None:
        return cut_windows(raw, source.window, source.stride or source.window, where, recording)
    if raw.timepoint_labels is not None:
        raise DatasetError(f"{where} has a label for each timepoint. Cut it into windows with --window LENGTH.")
    return raw


def _load_by_name(name: str, options: Options) -> Partitions:
    generator = find_generator(name)
    if generator is None:
        _refuse_options(options, f"the dataset {name!r}")
        return load_archived(name)
    settings = generator.Settings() if options == NO_OPTIONS else options
    if not isinstance(settings, generator.Settings):
        raise DatasetError(f"The options given are not those of the generator {name!r}. Give its own `Settings`.")
    return generator.generate(settings)


def _refuse_options(options: Options, what: str) -> None:
    if options != NO_OPTIONS:
        raise DatasetError(
            f"Options of a generator came, but {what} is not generated. Name one of the generators "
            f"{', '.join(list_generators())} as the dataset, or leave --generator.… out."
        )


def _load_files(source: Source, data: Path) -> tuple[str, Partitions, str]:
    """Name, partitions, and the files they come from, in words."""
    _refuse_options(source.generated, f"the data of {data}")
    if recordings := find_recordings(data, source):
        partitions = read_recordings(data, recordings, source)
        return source.dataset or data.resolve().name, partitions, f"from {len(recordings)} recordings of {data.name}"
    if series := find_series_files(data, source):
        partitions = read_series_files(data, series, source)
        return source.dataset or data.resolve().name, partitions, f"from {len(series)} files of {data.name}"
    name, train_file, test_file = resolve(data, source.dataset, list_suffixes(source.format))
    columns = find_columns(train_file, source)
    used = [path for path in (train_file, test_file, *columns.values()) if path is not None]
    refuse_unused(train_file, used, source)
    train, test = _read(train_file, source, columns)
    if data.is_dir() and (twins := list_twins(train_file)):
        note = f"{train_file.name} was read; files of the same name were not: {', '.join(twins)}"
        train = replace(train, notes=(*train.notes, note))
    if test_file is None:
        return name, (train, test), f"from {train_file.name}"
    other, extra = _read(test_file, source, {
        flag: find_counterpart(path, train_file, test_file) for flag, path in columns.items()
    })  # fmt: skip
    if test is not None or extra is not None:
        raise DatasetError(
            f"The files {train_file} and {test_file} are a split, yet one of them holds a split of its own. Give the "
            "one that holds both partitions as data."
        )
    return name, (train, other), f"from {train_file.name} and {test_file.name}"


def _read(path: Path, source: Source, columns: dict[str, Path]) -> Partitions:
    is_text = find_suffix(path) in (".csv", ".tsv", ".txt")
    train, test = read_file(path, without_columns(source, columns, is_text))
    return add_columns(train, columns), test
