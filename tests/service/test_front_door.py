"""However a request arrives, it is answered the same: the short way, uvicorn's own, or BentoML's public one."""

from __future__ import annotations

import inspect
import socket
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import uvicorn
import uvicorn.server
from bentoml._internal.configuration.containers import BentoMLContainer
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from service.http.bentoml_settings import USUAL, find_without_effect, is_without_effect, list_leaves, read_settings
from service.http.http1.connection import Http1Connection
from tests.service.bundles import Labelled, compute_relative_difference
from tests.service.server import Server, run_server
from tests.service.test_refusals import OPERATIONS, assert_refused, build_good


@pytest.fixture(scope="module")
def public(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that uses no private path of BentoML or uvicorn."""
    with run_server(tmp_path_factory.mktemp("public"), repository, front_door="public") as running:
        yield running


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_public_front_door_answers_as_the_private_one(
    server: Server, public: Server, cases: Labelled, operation: str
):
    fields = build_good(operation, cases)
    answer, expected = public.answer(operation, **fields), server.answer(operation, **fields)
    assert answer.keys() == expected.keys()
    for name in ("series", "probabilities", "posterior_mean"):
        if name in expected:
            assert compute_relative_difference(answer[name], expected[name]) < 1e-5
    response = public.post(operation, model="nobody")
    assert response.status_code in (400, 404) and response.content == server.post(operation, model="nobody").content
    assert_refused(public.http.get("/nowhere"), 404, "not_found", None, "/nowhere")


def _connect(server: Server) -> socket.socket:
    url = httpx.URL(server.url)
    return socket.create_connection((url.host, url.port), timeout=20)


def _build_head(body: bytes, *more: str, path: str = "/classify", version: str = "1.1", length: bool = True) -> bytes:
    lines = [f"POST {path} HTTP/{version}", "host: x", "content-type: application/json", *more]
    lines += [f"content-length: {len(body)}"] if length else []
    return "\r\n".join([*lines, "", ""]).encode()


def _answer(connection: socket.socket) -> tuple[int, bytes]:
    response = HTTPResponse(connection)
    response.begin()
    return response.status, response.read()


@pytest.fixture(scope="module")
def body(cases: Labelled) -> bytes:
    """One series to classify."""
    return orjson.dumps({"model": "sines", "series": cases.series[:1].tolist()})


@pytest.fixture(scope="module")
def expected(server: Server, body: bytes) -> list[float]:
    """Its probabilities."""
    found: list[float] = server.send("classify", body).json()["probabilities"]
    return found


ARRIVALS = {
    "whole": lambda body: [_build_head(body) + body],
    "head, then body": lambda body: [_build_head(body), body],
    "in little pieces": lambda body: [(_build_head(body) + body)[start : start + 37] for start in range(0, 10_000, 37)],
    "chunked": lambda body: [
        _build_head(body, "transfer-encoding: chunked", length=False) + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    ],
    "with a query": lambda body: [_build_head(body, path="/classify?a=b") + body],
    "percent-encoded": lambda body: [_build_head(body, path="/class%69fy") + body],
    "HTTP/1.0": lambda body: [_build_head(body, version="1.0") + body],
    "closing": lambda body: [_build_head(body, "connection: close") + body],
    "upper-case names": lambda body: [_build_head(body, "ACCEPT: application/json") + body],
}


@pytest.mark.parametrize("arrival", ARRIVALS)
def test_however_it_arrives_it_is_answered_the_same(server: Server, body: bytes, expected: list[float], arrival: str):
    with closing(_connect(server)) as connection:
        for piece in filter(None, ARRIVALS[arrival](body)):
            connection.sendall(piece)
        status, content = _answer(connection)
        assert status == 200 and compute_relative_difference(orjson.loads(content)["probabilities"], expected) < 1e-5
        if arrival in ("HTTP/1.0", "closing"):
            assert connection.recv(1) == b""


def test_expect_100_continue(server: Server, body: bytes, expected: list[float]):
    with closing(_connect(server)) as connection:
        connection.sendall(_build_head(body, "expect: 100-continue"))
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        status, content = _answer(connection)
        assert status == 200 and compute_relative_difference(orjson.loads(content)["probabilities"], expected) < 1e-5


def test_one_after_the_other_on_one_connection(server: Server, body: bytes, expected: list[float]):
    """Good, bad, long and unknown ones in turn: each is answered, in its place."""
    wrong = b'{"model": "sines", "series": []}'
    long_body = orjson.dumps(orjson.loads(body) | {"series": orjson.loads(body)["series"] * 900})
    with closing(_connect(server)) as connection:
        for sent, path, status in [
            (body, "/classify", 200), (wrong, "/classify", 400), (body, "/classify", 200), (b"{}", "/nowhere", 404),
            (long_body, "/classify", 200), (body, "/classify", 200), (b"", "/classify", 400), (body, "/encode", 200),
        ]:  # fmt: skip
            connection.sendall(_build_head(sent, path=path) + sent)
            assert _answer(connection)[0] == status
        connection.sendall(_build_head(body) + body)
        assert compute_relative_difference(orjson.loads(_answer(connection)[1])["probabilities"], expected) < 1e-5


def test_pipelined_requests_are_answered_in_order(server: Server, body: bytes, expected: list[float]):
    sample = b'{"model": "sines", "counts": {"1": 70}, "seed": 1}'
    wrong = b'{"model": "sines", "series": []}'
    plan = [(body, "/classify"), (sample, "/sample"), (wrong, "/classify"), (body, "/classify"), (sample, "/sample")]
    with closing(_connect(server)) as connection:
        connection.sendall(b"".join(_build_head(sent, path=path) + sent for sent, path in plan))
        stream = connection.makefile("rb")
        answers = [_read_answer(stream) for _ in plan]
    assert [status for status, _ in answers] == [200, 200, 400, 200, 200]
    assert answers[1] == answers[4]
    for index in (0, 3):
        assert compute_relative_difference(orjson.loads(answers[index][1])["probabilities"], expected) < 1e-5


def _read_answer(stream) -> tuple[int, bytes]:
    status, length = int(stream.readline().split()[1]), 0
    while (line := stream.readline()) != b"\r\n":
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    return status, stream.read(length)


def test_a_client_that_leaves_while_it_is_answered_disturbs_nobody(server: Server, body: bytes, expected: list[float]):
    for _ in range(50):
        with closing(_connect(server)) as connection:
            connection.sendall(_build_head(body) + body)
    answer = server.send("classify", body).json()["probabilities"]
    assert compute_relative_difference(answer, expected) < 1e-5


def test_uvicorn_is_as_our_connections_expect():
    """Should this fail, read http1/connection.py, draining.py and uvicorn's server and h11 protocol."""
    made = set(inspect.signature(H11Protocol.__init__).parameters)
    assert made == set(inspect.signature(Http1Connection.__init__).parameters)
    state = ServerState()
    assert (state.total_requests, state.connections, state.tasks, state.default_headers) == (0, set(), set(), [])
    stop = inspect.getsource(uvicorn.server.Server.shutdown)
    assert "connection.shutdown()" in stop and "server.close()" in stop
    wait = inspect.getsource(uvicorn.server.Server._wait_tasks_to_complete)
    assert "self.server_state.connections" in wait and "self.server_state.tasks" in wait
    config = uvicorn.Config(_answer_nothing, timeout_keep_alive=7)
    assert config.timeout_keep_alive == 7 and "auto" in uvicorn.config.HTTP_PROTOCOLS
    assert getattr(uvicorn.server.Server(config).handle_exit, "__self__").config is config  # noqa: B009
    assert "self.servers" in inspect.getsource(uvicorn.server.Server.startup)


async def _answer_nothing(scope: object, receive: object, send: object) -> None:
    raise AssertionError("nobody calls it")


def test_bentomls_configuration_is_where_we_read_it(caplog: pytest.LogCaptureFixture):
    """Should this fail, read service/http/bentoml_settings.py and BentoML's containers."""
    from service.app import Seriesmith

    Seriesmith.inject_config()
    settings = read_settings("seriesmith", 60.0)
    assert settings.cors is None and settings.access_log is None and not caplog.records
    configured = BentoMLContainer.config.services["seriesmith"].get()
    leaves = dict(list_leaves(configured))
    for path, value in leaves.items():
        if is_without_effect(path):
            assert value == USUAL.get(path), path
        else:
            assert path.startswith(KNOWN), f"{path} is new: does it act on our paths?"
    rare = ("threads", "runner_connection", "replicate_process")  # left out until they are set
    assert {path for path in USUAL if not path.startswith(rare)} <= leaves.keys()
    assert find_without_effect({"traffic": {"timeout": 5, "max_concurrency": 2}}, 60.0) == [
        "traffic.max_concurrency",
        "traffic.timeout (use SERIESMITH_TIMEOUT_SECONDS)",
    ]


KNOWN = ("resources", "workers", "backlog", "traffic.timeout", "metrics.namespace", "logging.access", "ssl", "http")
"""BentoML's settings that act as it has them."""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"metrics": {"enabled": True, "namespace": "mine"}}, ["metrics.enabled"]),
        ({"metrics": {"duration": {"min": 0.1}}}, ["metrics.duration.min"]),
        ({"tracing": {"otlp": {"http": {"headers": {"a": "b"}}}}}, ["tracing.otlp.http.headers.a"]),
        ({"grpc": {"port": 3000, "host": "127.0.0.1"}}, ["grpc.host"]),
        ({"monitoring": {"options": {"log_path": "elsewhere"}}}, ["monitoring.options.log_path"]),
        ({"threads": 4, "workers": 4, "backlog": 100}, ["threads"]),
        ({"logging": {"access": {"enabled": True, "format": {"span_id": "x"}}}}, ["logging.access.format.span_id"]),
    ],
)
def test_every_setting_that_does_nothing_is_named(given: dict[str, Any], said: list[str]):
    assert find_without_effect(given, 60.0) == said


def test_bentomls_namespace_begins_the_names_of_its_metrics(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("BENTOML_CONFIG_OPTIONS", "services.seriesmith.metrics.namespace=mine")
    with run_server(tmp_path, repository) as server:
        server.answer("sample", model="sines", n_per_class=1)
        text = server.http.get("/metrics").text
        assert 'mine_request_total{endpoint="/sample"' in text and "bentoml_service_" not in text
    assert "own paths alone" not in (tmp_path / "server.log").read_text()


def test_a_namespace_that_begins_no_name_is_said_and_not_taken(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("BENTOML_CONFIG_OPTIONS", "services.seriesmith.metrics.namespace=a-b")
    with run_server(tmp_path, repository) as server:
        assert "bentoml_service_request_total" in server.http.get("/metrics").text
    assert "metrics.namespace is 'a-b'" in (tmp_path / "server.log").read_text()
