"""The client that waits for its answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, cast

from service.calling import operations
from service.calling.answers import joined
from service.calling.connection import Connection, begun, like
from service.calling.errors import SeriesmithClientError
from service.calling.operations import Plan
from service.calling.parts import Parts
from service.calling.persistence import Attempt, Pause, Steps

P = ParamSpec("P")
Answer = TypeVar("Answer")


def _whole(plan: Callable[P, Plan[Answer]]) -> Callable[Concatenate[Client, P], Answer]:
    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
        return self._answer(plan(*args, **kwargs))

    return like(plan, method)


def _streamed(plan: Callable[P, Plan[Answer]]) -> Callable[Concatenate[Client, P], Generator[Answer, None, None]]:
    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> Generator[Answer, None, None]:
        return self._stream(plan(*args, **kwargs))

    return like(plan, method)


class Client(Connection):
    """Safe to use from several threads; keeps its connections until it is closed, as `with` does.

    Methods whose names end in _stream answer an iterator of parts, in flat memory however many series there are.
    Closing it early ends the server's work. All raise a `SeriesmithClientError`.
    """

    def __init__(self, url: str, api_key: str | None = None, timeout: float = 60.0, retries: int = 5) -> None:
        super().__init__(url, api_key, timeout, retries)
        self._transport = self._carrier.Blocking(url, api_key)

    encode = _whole(operations.encode)
    reconstruct = _whole(operations.reconstruct)
    classify = _whole(operations.classify)
    sample = _whole(operations.sample)
    sample_stream = _streamed(operations.sample)
    augment = _whole(operations.augment)
    augment_stream = _streamed(operations.augment)
    models = _whole(operations.models)
    model = _whole(operations.model)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def _answer(self, plan: Plan[Answer]) -> Answer:
        if plan.call.parts:
            return joined(list(self._stream(plan)))
        return self._walked(self._persistence.in_pieces(plan))

    def _stream(self, plan: Plan[Answer]) -> Generator[Answer, None, None]:
        first, messages = self._walked(self._persistence.steps(plan.call))
        parts = Parts(plan)
        with closing(messages):
            yield from parts.taken(first)
            for message in messages:
                yield from parts.taken(message)
            yield parts.ended()

    def _walked(self, steps: Steps[Answer]) -> Answer:
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
        messages = self._transport.messages(step.call, step.seconds)
        first = begun(next(messages, None))
        if step.call.parts:
            return first, messages
        messages.close()
        return first
