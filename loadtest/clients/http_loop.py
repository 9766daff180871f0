"""An HTTP client that knows every request's status and latency and costs little: one thread, epoll, prebuilt requests.

Closed: each of `--clients` connections sends the next request when the last is answered. Open (`--rate`): requests are
due at the times of a Poisson process whatever the server does, and latency counts from when a request was due, also
when no connection was free for it. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import random
import select
import socket
import time
from array import array
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from loadtest.requests_file import read

CHUNKED_END = b"0\r\n\r\n"


@dataclass
class Connection:
    """One keep-alive connection; `due` is when its request was to be sent."""

    port: int
    due: float = 0.0
    received: bytes = b""
    socket: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes, due: float) -> None:
        """Requests are smaller than a socket's buffer, so that a blocking send does not block."""
        self.due, self.received = due, b""
        self.socket.sendall(request)

    def read_answer(self) -> int:
        """The status once the whole answer is there, else 0. Raises `ConnectionError` when the server hung up."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError("the server closed the connection before it answered")
        data = self.received = self.received + data if self.received else data
        head = data.find(b"\r\n\r\n")
        return int(data[9:12]) if head >= 0 and _is_whole(data, head) else 0


def _is_whole(data: bytes, head: int) -> bool:
    lines = data[:head].lower()
    at = lines.find(b"content-length:")
    if at < 0:
        return data.endswith(CHUNKED_END)
    end = lines.find(b"\r\n", at)
    return len(data) - head - 4 >= int(lines[at + 15 : end if end >= 0 else head])


@dataclass
class Record:
    """Latencies in seconds by status, of requests due at or after `start`; status 0: the connection failed."""

    start: float
    latencies: dict[int, array[float]] = field(default_factory=dict)

    def add(self, status: int, due: float, now: float) -> None:
        if due >= self.start:
            self.latencies.setdefault(status, array("d")).append(now - due)

    def summarise(self, unanswered: list[float]) -> dict[str, object]:
        """Per status and over all, how many and percentiles in ms; `unanswered` are the ages of what was still due."""
        statuses = {str(status): _compute_percentiles(values) for status, values in sorted(self.latencies.items())}
        every = array("d", unanswered)
        for values in self.latencies.values():
            every.extend(values)
        return {"statuses": statuses, "unanswered": len(unanswered), **_compute_percentiles(every)}


def _compute_percentiles(values: array[float]) -> dict[str, float]:
    if not values:
        return {"requests": 0, "p50_ms": math.nan, "p99_ms": math.nan, "max_ms": math.nan}
    p50, p99, highest = np.percentile(np.frombuffer(values), [50, 99, 100]) * 1e3
    return {"requests": len(values), "p50_ms": float(p50), "p99_ms": float(p99), "max_ms": float(highest)}


class Load:
    """Connections, what they send, and what came of it."""

    def __init__(self, port: int, clients: int, requests: list[bytes], record: Record) -> None:
        self._port, self._record = port, record
        self._requests = itertools.cycle(requests)
        self._epoll = select.epoll()
        self._connections: dict[int, Connection] = {}
        self.free: deque[Connection] = deque(self._open() for _ in range(clients))
        self.waiting: deque[float] = deque()

    def _open(self) -> Connection:
        connection = Connection(self._port)
        self._epoll.register(connection.socket, select.EPOLLIN)
        self._connections[connection.socket.fileno()] = connection
        return connection

    def send(self, due: float) -> None:
        """The next request on a free connection."""
        self.free.popleft().send(next(self._requests), due)

    def wait(self, until: float, answered: Callable[[], None]) -> None:
        """Take what arrives before `until`, at least what is there; `answered` is called after each answer."""
        pause = until - time.perf_counter()
        # epoll counts milliseconds, select microseconds; an epoll object can be selected.
        if pause > 0 and not select.select([self._epoll], [], [], pause)[0]:
            return
        for number, _ in self._epoll.poll(0):
            self._take(number)
            answered()

    def list_unanswered(self) -> list[float]:
        """When those requests were due that have no answer yet."""
        idle = set(map(id, self.free))
        sent = [connection.due for connection in self._connections.values() if id(connection) not in idle]
        return sent + list(self.waiting)

    def _take(self, number: int) -> None:
        connection = self._connections[number]
        try:
            status = connection.read_answer()
        except ConnectionError:
            del self._connections[number]
            connection.socket.close()
            self._record.add(0, connection.due, time.perf_counter())
            self.free.append(self._open())
            return
        if status:
            self._record.add(status, connection.due, time.perf_counter())
            self.free.append(connection)


def run_closed(load: Load, end: float) -> None:
    """As fast as answers come."""

    def refill() -> None:
        while load.free and time.perf_counter() < end:
            load.send(time.perf_counter())

    refill()
    while time.perf_counter() < end:
        load.wait(end, refill)


def run_opened(load: Load, rate: float, end: float) -> None:
    """At `rate` per second on average; arrivals that find no free connection wait for one."""
    chance = random.Random(0)
    due = time.perf_counter()
    while (now := time.perf_counter()) < end:
        while due <= now:
            load.waiting.append(due)
            due += chance.expovariate(rate)
        while load.waiting and load.free:
            load.send(load.waiting.popleft())
        load.wait(min(due, end), lambda: None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--requests", type=Path, required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--warm-up", type=float, default=0.0)
    parser.add_argument("--rate", type=float, default=0.0, help="requests per second; 0: as fast as answers come")
    given = parser.parse_args()
    record = Record(time.perf_counter() + given.warm_up)
    load = Load(given.port, given.clients, list(read(given.requests)), record)
    run = partial(run_opened, load, given.rate) if given.rate else partial(run_closed, load)
    record.start = time.perf_counter() + given.warm_up
    run(record.start)
    cpu, end = time.process_time(), record.start + given.seconds
    run(end)
    cpu = time.process_time() - cpu
    late = [end - due for due in load.list_unanswered() if due >= record.start]
    print(json.dumps(record.summarise(late) | {"seconds": given.seconds, "cpu_seconds": cpu}))


if __name__ == "__main__":
    main()
