"""Datasets that a server keeps: `client.datasets`. Over HTTP alone.

upload = client.datasets.upload("log.csv")
upload.columns, upload.preview, upload.refusal  # how it was read; client.datasets.read(upload.id, label="fault")
dataset = client.datasets.save(upload, "pumps", tags=["2026"])
balanced = client.datasets.augment(dataset.id, "gunpoint")
client.datasets.file(balanced.dataset.id, "pumps.parquet")
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from seriesmith.base import copy_signature
from seriesmith.callers import AsyncCaller, Caller
from seriesmith.calls import Call
from seriesmith.errors import Unexpected
from seriesmith.reading import Fields, to_label_array

P = ParamSpec("P")
Answer = TypeVar("Answer")
Part = Literal["train", "test"]

LONG_SECONDS = 900.0
"""How long an upload, a download and what reads or makes a whole dataset may take."""


@dataclass(frozen=True)
class Upload:
    """A file that the server holds for a day, and how it was read.

    settings: those of the reader that were used, guessed ones among them. columns: of a table, each with `name`,
    `examples` and `role`. preview: what was `read`, `notes`, `shape`, `classes` and a few `series`; None where it could
    not be read, for which `refusal` has the `message`, and `file` and `row` where they are known.
    """

    id: str
    filename: str
    n_bytes: int
    settings: dict[str, Any]
    columns: list[dict[str, Any]] | None
    preview: dict[str, Any] | None = field(repr=False)
    refusal: dict[str, Any] | None


@dataclass(frozen=True)
class Dataset:
    """A version of a dataset of the catalogue.

    kind: upload, generated, augmented or windows. source: how it was made. parents: ids of the datasets that it was
    made from. shape: `n_cases`, `n_test`, `n_channels`, `n_timepoints`, `shortest`, `n_missing` and more. classes:
    `label` and `count` of each. statistics, versions: of `get` alone. Times are ISO 8601 in UTC.
    """

    id: str
    name: str
    version: int
    kind: str
    source: dict[str, Any]
    parents: list[str]
    shape: dict[str, Any]
    classes: list[dict[str, Any]]
    notes: list[str]
    tags: list[str]
    sha256: str
    suffix: str
    n_bytes: int
    owner: str
    created: str
    deleted: str | None
    statistics: dict[str, Any] | None = field(default=None, repr=False)
    versions: list[dict[str, Any]] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Augmented:
    """A dataset with synthetic series behind its real ones, and what `augment` says of them.

    report: by class. advice: whether the series help which kind of classifier. sample_weight: what a `real` and a
    `synthetic` case weigh. overlap: whether the model was fitted on these cases and on others.
    """

    dataset: Dataset
    n_made: int
    seed: int
    policy: str
    report: dict[str, Any]
    advice: dict[str, Any]
    usage: dict[str, Any]
    overlap: dict[str, Any] | None
    note: str | None
    sample_weight: dict[str, float]


@dataclass(frozen=True, eq=False)
class StoredSeries:
    """Some series of a dataset: float32 `[n_cases, n_channels, n_timepoints]`, NaN for what is missing and behind the
    ends of shorter ones. `index` is the place of each in the dataset, `total` how many there are in all."""

    series: NDArray[np.float32]
    labels: NDArray[Any] | None
    groups: list[str | None] | None
    index: NDArray[np.int64]
    synthetic: NDArray[np.bool_]
    sample_weight: NDArray[np.float32]
    total: int


def read(id: str, **settings: Any) -> Call[Upload]:
    """Read an upload again, with settings of its reader: label, group, id, time, value, ignore, window and so on."""
    body = {"settings": settings}
    return Call(f"uploads/{id}/preview", read_upload, body, page=True, method="POST", seconds=LONG_SECONDS)


def save(
    upload: Upload | str, name: str, settings: Mapping[str, Any] | None = None, tags: Sequence[str] = ()
) -> Call[Dataset]:
    """Keep what an upload holds as the next version of `name`, as it was read, or with other settings.

    Raises `InvalidRequest` where it cannot be read.
    """
    known = upload.settings if isinstance(upload, Upload) else {}
    body = {
        "upload": upload.id if isinstance(upload, Upload) else upload,
        "settings": dict(known if settings is None else settings),
        "name": name,
        "tags": list(tags),
    }
    return Call("datasets", read_dataset, body, page=True, method="POST", seconds=LONG_SECONDS)


def generate(
    generator: str, name: str, options: Mapping[str, Any] | None = None, tags: Sequence[str] = ()
) -> Call[Dataset]:
    """Keep what a generator makes of its options, as `generators` lists them."""
    body = {"generator": generator, "options": dict(options or {}), "name": name, "tags": list(tags)}
    return Call("datasets", read_dataset, body, page=True, method="POST", seconds=LONG_SECONDS)


def generators() -> Call[list[dict[str, Any]]]:
    """Every generator: `name`, `summary` and `options`."""
    return Call("generators", lambda page: list(page["generators"]), page=True)


def list_datasets(
    search: str = "", tag: str = "", kind: str = "", deleted: bool = False, limit: int = 50, offset: int = 0
) -> Call[list[Dataset]]:
    """The newest datasets first. `search` finds parts of names, tags and names of files; `deleted`: those put aside."""
    asked = {"search": search, "tag": tag, "kind": kind, "deleted": str(deleted).lower()}
    asked |= {"limit": str(limit), "offset": str(offset)}
    return Call(_join("datasets", asked), lambda page: [read_dataset(one) for one in page["datasets"]], page=True)


def get(id: str) -> Call[Dataset]:
    """A dataset, with statistics and the versions of its name."""
    return Call(f"datasets/{id}", read_dataset, page=True)


def series(
    id: str, offset: int = 0, limit: int = 100, label: str | int | None = None, part: Part | None = None
) -> Call[StoredSeries]:
    """Some series of a dataset, those of a class and partition where given. Fewer than `limit` may come: `total` says
    how many there are, and `file` has all."""
    asked = {"offset": offset, "limit": limit, "label": label, "part": part, "timepoints": 0}
    return Call(_join(f"datasets/{id}/series", asked), read_series, page=True, seconds=LONG_SECONDS)


def update(id: str, name: str | None = None, tags: Sequence[str] | None = None) -> Call[Dataset]:
    """Give a dataset another name, of which it becomes the next version, or other tags."""
    body = {"name": name, "tags": None if tags is None else list(tags)}
    given = {key: value for key, value in body.items() if value is not None}
    return Call(f"datasets/{id}", read_dataset, given, page=True, method="PATCH")


def delete(id: str) -> Call[str]:
    """Put a dataset aside, and return until when it can be restored, ISO 8601 in UTC."""
    return Call(f"datasets/{id}", lambda page: str(page["restorable_until"]), page=True, method="DELETE")


def restore(id: str) -> Call[Dataset]:
    """Take a dataset back that was put aside."""
    return Call(f"datasets/{id}/restore", read_dataset, page=True, method="POST")


def windows(
    id: str, window: int, stride: int | None = None, name: str | None = None, tags: Sequence[str] = ()
) -> Call[Dataset]:
    """Cut recordings into windows of so many timepoints, one every `stride` (None: they adjoin), as a new dataset."""
    asked = {"window": window, "stride": stride, "name": name, "tags": list(tags)}
    body = {key: value for key, value in asked.items() if value is not None}
    return Call(f"datasets/{id}/windows", read_dataset, body, page=True, method="POST", seconds=LONG_SECONDS)


def augment(
    id: str,
    model: str,
    strategy: str | Mapping[str, Any] | None = None,
    *,
    per_class: int | None = None,
    policy: str | None = None,
    seed: int | None = None,
    expansion: float | None = None,
    name: str | None = None,
    **constraints: Any,
) -> Call[Augmented]:
    """Have a model make series for a dataset, and keep both as a new dataset under `name`.

    The arguments are those of `Client.augment`, its constraints (lower, upper, monotone …) among them; `per_class`, a
    total for every class, stands in place of a strategy.
    """
    asked: dict[str, Any] = {
        "model": model,
        "strategy": strategy,
        "per_class": per_class,
        "policy": policy,
        "seed": seed,
    }
    asked |= {"expansion": expansion, "name": name, **constraints}
    body = {key: value for key, value in asked.items() if value is not None}
    return Call(f"datasets/{id}/augment", read_augmented, body, page=True, method="POST", seconds=LONG_SECONDS)


def file(
    id: str, path: str | Path, suffix: str | None = None, long: bool = False, part: Part | None = None
) -> Call[Path]:
    """Download a dataset to a file, or into a folder under the name that the server gives, and return its path.

    `suffix`: of the format, `.csv`; None: the path's, and for a folder the one that the dataset came in. A dataset with
    a test set comes as a .zip of two files, unless `part` is given; `long`: tables have a row for each timepoint.
    """
    place = Path(path)
    own = "" if place.is_dir() or place.suffix == ".zip" else place.suffix
    asked = {"suffix": own if suffix is None else suffix, "long": str(long).lower(), "part": part}
    query = _join(f"datasets/{id}/file", asked)
    return Call(query, lambda page: Path(page["path"]), page=True, into=place, seconds=LONG_SECONDS)


def _send(path: Path, filename: str) -> Call[Upload]:
    query = urlencode({"filename": filename})
    return Call(f"uploads?{query}", read_upload, page=True, method="POST", file=path, seconds=LONG_SECONDS)


def _join(path: str, asked: Mapping[str, Any]) -> str:
    return f"{path}?{urlencode({name: value for name, value in asked.items() if value not in (None, '')})}"


def read_upload(page: Fields) -> Upload:
    """Build an upload from JSON. Raises `Unexpected`."""
    return _build(Upload, page)


def read_dataset(page: Fields) -> Dataset:
    """Build a dataset from JSON. Raises `Unexpected`."""
    return _build(Dataset, {"statistics": None, "versions": None} | page)


def read_augmented(page: Fields) -> Augmented:
    """Build an augmented dataset from JSON. Raises `Unexpected`."""
    dataset = read_dataset(page.get("dataset") or {})
    return _build(Augmented, {"overlap": None, "note": None} | page | {"dataset": dataset})


def _build(kind: type[Answer], page: Fields) -> Answer:
    try:
        return kind(**{own.name: page[own.name] for own in fields(kind)})  # type: ignore[arg-type]
    except KeyError as error:
        raise Unexpected(f"the answer lacks {error}. Is the server as new as the client?") from error


def read_series(page: Fields) -> StoredSeries:
    """Build series from JSON. Raises `Unexpected`."""
    try:
        arrays = [np.array(case, np.float32) for case in page["series"]]
        longest = max((array.shape[1] for array in arrays), default=0)
        n_channels = len(arrays[0]) if arrays else 0
        padded = np.full((len(arrays), n_channels, longest), np.nan, np.float32)
        for row, array in zip(padded, arrays, strict=True):
            row[:, : array.shape[1]] = array
        return StoredSeries(
            padded,
            None if page["labels"] is None else to_label_array(page["labels"]),
            page["groups"],
            np.array(page["index"], np.int64),
            np.array(page["synthetic"], np.bool_),
            np.array(page["sample_weight"], np.float32),
            page["total"],
        )
    except KeyError as error:
        raise Unexpected(f"the series lack {error}. Is the server as new as the client?") from error


class _Prepared:
    """A file to send: the one that is there, or a temporary one with the bytes, or a folder's files in a .zip."""

    def __init__(self, source: str | Path | bytes, filename: str | None) -> None:
        self._source = source
        self._filename = filename
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> tuple[Path, str]:
        if isinstance(self._source, bytes):
            if self._filename is None:
                raise ValueError("bytes need a filename, whose suffix says what they are: filename='log.csv'.")
            path = self._make_folder() / "upload"
            path.write_bytes(self._source)
            return path, self._filename
        path = Path(self._source)
        if path.is_dir():
            packed = self._make_folder() / "upload.zip"
            _pack(path, packed)
            return packed, self._filename or f"{path.resolve().name}.zip"
        if not path.is_file():
            raise FileNotFoundError(f"there is no file or folder {path}.")
        return path, self._filename or path.name

    def _make_folder(self) -> Path:
        self._folder = tempfile.TemporaryDirectory(prefix="seriesmith-")
        return Path(self._folder.name)

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.cleanup()


