"""Files under the store's URL, on this machine or wherever fsspec reaches; a file is there whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

import fsspec

from bundle.errors import NotFound, Unavailable


class Store:
    """Files by their place, a path below the URL. Raises `Unavailable` where the file system does not answer."""

    def __init__(self, url: str) -> None:
        try:
            self._files, self._root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise Unavailable(f"series cannot be kept under {url}: {error}.") from error
        self._is_local = "file" in _list_protocols(self._files)

    def put(self, local: Path, place: str) -> int:
        """Copy a file of this machine to a place, over what is there, and return its bytes."""
        path = self._join(place)
        with _explain("kept"):
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            if self._is_local:  # written beside and renamed, as a reader of another process may look
                partial = f"{path}.{os.getpid()}.part"
                shutil.copyfile(local, partial)
                os.replace(partial, path)
            else:
                self._files.put_file(str(local), path)
        return local.stat().st_size

    @contextmanager
    def open(self, place: str) -> Iterator[BinaryIO]:
        """A file, to be read from anywhere in it. Raises `NotFound`."""
        try:
            with _explain("read"):
                file = self._files.open(self._join(place), "rb")
        except FileNotFoundError as error:
            raise NotFound(f"the series of this dataset are no longer there ({place}); delete it.") from error
        with file:
            yield cast(BinaryIO, file)

    @contextmanager
    def fetch(self, place: str) -> Iterator[Path]:
        """A file as one of this machine: itself, or a copy that is gone afterwards. Raises `NotFound`."""
        if self._is_local:
            if not (path := Path(self._join(place))).is_file():
                raise NotFound(f"the series of this dataset are no longer there ({place}); delete it.")
            yield path
            return
        with tempfile.TemporaryDirectory(prefix="seriesmith-") as folder, self.open(place) as file:
            path = Path(folder) / "cases.parquet"
            with path.open("wb") as copy:
                shutil.copyfileobj(file, copy, 2**20)
            yield path

    def delete(self, place: str) -> None:
        """Delete a file, where it is there."""
        with suppress(FileNotFoundError), _explain("deleted"):
            self._files.rm_file(self._join(place))

    def _join(self, place: str) -> str:
        return f"{self._root.rstrip('/')}/{place}"


def _list_protocols(files: fsspec.AbstractFileSystem) -> tuple[str, ...]:
    protocol = files.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)


@contextmanager
def _explain(what: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:  # each file system has errors of its own
        raise Unavailable(f"series could not be {what}: {error or type(error).__name__}.") from error
