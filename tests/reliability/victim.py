"""A victim: a client of its own process that sends a small request every 10 ms and knows how long each one took.

    python tests/reliability/victim.py <host> <port> <file with the JSON body>

Ends when its input does; prints the latencies in milliseconds and the statuses, as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

import numpy as np
import orjson

from tests.reliability.ledger import Ending, Ledger
from tests.service.server import ROOT, Server

PAUSE_SECONDS = 0.01


@dataclass
class Suffering:
    """What a victim saw, once the block has ended; latencies in milliseconds."""

    latencies: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)

    @property
    def worst(self) -> float:
        """The longest wait."""
        return max(self.latencies)

    def account(self, ledger: Ledger, growth_bytes: int) -> None:
        """Put the victim's requests, its waits and the server's growth into the table."""
        for status, count in self.statuses.items():
            ending: Ending = "right" if status == "200" else "refused" if status in ("429", "503") else "wrong"
            ledger.counts[ending] += count
        waits = f"victim p50 {self.compute_percentile(50):.1f} ms, worst {self.worst:.0f} ms"
        ledger.notes.append(f"{waits}; memory {growth_bytes / 2**20:+.0f} MiB")

    def compute_percentile(self, share: float) -> float:
        """A quantile of the waits."""
        return float(np.percentile(self.latencies, share))


@contextmanager
def watch(server: Server, folder: Path, series: np.ndarray) -> Iterator[Suffering]:
    """A victim at work while the block lasts."""
    body = folder / "victim.json"
    body.write_bytes(orjson.dumps({"model": "sines", "series": series[:1]}, option=orjson.OPT_SERIALIZE_NUMPY))
    url = server.http.base_url
    command = [sys.executable, "-m", "tests.reliability.victim", url.host, str(url.port), str(body)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    suffering = Suffering()
    assert process.stdout is not None
    process.stdout.readline()  # it has begun
    try:
        yield suffering
    finally:
        said = json.loads(process.communicate(timeout=60)[0])
        suffering.latencies, suffering.statuses = said["latencies"], said["statuses"]


def main(host: str, port: int, body: bytes) -> None:
    """See the module."""
    ended = threading.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    connection = HTTPConnection(host, port, timeout=30)
    latencies: list[float] = []
    statuses: Counter[str] = Counter()
    while not ended.is_set() or not latencies:
        start = time.perf_counter()
        try:
            connection.request("POST", "/classify", body, {"content-type": "application/json"})
            response = connection.getresponse()
            response.read()
            statuses[str(response.status)] += 1
        except OSError as error:
            statuses[type(error).__name__] += 1
            connection.close()
        latencies.append(1000 * (time.perf_counter() - start))
        if len(latencies) == 5:
            print("begun", flush=True)
        time.sleep(PAUSE_SECONDS)
    print(json.dumps({"latencies": latencies[5:] or latencies, "statuses": statuses}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]).read_bytes())
