"""The client that waits for its answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import closing
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


def _make_method(plan: Callable[P, Plan[Answer]]) -> Callable[Concatenate[Client, P], Answer]:
    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
        return self._answer(plan(*args, **kwargs))

    return copy_signature(plan, method)


def _make_stream_method(
    plan: Callable[P, Plan[Answer]],
) -> Callable[Concatenate[Client, P], Generator[Answer, None, None]]:
    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> Generator[Answer, None, None]:
        return self._stream(plan(*args, **kwargs))

    return copy_signature(plan, method)


class Client(Connection):
    """Safe to use from several threads; keeps its connections until it is closed, as `with` does.

    Methods whose names end in _stream answer an iterator of parts, in flat memory however many series there are.
    Closing it early ends the server's work. All raise a `SeriesmithClientError`.
    """

    def __init__(self, url: str, api_key: str | None = None, timeout: float = 60.0, retries: int = 5) -> None:
        super().__init__(url, api_key, timeout, retries)
        self._transport = self._carrier.Blocking(url, api_key)

    encode = _make_method(operations.encode)
    reconstruct = _make_method(operations.reconstruct)
    classify = _make_method(operations.classify)
    sample = _make_method(operations.sample)
    sample_stream = _make_stream_method(operations.sample)
    augment = _make_method(operations.augment)
    augment_stream = _make_stream_method(operations.augment)
    models = _make_method(operations.models)
    model = _make_method(operations.model)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def _answer(self, plan: Plan[Answer]) -> Answer:
        if plan.call.parts:
            return join_answers(list(self._stream(plan)))
        return self._walk(self._persistence.plan_pieces(plan))

    def _stream(self, plan: Plan[Answer]) -> Generator[Answer, None, None]:
        first, messages = self._walk(self._persistence.plan_steps(plan.call))
        parts = Parts(plan)
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
