"""The Open Inference Protocol over HTTP, as JSON and as binary tensors, and paths."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.service.bad_input.bad import CASE, HUGE, VALUES, Bad

TENSOR: dict[str, Any] = {"name": "series", "datatype": "FP32", "shape": [1, 2, 64], "data": [CASE]}


def _write_inputs(*inputs: Any, **document: Any) -> bytes:
    return json.dumps({"inputs": list(inputs), **document}).encode()


def _build_input(name: str, datatype: str, shape: list[Any], data: Any) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape, "data": data}


def list_inference_json() -> Iterator[Bad]:
    rows: list[tuple[str, str, bytes, int, str]] = [
        ("nothing", "encode", b"", 400, "not valid JSON"),
        (
            "a million labels",
            "augment",
            _write_inputs(TENSOR, _build_input("labels", "BYTES", [10**6], ["1"])),
            413,
            "1000000 elements",
        ),
        (
            "a billion values",
            "encode",
            _write_inputs(_build_input("series", "FP32", [10**7, 2, 64], [1.0])),
            413,
            "1280000000 elements",
        ),
        ("a list", "encode", b"[]", 400, "send a JSON object"),
        ("1000 lists deep", "encode", b'{"id":' + b"[" * 1000 + b"]" * 1000 + b"}", 400, "'inputs' is missing"),
        ("no inputs", "encode", b"{}", 400, "'inputs' is missing"),
        ("inputs as text", "encode", b'{"inputs": "x"}', 400, "'inputs' is missing"),
        ("an input 900 deep", "encode", b'{"inputs": [' + b"[" * 900 + b"]" * 900 + b"]}", 400, "an input is"),
        ("65 inputs", "encode", _write_inputs(*[TENSOR] * 65), 400, "65 inputs"),
        ("20000 inputs", "encode", _write_inputs(*[{}] * 20_000), 400, "20000 inputs"),
        ("100000 inputs", "encode", _write_inputs(*[{}] * 100_000), 413, "values"),
        ("65 outputs", "encode", _write_inputs(TENSOR, outputs=[{"name": "x"}] * 65), 400, "65 outputs"),
        ("an input twice", "encode", _write_inputs(TENSOR, TENSOR), 400, "came twice"),
        ("an unknown input", "encode", _write_inputs(TENSOR | {"name": "x"}), 400, "no input 'x'"),
        ("a name of 100 kB", "encode", _write_inputs(TENSOR | {"name": "x" * 10**5}), 400, "no input"),
        ("an unknown datatype", "encode", _write_inputs(TENSOR | {"datatype": "BF16"}), 400, "'BF16'"),
        ("a datatype of 100 kB", "encode", _write_inputs(TENSOR | {"datatype": "x" * 10**5}), 400, "datatype"),
        ("a negative size", "encode", _write_inputs(TENSOR | {"shape": [-1, 2, 64]}), 400, "at most 8 sizes"),
        ("nine sizes", "encode", _write_inputs(TENSOR | {"shape": [1] * 9}), 400, "at most 8 sizes"),
        ("100000 sizes", "encode", _write_inputs(TENSOR | {"shape": [1] * 10**5}), 413, "values"),
        ("a size with a fraction", "encode", _write_inputs(TENSOR | {"shape": [0.5]}), 400, "at most 8 sizes"),
        ("a size of 2^40", "encode", _write_inputs(TENSOR | {"shape": [2**40]}), 400, "at most 8 sizes"),
        ("a size beyond 64 bits", "encode", _write_inputs(TENSOR | {"shape": [HUGE]}), 400, "at most 8 sizes"),
        ("a size as text", "encode", _write_inputs(TENSOR | {"shape": ["1"]}), 400, "at most 8 sizes"),
        (
            "shape 0 x 2 x 64",
            "encode",
            _write_inputs(_build_input("series", "FP32", [0, 2, 64], [])),
            400,
            "at least one case",
        ),
        (
            "shape 1 x 0 x 64",
            "encode",
            _write_inputs(_build_input("series", "FP32", [1, 0, 64], [])),
            400,
            "1 x 0 x 64",
        ),
        ("no axes", "encode", _write_inputs(_build_input("series", "FP32", [], [1.0])), 400, "two or three axes"),
        ("data as text", "encode", _write_inputs(TENSOR | {"data": "x"}), 400, "has no data"),
        ("data of another kind", "encode", _write_inputs(TENSOR | {"data": ["x"] * 128}), 400, "takes numbers"),
        ("data with a null", "encode", _write_inputs(TENSOR | {"data": [None] * 128}), 400, "is nan"),
        ("ragged data", "encode", _write_inputs(TENSOR | {"data": [[1, 2], [1]]}), 400, "ragged"),
        ("too few elements", "encode", _write_inputs(TENSOR | {"data": [1.0]}), 400, "takes 128 elements"),
        (
            "large data, one missing",
            "encode",
            _write_inputs(_build_input("series", "FP32", [200, 2, 64], [0.5] * 25_599)),
            400,
            "25599 came",
        ),
        (
            "large data with a null",
            "encode",
            _write_inputs(_build_input("series", "FP32", [200, 2, 64], [0.5] * 25_599 + [None])),
            400,
            "series[199][1][63] is nan",
        ),
        (
            "large data with text",
            "encode",
            _write_inputs(_build_input("series", "FP32", [200, 2, 64], [0.5] * 25_599 + ["x"])),
            400,
            "char",
        ),
        (
            "large nested data",
            "encode",
            _write_inputs(_build_input("series", "FP32", [200, 64, 2], [CASE] * 200)),
            400,
            "nested",
        ),
        (
            "many integers",
            "sample",
            _write_inputs(_build_input("n_per_class", "INT64", [20_000], [1] * 20_000)),
            400,
            "20000 elements",
        ),
        (
            "an integer out of range",
            "sample",
            _write_inputs(_build_input("n_per_class", "INT8", [1], [300])),
            400,
            "out of the range",
        ),
        (
            "an unsigned below zero",
            "sample",
            _write_inputs(_build_input("n_per_class", "UINT8", [1], [-1])),
            400,
            "out of the range",
        ),
        (
            "an integer beyond 64 bits",
            "sample",
            _write_inputs(_build_input("n_per_class", "INT64", [1], [HUGE])),
            400,
            "",
        ),
        (
            "an integer with a fraction",
            "sample",
            _write_inputs(_build_input("n_per_class", "INT64", [1], [1.5])),
            400,
            "takes integers",
        ),
        (
            "a negative count",
            "sample",
            _write_inputs(_build_input("n_per_class", "INT64", [1], [-1])),
            400,
            "n_per_class is -1",
        ),
        (
            "two counts",
            "sample",
            _write_inputs(_build_input("n_per_class", "INT64", [2], [1, 2])),
            400,
            "has 2 elements",
        ),
        ("no count", "sample", _write_inputs(_build_input("n_per_class", "INT64", [0], [])), 400, "has 0 elements"),
        (
            "labels as a square",
            "augment",
            _write_inputs(TENSOR, _build_input("labels", "BYTES", [2, 2], ["1"] * 4)),
            400,
            "one axis",
        ),
        (
            "labels of floats",
            "augment",
            _write_inputs(TENSOR, _build_input("labels", "FP32", [1], [1.0])),
            400,
            "send BYTES",
        ),
        (
            "labels of numbers as text",
            "augment",
            _write_inputs(TENSOR, _build_input("labels", "BYTES", [1], [1])),
            400,
            "BYTES takes text",
        ),
        (
            "half a count",
            "sample",
            _write_inputs(_build_input("class_label", "BYTES", [1], ["1"])),
            400,
            "without count",
        ),
        (
            "a class twice",
            "sample",
            _write_inputs(
                _build_input("class_label", "BYTES", [2], ["1", "1"]), _build_input("count", "INT64", [2], [1, 1])
            ),
            400,
            "twice",
        ),
        (
            "data beside binary data",
            "encode",
            _write_inputs(TENSOR | {"parameters": {"binary_data_size": 0}}),
            400,
            "one of the two",
        ),
        (
            "a size that is text",
            "encode",
            _write_inputs(TENSOR | {"parameters": {"binary_data_size": "1"}}),
            400,
            "binary_data_size of '1'",
        ),
        (
            "a size that is NaN-like",
            "encode",
            _write_inputs(TENSOR | {"parameters": {"binary_data_size": 1e300}}),
            400,
            "binary_data_size",
        ),
        (
            "a size beyond the body",
            "encode",
            _write_inputs(TENSOR | {"parameters": {"binary_data_size": 2**40}}),
            400,
            "bytes are left",
        ),
        ("parameters as a list", "encode", _write_inputs(TENSOR | {"parameters": []}), 400, "parameters is []"),
        (
            "shared memory",
            "encode",
            _write_inputs(TENSOR | {"parameters": {"shared_memory_region": "x"}}),
            400,
            "lacks that extension",
        ),
        ("parameters of all as text", "encode", _write_inputs(TENSOR, parameters="x"), 400, "parameters is 'x'"),
        ("an id that is a number", "encode", _write_inputs(TENSOR, id=3), 400, "id is 3"),
        ("an unknown output", "encode", _write_inputs(TENSOR, outputs=[{"name": "x"}]), 400, "no output 'x'"),
        ("an output as text", "encode", _write_inputs(TENSOR, outputs=["x"]), 400, "an output asked for is 'x'"),
        (
            "classification",
            "classify",
            _write_inputs(TENSOR, outputs=[{"name": "labels", "parameters": {"classification": 1}}]),
            400,
            "lacks",
        ),
    ]
    for name, operation, body, status, words in rows:
        yield Bad(
            f"v2 {operation}: {name}", f"/v2/models/sines.{operation}/infer", body, status, (words,) if words else ()
        )


def list_inference_binary() -> Iterator[Bad]:
    def describe(size: Any, datatype: str = "FP32", shape: Any = (1, 2, 64), name: str = "series") -> bytes:
        tensor = {"name": name, "datatype": datatype, "shape": list(shape), "parameters": {"binary_data_size": size}}
        return json.dumps({"inputs": [tensor]}).encode()

    values = VALUES.tobytes()
    texts = b"\x01\0\0\0"
    head = describe(512)
    million = describe(4 * 10**6, "BYTES", [2])
    rows: list[tuple[str, bytes, str | None, str]] = [
        ("a length of 5000 digits", head + values, "1" * 5000, "Inference-Header-Content-Length"),
        ("a length as text", head + values, "x", "Inference-Header-Content-Length is 'x'"),
        ("a negative length", head + values, "-1", "Inference-Header-Content-Length"),
        ("a length beyond the body", head + values, "9999", "Inference-Header-Content-Length"),
        ("a length of 0", head + values, "0", "not valid JSON"),
        ("a length that is short", head + values, "10", "not valid JSON"),
        ("no length", head + values, None, "not valid JSON"),
        ("too few bytes", describe(512) + values[:-1], str(len(head)), "bytes are left"),
        ("too many bytes", describe(512) + values + b"x", str(len(head)), "1 bytes are left behind"),
        ("another size", describe(508) + values[:-4], str(len(head)), "takes 512 bytes"),
        ("NaN", describe(512) + b"\xff" * 512, str(len(head)), "is nan"),
        (
            "an element of BYTES cut off",
            describe(4, "BYTES", [1]) + texts,
            str(len(describe(4, "BYTES", [1]))),
            "within an element",
        ),
        (
            "BYTES of 3 bytes",
            describe(3, "BYTES", [1]) + texts[:3],
            str(len(describe(3, "BYTES", [1]))),
            "length before it",
        ),
        (
            "BYTES that are not UTF-8",
            describe(5, "BYTES", [1]) + texts + b"\xff",
            str(len(describe(5, "BYTES", [1]))),
            "UTF-8",
        ),
        ("a million texts of nothing", million + bytes(4 * 10**6), str(len(million)), "3 came"),
        (
            "2^31 rows of nothing",
            describe(0, "FP32", [2**31 - 1, 0, 0]),
            str(len(describe(0, "FP32", [2**31 - 1, 0, 0]))),
            "",
        ),
    ]
    for name, body, length, words in rows:
        headers = {} if length is None else {"inference-header-content-length": length}
        status = 413 if "2^31" in name else 400
        path = "/v2/models/sines.encode/infer"
        yield Bad(f"v2 binary: {name}", path, body, status, (words,) if words else (), headers=headers)


def list_paths() -> Iterator[Bad]:
    long = "a" * 300
    rows: list[tuple[str, str, bytes, int]] = [
        ("GET", "/models/cosines", b"", 404),
        ("GET", f"/models/{long}", b"", 404),
        ("GET", "/models/sines/1", b"", 404),
        ("GET", "/models/%00", b"", 404),
        ("GET", "/models/%ff", b"", 404),
        ("GET", "/models/../etc", b"", 404),
        ("POST", "/models", b"", 405),
        ("DELETE", "/models/sines", b"", 405),
        ("GET", "/encode", b"", 405),
        ("PUT", "/sample", b"{}", 405),
        ("POST", "/docs.json", b"", 405),
        ("GET", "/nothing", b"", 404),
        ("GET", "/v2/nothing", b"", 404),
        ("POST", "/v2/models/stats", b"{}", 405),
        ("GET", "/v2/models/sines/stats", b"", 404),
        ("GET", "/v2/models/cosines.encode/stats", b"", 404),
        ("GET", "/v2/models/unlabelled.classify/stats", b"", 422),
        ("GET", "/v2/models/sines.encode/versions/7/stats", b"", 404),
        ("GET", f"/v2/models/{long}.encode/stats", b"", 404),
        ("DELETE", "/v2/models/sines.encode/stats", b"", 405),
        ("GET", "/v2/models/sines/config", b"", 404),
        ("POST", "/v2/models/sines.encode/config", b"{}", 405),
        ("GET", "/v2/trace/setting", b"", 404),
        ("GET", "/v2/systemsharedmemory/status", b"", 404),
        ("POST", "/v2/cudasharedmemory/region/x/register", b"{}", 404),
        ("POST", "/v2", b"{}", 405),
        ("GET", "/v2/models/cosines.encode", b"", 404),
        ("GET", "/v2/models/sines", b"", 404),
        ("GET", "/v2/models/sines.encode/versions/7", b"", 404),
        ("GET", f"/v2/models/sines.encode/versions/{'1' * 5000}", b"", 404),
        ("GET", f"/v2/models/{long}.encode", b"", 404),
        ("GET", f"/v2/models/{long}.encode/ready", b"", 404),
        ("POST", f"/v2/models/{long}.encode/infer", _write_inputs(TENSOR), 404),
        ("POST", "/v2/models/%00.encode/infer", _write_inputs(TENSOR), 404),
        ("POST", "/v2/models/sines.dream/infer", _write_inputs(TENSOR), 404),
        ("GET", "/v2/models/sines.encode/infer", b"", 405),
        ("POST", "/v2/models/unlabelled.classify/infer", _write_inputs(TENSOR), 422),
        ("GET", "/v2/repository/index", b"", 405),
        ("POST", "/v2/repository/index", b"[]", 400),
        ("POST", "/v2/repository/index", b"x", 400),
        ("POST", "/v2/repository/index", b" " * 100_000, 413),
    ]
    for method, path, body, status in rows:
        yield Bad(f"{method} {path[:20]}…{path[-40:]} {body[:9]!r}", path, body, status, method=method)
