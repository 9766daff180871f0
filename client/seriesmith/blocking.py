"""What the client does that waits for its answers; `clients` has its methods."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, cast

from seriesmith.base import BaseClient, copy_signature, require_first
from seriesmith.calls import Call
from seriesmith.datasets import Datasets
from seriesmith.errors import SeriesmithClientError
from seriesmith.fits import Fits
from seriesmith.parts import Parts
from seriesmith.persistence import Attempt, Pause, Steps
from seriesmith.reading import join_answers

P = ParamSpec("P")
Answer = TypeVar("Answer")


def make_method(ask: Callable[P, Call[Answer]]) -> Callable[Concatenate[BlockingClient, P], Answer]:
    """Make the method that carries out the calls that `ask` makes, and returns their answers."""

    def method(self: BlockingClient, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
        return self._answer(ask(*args, **kwargs))

    return copy_signature(ask, method)


def make_stream_method(
    ask: Callable[P, Call[Answer]],
) -> Callable[Concatenate[BlockingClient, P], Generator[Answer, None, None]]:
    """Make the method that yields the parts of those answers."""

    def method(self: BlockingClient, /, *args: P.args, **kwargs: P.kwargs) -> Generator[Answer, None, None]:
        return self._stream(ask(*args, **kwargs))

    return copy_signature(ask, method)


class BlockingClient(BaseClient):
    """Carries calls out over its transport, which may be used from several threads."""

    def __init__(self, url: str, api_key: str | None = None, timeout: float = 60.0, retries: int = 5) -> None:
        super().__init__(url, api_key, timeout, retries)
        self._transport = self._carrier.Blocking(url, api_key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    @functools.cached_property
    def datasets(self) -> Datasets:
        """Datasets that the server keeps, where it has a studio. Over HTTP alone."""
        return Datasets(self)

    @functools.cached_property
    def fits(self) -> Fits:
        """Fits that run on the server, where it has a studio. Over HTTP alone."""
        return Fits(self)

    def _answer(self, call: Call[Answer]) -> Answer:
        if call.parts:
            return join_answers(list(self._stream(call)))
        return self._walk(self._persistence.plan_pieces(call))

    def _stream(self, call: Call[Answer]) -> Generator[Answer, None, None]:
        first, messages = self._walk(self._persistence.plan_steps(call))
        parts = Parts(call)
        with closing(messages):
            yield from parts.take(first)
            for message in messages:
                yield from parts.take(message)
            yield parts.end()

    def _walk(self, steps: Steps[Answer]) -> Answer:
        """Where the steps end."""
        try:
            step = next(steps)
            while True:
                try:
                    taken = self._step(step)
                except SeriesmithClientError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(taken)
        except StopIteration as end:
            return cast(Answer, end.value)

    def _step(self, step: Attempt | Pause) -> Any:
        if isinstance(step, Pause):
            return time.sleep(step.seconds)
        messages = self._transport.fetch_messages(step.call, step.seconds)
        first = require_first(next(messages, None))
        if step.call.parts:
            return first, messages
        messages.close()
        return first
