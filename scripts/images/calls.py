"""Calls a server on both ports as its users do, and prints a JSON line for each claim that holds: a program of its own.

    python -m scripts.images.calls <claims> [<models that must be served>]

The claims are names of functions of this module. It ends with a traceback where one does not hold.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import grpc
import httpx
import numpy as np
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tritonclient.grpc import InferenceServerClient, InferInput

from seriesmith import Client

HTTP, GRPC = "127.0.0.1:3000", "127.0.0.1:3001"
PATIENCE = 90.0
"""Seconds that a server may take to become ready."""

DRAINED_ROWS = 10_000
"""Series of the answer that is being streamed when the server is told to end: seconds' worth."""


def wait_ready(client: httpx.Client) -> int:
    """Return the status of /readyz once it is 200. Raises `TimeoutError`."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if (status := client.get("/readyz").status_code) == 200:
                return status
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    raise TimeoutError(f"not ready after {PATIENCE:g} s")


def ready(client: httpx.Client) -> None:
    """/readyz answers 200"""
    wait_ready(client)


def models(client: httpx.Client) -> None:
    """/models lists what it should, and refuses none"""
    expected = set(sys.argv[2].split(","))
    deadline = time.monotonic() + 10  # what was published a moment ago is taken up within two seconds
    while True:
        answer = client.get("/models").raise_for_status().json()
        served = {f"{card['name']}/{card['version']}" for card in answer["models"]}
        if served == expected or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    assert served == expected, answer
    assert not answer["refused"], answer


def sample(client: httpx.Client) -> None:
    """/sample answers over HTTP, and Sample over gRPC with the same series"""
    for model in sys.argv[2].split(","):  # each by name and version
        answer = client.post("/sample", json={"model": model, "n_per_class": 3, "seed": 7}).raise_for_status().json()
        with Client(f"grpc://{GRPC}") as ours:
            same = ours.sample(n_per_class=3, model=model, seed=7)
        assert len(same.series) >= 3, answer
        np.testing.assert_allclose(same.series, np.array(answer["series"]), rtol=1e-6)


def health(client: httpx.Client) -> None:
    """grpc.health.v1 says SERVING"""
    with grpc.insecure_channel(GRPC) as channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING, answer


def infer(client: httpx.Client) -> None:
    """the stock client of the Open Inference Protocol classifies over gRPC"""
    series = np.array(client.post("/sample", json={"model": "gunpoint", "n_per_class": 4}).json()["series"], np.float32)
    tensor = InferInput("series", list(series.shape), "FP32")
    tensor.set_data_from_numpy(series)
    answer = InferenceServerClient(GRPC).infer("gunpoint.classify", [tensor])
    probabilities = answer.as_numpy("probabilities")
    assert probabilities is not None, answer
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-4)


def drain(client: httpx.Client) -> None:
    """told to end, it is not ready any more, and what streams comes whole"""
    with Client(f"grpc://{GRPC}") as ours:
        parts = ours.sample_stream({"1": DRAINED_ROWS}, model="gunpoint", seed=1)
        rows = len(next(parts).series)
        print("streaming", flush=True)  # who reads this sends SIGTERM
        deadline = time.monotonic() + PATIENCE
        while (status := client.get("/readyz").status_code) == 200:
            assert time.monotonic() < deadline, "still ready"
        assert status == 503, status
        rows += sum(len(part.series) for part in parts)
    assert rows == DRAINED_ROWS, f"{rows} of {DRAINED_ROWS} series came"


def main(names: list[str]) -> None:
    """See the module."""
    with httpx.Client(base_url=f"http://{HTTP}", timeout=60, trust_env=False) as client:
        for name in names:
            claim: Callable[[httpx.Client], None] = globals()[name]
            claim(client)
            print(json.dumps(claim.__doc__), flush=True)


if __name__ == "__main__":
    main(sys.argv[1].split(","))
