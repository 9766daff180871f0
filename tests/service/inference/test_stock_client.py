"""The protocol's stock client gets every operation's answer, over HTTP and gRPC, in each of its ways."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from google.protobuf import descriptor_pb2

from service.inference import EXTENSIONS
from service.proto import model_config_pb2, open_inference_pb2
from tests.service.bundles import OF_SINES, Labelled, compute_relative_difference
from tests.service.inference.conftest import Stock
from tests.service.server import Server
from tests.service.test_refusals import CODES

WAYS = [
    "http",
    "http json",
    "http gzip",
    "http deflate",
    "http json gzip",
    "http asyncio",
    "grpc",
    "grpc gzip",
    "grpc deflate",
    "grpc asyncio",
]
GENERATING = {"sample", "augment"}


def ask_over_json(server: Server, cases: Labelled, operation: str) -> dict[str, np.ndarray]:
    """What a JSON request like that of the stock client is answered, as the tensors that it would be."""
    series = cases.series[:9].astype(np.float32)
    fields: dict[str, dict[str, Any]] = {
        "encode": {"series": series},
        "reconstruct": {"series": series, "with_": ["timepoint_error"]},
        "classify": {"series": series, "with_": ["typicality"]},
        "complete": {"series": series[:3, :, :50], "seed": 7, "n": 2},
        "neighbours": {"series": series[:3], "k": 2},
        "interpolate": {"start_series": series[:3], "end_labels": ["1", "0", "1"], "method": "spherical"},
        "traverse": {"latent": CODES, "axes": [3, 1], "low": -1.0},
        "decode": {"latent": CODES, "with_": ["log_density", "typicality"]},
        "sample": {"counts": {"2": 70, "0": 3}, "seed": 7, "expansion": 1.5},
        "augment": {"series": series, "labels": cases.labels[:9], "strategy": {"factor": 3.0}, "seed": 7}
        | {"policy": "interpolation+warps"},
    }
    answer = server.answer(operation, model="sines", **fields[operation])
    if "advice" in answer:
        answer |= {f"advice_{part}": value for part, value in answer.pop("advice").items() if value is not None}
        judges = answer.pop("advice_judges")
        if judges:
            answer["advice_judges"] = list(judges)
            parts = next(iter(judges.values()))
            answer |= {f"advice_judges_{part}": [judge[part] for judge in judges.values()] for part in parts}
        uplift = answer.pop("advice_uplift", {})
        answer |= {f"advice_uplift_{part}": value for part, value in uplift.items()}
        for kind, use in answer.pop("usage").items():
            answer |= {f"usage_{kind}_{part}": value for part, value in use.items()}
    by_class = answer.pop("report", None)
    if by_class is not None:
        answer["class_label"] = list(by_class)
        answer |= {part: [of_class[part] for of_class in by_class.values()] for part in next(iter(by_class.values()))}
    elif "acceptance" in answer:
        answer["class_label"] = list(answer["acceptance"])
        answer |= {name: list(answer[name].values()) for name in ("acceptance", "fallbacks")}
    return {name: np.atleast_1d(value) for name, value in answer.items() if name not in ("model", "version")}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("operation", OF_SINES)
def test_every_operation_answers_what_it_answers_in_json(
    server: Server, cases: Labelled, stock: Stock, operation: str, way: str
):
    expected = ask_over_json(server, cases, operation)
    actual = stock.answer(operation, way)
    assert actual and actual.keys() <= expected.keys()
    for name, array in actual.items():
        if array.dtype.kind == "f":
            same = np.array_equal if operation in GENERATING else _close
            assert same(array, expected[name].astype(np.float32)), name
        else:
            assert array.astype(str).tolist() == expected[name].astype(str).tolist(), name


def _close(actual: np.ndarray, expected: np.ndarray) -> bool:
    return compute_relative_difference(actual, expected) < 1e-5


@pytest.mark.parametrize("transport", ["http", "grpc"])
def test_the_stock_client_learns_what_there_is(stock: Stock, transport: str):
    told = stock.told[transport]
    assert told["live"] and told["ready"] and told["model ready"]
    assert not told["another ready"] and not told["another version ready"]
    assert told["server"]["name"] == "seriesmith"
    assert told["server"]["extensions"] == EXTENSIONS
    assert told["model"] == told["version"] and told["model"]["versions"] == ["1"]
    inputs = {one["name"]: (one["datatype"], [int(size) for size in one["shape"]]) for one in told["model"]["inputs"]}
    assert inputs == {"series": ("FP32", [-1, 2, 64])}
    index = told["index"] if transport == "http" else told["index"]["models"]
    ready = {entry["name"] for entry in index if entry["state"] == "READY"}
    assert {f"sines.{operation}" for operation in OF_SINES} <= ready
    assert "unlabelled.sample" in ready and "unlabelled.classify" not in ready


@pytest.mark.parametrize("transport", ["http", "grpc"])
def test_the_stock_client_learns_how_a_model_is_configured(server: Server, stock: Stock, transport: str):
    told = stock.told[transport]["config"]
    config = told if transport == "http" else told["config"]
    assert config["name"] == "sines.classify" and int(config.get("max_batch_size", 0)) == 0
    assert [(one["name"], one["data_type"], list(map(int, one["dims"]))) for one in config["input"]] == [
        ("series", "TYPE_FP32", [-1, 2, 64])
    ]
    expected = server.get("/v2/models/sines.classify/config")
    assert [one["name"] for one in config["output"]] == [one["name"] for one in expected["output"]]


@pytest.mark.parametrize("transport", ["http", "grpc"])
def test_the_stock_client_learns_what_a_model_was_asked(stock: Stock, transport: str):
    (told,) = stock.told[transport]["statistics"]["model_stats"]
    assert (told["name"], told["version"]) == ("sines.classify", "1")
    assert int(told["inference_count"]) >= 9 * len(WAYS)  # the stock client's own
    success, computed = (told["inference_stats"][what] for what in ("success", "compute_infer"))
    assert int(success["count"]) >= len(WAYS) and int(success["ns"]) > 0 and int(computed["ns"]) > 0
    listed = [one["name"] for one in stock.told[transport]["all statistics"]["model_stats"]]
    assert {f"sines.{operation}" for operation in OF_SINES} <= set(listed)
    assert "unlabelled.classify" not in listed


def test_our_model_configuration_is_part_of_the_stock_clients(stock: Stock):
    published, ours = descriptor_pb2.FileDescriptorProto(), descriptor_pb2.FileDescriptorProto()
    published.ParseFromString((stock.folder / "configuration.bin").read_bytes())
    model_config_pb2.DESCRIPTOR.CopyToProto(ours)
    theirs = {message.name: {field.name: field for field in message.field} for message in published.message_type}
    for message in ours.message_type:
        for field in message.field:
            assert field == theirs[message.name][field.name], (message.name, field.name)
    assert list(ours.enum_type) == [kind for kind in published.enum_type if kind.name == "DataType"]


def test_our_messages_are_those_of_the_stock_client(stock: Stock):
    published, ours = descriptor_pb2.FileDescriptorProto(), descriptor_pb2.FileDescriptorProto()
    published.ParseFromString((stock.folder / "published.bin").read_bytes())
    open_inference_pb2.DESCRIPTOR.CopyToProto(ours)
    assert ours.package == published.package == "inference"
    theirs = {message.name: message for message in published.message_type}
    for message in ours.message_type:
        assert message == theirs[message.name], message.name
    methods = {method.name: method for method in published.service[0].method}
    assert ours.service[0].name == published.service[0].name
    for method in ours.service[0].method:
        assert method == methods[method.name], method.name
