"""Sends requests as OpenTelemetry spans over OTLP: one for each request, in the caller's trace, with its phases within.

Resource, endpoint, headers and sampling are OpenTelemetry's own variables (`OTEL_SERVICE_NAME`,
`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_TRACES_SAMPLER` …). The context of the caller is W3C's `traceparent`
(https://www.w3.org/TR/trace-context/). Attributes follow OpenTelemetry's conventions for HTTP and gRPC servers.
"""

from __future__ import annotations

import os
import time
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, format_trace_id, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from service.observing.record import Arrival, Phase, Record

INSTALL = (
    "SERIESMITH_TRACES=otlp needs the package opentelemetry-exporter-otlp-proto-http; install it "
    "(`pip install 'seriesmith[traces]'`), or leave the setting off."
)

NANOSECONDS = 1e9


class Spans:
    """Makes the spans of records that are over; a thread of OpenTelemetry's sends them."""

    def __init__(self) -> None:
        """Raises `ValueError` where the exporter is not installed."""
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        except ImportError as error:
            raise ValueError(INSTALL) from error
        named = os.environ.get("OTEL_SERVICE_NAME", "seriesmith")
        self._provider = TracerProvider(resource=Resource.create({"service.name": named}))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("seriesmith")

    def emit(self, record: Record, seconds: float, outcome: str) -> str:
        """Send the spans of a request that took `seconds`; return its trace id, 32 hexadecimal digits."""
        arrival = record.arrival
        wall = time.time() - time.perf_counter()
        root = self._tracer.start_span(
            _name_span(record),
            context=_read_context(arrival),
            kind=SpanKind.SERVER,
            attributes=_describe(record, outcome),
            start_time=_stamp(arrival.start, wall),
        )
        if root.is_recording():
            self._send_phases(record.phases, set_span_in_context(root), wall)
            if outcome == "internal":
                root.set_status(Status(StatusCode.ERROR))
        root.end(_stamp(arrival.start + seconds, wall))
        return format_trace_id(root.get_span_context().trace_id)

    def _send_phases(self, phases: list[Phase], root: Context, wall: float) -> None:
        """Send the spans of phases; those of a graph call within the phase that asked for it."""
        calls = [phase for phase in phases if phase.call]
        for phase in phases:
            if phase.call:
                continue
            within = self._send_phase(phase, root, wall)
            for call in calls:
                if phase.start <= call.start < phase.end:
                    self._send_phase(call, within, wall)

    def _send_phase(self, phase: Phase, within: Context, wall: float) -> Context:
        """Send the span of a phase; return the context in which spans within it are made."""
        span = self._tracer.start_span(phase.name, context=within, start_time=_stamp(phase.start, wall))
        span.end(_stamp(phase.end, wall))
        return set_span_in_context(span)

    def close(self) -> None:
        """Send what is still to be sent."""
        self._provider.shutdown()


def _stamp(seconds: float, wall: float) -> int:
    """Turn seconds of `time.perf_counter` into nanoseconds since the epoch."""
    return int((seconds + wall) * NANOSECONDS)


def _name_span(record: Record) -> str:
    """Name a span as the conventions have it: by method and operation, never by a path that a client chose."""
    arrival, operation = record.arrival, record.outcome.operation if record.outcome is not None else ""
    if arrival.wire == "grpc":
        return arrival.path.strip("/") if record.status != "UNIMPLEMENTED" else "unknown method"
    return f"{arrival.method} /{operation}" if operation else arrival.method


def _read_context(arrival: Arrival) -> Context:
    """Read the caller's context; an empty one where none came that is valid."""
    sent = {"traceparent": arrival.traceparent.decode("latin-1"), "tracestate": arrival.tracestate.decode("latin-1")}
    given = {name: text for name, text in sent.items() if text}
    return TraceContextTextMapPropagator().extract(given, context=Context())


def _describe(record: Record, outcome: str) -> dict[str, Any]:
    arrival = record.arrival
    if arrival.wire == "grpc":
        service, _, method = arrival.path.strip("/").rpartition("/")
        said = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": method, "rpc.grpc.status": record.status}
    else:
        said = {
            "http.request.method": arrival.method,
            "url.path": arrival.path[:300],
            "http.response.status_code": record.status,
        }
    if record.outcome is not None:
        said |= {"seriesmith.operation": record.outcome.operation, "seriesmith.model": record.outcome.model}
    if outcome != "ok":
        said["error.type"] = outcome
    return said | {"client.address": arrival.client, "seriesmith.request_id": arrival.request_id.decode("latin-1")}
