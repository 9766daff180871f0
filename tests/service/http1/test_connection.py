"""What a connection may do: every wait has an end, every byte a budget, and a refusal can be read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import orjson
import pytest

from tests.service.http1.front import ECHO, Front, answer, read_answers, run_front
from tests.service.server import wait_until


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """Waits half a second for anything."""
    seconds = {"head_seconds": 0.5, "body_seconds": 0.5, "write_seconds": 0.5, "max_held_bytes": 10**7}
    with run_front(tmp_path_factory.mktemp("quick"), keep_alive=1, **seconds) as running:
        yield running


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """As it comes, with a key."""
    with run_front(tmp_path_factory.mktemp("calm"), api_key="k") as running:
        yield running


KEY = b"Authorization: Bearer k\r\n"


def _read_code(body: bytes) -> str:
    code: str = orjson.loads(body)["error"]["code"]
    return code


def test_an_upgrade_is_answered_by_its_framing_and_never_run_as_the_next_request(quick: Front):
    smuggled = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    head = ECHO + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nContent-Length: %d\r\n\r\n" % len(smuggled)
    for pieces in ([head + smuggled], [head, smuggled]):
        with quick.connect() as connection:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(0.05)
            assert answer(connection)[::2] == (200, smuggled)
            connection.sendall(ECHO + b"Content-Length: 2\r\n\r\nab")
            assert answer(connection)[2] == b"ab"


@pytest.mark.parametrize(
    ("sent", "status"),
    [(b"GET /livez HT", 408), (b"GET / HTTP/1.1\r\nHost: x\r\n", 408), (ECHO + b"Content-Length: 9\r\n\r\nab", 408),
     (ECHO + b"Transfer-Encoding: chunked\r\n\r\n3\r\nab", 408), (b"", 0)],
)  # fmt: skip
def test_half_a_request_is_given_up_after_its_deadline(quick: Front, sent: bytes, status: int):
    start = time.monotonic()
    with quick.connect() as connection:
        connection.sendall(sent)
        found = read_answers(connection)
    assert [one[0] for one in found] == ([status] if status else [])
    assert not found or (_read_code(found[0][2]) == "request_timeout" and found[0][1]["connection"] == "close")
    assert 0.3 < time.monotonic() - start < 10
    wait_until(lambda: quick.serving.bytes.held == 0, seconds=5, what="bytes given back")


def test_a_trickle_of_bytes_moves_no_deadline(quick: Front):
    with quick.connect() as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n")
        start = time.monotonic()
        with suppress(ConnectionError):
            while time.monotonic() < start + 10:
                connection.sendall(b"A: b\r\n")
                time.sleep(0.1)
        assert time.monotonic() - start < 9


def test_an_idle_connection_is_closed(quick: Front):
    with quick.connect() as connection:
        connection.sendall(ECHO + b"Content-Length: 2\r\n\r\nab")
        assert answer(connection)[0] == 200
        assert connection.recv(1) == b""


@pytest.mark.parametrize("path", [b"/big", b"/stream"])
def test_who_never_reads_is_cut_off_and_holds_nothing(quick: Front, path: bytes):
    with quick.connect(receive_bytes=4096) as connection:
        connection.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: quick.serving.bytes.held > 0, seconds=10, what="an answer that waits")
        if path == b"/stream":
            assert quick.serving.bytes.held < 10**6
        wait_until(lambda: not quick.state.connections, seconds=15, what="the end of the connection")
    assert quick.serving.bytes.held == 0 and quick.serving.connections.held == 0 and not quick.state.tasks


def test_who_reads_slowly_is_served(quick: Front):
    with quick.connect() as connection:
        connection.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        read = 0
        while piece := connection.recv(4_000_000):
            read += len(piece)
            time.sleep(0.1)
        assert read > 40_000_000


def test_bodies_take_from_the_budget_before_they_are_held(calm: Front):
    calm.serving.bytes.force(calm.serving.bytes.limit - 1000)
    try:
        found = calm.ask(ECHO + KEY + b"Content-Length: 200000\r\n\r\n")
        assert found[0][0] == 429 and found[0][1]["retry-after"] == "1" and _read_code(found[0][2]) == "overloaded"
        found = calm.ask(ECHO + KEY + b"Transfer-Encoding: chunked\r\n\r\n7d0\r\n" + bytes(2000))
        assert found[0][0] == 429
    finally:
        calm.serving.bytes.give(calm.serving.bytes.limit - 1000)
    wait_until(lambda: calm.serving.bytes.held == 0, seconds=5, what="bytes given back")


def test_large_heads_are_refused_before_the_key_is_asked_for(calm: Front):
    for sent in (b"GET /" + b"a" * 70_000, b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 70_000):
        found = calm.ask(sent)
        assert found[0][0] == 431 and _read_code(found[0][2]) == "head_too_large"
        assert found[0][1]["connection"] == "close"


def test_an_early_refusal_can_be_read_by_who_goes_on_sending(calm: Front):
    for lines, size, status in ((KEY, 20_000_000, 413), (b"", 900_000, 401)):
        with calm.connect() as connection:
            connection.sendall(ECHO + lines + b"Content-Length: %d\r\n\r\n" % size)
            connection.sendall(bytes(size))
            assert answer(connection)[0] == status


def test_a_small_body_that_is_refused_leaves_the_connection(calm: Front):
    with calm.connect() as connection:
        connection.sendall(ECHO + b"Content-Length: 2\r\n\r\nab" + ECHO + KEY + b"Content-Length: 2\r\n\r\ncd")
        file = connection.makefile("rb")
        assert file.readline().split()[1] == b"401"
        assert b"cd" in connection.recv(10_000) or b"cd" in file.read1()


def test_continue_is_said_only_where_the_body_is_wanted(calm: Front):
    head = b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    assert calm.ask(ECHO + head)[0][0] == 401
    assert calm.ask(b"POST /nowhere HTTP/1.1\r\nHost: x\r\n" + head)[0][0] == 404
    with calm.connect() as connection:
        connection.sendall(ECHO + KEY + head)
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"ab")
        assert answer(connection)[2] == b"ab"


def test_the_protocols_errors_have_its_shape(calm: Front):
    sent = b"POST /v2/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
    status, headers, body = calm.ask(sent)[0]
    assert status == 501 and isinstance(orjson.loads(body)["error"], str)
    assert headers["connection"] == "close"


def test_pipelined_requests_are_answered_in_order_and_no_further_than_they_are_read(calm: Front):
    sent = b"".join(ECHO + KEY + b"Content-Length: 4\r\n\r\n%04d" % number for number in range(200))
    found = calm.ask(sent + b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n" + ECHO + KEY + b"Connection: close\r\n\r\n")
    assert [body for _, _, body in found] == [*[b"%04d" % number for number in range(200)], b"waited", b"nothing"]


def test_streams_are_chunked_to_new_clients_and_end_with_the_connection_for_old_ones(calm: Front):
    with calm.connect() as connection:
        connection.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        status, headers, body = answer(connection)
        assert headers["transfer-encoding"] == "chunked" and len(body) == 100_000_000
    with calm.connect() as connection:
        connection.sendall(b"GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        status, headers, body = answer(connection)
        assert status == 200 and "transfer-encoding" not in headers and len(body) == 100_000_000


def test_old_clients_may_keep_their_connection(calm: Front):
    with calm.connect() as connection:
        for _ in range(2):
            connection.sendall(b"GET /wait HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert answer(connection)[1]["connection"] == "keep-alive"
    assert calm.ask(b"GET /wait HTTP/1.0\r\n\r\n")[0][1]["connection"] == "close"


def test_head_has_no_body_and_other_methods_are_refused_everywhere(calm: Front):
    with calm.connect() as connection:
        for path in (b"/wait", b"/livez"):
            connection.sendall(b"HEAD " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            assert answer(connection, "HEAD")[::2] == (200, b"")
        connection.sendall(b"GET /livez?a=b HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer(connection)[2] == b"GET /livez a=b!"
        for path in (b"/wait", b"/livez"):
            connection.sendall(b"DELETE " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            status, headers, _ = answer(connection)
            assert status == 405 and headers["allow"] == "GET" and "date" in headers


def test_who_leaves_while_it_is_answered_disturbs_nobody(calm: Front):
    for _ in range(20):
        with calm.connect() as connection:
            connection.sendall(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
    wait_until(lambda: not calm.state.connections and not calm.state.tasks, seconds=5, what="the end of the work")
    assert calm.serving.connections.held == 0


def test_the_longest_idle_connection_makes_room(tmp_path: Path):
    with ExitStack() as stack:
        few = stack.enter_context(run_front(tmp_path, max_connections=3))
        old, half, busy = (stack.enter_context(few.connect()) for _ in range(3))
        wait_until(lambda: few.serving.connections.held == 3, seconds=5, what="three connections")
        busy.sendall(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        half.sendall(b"GET /li")
        time.sleep(0.1)
        for idle in (old, half):
            with few.connect() as new:
                new.sendall(ECHO + b"Content-Length: 2\r\n\r\nab")
                assert answer(new)[2] == b"ab"
                assert idle.recv(1) == b""
                wait_until(lambda: few.serving.connections.held == 3, seconds=5, what="the place of who had to go")
            if idle is old:
                wait_until(lambda: few.serving.connections.held == 2, seconds=5, what="a place that is given back")
                stack.enter_context(few.connect())
                wait_until(lambda: few.serving.connections.held == 3, seconds=5, what="three connections again")
        assert answer(busy)[2] == b"waited"


def test_without_anybody_idle_a_new_connection_is_refused(tmp_path: Path):
    with run_front(tmp_path, max_connections=1) as one, one.connect() as busy:
        busy.sendall(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.1)
        with one.connect() as new:
            assert answer(new)[0] == 503
        assert answer(busy)[2] == b"waited"


def test_a_stop_ends_every_connection_in_a_bounded_time_and_answers_what_was_sent(tmp_path: Path):
    with ExitStack() as stack:
        ending = stack.enter_context(run_front(tmp_path, timeout_seconds=1, write_seconds=20))
        idle, half, body, busy = (stack.enter_context(ending.connect()) for _ in range(4))
        deaf = stack.enter_context(ending.connect(receive_bytes=4096))
        half.sendall(b"GET /li")
        body.sendall(ECHO + b"Content-Length: 9\r\n\r\nab")
        busy.sendall(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        deaf.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: ending.serving.bytes.held > 10_000, seconds=5, what="a stream that nobody reads")

        def stop() -> None:
            for connection in list(ending.state.connections):
                connection.shutdown()

        ending.loop.call_soon_threadsafe(stop)
        idle.sendall(ECHO + b"Content-Length: 2\r\n\r\nab")
        status, headers, content = answer(idle)
        assert (status, headers["connection"], content) == (200, "close", b"ab")
        assert answer(busy)[2] == b"waited"
        wait_until(lambda: not ending.state.connections, seconds=10, what="the end of all connections")
