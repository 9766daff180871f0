"""The client whose answers are awaited: what it asks, reads and tries again is the blocking client's."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, cast

from seriesmith import operations
from seriesmith.answers import join_answers
from seriesmith.connection import Connection, copy_signature, require_first
from seriesmith.errors import SeriesmithClientError
from seriesmith.operations import Plan
from seriesmith.parts import Parts
from seriesmith.persistence import Attempt, Pause, Steps

P = ParamSpec("P")
Answer = TypeVar("Answer")


def _make_method(plan: Callable[P, Plan[Answer]]) -> Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, Answer]]:
    def method(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, Answer]:
        return self._answer(plan(*args, **kwargs))

    return copy_signature(plan, method)


def _make_stream_method(
    plan: Callable[P, Plan[Answer]],
) -> Callable[Concatenate[AsyncClient, P], AsyncGenerator[Answer, None]]:
    def method(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[Answer, None]:
        return self._stream(plan(*args, **kwargs))

    return copy_signature(plan, method)


class AsyncClient(Connection):
    """The twin of `Client`, for one event loop: await its methods; those whose names end in _stream go in `async for`.

    Close an iterator that is left early (`contextlib.aclosing`), which ends the server's work.
    """

    encode = _make_method(operations.encode)
    reconstruct = _make_method(operations.reconstruct)
    classify = _make_method(operations.classify)
    sample = _make_method(operations.sample)
    sample_stream = _make_stream_method(operations.sample)
    augment = _make_method(operations.augment)
    augment_stream = _make_stream_method(operations.augment)
    models = _make_method(operations.models)
    model = _make_method(operations.model)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close()

    @functools.cached_property
    def _transport(self) -> Any:
        """Made where the event loop runs, which a channel belongs to."""
        url, api_key, *_ = self._given
        return self._carrier.Asynchronous(url, api_key)

    async def _answer(self, plan: Plan[Answer]) -> Answer:
        if plan.call.parts:
            return join_answers([part async for part in self._stream(plan)])
        return await self._walk(self._persistence.plan_pieces(plan))

    async def _stream(self, plan: Plan[Answer]) -> AsyncGenerator[Answer, None]:
        first, messages = await self._walk(self._persistence.plan_steps(plan.call))
        parts = Parts(plan)
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
