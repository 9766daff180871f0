"""A queue in the database: jobs wait in it, are claimed by one runner each, and never leave it before they have ended.

Each change of state is one UPDATE that names the state before it, so that of two who want it one gets it, on SQLite and
PostgreSQL alike. A runner that holds a job says every second that it lives (`beat`); one that has said nothing for
`LEASE` has lost its jobs, which are queued again, and whatever it still says of them is refused.

Huey was looked at: it takes a task out of its queue before that runs, and a process that is killed takes the task with
it. Procrastinate keeps it, on PostgreSQL alone. Two hundred lines over SQLAlchemy do both.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, func, or_, select, update
from sqlalchemy.orm import Session

from bundle.errors import InvalidRequest, NotFound, Overloaded
from studio.database import now
from studio.jobs.tables import JobRow

LEASE = timedelta(seconds=5)

STATES = ("queued", "running", "done", "withheld", "failed", "cancelled")

MOST_LOST = 10
"""As often may the runner of a job die before the job is taken for the reason."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """A row of the table, as it was when it was read."""

    id: str
    state: str
    name: str
    dataset: str
    options: Json
    owner: str
    attempts: int
    cancelling: bool
    forcing: bool
    progress: Json | None
    result: Json | None
    reason: str | None
    created: datetime
    started: datetime | None
    ended: datetime | None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to it unless somebody asks."""
        return self.state not in ("queued", "running")

    def describe(self) -> Json:
        """The contract's `Fit`."""
        shown = [field.name for field in fields(self) if field.name not in ("cancelling", "forcing")]
        return {name: getattr(self, name) for name in shown}


