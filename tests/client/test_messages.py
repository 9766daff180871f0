"""gRPC's messages carry what HTTP's bodies do: the same calls, the same fields of answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seriesmith import AugmentAnswer, ClassifyAnswer, InvalidRequest, Unexpected, operations
from seriesmith.calls import Call
from seriesmith.messages import decode_fields, encode_request, find_method
from seriesmith.v1 import seriesmith_pb2
from service import proto
from service.operations import OPERATIONS

SERIES = np.arange(6, dtype="<f4").reshape(2, 1, 3)


def test_the_procedures_are_those_of_the_service():
    service = seriesmith_pb2.DESCRIPTOR.services_by_name["Seriesmith"]
    ours = [
        find_method(Call(name, lambda fields: fields, parts=parts))
        for name, operation in OPERATIONS.items()
        for parts in ((False, True) if operation.stream is not None else (False,))
    ]
    assert sorted(ours) == sorted(f"/{service.full_name}/{one.name}" for one in service.methods)


def test_one_process_may_hold_the_stubs_of_both():
    from service.proto import seriesmith_pb2 as of_the_server

    assert proto and of_the_server.EncodeRequest is seriesmith_pb2.EncodeRequest


def test_a_request_is_the_message_of_its_fields():
    call = operations.augment(SERIES, ["a", "b"], strategy={"a": 3}, seed=2**53 - 1, model="m")
    expected = seriesmith_pb2.AugmentRequest(
        model="m",
        series=seriesmith_pb2.Array(shape=SERIES.shape, values=SERIES.tobytes()),
        labels=seriesmith_pb2.Labels(text=["a", "b"]),
        strategy=seriesmith_pb2.Strategy(counts=[seriesmith_pb2.ClassCount(class_label="a", count=3)]),
        seed=2**53 - 1,
        include_original=True,
        policy="auto",
    )
    assert seriesmith_pb2.AugmentRequest.FromString(encode_request(call)) == expected


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (operations.sample(n_per_class=2.5), "n_per_class"),  # type: ignore[arg-type]
        (operations.sample(n_per_class=1, seed=2**64), "seed"),
        (operations.sample({"a": 2**70}), "counts"),
        (operations.augment(SERIES, [0, 1], strategy="none such"), "strategy"),
    ],
)
def test_a_value_that_its_field_cannot_hold_is_refused_by_name(call: Call[Any], field: str):
    with pytest.raises(InvalidRequest, match=field) as caught:
        encode_request(call)
    assert caught.value.field == field


KINDS = ("deep_network", "random_convolutions", "nearest_neighbours", "features_and_trees")


def test_an_answer_keeps_zeros_and_leaves_out_what_is_absent():
    report = seriesmith_pb2.ClassReport(made_by="latent")
    message = seriesmith_pb2.AugmentAnswer(
        model="m",
        series=seriesmith_pb2.Array(shape=[1, 1, 2], values=bytes(8)),
        labels=seriesmith_pb2.Labels(number=[0]),
        synthetic=[False],
        sample_weight=seriesmith_pb2.Array(shape=[1], values=bytes(4)),
        advice=seriesmith_pb2.Advice(message="none"),
        usage=seriesmith_pb2.Usage(**dict.fromkeys(KINDS, seriesmith_pb2.Use(how="beside"))),
        report={"0": report},
    )
    call = operations.augment(SERIES)
    answer = call.read(decode_fields(call, message.SerializeToString()) | {"n_cases": 1})
    assert isinstance(answer, AugmentAnswer)
    assert (answer.version, answer.seed, answer.policy) == (0, 0, "")
    assert answer.labels.tolist() == [0] and answer.synthetic.dtype == bool and not answer.series.any()
    assert (answer.advice.use, answer.advice.uplift) == (None, None)
    assert (answer.report["0"].had, answer.report["0"].distance) == (0, None)
    assert (answer.usage.deep_network.weight, answer.usage.deep_network.how) == (0.0, "beside")


def test_a_part_has_its_cases_alone():
    call = operations.sample(n_per_class=1)
    part = seriesmith_pb2.SampleAnswer(series=seriesmith_pb2.Array(shape=[0, 1, 2]))
    assert list(decode_fields(call, part.SerializeToString())) == ["series"]


def test_fields_of_a_newer_server_are_left_alone():
    call = operations.classify(SERIES)
    labels, shares = seriesmith_pb2.Labels(text=["b"]), seriesmith_pb2.Array(shape=[1, 1], values=bytes(4))
    message = seriesmith_pb2.ClassifyAnswer(model="m", labels=labels, probabilities=shares, classes=labels)
    newer = message.SerializeToString() + b"\xfa\x01\x02hi" + b"\xf9\x01" + bytes(8)  # field 31, twice
    answer = call.read(decode_fields(call, newer))
    assert isinstance(answer, ClassifyAnswer) and answer.labels.tolist() == ["b"]


def test_what_is_no_message_is_unexpected():
    call = operations.encode(SERIES)
    shape = seriesmith_pb2.EncodeAnswer(model="m", posterior_mean=seriesmith_pb2.Array(shape=[9]))
    for body in (b"\x0a\xff", shape.SerializeToString()):
        with pytest.raises(Unexpected, match="cannot be read"):
            decode_fields(call, body)
