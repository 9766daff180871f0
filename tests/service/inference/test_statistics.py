"""Triton's statistics extension: what a model was asked, and how long that took, the same over HTTP and gRPC.

Quoted from triton-inference-server/server, docs/protocol/extension_statistics.md.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service import metrics
from service.batcher import Batcher
from service.lane import Lane
from service.proto import open_inference_pb2 as messages
from tests.service.bundles import Labelled
from tests.service.inference.conversation import build_tensor, infer
from tests.service.inference.test_published_grpc import request
from tests.service.server import Server, call_at_once, run_server, wait_until


def read_statistics(server: Server, model: str) -> dict[str, Any]:
    """Of one model, flat: the durations of `inference_stats` as `<name>` and `<name> ns`."""
    found: dict[str, Any] = server.get(f"/v2/models/{model}/stats")["model_stats"][0]
    durations = found.pop("inference_stats")
    return found | {
        f"{name}{ending}": one[key] for name, one in durations.items() for key, ending in (("count", ""), ("ns", " ns"))
    }


def change(server: Server, model: str, before: dict[str, Any]) -> dict[str, int]:
    """What was counted since `before`."""
    after = read_statistics(server, model)
    return {name: value - before[name] for name, value in after.items() if type(value) is int}


def test_a_model_tells_what_it_was_asked_over_every_wire(server: Server, stub: Any, cases: Labelled):
    """ "inference_count", "execution_count", "success", "fail", "queue", "compute_infer"."""
    series = cases.series[:4].astype(np.float32)
    before = read_statistics(server, "sines.encode")
    assert infer(server, "sines.encode", build_tensor("series", series)).status_code == 200
    stub.ModelInfer(request("sines.encode", series))
    server.answer("encode", model="sines", series=series)
    assert infer(server, "sines.encode", build_tensor("series", series[:, :1])).status_code == 400
    counted = change(server, "sines.encode", before)
    assert (counted["success"], counted["fail"]) == (3, 1)
    assert (counted["inference_count"], counted["execution_count"]) == (12, 3)
    assert counted["queue"] == counted["compute_infer"] == 3
    assert counted["success ns"] > counted["compute_infer ns"] + counted["queue ns"] > counted["queue ns"] > 0
    assert counted["fail ns"] > 0
    for name in ("compute_input", "compute_output", "cache_hit", "cache_miss"):
        assert counted[name] == counted[f"{name} ns"] == 0


def test_grpc_says_what_http_says(server: Server, stub: Any):
    for name in ("", "sines.encode"):
        path = f"/v2/models/{name}/stats" if name else "/v2/models/stats"
        told = stub.ModelStatistics(messages.ModelStatisticsRequest(name=name))
        assert told == messages.ModelStatisticsResponse(**server.get(path))


def test_a_version_is_told_under_its_number(server: Server):
    (found,) = server.get("/v2/models/sines.encode/versions/1/stats")["model_stats"]
    assert (found["name"], found["version"]) == ("sines.encode", "1")


def test_what_is_generated_counts_for_the_operation_that_generates(server: Server, cases: Labelled):
    before = {operation: read_statistics(server, f"sines.{operation}") for operation in ("sample", "augment")}
    server.answer("sample", model="sines", n_per_class=2)
    counted = change(server, "sines.sample", before["sample"])
    assert (counted["success"], counted["inference_count"], counted["execution_count"]) == (1, 6, 3)
    assert counted["queue"] == 3 and counted["compute_infer ns"] > 0
    assert not any(change(server, "sines.augment", before["augment"]).values())


def test_typicality_is_computed_for_classify(server: Server, cases: Labelled):
    before = read_statistics(server, "sines.classify")
    server.answer("classify", model="sines", series=cases.series[:1], with_=["typicality"])
    assert change(server, "sines.classify", before)["execution_count"] == 2


def test_statistics_are_those_of_all_workers(repository: Path, tmp_path: Path, cases: Labelled):
    with run_server(tmp_path, repository, workers=2) as server:
        call_at_once([lambda: server.answer("encode", model="sines", series=cases.series[:2])] * 40, threads=8)
        wait_until(
            lambda: read_statistics(server, "sines.encode")["success"] == 40,
            seconds=5,
            what="the other worker's numbers",
        )
        for _ in range(10):
            found = read_statistics(server, "sines.encode")
            assert (found["success"], found["inference_count"]) == (40, 80)


def test_waiting_is_measured_from_when_a_request_is_queued_to_its_graph_call():
    """The second of two batches waits for as long as the first takes."""
    seconds = 0.05

    async def submit() -> None:
        lane = Lane(100)
        batcher = Batcher(lambda rows: (rows,), lane, 1, "wait", "measured")
        blocked = lane.run(lambda: time.sleep(seconds))
        await asyncio.gather(blocked, *[batcher.submit(np.zeros((1, 1), np.float32)) for _ in range(2)])
        lane.close()

    before = metrics.queue_seconds.read().get(("wait", "measured"), [0.0, 0.0])
    asyncio.run(submit())
    count, waited = np.subtract(metrics.queue_seconds.read()["wait", "measured"], before)
    assert count == 2 and 2 * seconds * 0.9 < waited < 2 * seconds + 1


@pytest.mark.parametrize("count", [1, 3])
def test_a_sum_adds_things_and_their_seconds(count: int):
    both = metrics.Sum("seriesmith_test_seconds", "Of this test.", ("what",))
    try:
        both.add(("a",), count, 0.5)
        both.add(("a",), 1, 0.25)
        assert both.read() == {("a",): [count + 1, 0.75]}
    finally:
        del metrics.INSTRUMENTS["seriesmith_test_seconds"]
