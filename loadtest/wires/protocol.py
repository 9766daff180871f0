"""The Open Inference Protocol v2 over HTTP: JSON, and its binary tensor extension."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson

from loadtest.wire import Array, Message, Wire

HEADER_LENGTH = "inference-header-content-length"
DTYPES = {"FP32": "<f4", "FP64": "<f8"}


def make_protocol_json(model: str) -> Wire:
    """Tensors as flat JSON lists; only the probabilities are asked for."""
    return Wire("v2 JSON", f"/v2/models/{model}/infer", _write_json, _read_json)


def make_protocol_binary(model: str) -> Wire:
    """Tensors as bytes behind a short JSON header, both ways."""
    return Wire("v2 binary", f"/v2/models/{model}/infer", _write_binary, _read_binary)


def _build_tensor(series: Array) -> dict[str, Any]:
    return {"name": "series", "shape": list(series.shape), "datatype": "FP32"}


def _write_json(series: Array) -> Message:
    asked = {"inputs": [_build_tensor(series) | {"data": series.reshape(-1)}], "outputs": [{"name": "probabilities"}]}
    return Message({"content-type": "application/json"}, orjson.dumps(asked, option=orjson.OPT_SERIALIZE_NUMPY))


def _write_binary(series: Array) -> Message:
    raw = series.astype("<f4").tobytes()
    asked = {
        "inputs": [_build_tensor(series) | {"parameters": {"binary_data_size": len(raw)}}],
        "outputs": [{"name": "probabilities", "parameters": {"binary_data": True}}],
    }
    head = orjson.dumps(asked)
    return Message({"content-type": "application/octet-stream", HEADER_LENGTH: str(len(head))}, head + raw)


def _find_output(outputs: list[dict[str, Any]]) -> dict[str, Any]:
    return next(output for output in outputs if output["name"] == "probabilities")


def _read_json(answer: Message) -> Array:
    output = _find_output(orjson.loads(answer.body)["outputs"])
    return np.array(output["data"], np.float32).reshape(output["shape"])


def _read_binary(answer: Message) -> Array:
    length = int(answer.headers[HEADER_LENGTH])
    outputs = orjson.loads(answer.body[:length])["outputs"]
    output, start = _find_output(outputs), length
    for before in outputs[: outputs.index(output)]:
        start += before["parameters"]["binary_data_size"]
    size = output["parameters"]["binary_data_size"]
    values = np.frombuffer(answer.body[start : start + size], DTYPES[output["datatype"]])
    return values.reshape(output["shape"]).astype(np.float32)
