"""The catalogue's tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from studio.database import Base, Moment, now


class DatasetRow(Base):
    """A version of a dataset. Equal names count versions up; `deleted` is when it was put aside, if it was."""

    __tablename__ = "datasets"
    __table_args__ = (UniqueConstraint("name", "version"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), index=True)
    version: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    """upload, generated, augmented or windows."""
    source: Mapped[dict[str, Any]] = mapped_column(JSON)
    """How it was made: the file's name and reader settings, the generator's options, or the request of /augment."""
    parents: Mapped[list[str]] = mapped_column(JSON)
    """Ids of the datasets that it was made from."""
    shape: Mapped[dict[str, Any]] = mapped_column(JSON)
    """`studio.catalogue.cases.describe_shape`."""
    classes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """Label and count of each class, in order; empty where there are no labels."""
    notes: Mapped[list[str]] = mapped_column(JSON)
    """What reading did, a sentence each; the first says what was read."""
    tags: Mapped[list[str]] = mapped_column(JSON)
    words: Mapped[str] = mapped_column(Text)
    """What a search looks through, in lower case, a line each: the name, the file's name, and # before each tag."""
    statistics: Mapped[dict[str, Any]] = mapped_column(JSON)
    """`studio.catalogue.cases.compute_statistics`."""
    sha256: Mapped[str] = mapped_column(String(64))
    suffix: Mapped[str] = mapped_column(String(20))
    """Of the format that it came in, `.csv`."""
    place: Mapped[str] = mapped_column(Text)
    """Where its series lie, below the store."""
    n_bytes: Mapped[int] = mapped_column(BigInteger)
    owner: Mapped[str] = mapped_column(String(64))
    """The key's name; empty where none was needed."""
    created: Mapped[datetime] = mapped_column(Moment, default=now, index=True)
    deleted: Mapped[datetime | None] = mapped_column(Moment)
