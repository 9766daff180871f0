"""How tests speak the protocol over HTTP: tensors as JSON or as binary data, and what comes back as arrays."""

from __future__ import annotations

import struct
from typing import Any

import httpx
import numpy as np
import orjson

from tests.service.server import Server

DATATYPES = {"f4": "FP32", "f8": "FP64", "i4": "INT32", "i8": "INT64", "b1": "BOOL"}
DTYPES = {datatype: dtype for dtype, datatype in DATATYPES.items()}


def build_tensor(name: str, values: Any, datatype: str = "", **more: Any) -> dict[str, Any]:
    """An input with its data as JSON, nested."""
    array = np.asarray(values)
    kind = datatype or DATATYPES.get(array.dtype.str[1:], "BYTES")
    return {"name": name, "shape": list(array.shape), "datatype": kind, "data": array.tolist(), **more}


def build_binary(name: str, array: np.ndarray) -> tuple[dict[str, Any], bytes]:
    """An input with binary data, and that."""
    if array.dtype.kind == "U":
        content = b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in array.reshape(-1).tolist())
    else:
        content = array.tobytes()
    described = build_tensor(name, np.zeros(0, array.dtype)) | {"shape": list(array.shape)}
    del described["data"]
    return described | {"parameters": {"binary_data_size": len(content)}}, content


def infer(server: Server, model: str, *inputs: Any, **document: Any) -> httpx.Response:
    """POST to a model's `/infer`, whose name may end in `/versions/…`; inputs: `build_tensor` or `build_binary`."""
    described = [one[0] if isinstance(one, tuple) else one for one in inputs]
    header = orjson.dumps({"inputs": described, **document})
    behind = b"".join(one[1] for one in inputs if isinstance(one, tuple))
    more = {"inference-header-content-length": str(len(header))} if behind else {}
    return server.http.post(f"/v2/models/{model}/infer", content=header + behind, headers=more)


def read_outputs(response: httpx.Response) -> dict[str, np.ndarray]:
    """The outputs of a good answer, by name."""
    assert response.status_code == 200, response.text
    length = int(response.headers.get("inference-header-content-length", len(response.content)))
    document, behind = orjson.loads(response.content[:length]), response.content[length:]
    found = {}
    for output in document["outputs"]:
        size = output.get("parameters", {}).get("binary_data_size")
        if size is None:
            data: Any = np.array(output["data"])
        else:
            content, behind = behind[:size], behind[size:]
            texts = output["datatype"] == "BYTES"
            data = np.array(_read_texts(content)) if texts else np.frombuffer(content, DTYPES[output["datatype"]])
        found[output["name"]] = data.reshape(output["shape"])
    assert not behind
    return found


def _read_texts(content: bytes) -> list[str]:
    texts, start = [], 0
    while start < len(content):
        (length,) = struct.unpack_from("<I", content, start)
        texts.append(content[start + 4 : start + 4 + length].decode())
        start += 4 + length
    return texts
