"""The same request over each of our wires, and its answer as JSON has it."""

from __future__ import annotations

from typing import Any

import httpx
import numpy as np
import orjson
import pyarrow as pa

from service.wires.wire import LARGE
from tests.service.server import Server

OCTETS, ARROW, LINES = "application/octet-stream", "application/vnd.apache.arrow.stream", "application/x-ndjson"
PARTS = "application/x-seriesmith-parts"
KEY = b"seriesmith"


def ask_over_octets(server: Server, operation: str, **fields: Any) -> dict[str, Any]:
    """Request and answer as octet-stream."""
    content, headers = write_octets(fields)
    response = server.send(operation, content, **headers, accept=OCTETS)
    assert response.status_code == 200, response.text
    return read_octets(response)


def write_octets(fields: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a request."""
    fields = {name.rstrip("_"): value for name, value in fields.items()}
    arrays = {name: np.asarray(fields.pop(name), "<f4") for name in LARGE if name in fields}
    rest = orjson.dumps(fields, default=np.ndarray.tolist)
    if not arrays:
        return rest, {"content_type": OCTETS}
    body = b"".join([*(values.tobytes() for values in arrays.values()), rest])
    if list(arrays) == ["series"]:
        return body, {"content_type": OCTETS, "seriesmith_shape": ",".join(map(str, arrays["series"].shape))}
    listed = [[name, "<f4", values.shape] for name, values in arrays.items()]
    return body, {"content_type": OCTETS, "seriesmith_arrays": orjson.dumps(listed).decode()}


def read_octets(response: httpx.Response) -> dict[str, Any]:
    """The fields of an answer."""
    assert response.headers["content-type"] == OCTETS
    answer: dict[str, Any] = {}
    body, start = response.content, 0
    for name, dtype, shape in orjson.loads(response.headers["seriesmith-arrays"]):
        kind = np.dtype(dtype)
        size = int(np.prod(shape)) * kind.itemsize
        answer[name] = np.frombuffer(body[start : start + size], kind).reshape(shape)
        start += size
    rest: dict[str, Any] = orjson.loads(body[start:])
    if "labels" in answer:
        answer["labels"] = [rest["classes"][index] for index in answer["labels"]]
    return answer | rest


def ask_over_arrow(server: Server, operation: str, **fields: Any) -> dict[str, Any]:
    """Request and answer as an Arrow IPC stream."""
    response = server.send(operation, write_arrow(fields), content_type=ARROW)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == ARROW
    return read_arrow(response.content)


def write_arrow(fields: dict[str, Any]) -> bytes:
    """A request; a stream of no columns where there are no series."""
    fields = {name.rstrip("_"): value for name, value in fields.items()}
    columns = {}
    for name in LARGE:
        if name in fields:
            values = np.ascontiguousarray(fields.pop(name), np.float32)
            kind = pa.fixed_shape_tensor(pa.float32(), values.shape[1:])
            storage = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values[0].size)
            columns[name] = pa.ExtensionArray.from_storage(kind, storage)
    for name in [name for name in fields if name.endswith("labels")]:
        columns[name] = pa.array(fields.pop(name))
    table = pa.table(columns).replace_schema_metadata({KEY: orjson.dumps(fields)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def read_arrow(content: bytes) -> dict[str, Any]:
    """The fields of an answer."""
    answer: dict[str, Any] = {}
    batches = []
    with pa.ipc.open_stream(content) as reader:
        answer |= orjson.loads(reader.schema.metadata[KEY])
        while True:
            try:
                batch, custom = reader.read_next_batch_with_custom_metadata()
            except StopIteration:
                break
            batches.append(batch)
            if custom:
                answer |= orjson.loads(custom[KEY])
    table = pa.Table.from_batches(batches)
    for name in table.column_names:
        column = table.column(name).combine_chunks()
        tensor = isinstance(column, pa.FixedShapeTensorArray)
        answer[name] = column.to_numpy_ndarray() if tensor else column.to_pylist()
    return answer


def ask_over_lines(server: Server, operation: str, **fields: Any) -> dict[str, Any]:
    """Generation asked for as JSON and answered line by line."""
    content = orjson.dumps({name.rstrip("_"): value for name, value in fields.items()}, default=np.ndarray.tolist)
    response = server.send(operation, content, accept=LINES)
    assert response.status_code == 200, response.text
    lines: list[dict[str, Any]] = [orjson.loads(line) for line in response.content.splitlines()]
    answer = lines[0] | lines[-1]
    for name in lines[1]:
        answer[name] = [value for line in lines[1:-1] for value in line[name]]
    return answer


def ask_over_parts(server: Server, operation: str, **fields: Any) -> dict[str, Any]:
    """Generation asked for as JSON and answered part by part."""
    content = orjson.dumps({name.rstrip("_"): value for name, value in fields.items()}, default=np.ndarray.tolist)
    response = server.send(operation, content, accept=PARTS)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == PARTS
    first, *middle, last = _read_parts(response.content)
    assert first.pop("arrays") == last.pop("arrays") == {}
    answer = first | last
    for name in middle[0]["arrays"]:
        answer[name] = np.concatenate([part["arrays"][name] for part in middle])
    return answer | {"labels": [answer["classes"][index] for index in answer["labels"]]}


def _read_parts(body: bytes) -> list[dict[str, Any]]:
    parts = []
    while body:
        size = int.from_bytes(body[:4], "little")
        part, body = orjson.loads(body[4 : 4 + size]), body[4 + size :]
        arrays = {}
        for name, dtype, shape in part["arrays"]:
            size = int(np.prod(shape)) * np.dtype(dtype).itemsize
            arrays[name], body = np.frombuffer(body[:size], dtype).reshape(shape), body[size:]
        parts.append(part | {"arrays": arrays})
    return parts
