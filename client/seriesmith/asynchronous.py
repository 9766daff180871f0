"""What the client does whose answers are awaited; `clients` has its methods, `blocking` its twin."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, cast

from seriesmith.base import BaseClient, copy_signature, require_first
from seriesmith.calls import Call
from seriesmith.datasets import AsyncDatasets
from seriesmith.errors import SeriesmithClientError
from seriesmith.fits import AsyncFits
from seriesmith.parts import Parts
from seriesmith.persistence import Attempt, Pause, Steps
from seriesmith.reading import join_answers

P = ParamSpec("P")
Answer = TypeVar("Answer")


def make_async_method(
    ask: Callable[P, Call[Answer]],
) -> Callable[Concatenate[AsynchronousClient, P], Coroutine[Any, Any, Answer]]:
    """Make the method that carries out the calls that `ask` makes, and is awaited for their answers."""

    def method(self: AsynchronousClient, /, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, Answer]:
        return self._answer(ask(*args, **kwargs))

    return copy_signature(ask, method)


def make_async_stream_method(
    ask: Callable[P, Call[Answer]],
) -> Callable[Concatenate[AsynchronousClient, P], AsyncGenerator[Answer, None]]:
    """Make the method that yields the parts of those answers."""

    def method(self: AsynchronousClient, /, *args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[Answer, None]:
        return self._stream(ask(*args, **kwargs))

    return copy_signature(ask, method)


class AsynchronousClient(BaseClient):
    """Carries calls out over a transport of the event loop that runs."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close()

    @functools.cached_property
    def datasets(self) -> AsyncDatasets:
        """Datasets that the server keeps, where it has a studio. Over HTTP alone."""
        return AsyncDatasets(self)

    @functools.cached_property
    def fits(self) -> AsyncFits:
        """Fits that run on the server, where it has a studio. Over HTTP alone."""
        return AsyncFits(self)

    @functools.cached_property
    def _transport(self) -> Any:
        """Made where the event loop runs, which a channel belongs to."""
        url, api_key, *_ = self._given
        return self._carrier.Asynchronous(url, api_key)

    async def _answer(self, call: Call[Answer]) -> Answer:
        if call.parts:
            return join_answers([part async for part in self._stream(call)])
        return await self._walk(self._persistence.plan_pieces(call))

    async def _stream(self, call: Call[Answer]) -> AsyncGenerator[Answer, None]:
        first, messages = await self._walk(self._persistence.plan_steps(call))
        parts = Parts(call)
        async with aclosing(messages):
            for part in parts.take(first):
                yield part
            async for message in messages:
                for part in parts.take(message):
                    yield part
            yield parts.end()

    async def _walk(self, steps: Steps[Answer]) -> Answer:
        """Where the steps end."""
        try:
            step = next(steps)
            while True:
                try:
                    taken = await self._step(step)
                except SeriesmithClientError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(taken)
        except StopIteration as end:
            return cast(Answer, end.value)

    async def _step(self, step: Attempt | Pause) -> Any:
        if isinstance(step, Pause):
            return await asyncio.sleep(step.seconds)
        messages = self._transport.fetch_messages(step.call, step.seconds)
        first = require_first(await anext(messages, None))
        if step.call.parts:
            return first, messages
        await messages.aclose()
        return first