def _pack(folder: Path, packed: Path) -> None:
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
                archive.write(path, Path(folder.resolve().name) / path.relative_to(folder))


def _make_method(ask: Callable[P, Call[Answer]]) -> Callable[Concatenate[Datasets, P], Answer]:
    def method(self: Datasets, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
        return self._client._answer(ask(*args, **kwargs))

    return copy_signature(ask, method)


def _make_async_method(
    ask: Callable[P, Call[Answer]],
) -> Callable[Concatenate[AsyncDatasets, P], Coroutine[Any, Any, Answer]]:
    def method(self: AsyncDatasets, /, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, Answer]:
        return self._client._answer(ask(*args, **kwargs))

    return copy_signature(ask, method)


class Datasets:
    """The datasets of a server."""

    def __init__(self, client: Caller) -> None:
        self._client = client

    def upload(self, source: str | Path | bytes, filename: str | None = None, **settings: Any) -> Upload:
        """Send a file, a folder (packed), or bytes with a `filename`, and return how the server reads it: as it seems
        to be, or with `settings` of the reader (label, group, id, time, value, ignore, window …). Nothing is kept."""
        with _Prepared(source, filename) as (path, name):
            upload = self._client._answer(_send(path, name))
        return self.read(upload.id, **settings) if settings else upload

    read = _make_method(read)
    save = _make_method(save)
    generate = _make_method(generate)
    generators = _make_method(generators)
    list = _make_method(list_datasets)
    get = _make_method(get)
    series = _make_method(series)
    update = _make_method(update)
    delete = _make_method(delete)
    restore = _make_method(restore)
    windows = _make_method(windows)
    augment = _make_method(augment)
    file = _make_method(file)


class AsyncDatasets:
    """The twin of `Datasets`: await its methods."""

    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def upload(self, source: str | Path | bytes, filename: str | None = None, **settings: Any) -> Upload:
        """See `Datasets.upload`."""
        with _Prepared(source, filename) as (path, name):
            upload = await self._client._answer(_send(path, name))
        return await self.read(upload.id, **settings) if settings else upload

    read = _make_async_method(read)
    save = _make_async_method(save)
    generate = _make_async_method(generate)
    generators = _make_async_method(generators)
    list = _make_async_method(list_datasets)
    get = _make_async_method(get)
    series = _make_async_method(series)
    update = _make_async_method(update)
    delete = _make_async_method(delete)
    restore = _make_async_method(restore)
    windows = _make_async_method(windows)
    augment = _make_async_method(augment)
    file = _make_async_method(file)
