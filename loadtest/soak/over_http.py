"""Every question over every wire of HTTP: JSON, octets, Arrow, JSON lines, the Open Inference Protocol's two."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from loadtest.soak.questions import Exchange, Question
from loadtest.wire import Array, Message

JSON, OCTETS, LINES = "application/json", "application/octet-stream", "application/x-ndjson"
ARROW, METADATA = "application/vnd.apache.arrow.stream", "seriesmith"
HEADER_LENGTH = "inference-header-content-length"


def list_exchanges(question: Question) -> list[Exchange]:
    """The question over each wire that carries it."""
    path, infer = f"/{question.operation}", f"/v2/models/{question.fields['model']}.{question.operation}/infer"
    found = [
        _exchange(question, "JSON", path, _ask_json(question), _read_json),
        _exchange(question, "octet-stream", path, _ask_octets(question), _read_octets),
        _exchange(question, "Arrow", path, _ask_arrow(question), _read_arrow),
        _exchange(question, "v2 JSON", infer, _ask_v2_json(question), _read_v2),
        _exchange(question, "v2 binary", infer, _ask_v2_binary(question), _read_v2),
    ]
    if question.seeded:
        lines = _ask_json(question, accept=LINES)
        found.append(_exchange(question, "JSON lines", path, lines, _read_lines))
    return found


def _exchange(
    question: Question, wire: str, path: str, message: Message, read: Callable[[str, Message], Array]
) -> Exchange:
    return Exchange(question, wire, path, message, partial(_read_first, read, question.column))


def _read_first(read: Callable[[str, Message], Array], column: str, messages: Sequence[Message]) -> Array:
    return read(column, messages[0])


def _write_json(fields: Mapping[str, Any]) -> bytes:
    return orjson.dumps(dict(fields), option=orjson.OPT_SERIALIZE_NUMPY)


def _without_series(question: Question) -> dict[str, Any]:
    return {name: value for name, value in question.fields.items() if name != "series"}


def _ask_json(question: Question, **headers: str) -> Message:
    return Message({"content-type": JSON, **headers}, _write_json(question.fields))


def _read_json(column: str, answer: Message) -> Array:
    return np.array(orjson.loads(answer.body)[column], np.float32)


def _read_lines(column: str, answer: Message) -> Array:
    lines = [orjson.loads(line) for line in answer.body.splitlines()]
    return np.array([value for line in lines for value in line.get(column, ())], np.float32)


def _ask_octets(question: Question) -> Message:
    values = question.fields.get("series")
    shape = {} if values is None else {"seriesmith-shape": ",".join(map(str, values.shape))}
    raw = b"" if values is None else values.astype("<f4").tobytes()
    return Message({"content-type": OCTETS, "accept": OCTETS, **shape}, raw + _write_json(_without_series(question)))


def _read_octets(column: str, answer: Message) -> Array:
    start = 0
    for name, dtype, shape in orjson.loads(answer.headers["seriesmith-arrays"]):
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if name == column:
            return np.frombuffer(answer.body[start : start + size], dtype).reshape(shape)
        start += size
    raise ValueError(f"the answer has no {column}")


def _ask_arrow(question: Question) -> Message:
    rest, columns, values = _without_series(question), {}, question.fields.get("series")
    if values is not None:
        columns["series"] = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values[0].size)
    if "labels" in rest:
        columns["labels"] = pa.array(rest.pop("labels"))
    table = pa.table(columns).replace_schema_metadata({METADATA: orjson.dumps(rest)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return Message({"content-type": ARROW, "accept": ARROW}, sink.getvalue().to_pybytes())


def _read_arrow(column: str, answer: Message) -> Array:
    found = pa.ipc.open_stream(answer.body).read_all().column(column).combine_chunks()
    if isinstance(found, pa.FixedShapeTensorArray):
        return np.asarray(found.to_numpy_ndarray(), np.float32)
    values: Array = found.flatten().to_numpy().astype(np.float32).reshape(len(found), -1)
    return values


def build_tensors(question: Question) -> list[tuple[str, str, list[int], Any]]:
    """Name, datatype, shape and values of each input of the protocol."""
    found: list[tuple[str, str, list[int], Any]] = []
    for name, value in question.fields.items():
        if name == "series":
            found.append((name, "FP32", list(value.shape), value))
        elif name == "labels":
            found.append((name, "BYTES", [len(value)], value))
        elif name != "model":
            found.append((name, "INT64", [1], np.array([value], np.int64)))
    return found


def build_raw_tensor(datatype: str, values: Any) -> bytes:
    """A tensor's values as the protocol's binary data."""
    if datatype == "BYTES":
        return b"".join(struct.pack("<I", len(text)) + text for text in map(str.encode, values))
    return np.ascontiguousarray(values).tobytes()


def _ask_v2_json(question: Question) -> Message:
    inputs = [
        {"name": name, "datatype": datatype, "shape": shape, "data": np.asarray(values).reshape(-1).tolist()}
        for name, datatype, shape, values in build_tensors(question)
    ]
    return Message({"content-type": JSON}, _write_json({"inputs": inputs, "outputs": [{"name": question.column}]}))


def _ask_v2_binary(question: Question) -> Message:
    inputs, behind = [], b""
    for name, datatype, shape, values in build_tensors(question):
        raw = build_raw_tensor(datatype, values)
        size = {"binary_data_size": len(raw)}
        inputs.append({"name": name, "datatype": datatype, "shape": shape, "parameters": size})
        behind += raw
    outputs = [{"name": question.column, "parameters": {"binary_data": True}}]
    head = _write_json({"inputs": inputs, "outputs": outputs})
    return Message({"content-type": OCTETS, HEADER_LENGTH: str(len(head))}, head + behind)


def _read_v2(column: str, answer: Message) -> Array:
    length = int(answer.headers.get(HEADER_LENGTH, len(answer.body)))
    (output,) = orjson.loads(answer.body[:length])["outputs"]
    if output["name"] != column:
        raise ValueError(f"the answer has {output['name']} in the place of {column}")
    values = output["data"] if "data" in output else np.frombuffer(answer.body[length:], "<f4")
    return np.asarray(values, np.float32).reshape(output["shape"])
