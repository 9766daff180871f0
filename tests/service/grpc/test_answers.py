"""The same request has the same answer over gRPC as over HTTP, whole or in parts."""

from __future__ import annotations

from typing import Any

import grpc
import numpy as np
import pytest

from tests.service.bundles import Labelled, compute_relative_difference
from tests.service.grpc.conversation import OPERATIONS, answer, build_good, build_request, read_plain
from tests.service.server import Server
from tests.service.stubs import SeriesmithStub

GENERATING = ["sample", "augment"]


def assert_same(actual: Any, expected: Any, exact: bool) -> None:
    """Equal names, labels and counts; numbers bit for bit where `exact`, else within 1e-5."""
    if isinstance(expected, dict):
        assert actual.keys() == expected.keys()
        for name, value in expected.items():
            assert_same(actual[name], value, exact)
    elif isinstance(actual, np.ndarray):
        numbers = np.asarray(expected, np.float32)
        assert np.array_equal(actual, numbers) if exact else compute_relative_difference(actual, numbers) < 1e-5
    else:
        assert actual == (pytest.approx(expected, rel=1e-5) if isinstance(expected, float) and not exact else expected)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_answers_what_it_answers_over_http(
    server: Server, channel: grpc.Channel, cases: Labelled, operation: str
):
    fields = build_good(operation, cases)
    over_http = server.answer(operation, **{name + "_" * (name == "with"): value for name, value in fields.items()})
    assert_same(answer(channel, operation, **fields), _drop_absent(over_http), exact=operation in GENERATING)


def _drop_absent(value: Any) -> Any:
    """Without what is null, zero or an empty map: protobuf leaves it out."""
    if not isinstance(value, dict):
        return value
    return {
        name: inner if name in ("fallbacks", "acceptance") else _drop_absent(inner)
        for name, inner in value.items()
        if inner is not None and (isinstance(inner, list) or inner not in (0, {}))
    }


@pytest.mark.parametrize("operation", GENERATING)
def test_the_parts_of_a_stream_are_the_whole_answer(channel: grpc.Channel, cases: Labelled, operation: str):
    fields = build_good(operation, cases)
    whole = answer(channel, operation, **fields)
    first, *parts, last = [
        read_plain(part) for part in _stream(channel, operation)(build_request(operation, **fields), timeout=30)
    ]
    columns: dict[str, Any] = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    assert first.pop("n_cases") == len(columns["series"])
    for name in ("labels", "synthetic"):
        columns |= {name: columns[name].tolist()} if name in columns else {}
    assert_same(first | columns | last, whole, exact=True)


def _stream(channel: grpc.Channel, operation: str) -> Any:
    return getattr(SeriesmithStub(channel), f"{operation.title()}Stream")


@pytest.mark.parametrize("server", ["own"], indirect=True)
def test_the_parts_of_a_stream_fit_a_client_with_the_usual_limit(server: Server):
    """4 MiB a message; here 10 000 series come to 5 MB."""
    with grpc.insecure_channel(server.grpc) as usual:
        parts = _stream(usual, "sample")(build_request("sample", model="sines", counts={"1": 10_000}), timeout=60)
        assert sum(len(part.labels.number) for part in parts) == 10_000


def test_what_is_left_out_is_as_over_http(server: Server, channel: grpc.Channel, waves: np.ndarray):
    """No strategy, no labels, one channel without its axis: the defaults of the operation, not of protobuf."""
    fields = {"model": "unlabelled", "series": waves[:, 0], "seed": 3}
    over_grpc, over_http = answer(channel, "augment", **fields), server.answer("augment", **fields)
    assert np.array_equal(over_grpc["series"], np.asarray(over_http["series"], np.float32))
    assert len(answer(channel, "augment", **fields, include_original=False, strategy={"factor": 2.0})["series"]) == 8


def test_labels_are_answered_in_their_type_and_taken_as_text_too(channel: grpc.Channel, cases: Labelled):
    texts = [str(label) for label in cases.labels[:4]]
    fields = {"model": "sines", "series": cases.series[:4], "seed": 1}
    by_text, by_number = (answer(channel, "augment", **fields, labels=given) for given in (texts, cases.labels[:4]))
    assert by_text["labels"] == by_number["labels"] and {type(label) for label in by_text["labels"]} == {int}


def test_calls_are_counted_as_requests_are(server: Server, channel: grpc.Channel, cases: Labelled):
    def count(outcome: str) -> float:
        name = f'seriesmith_requests_total{{model="sines",operation="encode",outcome="{outcome}"}}'
        return server.read_metrics().get(name, 0)

    before = count("ok"), count("invalid_request")
    answer(channel, "encode", model="sines", series=cases.series[:3])
    with pytest.raises(grpc.RpcError):
        answer(channel, "encode", model="sines", series=cases.series[:3, :, :9])
    assert (count("ok"), count("invalid_request")) == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize("packing", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_messages_may_come_packed(channel: grpc.Channel, cases: Labelled, packing: grpc.Compression):
    request = build_request("encode", **build_good("encode", cases)).SerializeToString()
    encode = channel.unary_unary("/seriesmith.v1.Seriesmith/Encode")
    assert encode(request, compression=packing) == encode(request)


def test_large_messages_go_both_ways(channel: grpc.Channel, cases: Labelled):
    """5 MB: many frames, and more than the windows that a connection begins with."""
    series = np.tile(cases.series[:10], (1000, 1, 1))
    few, many = (
        answer(channel, "reconstruct", model="sines", series=given)["series"] for given in (series[:10], series)
    )
    assert many.shape == (10_000, 2, 64) and compute_relative_difference(many[-10:], few) < 1e-5
