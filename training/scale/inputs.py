"""What is scored, cut into pieces whose rows and whose order are the same whoever reads them."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from training.scale.columns import SERIES, TIMES
from training.scale.places import Place
from training.settings import ConfigurationError

SUFFIXES = (".parquet", ".pq")

TAIL_BYTES = 1 << 16
"""Of a Parquet file's end, where it says what it holds: what stands for its content in the job's description."""

READERS = 16
"""Files whose ends are read at a time; each waits for its store."""


@dataclass(frozen=True)
class Piece:
    """Rows that are scored, and written, together: groups of rows of a file, or of `table` from `first_row` on."""

    file: str
    first_row: int
    n_rows: int
    groups: tuple[int, ...] = ()


@dataclass(frozen=True)
class Inputs:
    """Pieces in order; `table` holds the rows of all of them where they are in no file of series.

    sha256: of what there is, so that another input is noticed.
    """

    place: Place | None
    pieces: tuple[Piece, ...]
    sha256: str
    table: pa.Table | None = None

    @property
    def n_rows(self) -> int:
        """Rows in all."""
        return sum(piece.n_rows for piece in self.pieces)

    def read(self, piece: Piece) -> pa.Table:
        """The series of a piece, and times where there are any. Raises `ConfigurationError` where the file is another
        than it was."""
        if self.table is not None:
            return self.table.slice(piece.first_row, piece.n_rows)
        assert self.place is not None, "rows are in files, or in a table"
        with self.place.open(piece.file) as file:
            parquet = pq.ParquetFile(file)
            names = [name for name in (SERIES, TIMES) if name in parquet.schema_arrow.names]
            table = parquet.read_row_groups(list(piece.groups), columns=names, use_threads=False)
        if table.num_rows != piece.n_rows:
            raise ConfigurationError(f"{piece.file} was changed while it was scored; begin again in another folder.")
        return table


@dataclass(frozen=True)
class _Seen:
    """A file: its name, the rows of each of its groups, and what tells it from others."""

    name: str
    rows: tuple[int, ...]
    mark: str


def open_inputs(url: str, piece_rows: int) -> Inputs:
    """What lies at a URL: Parquet files with a column `series`, or whatever a fit reads from this machine.

    A piece has about `piece_rows` rows; a group of rows of a file is never parted. Raises `ConfigurationError` where
    there is nothing, or nothing that can be read.
    """
    place, names = _find_files(url)
    if names:
        with ThreadPoolExecutor(READERS) as pool:
            seen = list(pool.map(lambda name: _look_at(place, name), names))
        if all(one is not None for one in seen):
            found = [one for one in seen if one is not None]
            pieces = tuple(piece for one in found for piece in _cut(one, piece_rows))
            if not pieces:
                raise ConfigurationError(f"{url} holds no rows; give files that have some with --from.")
            return Inputs(place, pieces, hashlib.sha256("\n".join(one.mark for one in found).encode()).hexdigest())
    return _read_table(url, piece_rows)


def _find_files(url: str) -> tuple[Place, list[str]]:
    if url.endswith(SUFFIXES):
        folder, slash, name = url.rpartition("/")
        place = Place(folder if slash else ".")
        return place, [name] if name in place.list_files() else []
    place = Place(url)
    return place, sorted(name for name in place.list_files() if name.endswith(SUFFIXES) and name[0] not in "._")


def _look_at(place: Place, name: str) -> _Seen | None:
    """A file of series; None where it has no such column."""
    try:
        with place.open(name) as file:
            parquet = pq.ParquetFile(file)
            metadata, names = parquet.metadata, parquet.schema_arrow.names
            rows = tuple(metadata.row_group(number).num_rows for number in range(metadata.num_row_groups))
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL_BYTES))
            tail = hashlib.sha256(file.read()).hexdigest()
    except pa.ArrowException as error:
        raise ConfigurationError(f"{name} in {place.url} is no Parquet file that can be read: {error}.") from error
    return _Seen(name, rows, f"{name} {size} {tail}") if SERIES in names else None


def _cut(seen: _Seen, piece_rows: int) -> list[Piece]:
    starts = [0, *accumulate(seen.rows)]
    numbered = [(start // piece_rows, number) for number, start in enumerate(starts[:-1]) if seen.rows[number]]
    pieces = []
    for _, some in groupby(numbered, key=lambda pair: pair[0]):
        groups = tuple(number for _, number in some)
        pieces.append(Piece(seen.name, starts[groups[0]], sum(seen.rows[number] for number in groups), groups))
    return pieces


def _read_table(url: str, piece_rows: int) -> Inputs:
    path = Path(url.removeprefix("file://"))
    if not path.exists():
        raise ConfigurationError(
            f"{url} holds no Parquet files with a column {SERIES!r}, and is nothing on this machine. Give such files, "
            "or a file or folder that a fit reads, with --from."
        )
    from training.scale.tables import read_cases  # it needs what reads datasets, which workers do without

    table = read_cases(path)
    pieces = tuple(
        Piece(path.name, start, min(piece_rows, table.num_rows - start))
        for start in range(0, table.num_rows, piece_rows)
    )
    return Inputs(None, pieces, _hash(table), table)


def _hash(table: pa.Table) -> str:
    sink: Any = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return hashlib.sha256(sink.getvalue()).hexdigest()