class Queue:
    """The jobs of a studio. Its methods wait for the database: call them in a thread."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def add(self, name: str, dataset: str, options: Json, owner: str, most: int) -> Job:
        """Queue a fit. Raises `Overloaded` where its owner has `most` queued or running."""
        with Session(self.engine) as session, session.begin():
            self._require_room(session, owner, most)
            row = JobRow(id=uuid.uuid4().hex, state="queued", name=name, dataset=dataset, options=options, owner=owner)
            session.add(row)
            session.flush()
            return _read(row)

    def get(self, id: str) -> Job:
        """Raises `NotFound`."""
        with Session(self.engine) as session:
            row = session.get(JobRow, id)
            if row is None:
                raise NotFound(f"there is no fit {id[:64]!r}; GET /fits lists those that there are.")
            return _read(row)

    def list_jobs(self, state: str = "", limit: int = 50, offset: int = 0) -> tuple[list[Job], int]:
        """The newest jobs first, those of a state where one is given, and how many there are in all."""
        found = select(JobRow) if not state else select(JobRow).where(JobRow.state == state)
        with Session(self.engine) as session:
            total = session.scalar(select(func.count()).select_from(found.subquery())) or 0
            rows = session.scalars(found.order_by(JobRow.created.desc(), JobRow.id).limit(limit).offset(offset))
            return [_read(row) for row in rows], total

    # What people ask for.

    def cancel(self, id: str) -> Job:
        """End a queued job at once; tell the runner of a running one. One that has ended stays as it is."""
        reason = "It was cancelled before it ran."
        self._change(id, "queued", state="cancelled", reason=reason, ended=now())
        self._change(id, "running", cancelling=True)
        self._change(id, "queued", state="cancelled", reason=reason, ended=now())  # it was released in between
        return self.get(id)

    def resume(self, id: str, most: int) -> Job:
        """Queue a job again that failed or was cancelled; it goes on from its checkpoints. Raises `InvalidRequest`."""
        return self._queue_again(id, ("failed", "cancelled"), "resume", most, forcing=False)

    def publish(self, id: str, most: int) -> Job:
        """Queue a withheld job again, to be published whatever the gate objects. Raises `InvalidRequest`."""
        return self._queue_again(id, ("withheld",), "publish", most, forcing=True)

    def discard(self, id: str) -> Job:
        """Take a withheld job for cancelled. Raises `InvalidRequest`."""
        reason = "What the quality gate withheld was discarded."
        job = self._change(id, "withheld", state="cancelled", reason=reason, result=None)
        return job or self._refuse(id, "discard", ("withheld",))

    # What runners do. A runner is told None or False where a job is not its own any more.

    def claim(self, runner: str) -> Job | None:
        """Take the job that has waited longest; None where none waits."""
        waiting = select(JobRow.id).where(JobRow.state == "queued").order_by(JobRow.created, JobRow.id).limit(1)
        chosen = waiting.with_for_update(skip_locked=True).scalar_subquery()  # SQLite has one writer at a time anyway
        return self._update(
            and_(JobRow.id == chosen, JobRow.state == "queued"),
            state="running",
            runner=runner,
            beat=now(),
            started=now(),
            ended=None,
            progress=None,
            attempts=JobRow.attempts + 1,
        )

    def beat(self, id: str, runner: str, progress: Json | None) -> Job | None:
        """Say that the runner lives and how far the job is; the job as it is now, which may be wanted to end."""
        return self._update(_is_held(id, runner), beat=now(), progress=progress)

    def end(self, id: str, runner: str, state: str, reason: str | None = None, result: Json | None = None) -> bool:
        """Write down how a job ended."""
        values = {"state": state, "reason": reason, "result": result, "ended": now(), "progress": None}
        return self._update(_is_held(id, runner), runner=None, beat=None, cancelling=False, **values) is not None

    def release(self, id: str, runner: str) -> bool:
        """Queue a job again that its runner has stopped: it goes on, with whoever claims it next."""
        held = _is_held(id, runner)
        return self._update(held, state="queued", runner=None, beat=None, attempts=JobRow.attempts - 1) is not None

    def take_back(self, runner: str) -> list[Job]:
        """Queue the jobs again that other runners have held and say nothing of any more; end those that are to end."""
        lost = and_(
            JobRow.state == "running", JobRow.runner != runner, or_(JobRow.beat.is_(None), JobRow.beat < now() - LEASE)
        )
        with Session(self.engine) as session:
            ids = session.scalars(select(JobRow.id).where(lost)).all()
        free = {"runner": None, "beat": None}
        ended = {"ended": now(), "cancelling": False, **free}
        why = f"The process that ran it has died {MOST_LOST} times; its log may say why. Resume it to try again."
        taken = []
        for id in ids:
            own = and_(lost, JobRow.id == id)
            taken += [
                self._update(
                    and_(own, JobRow.cancelling), state="cancelled", reason="It was cancelled while it ran.", **ended
                )
                or self._update(and_(own, JobRow.attempts >= MOST_LOST), state="failed", reason=why, **ended)
                or self._update(own, state="queued", **free)
            ]
        return [job for job in taken if job is not None]

    def _queue_again(self, id: str, states: tuple[str, ...], what: str, most: int, **values: Any) -> Job:
        with Session(self.engine) as session, session.begin():
            self._require_room(session, _get_owner(session, id), most)
            found = session.scalars(
                update(JobRow)
                .where(JobRow.id == id, JobRow.state.in_(states))
                .values(
                    state="queued", cancelling=False, reason=None, result=None, progress=None, attempts=0, ended=None,
                    **values,
                )
                .returning(JobRow)
            ).one_or_none()  # fmt: skip
            if found is not None:
                return _read(found)
        return self._refuse(id, what, states)

    def _require_room(self, session: Session, owner: str, most: int) -> None:
        if self.engine.dialect.name == "postgresql":  # two requests at once would both find room
            session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"fits of {owner}"))))
        counted = select(func.count()).where(JobRow.owner == owner, JobRow.state.in_(("queued", "running")))
        if (count := session.scalar(counted) or 0) >= most:
            raise Overloaded(
                f"{count} fits of this key are queued or running, and it may have {most}; wait until one ends, or "
                "cancel one.",
                retry_after=30.0,
            )

    def _refuse(self, id: str, what: str, states: tuple[str, ...]) -> Job:
        raise InvalidRequest(
            f"the fit is {self.get(id).state}; {what} takes one that is {' or '.join(states)}. Look at it again."
        )

    def _change(self, id: str, before: str, /, **values: Any) -> Job | None:
        return self._update(and_(JobRow.id == id, JobRow.state == before), **values)

    def _update(self, which: ColumnElement[bool], **values: Any) -> Job | None:
        """Change at most one row at once; the row as it is then, None where none is so."""
        with Session(self.engine) as session, session.begin():
            row = session.scalars(update(JobRow).where(which).values(**values).returning(JobRow)).one_or_none()
            return None if row is None else _read(row)


def _is_held(id: str, runner: str) -> ColumnElement[bool]:
    return and_(JobRow.id == id, JobRow.state == "running", JobRow.runner == runner)


def _get_owner(session: Session, id: str) -> str:
    return session.scalar(select(JobRow.owner).where(JobRow.id == id)) or ""


def _read(row: JobRow) -> Job:
    return Job(**{field.name: getattr(row, field.name) for field in fields(Job)})
