"""Requests arrive at an OpenTelemetry collector as spans of the caller's trace, with their phases within."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.service.bundles import Labelled
from tests.service.server import run_server, wait_until

trace_service = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{CALLER}-01"


@contextmanager
def collect() -> Iterator[tuple[str, list[Any]]]:
    """A collector: its address, and the spans that it was sent."""
    spans: list[Any] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            sent = trace_service.ExportTraceServiceRequest.FromString(body)
            assert self.path == "/v1/traces"
            spans.extend(span for of in sent.resource_spans for scope in of.scope_spans for span in scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    listening = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}", spans
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def test_a_request_is_a_span_of_its_callers_trace(
    repository: Path, tmp_path: Path, cases: Labelled, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    with collect() as (address, spans):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        log = tmp_path / "requests.jsonl"
        with run_server(tmp_path, repository, traces="otlp", access_log="all", log_file=log) as server:
            headers = {"traceparent": TRACEPARENT}
            server.http.post("/classify", json={"model": "sines", "series": cases.series[:2].tolist()}, headers=headers)
            server.http.post("/classify", json={"model": "cosines"}, headers={"traceparent": "nonsense"})
            with grpc.insecure_channel(server.grpc) as channel:
                check = channel.unary_unary("/grpc.health.v1.Health/Check")
                check(b"", metadata=(("traceparent", TRACEPARENT),))

            def find_roots() -> dict[str, Any]:
                return {span.name: span for span in list(spans) if span.kind == 2 and span.name != "GET"}

            wait_until(lambda: len(find_roots()) >= 2, 10, "spans of two requests")
            roots = find_roots()
            ours = [span for span in spans if span.trace_id.hex() == TRACE]
            refused = [span for span in spans if span.kind == 2 and span.name == "POST /classify"][-1]
    answered = next(span for span in ours if span.name == "POST /classify")
    assert answered.parent_span_id.hex() == CALLER and roots["grpc.health.v1.Health/Check"].trace_id.hex() == TRACE
    attributes = {one.key: one.value for one in answered.attributes}
    assert attributes["http.response.status_code"].int_value == 200
    assert attributes["seriesmith.model"].string_value == "sines"
    within = [span for span in ours if span.parent_span_id == answered.span_id]
    assert [span.name for span in within] == ["read", "admission", "decode", "compute", "answer"]
    compute = within[3]
    calls = [span for span in ours if span.parent_span_id == compute.span_id]
    assert [span.name for span in calls] == ["queue", "inference"]
    for outer, inner in [(answered, span) for span in within] + [(compute, span) for span in calls]:
        assert outer.start_time_unix_nano - 2000 <= inner.start_time_unix_nano
        assert inner.end_time_unix_nano <= outer.end_time_unix_nano + 2000  # each is rounded for itself
    assert refused.trace_id.hex() != TRACE and not refused.parent_span_id
    assert {one.key: one.value for one in refused.attributes}["error.type"].string_value
    assert f'"trace_id":"{TRACE}"' in log.read_text()
