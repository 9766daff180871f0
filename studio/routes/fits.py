"""Fits: asked for, listed, followed, ended and gone on with."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from bundle.errors import BundleError, InvalidRequest, NotFound, Unavailable
from bundle.manifest import check_name
from service.http.exchange import Request, Response, Streamed
from service.http.table import Route
from service.settings import find_supervisor
from studio.answering import answer, read_json, read_query
from studio.shapes import FitQuery, NewFit, State
from studio.studio import Studio

if TYPE_CHECKING:
    from studio.jobs.queue import Job, Queue

TEXT = b"text/plain; charset=utf-8"
EVENTS = b"text/event-stream; charset=utf-8"
NEVER_KEPT = ((b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"))

MOST_LOG_BYTES = 2**20
"""Of a log that is answered: its end."""

ASIDE = ".refused"
"""Where a repository keeps what the gate withheld (training/publishing/aside.py)."""

MOST_LISTED, MOST_OPTIONS = 1000, 200


class Fits:
    """The handlers."""

    def __init__(self, studio: Studio) -> None:
        self.studio, self.settings = studio, studio.settings
        self._queue: Queue | None = None
        self._describing: asyncio.Task[dict[str, Any]] | None = None

    def _open_queue(self) -> Queue:
        if self._queue is None:
            engine = self.studio.open_engine()  # before the import: it imports SQLAlchemy, in one thread at a time
            from studio.jobs.queue import Queue

            self._queue = Queue(engine)
        return self._queue

    def _require_fits(self) -> None:
        """Raise `Unavailable` where nothing can be fitted."""
        if self.studio.why_no_fits:
            raise Unavailable(self.studio.why_no_fits)
        if not self.settings.fits:
            raise Unavailable("Fits are off here: SERIESMITH_STUDIO_FITS is 0. Set it to how many may run at a time.")

    async def show_options(self, request: Request) -> Response:
        """GET /fits/options."""
        self._require_fits()
        return answer(await asyncio.shield(self._describe()))

    def _describe(self) -> asyncio.Task[dict[str, Any]]:
        """All options, found out once for everybody who waits for them meanwhile: shield it from those who leave."""
        from studio.jobs.options import describe

        if self._describing is None or self._describing.done():
            self._describing = asyncio.create_task(describe(self.settings.folder))
        return self._describing

    async def start(self, request: Request) -> Response:
        """POST /fits."""
        self._require_fits()
        asked, owner = read_json(request, NewFit), self.studio.name_owner(request)
        await asyncio.to_thread(self._require_known, asked)
        described = await asyncio.shield(
            self._describe()
        )  # it may take seconds the first time; who leaves meanwhile queues nothing
        return answer((await asyncio.to_thread(self._start, asked, owner, described)).describe(), 202)

    def _require_known(self, asked: NewFit) -> None:
        """Raise `NotFound` for a dataset that is not there, `InvalidRequest` for a name that cannot be one."""
        try:
            check_name(asked.name)
        except BundleError as error:
            raise InvalidRequest(error.message.replace(" with --name", ""), "name") from error
        if len(asked.options or {}) > MOST_OPTIONS:
            raise InvalidRequest(
                f"there are {len(asked.options or {})} options; send {MOST_OPTIONS} at most.", "options"
            )
        dataset = self.studio.open_catalogue().get(asked.dataset)
        if dataset.deleted is not None:
            raise NotFound(f"the dataset {dataset.name!r} was deleted; restore it to fit it.", "dataset")

    def _start(self, asked: NewFit, owner: str, described: dict[str, Any]) -> Job:
        from studio.jobs.options import check_options

        options = check_options(asked.options or {}, described)
        (self.settings.folder / "jobs").mkdir(parents=True, exist_ok=True)  # by which a runner is started
        return self._open_queue().add(asked.name, asked.dataset, options, owner, self.settings.queued_fits)

    async def list(self, request: Request) -> Response:
        """GET /fits."""
        if self._describing is None and self.settings.fits and not self.studio.why_no_fits:
            self._describe()  # whoever looks at fits may start one next
        asked = read_query(request, FitQuery)
        if asked.state and asked.state not in get_args(State):
            raise InvalidRequest(f"state is {asked.state!r:.80}; one of: {', '.join(get_args(State))}.", "state")
        found, total = await asyncio.to_thread(
            lambda: self._open_queue().list_jobs(asked.state, min(asked.limit, MOST_LISTED), asked.offset)
        )
        return answer({"fits": [job.describe() for job in found], "total": total})

    async def show(self, request: Request, id: str) -> Response:
        """GET /fits/{id}."""
        return answer((await asyncio.to_thread(lambda: self._open_queue().get(id))).describe())

    async def show_log(self, request: Request, id: str) -> Response:
        """GET /fits/{id}/log."""
        return Response(await asyncio.to_thread(self._read_log, id), TEXT, 200, NEVER_KEPT)

    def _read_log(self, id: str) -> bytes:
        from studio.jobs.events import find_folder

        self._open_queue().get(id)
        try:
            with find_folder(self.settings.folder, id).log.open("rb") as opened:
                opened.seek(max(0, opened.seek(0, 2) - MOST_LOG_BYTES))
                return opened.read()
        except FileNotFoundError:
            return b""

    async def follow(self, request: Request, id: str) -> Response | Streamed:
        """GET /fits/{id}/events."""
        from studio.jobs.events import find_folder
        from studio.jobs.streaming import stream_events

        queue = await asyncio.to_thread(self._open_queue)
        await asyncio.to_thread(queue.get, id)
        if request.method == "HEAD":
            return Response(b"", EVENTS, 200, NEVER_KEPT)
        last_id = request.headers.get(b"last-event-id", b"").decode("latin-1")
        serving = self.studio.serving
        chunks = stream_events(queue, id, find_folder(self.settings.folder, id), last_id, lambda: serving.draining)
        return Streamed(chunks, EVENTS, NEVER_KEPT, lambda: None)

    async def cancel(self, request: Request, id: str) -> Response:
        """POST /fits/{id}/cancel."""
        return answer((await asyncio.to_thread(lambda: self._open_queue().cancel(id))).describe())

    async def resume(self, request: Request, id: str) -> Response:
        """POST /fits/{id}/resume."""
        self._require_fits()
        most = self.settings.queued_fits
        return answer((await asyncio.to_thread(lambda: self._open_queue().resume(id, most))).describe())

    async def publish(self, request: Request, id: str) -> Response:
        """POST /fits/{id}/publish."""
        self._require_fits()
        most = self.settings.queued_fits
        return answer((await asyncio.to_thread(lambda: self._open_queue().publish(id, most))).describe())

    async def discard(self, request: Request, id: str) -> Response:
        """POST /fits/{id}/discard."""
        return answer((await asyncio.to_thread(self._discard, id)).describe())

    def _discard(self, id: str) -> Job:
        queue = self._open_queue()
        before = queue.get(id)
        job = queue.discard(id)
        aside = (before.result or {}).get("aside")
        if isinstance(aside, int):
            shutil.rmtree(Path(self.studio.models, ASIDE, job.name, str(aside)), ignore_errors=True)
        return job


def make_rows(studio: Studio) -> Iterator[Route]:
    """The rows of fits; in a worker of a server that may fit, a runner is kept beside them."""
    if find_supervisor() is not None and studio.settings.fits and not studio.why_no_fits:
        from studio.jobs.keeping import keep_runner

        keep_runner(studio.settings.folder)
    fits = Fits(studio)
    reading: list[tuple[str, Callable[..., Any]]] = [
        ("/fits/options", fits.show_options),
        ("/fits/{id}", fits.show),
        ("/fits/{id}/log", fits.show_log),
        ("/fits/{id}/events", fits.follow),
    ]
    changing = {"cancel": fits.cancel, "resume": fits.resume, "publish": fits.publish, "discard": fits.discard}

    async def answer_fits(request: Request) -> Response | Streamed:
        return await (fits.start(request) if request.method == "POST" else fits.list(request))

    yield Route("/fits", ("GET", "POST"), answer_fits, "use")
    for path, handler in reading:
        yield Route(path, ("GET",), handler, "use")
    for name, handler in changing.items():
        yield Route(f"/fits/{{id}}/{name}", ("POST",), handler, "use")
