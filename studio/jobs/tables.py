"""The table of jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from studio.database import Base, Moment, now


class JobRow(Base):
    """A fit that was asked for. While it runs, `runner` names the process that runs it, and `beat` is when that last
    said so."""

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    state: Mapped[str] = mapped_column(String(20), index=True)
    """queued, running, done, withheld (complete, and kept aside by the gate), failed or cancelled."""
    name: Mapped[str] = mapped_column(String(100))
    """Of the bundle."""
    dataset: Mapped[str] = mapped_column(String(32), index=True)
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Flags of `fit.py` and their values."""
    owner: Mapped[str] = mapped_column(String(64), index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    cancelling: Mapped[bool] = mapped_column(default=False)
    """Somebody wants it to end."""
    forcing: Mapped[bool] = mapped_column(default=False)
    """Somebody wants it published, whatever the gate objects."""
    runner: Mapped[str | None] = mapped_column(String(100))
    beat: Mapped[datetime | None] = mapped_column(Moment)
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """stage, step, steps, share 0 … 1 and seconds_left."""
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """version of the bundle; of a withheld one the objections."""
    reason: Mapped[str | None] = mapped_column(Text)
    """Why it ended otherwise than done."""
    created: Mapped[datetime] = mapped_column(Moment, default=now, index=True)
    started: Mapped[datetime | None] = mapped_column(Moment)
    ended: Mapped[datetime | None] = mapped_column(Moment)
