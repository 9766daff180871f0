"""Each request leaves one line, over either transport and by either server of each; its id goes out as it came in."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import orjson
import pytest

from seriesmith import Client, InvalidRequest
from tests.service.bundles import Labelled
from tests.service.server import Server, run_server, wait_until

SERVERS = {"own": ("private", "own"), "public": ("public", "grpcio")}
"""Who reads requests: our own code, or the libraries behind it."""

KEY = "a-key-for-tests"


class Observed:
    """A server with its log."""

    def __init__(self, server: Server, log: Path) -> None:
        self.server, self._log, self._seen = server, log, 0

    def skip_lines(self) -> None:
        """Leave out what has been written so far."""
        self._seen = len(self._find_lines())

    def read_lines(self, count: int) -> list[dict[str, Any]]:
        """Return the next `count` lines, but for those of readiness, which the start asks for."""

        wait_until(lambda: len(self._find_lines()) >= self._seen + count, 10, f"{count} lines")
        lines = self._find_lines()[self._seen :]
        self._seen += len(lines)
        assert len(lines) == count, lines
        return lines

    def _find_lines(self) -> list[dict[str, Any]]:
        lines = [orjson.loads(line) for line in self._log.read_bytes().splitlines()] if self._log.exists() else []
        return [line for line in lines if line["path"] != "/readyz"]


@pytest.fixture
def observed(running: Observed) -> Observed:
    """The server, and the lines of this test alone."""
    running.skip_lines()
    return running


@pytest.fixture(scope="module", params=SERVERS)
def running(
    request: pytest.FixtureRequest, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("observed")
    front_door, spoken = SERVERS[request.param]
    log = folder / "requests.jsonl"
    settings: dict[str, Any] = {"front_door": front_door, "grpc": spoken, "access_log": "all", "log_file": log}
    with run_server(folder, repository, key=KEY, **settings) as server:
        yield Observed(server, log)


def test_an_answered_request_is_a_line(observed: Observed, cases: Labelled):
    response = observed.server.post("classify", model="sines", series=cases.series[:3])
    (line,) = observed.read_lines(1)
    assert line["request_id"] == response.headers["x-request-id"] and len(line["request_id"]) == 16
    wanted: dict[str, Any] = {
        "wire": "http",
        "method": "POST",
        "path": "/classify",
        "operation": "classify",
        "model": "sines",
    }
    wanted |= {"status": 200, "outcome": "ok", "key": "SERIESMITH_API_KEY", "calls": 1}
    assert {name: line[name] for name in wanted} == wanted
    assert line["answer_bytes"] == len(response.content) and line["request_bytes"] == len(response.request.content)
    assert line["client"].startswith("127.0.0.1:") and line["time"].endswith("Z")
    assert 0 < line["inference_seconds"] + line["queue_seconds"] < line["seconds"] < 60
    assert "message" not in line


def test_an_id_that_came_goes_back(observed: Observed):
    response = observed.server.http.get("/models", headers={"x-request-id": "order-66/a"})
    assert response.headers["x-request-id"] == "order-66/a"
    (line,) = observed.read_lines(1)
    assert line["request_id"] == "order-66/a" and "operation" not in line


@pytest.mark.parametrize("given", ["two words", "x" * 129, "é".encode().decode("latin-1"), ""])
def test_an_id_that_cannot_be_used_is_replaced(observed: Observed, given: str):
    response = observed.server.http.get("/models", headers=[(b"x-request-id", given.encode("latin-1"))])
    (line,) = observed.read_lines(1)
    assert response.headers.get_list("x-request-id") == [line["request_id"]]
    assert line["request_id"] != given and len(line["request_id"]) == 16


def test_a_refused_request_says_what_for_and_who_sent_it(observed: Observed):
    refused = observed.server.post("classify", model="sines", series=[[[1.0], [1.0]]])
    stranger = observed.server.http.get("/models", headers={"authorization": "Bearer nobody's"})
    missing = observed.server.http.get("/nowhere%0A", headers={"x-forwarded-for": "203.0.113.9"})
    large = _declare_large(observed.server)
    lines = observed.read_lines(4)
    assert [line["status"] for line in lines] == [400, 401, 404, 413] and large.startswith(b"HTTP/1.1 413")
    assert [answer.status_code for answer in (refused, stranger, missing)] == [400, 401, 404]
    assert [line["outcome"] for line in lines] == ["invalid_request", "unauthenticated", "not_found", "too_large"]
    assert [line.get("key") for line in lines] == ["SERIESMITH_API_KEY", None, *["SERIESMITH_API_KEY"] * 2]
    assert lines[0]["message"] == refused.json()["error"]["message"]
    assert lines[0]["model"] == "sines" and lines[3]["operation"] == "classify"
    assert lines[2]["path"] == "/nowhere\n" and lines[2]["forwarded_for"] == "203.0.113.9"


def _declare_large(server: Server) -> bytes:
    """Announce a body that is too large; return how the answer begins."""
    with socket.create_connection((server.http.base_url.host, server.http.base_url.port)) as sending:
        head = f"POST /classify HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\ncontent-length: {2**40}\r\n\r\n"
        sending.sendall(head.encode())
        return sending.recv(100)


def test_the_client_knows_the_id_of_what_was_refused(observed: Observed):
    with Client(observed.server.url, api_key=KEY) as client, pytest.raises(InvalidRequest) as refused:
        client.classify([[[1.0], [1.0]]], model="sines")
    assert [line["request_id"] for line in observed.read_lines(1)] == [refused.value.request_id]


def test_a_path_of_bentoml_is_one_line_too(observed: Observed):
    observed.server.http.get("/livez", headers={"x-request-id": "alive"})
    (line,) = observed.read_lines(1)
    assert line["request_id"] == "alive" and line["status"] == 200


def test_a_stream_is_one_line_when_it_has_ended(observed: Observed):
    headers = {"accept": "application/x-ndjson"}
    response = observed.server.send("sample", orjson.dumps({"model": "sines", "n_per_class": 50}), **headers)
    (line,) = observed.read_lines(1)
    assert line["answer_bytes"] == len(response.content) and line["calls"] > 0 and line["outcome"] == "ok"


def test_a_client_that_leaves_in_the_middle_of_its_body_is_cancelled(observed: Observed):
    address = observed.server.http.base_url.host, observed.server.http.base_url.port
    with socket.create_connection(address) as leaving:
        head = f"POST /classify HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\ncontent-length: 100\r\n\r\n{{"
        leaving.sendall(head.encode())
    (line,) = observed.read_lines(1)
    assert line["status"] == 499 and line["outcome"] == "cancelled" and line["operation"] == "classify"


def test_calls_over_grpc_are_lines_with_their_status(observed: Observed, cases: Labelled):
    with Client(f"grpc://{observed.server.grpc}", api_key=KEY) as client:
        client.classify(cases.series[:2], model="sines")
        with pytest.raises(InvalidRequest) as refused:
            client.classify(cases.series[:2, :, :5], model="sines")
        made = sum(len(part.series) for part in client.sample_stream({"1": 40}, model="sines", seed=1))
    lines = observed.read_lines(3)
    assert [line["wire"] for line in lines] == ["grpc"] * 3 and made == 40
    assert [line["status"] for line in lines] == ["OK", "INVALID_ARGUMENT", "OK"]
    assert [line["outcome"] for line in lines] == ["ok", "invalid_request", "ok"]
    assert [line["operation"] for line in lines] == ["classify", "classify", "sample"]
    assert lines[0]["path"] == "/seriesmith.v1.Seriesmith/Classify" and lines[0]["key"] == "SERIESMITH_API_KEY"
    assert lines[0]["calls"] == 1 and lines[2]["calls"] > 0 and lines[2]["answer_bytes"] > lines[0]["answer_bytes"] > 0
    assert lines[1]["request_id"] == refused.value.request_id != ""
    assert lines[1]["message"] in str(refused.value) and lines[0]["client"].startswith("127.0.0.1:")


def test_ids_come_and_go_in_metadata(observed: Observed):
    with grpc.insecure_channel(observed.server.grpc) as channel:
        sent = (("x-request-id", "call-1"),)
        _, call = channel.unary_unary("/grpc.health.v1.Health/Check").with_call(b"", metadata=sent)
        assert dict(call.initial_metadata())["x-request-id"] == "call-1"
        with pytest.raises(grpc.RpcError) as missing:
            channel.unary_unary("/seriesmith.v1.Seriesmith/Dream")(b"", metadata=(("x-request-id", "call-2"),))
        with pytest.raises(grpc.RpcError) as stranger:
            channel.unary_unary("/seriesmith.v1.Seriesmith/Classify")(b"", metadata=(("x-request-id", "call-3"),))
    lines = observed.read_lines(3)
    assert [line["request_id"] for line in lines] == ["call-1", "call-2", "call-3"]
    assert [line["status"] for line in lines] == ["OK", "UNIMPLEMENTED", "UNAUTHENTICATED"]
    for error, known in ((missing.value, "call-2"), (stranger.value, "call-3")):
        metadata = dict([*error.initial_metadata(), *error.trailing_metadata()])
        assert metadata["x-request-id"] == known


def test_what_is_no_http_is_a_line(observed: Observed, request: pytest.FixtureRequest):
    if request.node.callspec.params["running"] == "public":
        pytest.skip("uvicorn refuses it before our code hears of it")
    address = observed.server.http.base_url.host, observed.server.http.base_url.port
    with socket.create_connection(address) as speaking:
        speaking.sendall(b"NONSENSE\r\n\r\n")
        assert speaking.recv(100).startswith(b"HTTP/1.1 400")
    (line,) = observed.read_lines(1)
    assert line["status"] == 400 and line["outcome"] == "invalid_request" and line["message"]


def test_without_a_log_an_id_still_goes_back_and_none_is_made(server: Server):
    assert server.http.get("/models", headers={"x-request-id": "mine"}).headers["x-request-id"] == "mine"
    assert "x-request-id" not in server.http.get("/models").headers
    with grpc.insecure_channel(server.grpc) as channel:
        _, call = channel.unary_unary("/grpc.health.v1.Health/Check").with_call(b"")
        assert "x-request-id" not in dict(call.initial_metadata())


def test_refused_requests_alone_may_be_lines_and_slow_ones(repository: Path, tmp_path: Path, cases: Labelled):
    log = tmp_path / "requests.jsonl"
    settings: dict[str, Any] = {"access_log": "refused", "slow_seconds": 0.2, "log_file": log}
    with run_server(tmp_path, repository, **settings) as server:
        observed = Observed(server, log)
        server.answer("classify", model="sines", series=cases.series[:1])
        server.post("classify", model="cosines", series=[[1.0]])
        (refused,) = observed.read_lines(1)
        assert refused["status"] == 404 and "slow" not in refused
        server.answer("sample", model="sines", n_per_class=3000)
        (slow,) = observed.read_lines(1)
    assert slow["slow"] and slow["outcome"] == "ok"
    assert [name for name, _ in slow["phases"]] == ["read", "admission", "decode", "compute", "answer"]
    assert slow["seconds"] > 0.2 and abs(sum(seconds for _, seconds in slow["phases"]) - slow["seconds"]) < 0.05


def test_a_log_that_cannot_be_written_ends_the_start_with_a_sentence(repository: Path, tmp_path: Path):
    missing = tmp_path / "no" / "such.log"
    with pytest.raises(AssertionError), run_server(tmp_path, repository, access_log="all", log_file=missing):
        pass
    assert "SERIESMITH_LOG_FILE" in (tmp_path / "server.log").read_text()
