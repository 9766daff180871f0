"""What every call goes through, whichever interface it belongs to: key, deadline, counting, and one shape of failure.

An interface hands over its work, which takes a request's bytes and answers bytes; it never sees gRPC. Messages are
parsed there and not by gRPC, which would answer a bad one with UNKNOWN.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import NoReturn, TypeAlias

import grpc

from models.errors import DeadlineExceeded, Overloaded, SeriesmithError
from service import metrics
from service.admission import authenticate, in_time
from service.serving import Serving

logger = logging.getLogger("bentoml.seriesmith")

Context: TypeAlias = "grpc.aio.ServicerContext"
Work = Callable[[bytes, metrics.Outcome], Awaitable[bytes]]
Parts = Callable[[bytes, metrics.Outcome], AsyncGenerator[bytes, None]]

LONGEST_DETAILS = 2000
"""Bytes of a message; clients refuse trailers of 8 KiB, and a byte may need three characters there."""


class Calls:
    """Makes handlers of work. A call is counted under `outcome.operation`, which work may set; not at all, if empty."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving

    def unary(self, work: Work, operation: str = "", open_to_all: bool = False) -> grpc.RpcMethodHandler:
        """A handler of one request and one answer; `open_to_all` when it needs no key."""

        async def handle(request: bytes, context: Context) -> bytes:
            outcome = metrics.Outcome(operation)
            try:
                if not open_to_all:
                    self._authenticate(context)
                answer = await in_time(self.serving, work(request, outcome))
            except BaseException as error:
                await self._failed(error, outcome, context)
            if outcome.operation:
                outcome.end(None)
            return answer

        return grpc.unary_unary_rpc_method_handler(handle)

    def streaming(self, parts: Parts, operation: str = "") -> grpc.RpcMethodHandler:
        """A handler of one request and many answers; the client's pace is the work's, and its leaving ends it."""

        async def handle(request: bytes, context: Context) -> None:
            outcome = metrics.Outcome(operation)
            try:
                self._authenticate(context)
                async with aclosing(parts(request, outcome)) as made:
                    while (part := await in_time(self.serving, anext(made, None))) is not None:
                        await context.write(part)
            except BaseException as error:
                await self._failed(error, outcome, context)
            if outcome.operation:
                outcome.end(None)

        return grpc.unary_stream_rpc_method_handler(handle)

    def _authenticate(self, context: Context) -> None:
        if self.serving.settings.api_key:
            given = dict(context.invocation_metadata()).get("authorization", "")
            authenticate(self.serving.settings, given.encode())

    async def _failed(self, error: BaseException, outcome: metrics.Outcome, context: Context) -> NoReturn:
        """Count the failure and answer it; who has left is not answered."""
        if outcome.operation:
            outcome.end(_ending(error, context))
        if isinstance(error, SeriesmithError):
            await refuse(error, context)
        if isinstance(error, grpc.aio.BaseError) or not isinstance(error, Exception):
            raise error
        logger.error("a call of %s failed", outcome.operation or "gRPC", exc_info=error)
        await refuse(SeriesmithError("the server failed; its log says why."), context)


def _ending(error: BaseException, context: Context) -> BaseException:
    """How a call has ended: gRPC cancels the work both when a client leaves and when its deadline has passed."""
    if isinstance(error, asyncio.CancelledError) and context.time_remaining() == 0:
        return DeadlineExceeded("the client's deadline has passed.")
    return ConnectionError() if isinstance(error, grpc.aio.BaseError) else error


async def refuse(error: SeriesmithError, context: Context) -> NoReturn:
    """End the call with the status of `error`, and trailers that a program can read."""
    trailers = [("seriesmith-code", error.code)]
    if error.field is not None:
        trailers.append(("seriesmith-field", error.field.encode("unicode-escape").decode()))
    if isinstance(error, Overloaded):
        trailers.append(("retry-after", "1"))
    details = error.message
    if len(details.encode()) > LONGEST_DETAILS:
        details = details.encode()[:LONGEST_DETAILS].decode(errors="ignore") + " …"
    await context.abort(grpc.StatusCode[error.grpc_code], details, tuple(trailers))
    raise AssertionError("abort raises")
