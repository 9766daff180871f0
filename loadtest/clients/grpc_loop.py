"""A gRPC client on asyncio: `--clients` connections, each sending the next message when the last is answered.

Messages are bytes both ways, prebuilt, so that the client spends nothing on protobuf. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import math
import time
from array import array
from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np

from loadtest.requests_file import read

OWN_CONNECTION = [("grpc.use_local_subchannel_pool", 1)]


async def run_client(channel: grpc.aio.Channel, method: str, messages: Iterator[bytes], end: float) -> array[float]:
    """Latencies in seconds of one client's calls; a call that failed counts as not-a-number."""
    latencies, call = array("d"), channel.unary_unary(method)
    sent = time.perf_counter()
    while sent < end:
        try:
            await call(next(messages))
            latencies.append(time.perf_counter() - sent)
        except grpc.aio.AioRpcError:
            latencies.append(math.nan)
        sent = time.perf_counter()
    return latencies


async def load(port: int, method: str, messages: list[bytes], clients: int, seconds: float) -> dict[str, float]:
    """What all clients met with."""
    address = f"127.0.0.1:{port}"
    channels = [grpc.aio.insecure_channel(address, options=OWN_CONNECTION) for _ in range(clients)]
    await asyncio.gather(*(channel.channel_ready() for channel in channels))
    rotation = itertools.cycle(messages)
    begun, cpu = time.perf_counter(), time.process_time()
    outcomes = await asyncio.gather(*(run_client(each, method, rotation, begun + seconds) for each in channels))
    cpu, elapsed = time.process_time() - cpu, time.perf_counter() - begun
    await asyncio.gather(*(channel.close() for channel in channels))
    latencies = np.concatenate([np.frombuffer(values) for values in outcomes])
    p50, p99 = np.nanpercentile(latencies, [50, 99]) * 1e3
    return {
        "requests": len(latencies),
        "seconds": elapsed,
        "p50_ms": float(p50),
        "p99_ms": float(p99),
        "failed": int(np.isnan(latencies).sum()),
        "cpu_seconds": cpu,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--method", required=True)
    parser.add_argument("--requests", type=Path, required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    given = parser.parse_args()
    messages = list(read(given.requests))
    print(json.dumps(asyncio.run(load(given.port, given.method, messages, given.clients, given.seconds))))


if __name__ == "__main__":
    main()
