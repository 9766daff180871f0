"""Fits that a server runs: `client.fits`. Over HTTP alone.

fit = client.fits.start(dataset_id, "pumps", {"vae.steps": 200})
for event in client.fits.events(fit.id):
    print(event.name, event.data)
fit = client.fits.wait(fit.id)
client.classify(series, model=fit.name)
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping
from contextlib import aclosing, closing
from dataclasses import dataclass, field, fields
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np

from seriesmith.base import copy_signature
from seriesmith.callers import AsyncCaller, Caller
from seriesmith.calls import Call
from seriesmith.errors import DeadlineExceeded, Interrupted, Unexpected
from seriesmith.reading import Fields

P = ParamSpec("P")
Answer = TypeVar("Answer")

POLL_SECONDS = 1.0
"""Between two looks of `wait`."""

ARRAYS = ("points", "series", "reconstructions")
"""Data of a `look` that come as numpy arrays, NaN for what is missing."""


@dataclass(frozen=True)
class Fit:
    """A fit as it stood when it was asked for.

    state: queued, running, done, withheld (complete, and kept aside by the quality gate), failed or cancelled.
    progress: `stage`, `step`, `steps`, `share` 0 … 1 and `seconds_left`; None before it runs. result: the `version` of
    the bundle, and the gate's `objections`. reason: why it ended otherwise than done. Times are ISO 8601 in UTC.
    """

    id: str
    state: str
    name: str
    dataset: str
    options: dict[str, Any]
    owner: str
    attempts: int
    progress: dict[str, Any] | None
    result: dict[str, Any] | None
    reason: str | None
    created: str
    started: str | None
    ended: str | None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to it unless somebody asks."""
        return self.state not in ("queued", "running")

    @property
    def version(self) -> int | None:
        """Of the bundle that it published; None where it has not."""
        return (self.result or {}).get("version")


@dataclass(frozen=True)
class FitEvent:
    """Something that happened in a fit.

    name: `state` and `end` (data: a `Fit`), `stage`, `step` (with losses), `look` (what the network makes of some
    cases: points `[n, 2]`, series and reconstructions `[k, n_channels, n_timepoints]`) or `log` (a line). id:
    `events(fit, after=id)` goes on after it.
    """

    name: str
    data: Any
    id: str = field(default="", compare=False)


def start(dataset: str, name: str, options: Mapping[str, Any] | None = None) -> Call[Fit]:
    """Ask for a fit of a dataset of the catalogue, by its id, to be published under a name.

    `options` are flags of `fit.py` without their dashes, `{"vae.steps": 200, "classifier": "fcn", "policy": "auto"}`.
    Raises `InvalidRequest` that names the option, and `Overloaded` where the key has too many.
    """
    body = {"dataset": dataset, "name": name, "options": dict(options or {})}
    return Call("fits", read_fit, body, page=True, method="POST")


def list_fits(state: str | None = None, limit: int = 50, offset: int = 0) -> Call[list[Fit]]:
    """The newest fits first, those of a state where one is given."""
    path = f"fits?limit={limit:d}&offset={offset:d}" + (f"&state={state}" if state else "")
    return Call(path, lambda page: [read_fit(one) for one in page["fits"]], page=True)


def get(id: str) -> Call[Fit]:
    """A fit as it stands."""
    return Call(f"fits/{id}", read_fit, page=True)


def log(id: str) -> Call[str]:
    """What a fit has printed; the last MiB of it."""
    return Call(f"fits/{id}/log", lambda page: str(page["text"]), page=True)


def cancel(id: str) -> Call[Fit]:
    """End a fit. One that runs has some seconds for it: `wait` for the end."""
    return _change(id, "cancel")


def resume(id: str) -> Call[Fit]:
    """Go on with a fit that failed or was cancelled, from its checkpoints."""
    return _change(id, "resume")


def publish(id: str) -> Call[Fit]:
    """Publish what the quality gate withheld. It takes a moment: `wait` for the end."""
    return _change(id, "publish")


def discard(id: str) -> Call[Fit]:
    """Discard what the quality gate withheld."""
    return _change(id, "discard")


def options() -> Call[dict[str, Any]]:
    """All families by kind, and the options of a fit."""
    return Call("fits/options", dict, page=True)


def _change(id: str, verb: str) -> Call[Fit]:
    return Call(f"fits/{id}/{verb}", read_fit, page=True, method="POST")


