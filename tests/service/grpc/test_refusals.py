"""What cannot be answered ends in a status that says what is wrong, in words and for programs."""

from __future__ import annotations

from typing import Any

import grpc
import numpy as np
import pytest

from service.proto import seriesmith_pb2 as messages
from tests.service.bundles import Labelled
from tests.service.grpc.conversation import answer, build_array, build_counts, build_request

STATUS = grpc.StatusCode


def call_refused(channel: grpc.Channel, method: str, request: Any, **options: Any) -> grpc.Call:
    """The failed call of a method, sent a message or bytes."""
    body = request if isinstance(request, bytes) else request.SerializeToString()
    with pytest.raises(grpc.RpcError) as raised:
        channel.unary_unary(f"/seriesmith.v1.Seriesmith/{method}")(body, **({"timeout": 30} | options))
    call: Any = raised.value
    return call


def assert_refused(call: grpc.Call, status: grpc.StatusCode, code: str, field: str | None, *words: str) -> None:
    """The one shape that failures have, with these facts and words in it."""
    trailers = dict(call.trailing_metadata() or ())
    assert call.code() is status, call.details()
    assert (trailers.get("seriesmith-code"), trailers.get("seriesmith-field")) == (code, field)
    assert call.details().endswith((".", "…"))
    for word in words:
        assert word in call.details(), call.details()


def _make_series(*shape: int) -> dict[str, Any]:
    return {"series": build_array(np.zeros(shape))}


CASE = _make_series(1, 2, 64)
NAN = {"series": build_array(np.full((1, 2, 64), np.nan))}
BOTH = messages.Strategy(factor=2, counts=build_counts({"1": 4}))
ONE = messages.Labels(number=[1])

MALFORMED: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("no series", "Encode", {}, "series", "missing"),
    ("another length", "Classify", _make_series(1, 2, 9), "series", "1 x 2 x 9"),
    ("not a number", "Classify", NAN, "series", "series[0][0][0]"),
    ("no cases", "Encode", _make_series(0, 2, 64), "series", "at least one"),
    ("too few values", "Encode", {"series": messages.Array(shape=[1, 2], values=bytes(9))}, "series", "[1, 2] and 9"),
    ("negative sizes", "Encode", {"series": messages.Array(shape=[-1, -2], values=bytes(8))}, "series", "[-1, -2]"),
    ("no shape", "Encode", {"series": messages.Array(values=bytes(4))}, "series", "shape []"),
    ("an unknown extra", "Classify", CASE | {"with": ["colour"]}, "with", "colour"),
    ("nothing asked for", "Sample", {}, "counts", "neither"),
    ("a label twice", "Sample", {"counts": build_counts({"1": 2}) * 2}, "counts", "twice"),
    ("a negative count", "Sample", {"counts": build_counts({"1": -2})}, "counts", "-2"),
    ("an endless factor", "Sample", {"n_per_class": 1, "expansion": np.inf}, "expansion", "inf"),
    ("two kinds of labels", "Augment", CASE | {"labels": messages.Labels(text=["1"], number=[2])}, "labels", "one of"),
    ("an empty strategy", "Augment", CASE | {"labels": ONE, "strategy": messages.Strategy()}, "strategy", "factor"),
    ("two strategies", "Augment", CASE | {"labels": ONE, "strategy": BOTH}, "strategy", "strategy"),
]


@pytest.mark.parametrize(
    ("method", "fields", "field", "words"), [row[1:] for row in MALFORMED], ids=[row[0] for row in MALFORMED]
)
def test_a_request_that_breaks_a_rule(channel: grpc.Channel, method: str, fields: dict, field: str, words: str):
    request = getattr(messages, f"{method}Request")(**({"model": "sines"} | fields))
    assert_refused(call_refused(channel, method, request), STATUS.INVALID_ARGUMENT, "invalid_request", field, words)


def test_a_model_that_is_not_there(channel: grpc.Channel):
    call = call_refused(channel, "Encode", messages.EncodeRequest(model="cosines", **CASE))
    assert_refused(call, STATUS.NOT_FOUND, "not_found", "model", "'cosines'", "sines, unlabelled")


def test_a_name_longer_than_a_trailer_is_refused_no_less(channel: grpc.Channel):
    call = call_refused(channel, "Encode", messages.EncodeRequest(model="é" * 9000, **CASE))
    assert_refused(call, STATUS.NOT_FOUND, "not_found", "model", "no model 'éé", " …")


def test_more_than_one_may_ask_for(channel: grpc.Channel):
    call = call_refused(channel, "Sample", messages.SampleRequest(model="sines", n_per_class=10_000))
    assert_refused(call, STATUS.RESOURCE_EXHAUSTED, "too_large", "n_per_class", "SERIESMITH_MAX_ROWS")


def test_bytes_that_are_no_message(channel: grpc.Channel):
    call = call_refused(channel, "Encode", b"\xff\xff\xff")
    assert_refused(call, STATUS.INVALID_ARGUMENT, "invalid_request", None, "no seriesmith.v1.EncodeRequest")


def test_a_method_that_is_not_there(channel: grpc.Channel):
    assert call_refused(channel, "Dream", b"").code() is STATUS.UNIMPLEMENTED


def test_a_model_without_the_graph(channel: grpc.Channel, waves: np.ndarray):
    call = call_refused(channel, "Classify", build_request("classify", model="unlabelled", series=waves))
    assert_refused(call, STATUS.FAILED_PRECONDITION, "unsupported_operation", None, "unlabelled")


def test_a_refusal_disturbs_no_neighbour(channel: grpc.Channel, cases: Labelled):
    alone = answer(channel, "classify", model="sines", series=cases.series[:2])["probabilities"]
    bad = channel.unary_unary("/seriesmith.v1.Seriesmith/Classify")
    futures = [bad.future(b"\xff", timeout=30) for _ in range(50)]
    assert np.allclose(answer(channel, "classify", model="sines", series=cases.series[:2])["probabilities"], alone)
    assert {future.code() for future in futures} == {STATUS.INVALID_ARGUMENT}
