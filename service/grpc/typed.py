"""`seriesmith.v1.Seriesmith`: a method for each operation, and a streaming one where an answer can be had in parts."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import numpy as np
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

from service import metrics
from service.answers import Column, Columns, Labels, StreamedAnswer, collect_columns
from service.bounds import Bounding
from service.grpc.asked import Method
from service.grpc.calls import Calls
from service.grpc.messages import fill, parse_message
from service.grpc.names import STREAM, name_rpc
from service.observing.record import mark
from service.operations import OPERATIONS, Operation
from service.operations.contract import StrictRequest
from service.pace import run_unhurried
from service.proto import seriesmith_pb2
from service.room import BINARY_BYTES, CONNECTION_SHARE, Room

SERVICE = seriesmith_pb2.DESCRIPTOR.services_by_name["Seriesmith"]

PART_BYTES = 2 * 2**20
"""Series in one message of a stream; clients take 4 MiB unless they are told otherwise."""


def build_methods(calls: Calls) -> dict[str, Method]:
    """Build every method of the interface, by name."""
    operations = {name_rpc(name): operation for name, operation in OPERATIONS.items()}
    methods = {}
    for method in SERVICE.methods:
        operation = operations.get(method.name.removesuffix(STREAM))
        assert operation is not None, f"no operation answers {method.full_name}: make proto"
        methods[method.name] = _build_method(method, operation, calls)
    return methods


def _build_method(method: MethodDescriptor, operation: Operation, calls: Calls) -> Method:
    typed = _Typed(operation, method, calls)
    if method.server_streaming:
        return calls.make_streaming(typed.answer_parts, operation.name)
    return calls.make_unary(typed.answer, operation.name)


class _Typed:
    """One method: an operation, and its messages."""

    def __init__(self, operation: Operation, method: MethodDescriptor, calls: Calls) -> None:
        self._operation, self._serving = operation, calls.serving
        self._bounding = Bounding(calls.serving)
        self._request, self._answer = GetMessageClass(method.input_type), GetMessageClass(method.output_type)

    async def answer(self, request: bytes, outcome: metrics.Outcome) -> bytes:
        """Run the operation and return the whole answer as a message."""
        fields = await self._parse(request, outcome)
        mark("decode")
        with self._room(request) as room:
            answer = await self._operation.run(fields, self._serving, room)
            mark("compute")
            size = sum([getattr(column, "nbytes", 0) for column in collect_columns(answer).values()])
            return await run_unhurried(size, lambda: self._write(vars(answer)))

    async def answer_parts(self, request: bytes, outcome: metrics.Outcome) -> AsyncGenerator[bytes, None]:
        """Yield messages: first what is known from the start, then the cases, last what is known at the end."""
        assert self._operation.stream is not None
        fields = await self._parse(request, outcome)
        mark("decode")
        with self._room(request) as room:
            stream = await self._operation.stream(fields, self._serving, room)
            try:
                yield self._write({**stream.head, "n_cases": stream.n_cases})
                async for columns in _split_chunks(stream):
                    yield self._write(columns)
                yield self._write(stream.tail())
            finally:
                stream.close()

    def _room(self, request: bytes) -> Room:
        return Room(self._serving.bytes, BINARY_BYTES, len(request), CONNECTION_SHARE)

    async def _parse(self, request: bytes, outcome: metrics.Outcome) -> StrictRequest:
        bounds = self._bounding.get_bounds()
        fields = await run_unhurried(
            len(request), lambda: self._operation.parse(parse_message(self._request, request, bounds))
        )
        outcome.model = self._serving.resolve(fields.model).bundle.manifest.name
        return fields

    def _write(self, values: dict[str, Any]) -> bytes:
        message = self._answer()
        fill(message, values)
        return bytes(message.SerializeToString())


async def _split_chunks(stream: StreamedAnswer) -> AsyncIterator[Columns]:
    """Yield the chunks of a stream, cut where one is too large for a message."""
    rows = _count_rows(stream)
    async for columns in stream.chunks:
        for start in range(0, len(columns["series"]), rows):
            yield {name: _slice(column, start, start + rows) for name, column in columns.items()}


def _count_rows(stream: StreamedAnswer) -> int:
    case_bytes = stream.manifest.series.n_channels * stream.n_timepoints * np.dtype(np.float32).itemsize
    return max(1, PART_BYTES // case_bytes)


def _slice(column: Column, start: int, end: int) -> Column:
    if isinstance(column, Labels):
        return Labels(column.class_index[start:end], column.classes)
    return column[start:end]
