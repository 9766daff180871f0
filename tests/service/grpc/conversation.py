"""How tests talk gRPC: the fields of a JSON request as a message, and an answer as what JSON would say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import numpy as np
from google.protobuf.message import Message

from service.proto import seriesmith_pb2 as messages
from tests.service.bundles import Labelled
from tests.service.server import Server
from tests.service.stubs import SeriesmithStub
from tests.service.test_refusals import CODES

OPERATIONS = [
    "encode",
    "reconstruct",
    "sample",
    "augment",
    "classify",
    "decode",
    "interpolate",
    "traverse",
    "neighbours",
]
ARRAYS = ("series", "latent", "start_series", "end_series", "start_latent", "end_latent")


@contextmanager
def connect(server: Server, **options: int) -> Iterator[grpc.Channel]:
    """A connection of its own."""
    given = [(f"grpc.{name}", value) for name, value in options.items()]
    alone = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(server.grpc, [*alone, *given]) as channel:
        yield channel


def build_request(operation: str, **fields: Any) -> Message:
    """A request of `operation`, from the fields that its JSON has."""
    message = getattr(messages, f"{operation.title()}Request")()
    for name, value in fields.items():
        if name in ARRAYS:
            getattr(message, name).CopyFrom(build_array(value))
        elif name.endswith("labels"):
            getattr(message, name).CopyFrom(build_labels(value))
        elif name == "axes":
            message.axes.extend(value)
        elif name == "counts":
            message.counts.extend(build_counts(value))
        elif name == "strategy":
            more = {"counts": build_counts(value["counts"])} if "counts" in value else value
            message.strategy.CopyFrom(messages.Strategy(**more))
        elif name == "with":
            getattr(message, name).extend(value)
        else:
            setattr(message, name, value)
    return message


def build_array(values: Any) -> messages.Array:
    """Nested lists as a message."""
    given = np.asarray(values, "<f4")
    return messages.Array(shape=given.shape, values=given.tobytes())


def build_labels(given: list[Any]) -> messages.Labels:
    """Labels as a message."""
    kind = "number" if all(isinstance(label, int) for label in given) else "text"
    return messages.Labels(**{kind: given})


def build_counts(given: dict[str, int]) -> list[messages.ClassCount]:
    """Counts by label as messages."""
    return [messages.ClassCount(class_label=label, count=count) for label, count in given.items()]


def read_plain(message: Message) -> dict[str, Any]:
    """The fields that an answer has, as JSON would have them; arrays as arrays."""
    return {field.name: _read_value(field, value) for field, value in message.ListFields()}


def _read_value(field: Any, value: Any) -> Any:
    kind = field.message_type
    if kind is None:
        return list(value) if field.is_repeated else value
    if kind.name == "Array":
        return np.frombuffer(value.values, "<f4").reshape(tuple(value.shape))
    if kind.name == "Indices":
        return np.array(value.values, np.int64).reshape(tuple(value.shape)).tolist()
    if kind.name == "Labels":
        return list(value.text or value.number)
    if isinstance(value, Message):
        return read_plain(value)
    return {key: read_plain(item) if isinstance(item, Message) else item for key, item in value.items()}


def answer(channel: grpc.Channel, operation: str, **fields: Any) -> dict[str, Any]:
    """What a good request is answered."""
    return read_plain(
        getattr(SeriesmithStub(channel), operation.title())(build_request(operation, **fields), timeout=30)
    )


def build_good(operation: str, cases: Labelled) -> dict[str, Any]:
    """The fields of a request that is answered, with everything that can be asked for."""
    if operation == "sample":
        return {"model": "sines", "counts": {"2": 70, "0": 3}, "seed": 7, "expansion": 1.5}
    if operation == "decode":
        return {"model": "sines", "latent": CODES, "with": ["typicality", "log_density"]}
    if operation == "interpolate":
        ways = {"start_series": cases.series[:3], "end_labels": [1, 0, 1], "method": "spherical", "ends": "start"}
        return {"model": "sines", "steps": 4, **ways}
    if operation == "traverse":
        return {"model": "sines", "labels": [2, 0], "axes": [3, 1], "steps": 3}
    fields: dict[str, Any] = {"model": "sines", "series": cases.series[:9]}
    more: dict[str, dict[str, Any]] = {
        "augment": {"labels": cases.labels[:9], "strategy": {"factor": 3.0}, "seed": 7, "include_original": True}
        | {"policy": "guided"},
        "reconstruct": {"with": ["timepoint_error"]},
        "classify": {"with": ["typicality"]},
    }
    return fields | more.get(operation, {})