def _follow(id: str, after: str) -> Call[Fields]:
    headers = {"last-event-id": after} if after else {}
    return Call(f"fits/{id}/events", dict, parts=True, page=True, headers=headers)


def read_fit(page: Fields) -> Fit:
    """Build a fit from the JSON of `GET /fits/{id}`. Raises `Unexpected`."""
    try:
        return Fit(**{own.name: page[own.name] for own in fields(Fit)})
    except KeyError as error:
        raise Unexpected(f"the fit lacks {error}. Is the server as new as the client?") from error


def read_event(message: Fields, after: str) -> FitEvent:
    """Build an event from a message of the stream; one without an id has that of the one before."""
    name, data = message["event"], message["data"]
    if name in ("state", "end"):
        data = read_fit(data)
    elif name == "look":
        data |= {name: np.asarray(data[name], np.float32) for name in ARRAYS if data.get(name) is not None}
    return FitEvent(name, data, message.get("id", after))


def _make_method(ask: Callable[P, Call[Answer]]) -> Callable[Concatenate[Fits, P], Answer]:
    def method(self: Fits, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
        return self._client._answer(ask(*args, **kwargs))

    return copy_signature(ask, method)


def _make_async_method(
    ask: Callable[P, Call[Answer]],
) -> Callable[Concatenate[AsyncFits, P], Coroutine[Any, Any, Answer]]:
    def method(self: AsyncFits, /, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, Answer]:
        return self._client._answer(ask(*args, **kwargs))

    return copy_signature(ask, method)


class Fits:
    """The fits of a server."""

    def __init__(self, client: Caller) -> None:
        self._client = client

    start = _make_method(start)
    list = _make_method(list_fits)
    get = _make_method(get)
    log = _make_method(log)
    cancel = _make_method(cancel)
    resume = _make_method(resume)
    publish = _make_method(publish)
    discard = _make_method(discard)
    options = _make_method(options)

    def wait(self, id: str, timeout: float | None = None) -> Fit:
        """The fit, once it has ended, however it did. Raises `DeadlineExceeded` after `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not (fit := self.get(id)).has_ended:
            _check_deadline(fit, deadline, timeout)
            time.sleep(POLL_SECONDS)
        return fit

    def events(self, id: str, after: str = "") -> Generator[FitEvent, None, None]:
        """Yield what happens in a fit, from its beginning or `after` an event's id, until it has ended.

        A connection that is lost, as where the server restarts, is made again.
        """
        while True:
            try:
                _, messages = self._client._walk(self._client._persistence.plan_steps(_follow(id, after)))
                with closing(messages):
                    for message in messages:
                        event = read_event(message, after)
                        after = event.id
                        yield event
                        if event.name == "end":
                            return
            except (Interrupted, DeadlineExceeded):
                time.sleep(POLL_SECONDS)


class AsyncFits:
    """The twin of `Fits`: await its methods, and iterate `events` with `async for`."""

    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    start = _make_async_method(start)
    list = _make_async_method(list_fits)
    get = _make_async_method(get)
    log = _make_async_method(log)
    cancel = _make_async_method(cancel)
    resume = _make_async_method(resume)
    publish = _make_async_method(publish)
    discard = _make_async_method(discard)
    options = _make_async_method(options)

    async def wait(self, id: str, timeout: float | None = None) -> Fit:
        """See `Fits.wait`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not (fit := await self.get(id)).has_ended:
            _check_deadline(fit, deadline, timeout)
            await asyncio.sleep(POLL_SECONDS)
        return fit

    async def events(self, id: str, after: str = "") -> AsyncGenerator[FitEvent, None]:
        """See `Fits.events`."""
        while True:
            try:
                _, messages = await self._client._walk(self._client._persistence.plan_steps(_follow(id, after)))
                async with aclosing(messages):
                    async for message in messages:
                        event = read_event(message, after)
                        after = event.id
                        yield event
                        if event.name == "end":
                            return
            except (Interrupted, DeadlineExceeded):
                await asyncio.sleep(POLL_SECONDS)


def _check_deadline(fit: Fit, deadline: float | None, timeout: float | None) -> None:
    if deadline is not None and time.monotonic() > deadline:
        raise DeadlineExceeded(f"the fit is {fit.state} after {timeout:g} s; wait longer, or cancel it.")
