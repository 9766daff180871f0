"""The catalogue of datasets. Its methods read files and the database: call them in a thread (`asyncio.to_thread`), from
as many workers and threads at once as there are."""

from __future__ import annotations

import tempfile
import threading
import time
import uuid
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sqlalchemy import Engine, Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bundle.errors import InvalidRequest, NotFound, Unavailable
from studio.catalogue.card import DatasetCard, Summary, make_card, summarise
from studio.catalogue.cases import Label, Part, StoredCases
from studio.catalogue.export import export_cases
from studio.catalogue.naming import check_name, check_tags, write_tag, write_words
from studio.catalogue.parquet import read_about, read_parquet, write_parquet
from studio.catalogue.store import Store
from studio.catalogue.tables import DatasetRow
from studio.database import now
from studio.settings import StudioSettings

Kind = Literal["upload", "generated", "augmented", "windows"]
Cards = list[DatasetCard]

VERSION_TRIES = 50
"""How often a version is counted anew where another process took it."""

PURGE_SECONDS = 300.0
"""Between two looks for what was deleted long ago."""


class Catalogue:
    """Datasets of a studio: what is known of each in the database, its series in the store."""

    def __init__(self, engine: Engine, settings: StudioSettings) -> None:
        self.engine, self.settings = engine, settings
        self.store = Store(settings.store_url)
        self._purging = threading.Lock()
        self._purged = 0.0

    def add(
        self,
        cases: StoredCases,
        *,
        name: str,
        kind: Kind,
        source: dict[str, Any],
        parents: Sequence[str] = (),
        suffix: str = ".csv",
        owner: str = "",
        tags: Sequence[str] = (),
        notes: Sequence[str] = (),
    ) -> DatasetCard:
        """Keep cases as the next version of `name`. `source` says how they were made, `parents` are the ids of what
        they were made from, `suffix` is the format to download them in. Raises `InvalidRequest` and `Unavailable`."""
        self.require_fitting(len(cases))
        with tempfile.TemporaryDirectory(prefix="seriesmith-") as folder:
            file = Path(folder) / "cases.parquet"
            write_parquet(cases, str(file))
            return self.keep(
                file, summarise(cases),
                name=name, kind=kind, source=source, parents=parents, suffix=suffix, owner=owner, tags=tags,
                notes=notes,
            )  # fmt: skip

    def require_fitting(self, n_cases: int) -> None:
        """Raise `InvalidRequest` where a dataset of so many series is too large, or empty."""
        if not n_cases:
            raise InvalidRequest("there are no series to keep; a dataset has one at least.")
        if n_cases > self.settings.max_series:
            raise InvalidRequest(
                f"there are {n_cases} series; a dataset has {self.settings.max_series} at most here (the setting "
                "SERIESMITH_STUDIO_MAX_SERIES). Keep fewer."
            )

    def keep(
        self,
        file: Path,
        summary: Summary,
        *,
        name: str,
        kind: Kind,
        source: dict[str, Any],
        parents: Sequence[str] = (),
        suffix: str = ".csv",
        owner: str = "",
        tags: Sequence[str] = (),
        notes: Sequence[str] = (),
    ) -> DatasetCard:
        """Keep cases that `studio.catalogue.parquet` has written to a file of this machine; see `add`."""
        name, checked = check_name(name), check_tags(tags)
        self.purge()
        id = uuid.uuid4().hex
        place = f"{id[:2]}/{id}.parquet"
        n_bytes = self.store.put(file, place)
        row = {
            "id": id, "name": name, "kind": kind, "source": source, "parents": list(parents), "shape": summary.shape,
            "classes": summary.classes, "notes": list(notes), "tags": checked, "sha256": summary.sha256,
            "words": write_words(name, checked, source), "statistics": summary.statistics, "suffix": suffix,
            "place": place, "n_bytes": n_bytes, "owner": owner, "created": now(), "deleted": None,
        }  # fmt: skip
        try:
            return self._insert(row)
        except BaseException:
            self.store.delete(place)
            raise

    def _insert(self, values: dict[str, Any]) -> DatasetCard:
        for _ in range(VERSION_TRIES):
            try:
                with Session(self.engine) as session, session.begin():
                    row = DatasetRow(**values, version=_count_version(session, values["name"]))
                    session.add(row)
                    session.flush()
                    return make_card(row)
            except IntegrityError:  # another process has added a version of that name meanwhile
                time.sleep(0.01)
        raise Unavailable(f"too many versions of {values['name']!r} are being added at once; try again.")

    def get(self, id: str) -> DatasetCard:
        """The card of a dataset, also of one that can be restored. Raises `NotFound`."""
        with Session(self.engine) as session:
            return make_card(self._find(session, id))

    def get_details(self, id: str) -> tuple[DatasetCard, dict[str, Any], Cards]:
        """Card, statistics, and the cards of all versions of its name, newest first. Raises `NotFound`."""
        with Session(self.engine) as session:
            row = self._find(session, id)
            others = session.scalars(
                select(DatasetRow).where(DatasetRow.name == row.name).order_by(DatasetRow.version.desc())
            ).all()
            return make_card(row), row.statistics, [make_card(one) for one in others if not self._is_gone(one)]

    def list(
        self,
        search: str = "",
        tag: str = "",
        kind: str = "",
        deleted: bool = False,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[Cards, int]:
        """The cards of datasets, newest first, and how many there are in all. `search` finds parts of names, tags and
        names of files; `deleted` lists those that were put aside instead."""
        self.purge()
        found = select(DatasetRow)
        if deleted:
            found = found.where(DatasetRow.deleted > now() - self._keeping)
        else:
            found = found.where(DatasetRow.deleted.is_(None))
        for word in search.casefold().split():
            found = found.where(DatasetRow.words.contains(word, autoescape=True))
        if tag:
            found = found.where(DatasetRow.words.contains(f"\n{write_tag(tag.strip())}\n", autoescape=True))
        if kind:
            found = found.where(DatasetRow.kind == kind)
        with Session(self.engine) as session:
            total = session.scalar(select(func.count()).select_from(found.subquery())) or 0
            return [make_card(row) for row in session.scalars(_page(found, limit, offset))], total

    def update(self, id: str, name: str | None = None, tags: Sequence[str] | None = None) -> DatasetCard:
        """Give another name, of which it becomes the next version, or other tags. Raises `NotFound` and
        `InvalidRequest`."""
        checked_name = None if name is None else check_name(name)
        checked_tags = None if tags is None else check_tags(tags)
        for _ in range(VERSION_TRIES):
            try:
                with Session(self.engine) as session, session.begin():
                    row = self._find(session, id)
                    if checked_name is not None and checked_name != row.name:
                        row.name, row.version = checked_name, _count_version(session, checked_name)
                    if checked_tags is not None:
                        row.tags = checked_tags
                    row.words = write_words(row.name, row.tags, row.source)
                    session.flush()
                    return make_card(row)
            except IntegrityError:
                time.sleep(0.01)
        raise Unavailable(f"too many versions of {name!r} are being added at once; try again.")

    def delete(self, id: str) -> DatasetCard:
        """Put a dataset aside; it is gone after `keep_deleted_hours`. One that is aside stays so. Raises `NotFound`."""
        with Session(self.engine) as session, session.begin():
            row = self._find(session, id)
            row.deleted = row.deleted or now()
            return make_card(row)

    def restore(self, id: str) -> DatasetCard:
        """Take a dataset back that was put aside. Raises `NotFound`."""
        with Session(self.engine) as session, session.begin():
            row = self._find(session, id)
            row.deleted = None
            return make_card(row)

    def purge(self, now_too: bool = False) -> int:
        """Delete what was put aside longer ago than it is kept, and return how many that were. Looks only once in a
        while, unless `now_too`."""
        if not self._purging.acquire(blocking=False):
            return 0
        try:
            if not now_too and time.monotonic() - self._purged < PURGE_SECONDS:
                return 0
            self._purged = time.monotonic() or 1.0
            with Session(self.engine) as session, session.begin():
                gone = session.scalars(select(DatasetRow).where(DatasetRow.deleted <= now() - self._keeping)).all()
                for row in gone:
                    session.delete(row)
                places = [row.place for row in gone]
            for place in places:
                self.store.delete(place)
            return len(places)
        finally:
            self._purging.release()

    def read(self, id: str, part: Part | None = None) -> StoredCases:
        """The cases of a dataset, or of one of its partitions. Raises `NotFound`, `Unavailable`."""
        with self.store.open(self._get_place(id)) as file:
            return read_parquet(file, part)

    def read_page(
        self, id: str, offset: int, limit: int, label: Label | None = None, part: Part | None = None
    ) -> tuple[StoredCases, NDArray[np.intp], int]:
        """Some of the cases, those of a class and partition where given: cases, their places among all, and how many
        there are in all. Only what holds them is read. Raises `NotFound`."""
        with self.store.open(self._get_place(id)) as file:
            about, _ = read_about(file)
            wanted = np.ones(about.num_rows, np.bool_)
            for column, value in (("part", part), ("label", label)):
                if value is not None:
                    same = pc.equal(about.column(column).cast(pa.string()), str(value)).fill_null(False)
                    wanted &= same.to_numpy()
            rows = np.flatnonzero(wanted)
            chosen = rows[offset : offset + limit]
            file.seek(0)
            return read_parquet(file, rows=chosen), chosen, len(rows)

    def read_rows(self, id: str, rows: NDArray[np.intp]) -> StoredCases:
        """The cases at some places, ascending. Raises `NotFound`."""
        with self.store.open(self._get_place(id)) as file:
            return read_parquet(file, rows=rows)

    def export(self, id: str, folder: Path) -> Path:
        """Write a dataset to files in a folder, and return the path that `fit.py --data` reads with equal meaning:
        partitions, labels of their type, groups, gaps, lengths, what is known of the channels. Raises `NotFound`."""
        card = self.get(id)
        return export_cases(self.read(id), card.name, folder)

    def fetch(self, id: str) -> Any:
        """A context with the dataset's Parquet file on this machine. Raises `NotFound`."""
        return self.store.fetch(self._get_place(id))

    def _get_place(self, id: str) -> str:
        with Session(self.engine) as session:
            return self._find(session, id).place

    @property
    def _keeping(self) -> timedelta:
        return timedelta(hours=self.settings.keep_deleted_hours)

    def _is_gone(self, row: DatasetRow) -> bool:
        return row.deleted is not None and row.deleted <= now() - self._keeping

    def _find(self, session: Session, id: str) -> DatasetRow:
        row = session.get(DatasetRow, id)
        if row is None or self._is_gone(row):
            raise NotFound(f"there is no dataset {id[:64]!r}; GET /datasets lists those that there are.")
        return row


def _count_version(session: Session, name: str) -> int:
    highest = session.scalar(select(func.max(DatasetRow.version)).where(DatasetRow.name == name))
    return (highest or 0) + 1


def _page(found: Select[Any], limit: int, offset: int) -> Select[Any]:
    return found.order_by(DatasetRow.created.desc(), DatasetRow.id).limit(limit).offset(offset)
