"""What is refused for the moment is tried again, later and later, within the timeout; nothing else is."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import numpy as np
import pytest

from seriesmith import (
    Client,
    Overloaded,
    SeriesmithClientError,
    Unavailable,
)
from seriesmith.calls import Call
from seriesmith.persistence import Pause, Persistence
from service.proto import seriesmith_pb2
from tests.client.conftest import KEY, KINDS, Scripted, list_urls, open_client, run_grpc_server
from tests.service.server import Server

SERIES = np.zeros((1, 1, 2), np.float32)
ARRAYS = [["posterior_mean", "<f4", [1, 1]], ["posterior_log_variance", "<f4", [1, 1]]]
OCTETS = {"content-type": "application/octet-stream", "seriesmith-arrays": json.dumps(ARRAYS)}
GOOD = (200, OCTETS, b"\0" * 8 + b'{"model": "m", "version": 1}')


def build_refusal(status: int, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """A refusal in Seriesmith's shape."""
    code = {429: "overloaded", 503: "unavailable", 400: "invalid_request", 500: "internal"}[status]
    return status, {name.replace("_", "-"): text for name, text in headers.items()}, json.dumps(
        {"error": {"code": code, "message": "not now."}}
    ).encode()  # fmt: skip


def choose_longest(low: float, high: float) -> float:
    return high


def choose_shortest(low: float, high: float) -> float:
    return low


def walk(
    timeout: float, retries: int, drawn: Callable[[float, float], float], *outcomes: SeriesmithClientError | str
) -> tuple[Any, list[float]]:
    """Where the steps end when attempts have these outcomes and time passes by pauses alone, and those pauses."""
    pauses: list[float] = []
    steps = Persistence(timeout, retries, drawn, lambda: sum(pauses)).plan_steps(Call("encode", dict))
    left = list(outcomes)
    step = next(steps)
    try:
        while True:
            if isinstance(step, Pause):
                pauses.append(step.seconds)
                step = steps.send(None)
                continue
            assert 0 < step.seconds <= timeout - sum(pauses)
            outcome = left.pop(0)
            step = steps.send(outcome) if isinstance(outcome, str) else steps.throw(outcome)
    except StopIteration as end:
        return end.value, pauses
    except SeriesmithClientError as error:
        return error, pauses


def build_errors(times: int, retry_after: float | None = None) -> list[SeriesmithClientError]:
    return [Overloaded(f"not now: {time}.", retry_after=retry_after) for time in range(times)]


def test_pauses_double_up_to_a_bound_with_full_jitter():
    answer, pauses = walk(100, 9, choose_longest, *build_errors(8), "answer")
    assert answer == "answer" and pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert walk(100, 9, choose_shortest, *build_errors(2), "answer") == ("answer", [0.0, 0.0])


def test_never_before_the_server_wants():
    outcomes = [*build_errors(1, retry_after=2.0), Unavailable("not yet.")]
    assert walk(60, 5, choose_longest, *outcomes, "answer") == ("answer", [2.1, 0.2])


def test_not_more_often_than_said_nor_longer_than_the_timeout():
    error, pauses = walk(60, 2, choose_shortest, *build_errors(9))
    assert (str(error), len(pauses)) == ("not now: 2.", 2)
    assert error.__notes__ == ["This was attempt 3 of at most 3."]
    error, pauses = walk(3, 9, choose_shortest, *build_errors(9, retry_after=2.0))
    assert isinstance(error, Overloaded) and pauses == [2.0]


@pytest.mark.parametrize(("scheme", "kind"), KINDS[:2])
@pytest.mark.parametrize("status", [429, 503])
def test_what_is_refused_for_the_moment_is_sent_again_as_it_was(
    scripted: Callable[..., Scripted], scheme: str, kind: str, status: int
):
    server = scripted(build_refusal(status, retry_after="0.2"), build_refusal(status), GOOD)
    began = time.monotonic()
    with open_client(kind, server.url, retries=2) as ask:
        assert ask("encode", SERIES).model == "m"
    assert time.monotonic() - began >= 0.2
    assert len(server.received) == 3 and len({(path, content) for path, _, content in server.received}) == 1


@pytest.mark.parametrize("status", [400, 500])
def test_what_would_fail_again_is_not(scripted: Callable[..., Scripted], status: int):
    server = scripted(build_refusal(status), GOOD)
    with Client(server.url) as client, pytest.raises(SeriesmithClientError):
        client.encode(SERIES)
    assert len(server.received) == 1


def test_a_proxy_that_says_so_in_words_of_its_own(scripted: Callable[..., Scripted]):
    server = scripted((503, {"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}, b"<h1>starting</h1>"), GOOD)
    with Client(server.url) as client:
        assert client.encode(SERIES).model == "m"
    server.replies = [(503, {}, b"<h1>starting</h1>")]
    with Client(server.url, retries=0) as client, pytest.raises(Unavailable, match="none of Seriesmith's.*starting"):
        client.encode(SERIES)


@pytest.fixture
def moody() -> Iterator[tuple[str, list[float]]]:
    """A gRPC server that is unavailable once, overloaded once, then answers; and when it was called."""
    called: list[float] = []

    def encode(request: bytes, context: grpc.ServicerContext) -> bytes:
        called.append(time.monotonic())
        if len(called) == 1:
            context.abort(grpc.StatusCode.UNAVAILABLE, "not now.")
        if len(called) == 2:
            context.set_trailing_metadata((("seriesmith-code", "overloaded"), ("retry-after", "0.2")))
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "not now.")
        array = seriesmith_pb2.Array(shape=[1, 1], values=b"\0" * 4)
        answer = seriesmith_pb2.EncodeAnswer(model="m", version=1, posterior_mean=array, posterior_log_variance=array)
        return bytes(answer.SerializeToString())

    with run_grpc_server("Encode", grpc.unary_unary_rpc_method_handler(encode)) as url:
        yield url, called


@pytest.mark.parametrize("kind", ["blocking", "async"])
def test_so_over_grpc(moody: tuple[str, list[float]], kind: str):
    url, called = moody
    with open_client(kind, url) as ask:
        assert ask("encode", SERIES).model == "m"
    assert len(called) == 3 and called[2] - called[1] >= 0.2


def test_over_grpc_too_large_is_not_overloaded(guarded: Server):
    for url in list_urls(guarded).values():
        with Client(url, KEY) as client, pytest.raises(SeriesmithClientError) as caught:
            client.augment(np.zeros((601, 1, 150)), ["1"] * 601, model="gunpoint")
        assert caught.value.code == "too_large" and not hasattr(caught.value, "__notes__")


@pytest.mark.parametrize(("scheme", "kind"), KINDS)
def test_who_is_refused_by_a_busy_server_is_answered_later(guarded: Server, scheme: str, kind: str):
    """A stream that is not read to its end takes the only place; it is closed once somebody was refused."""
    with Client(guarded.url, KEY) as other:
        stream = other.sample_stream(n_per_class=100_000, model="gunpoint")
        next(stream)
        with open_client(kind, list_urls(guarded)[scheme], api_key=KEY, retries=0) as ask:
            with pytest.raises(Overloaded, match="waiting") as caught:
                ask("sample", n_per_class=150, model="gunpoint")
            assert caught.value.retry_after == 1
        threading.Timer(0.3, stream.close).start()
        with open_client(kind, list_urls(guarded)[scheme], api_key=KEY) as ask:
            assert len(ask("sample", n_per_class=150, model="gunpoint").series) == 300
