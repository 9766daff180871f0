"""Requests that cannot be answered, over every endpoint and wire, each with its status and words that it must hear."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import zstandard

from service.proto import open_inference_pb2 as inference
from service.proto import seriesmith_pb2 as typed
from tests.service.wires import ARROW, KEY, OCTETS

INFER = "/inference.GRPCInferenceService/ModelInfer"
TYPED = "/seriesmith.v1.Seriesmith/"

SERIES_OPERATIONS = ("encode", "reconstruct", "classify", "augment")
OPERATIONS = (*SERIES_OPERATIONS, "sample")

ROW = [0.5] * 64
CASE = [ROW, ROW]
VALUES = np.full((1, 2, 64), 0.5, "<f4")
HUGE = 10**30
"""Beyond 64 bits."""


@dataclass(frozen=True)
class Bad:
    """A request over HTTP (`method`, `path`) or gRPC (`path` alone), and what it is answered.

    That is an HTTP status or the name of a gRPC code, the field `at` fault where there is one, and words.
    """

    name: str
    path: str
    body: bytes
    status: int | str
    words: tuple[str, ...] = ()
    at: str | None = None
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)


def list_cases() -> list[Bad]:
    """All of them."""
    makers = (
        _list_bodies,
        _list_fields,
        _list_series,
        _list_generating,
        _list_octets,
        _list_arrow,
        _list_codings,
        _list_inference_json,
        _list_inference_binary,
        _list_paths,
        _list_typed,
        _list_inference_grpc,
    )
    return [bad for maker in makers for bad in maker()]


def build_good(operation: str) -> dict[str, Any]:
    """The fields of a request that is answered."""
    if operation == "sample":
        return {"model": "sines", "n_per_class": 1}
    return {"model": "sines", "series": [CASE]} | ({"labels": [1]} if operation == "augment" else {})


def _write_json(operation: str, changes: dict[str, Any]) -> bytes:
    return json.dumps(build_good(operation) | changes).encode()


def _list_bodies() -> Iterator[Bad]:
    """Of no operation in particular."""
    raw: list[tuple[str, bytes, str]] = [
        ("nothing", b"", "not valid JSON"),
        ("a byte order mark", b"\xef\xbb\xbf{}", "not valid JSON"),
        ("UTF-16", json.dumps(build_good("sample")).encode("utf-16"), "not valid JSON"),
        ("invalid UTF-8", b'{"model": "\xff"}', "not valid JSON"),
        ("a lone surrogate", b'{"model": "\\ud800"}', "not valid JSON"),
        ("trailing garbage", b'{"model": "sines"} x', "not valid JSON"),
        ("two objects", b"{}{}", "not valid JSON"),
        ("a list", b"[]", "not a JSON object"),
        ("a number", b"3", "not a JSON object"),
        ("single quotes", b"{'model': 'sines'}", "not valid JSON"),
        ("1000 lists deep", b'{"model": ' + b"[" * 1000 + b"]" * 1000 + b"}", ""),
        ("100000 lists deep", b'{"model": ' + b"[" * 100_000, ""),
        ("1000 objects deep", b'{"model": ' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"}", "model is"),
        ("a number beyond double", b'{"seed": 1e400}', "not valid JSON"),
        ("a NUL in a name", b'{"\\u0000": 1}', "takes: model"),
        ("an empty name", b'{"": 1}', "takes: model"),
        ("a name of 100 kB", b'{"' + b"x" * 100_000 + b'": 1}', "takes: model"),
    ]
    for operation in OPERATIONS:
        for name, body, words in raw:
            status = 413 if "100000" in name else 400
            yield Bad(f"{operation}: {name}", f"/{operation}", body, status, (words,) if words else ())


def _list_fields() -> Iterator[Bad]:
    """That every operation has."""
    rows: list[tuple[str, dict[str, Any], int, str, str]] = [
        ("an unknown model", {"model": "cosines"}, 404, "model", "no model 'cosines'"),
        ("a model of 300 letters", {"model": "a" * 300}, 404, "model", "no model"),
        ("a model of 100 kB", {"model": "a" * 100_000}, 404, "model", "no model"),
        ("a NUL in a model", {"model": "sines\0"}, 404, "model", "no model"),
        ("a version of 5000 digits", {"model": "sines/" + "1" * 5000}, 404, "model", "no version"),
        ("a negative version", {"model": "sines/-1"}, 404, "model", "no version '-1'"),
        ("a number as model", {"model": 3}, 400, "model", "model is 3"),
        ("a list as model", {"model": ["sines"]}, 400, "model", "model is ['sines']"),
        ("an integer of 100 bits as model", {"model": HUGE}, 400, "model", "model is 1e+30"),
        ("an unknown field", {"colour": 1}, 400, "colour", "'colour' is not a field"),
    ]
    for operation in OPERATIONS:
        for name, changes, status, field_, words in rows:
            body = _write_json(operation, changes)
            yield Bad(f"{operation}: {name}", f"/{operation}", body, status, (words,), field_)
    for operation in ("classify", "reconstruct"):
        for name, extra in (
            ("text", "x"),
            ("an unknown name", ["x"]),
            ("null", None),
            ("a list", [[]]),
            ("many", ["x"] * 9000),
        ):
            yield Bad(
                f"{operation}: with {name}",
                f"/{operation}",
                _write_json(operation, {"with": extra}),
                400,
                ("with",),
                "with",
            )


def _list_series() -> Iterator[Bad]:
    rows: list[tuple[str, Any, int, str]] = [
        ("missing cases", [], 400, "zero cases"),
        ("null", None, 400, "null"),
        ("text", "1,2", 400, "the string '1,2'"),
        ("an object", {"a": 1}, 400, "an object"),
        ("flat", ROW, 400, "a list was expected"),
        ("a null", [[ROW, [*ROW[1:], None]]], 400, "series[0][1][63] is null"),
        ("a boolean", [[ROW, [True, *ROW[1:]]]], 400, "the boolean 'True'"),
        ("a number as text", [[ROW, ["1", *ROW[1:]]]], 400, "the string '1'"),
        ("an object inside", [[ROW, [{}, *ROW[1:]]]], 400, "an object"),
        ("ragged", [[ROW, ROW[1:]]], 400, "ragged"),
        ("four axes", [[CASE]], 400, "is a list"),
        ("no channels", [[]], 400, "series"),
        ("no timepoints", [[[], []]], 400, "1 x 2 x 0"),
        ("another length", [[ROW[1:], ROW[1:]]], 400, "Resample to 64"),
        ("three channels", [[ROW] * 3], 400, "1 x 3 x 64"),
        ("two axes", [ROW], 400, "2 axes"),
        ("1e39", [[ROW, [1e39, *ROW[1:]]]], 400, "no finite 32-bit number"),
        ("an integer of 200 digits", [[ROW, [10**200, *ROW[1:]]]], 400, "no finite 32-bit number"),
        ("too many cases", [[[1]]] * 10_001, 413, "SERIESMITH_MAX_ROWS"),
        ("far too many cases", [[[1]]] * 50_000, 413, "SERIESMITH_MAX_ROWS"),
        ("a large array with a gap", [CASE] * 200 + [[ROW, [*ROW[1:], None]]], 400, "series[200][1][63] is null"),
        ("a large array with text", [CASE] * 200 + [[ROW, [*ROW[1:], "x"]]], 400, "series[200][1][63] is the string"),
        ("a large ragged array", [CASE] * 200 + [[ROW, ROW[1:]]], 400, "timepoints range from 63 to 64"),
        ("a large flat array", ROW * 100, 400, "a list was expected"),
        ("a deep large array", [[CASE] * 200], 400, "is a list"),
        ("60000 empty lists", [[]] * 60_000, 413, ""),
    ]
    for operation in SERIES_OPERATIONS:
        for name, series, status, words in rows:
            body = _write_json(operation, {"series": series})
            yield Bad(
                f"{operation}: series {name}", f"/{operation}", body, status, (words,), "series" if words else None
            )


def _list_generating() -> Iterator[Bad]:
    both: list[tuple[str, dict[str, Any], int, str, str]] = [
        ("a negative seed", {"seed": -1}, 400, "seed", "seed is -1"),
        ("a seed beyond 2^53", {"seed": 2**53}, 400, "seed", "seed is"),
        ("a seed beyond 64 bits", {"seed": HUGE}, 400, "seed", "seed is"),
        ("a seed with a fraction", {"seed": 1.5}, 400, "seed", "seed is 1.5"),
        ("a seed as text", {"seed": "1"}, 400, "seed", "seed is '1'"),
        ("a seed that is true", {"seed": True}, 400, "seed", "seed is True"),
        ("an expansion of 0", {"expansion": 0}, 400, "expansion", "expansion is 0"),
        ("an expansion of 1e300", {"expansion": 1e300}, 400, "expansion", "expansion is"),
        ("an expansion as text", {"expansion": "1"}, 400, "expansion", "expansion is '1'"),
    ]
    for operation in ("sample", "augment"):
        for name, changes, status, field_, words in both:
            yield Bad(
                f"{operation}: {name}", f"/{operation}", _write_json(operation, changes), status, (words,), field_
            )
    sample: list[tuple[str, dict[str, Any], int, str, str]] = [
        ("a negative count", {"n_per_class": -1}, 400, "n_per_class", "n_per_class is -1"),
        ("a count of 2^63", {"n_per_class": 2**63}, 400, "n_per_class", "n_per_class is"),
        ("a count beyond 64 bits", {"n_per_class": HUGE}, 400, "n_per_class", "n_per_class is"),
        ("a count with a fraction", {"n_per_class": 0.5}, 400, "n_per_class", "n_per_class is 0.5"),
        ("zero series", {"n_per_class": 0}, 400, "n_per_class", "zero series"),
        ("more than may be", {"n_per_class": 10**6}, 413, "n_per_class", "SERIESMITH_MAX_ROWS"),
        ("counts beside a count", {"counts": {"1": 1}}, 400, "counts", "both of"),
        ("counts as a list", {"counts": [1]}, 400, "counts", "counts is [1]"),
        ("counts of nothing", {"n_per_class": None, "counts": {}}, 400, "counts", "zero series"),
        ("counts of an unknown class", {"n_per_class": None, "counts": {"x": 1}}, 400, "counts", "the class 'x'"),
        ("counts of a long class", {"n_per_class": None, "counts": {"x" * 10**5: 1}}, 400, "counts", "does not know"),
        ("counts of 5000 classes", {"counts": dict.fromkeys(map(str, range(5000)), -1)}, 413, "counts", "5000 classes"),
        ("a negative count of a class", {"n_per_class": None, "counts": {"1": -1}}, 400, "counts", "counts.1 is -1"),
        ("series", {"series": [CASE]}, 400, "series", "is not a field"),
    ]
    for name, changes, status, field_, words in sample:
        yield Bad(f"sample: {name}", "/sample", _write_json("sample", changes), status, (words,), field_)
    augment: list[tuple[str, dict[str, Any], int, str, str]] = [
        ("no labels", {"labels": None}, 400, "labels", "'labels' is missing"),
        ("two labels", {"labels": [1, 1]}, 400, "labels", "1 series and 2 labels"),
        ("an unknown label", {"labels": ["x"]}, 400, "labels", "the class 'x'"),
        ("a label of 100 kB", {"labels": ["x" * 10**5]}, 400, "labels", "does not know"),
        ("a NUL as label", {"labels": ["\0"]}, 400, "labels", "does not know"),
        ("a label beyond 64 bits", {"labels": [HUGE]}, 400, "labels", "does not know"),
        ("a list as label", {"labels": [[1]]}, 400, "labels", "labels.0 is [1]"),
        ("an object as label", {"labels": [{"a": 1}]}, 400, "labels", "labels.0 is"),
        ("a boolean as label", {"labels": [True]}, 400, "labels", "labels.0 is True"),
        ("null as label", {"labels": [None]}, 400, "labels", "labels.0 is None"),
        ("50000 wrong labels", {"labels": [1.5] * 50_000}, 400, "labels", "labels.0 is 1.5"),
        ("labels as text", {"labels": "1"}, 400, "labels", "labels is '1'"),
        ("an unknown strategy", {"strategy": "more"}, 400, "strategy", "strategy is 'more'"),
        ("an empty strategy", {"strategy": {}}, 400, "strategy", "strategy"),
        ("a factor below 1", {"strategy": {"factor": 0.5}}, 400, "strategy", "factor"),
        ("a factor of 1e300", {"strategy": {"factor": 1e300}}, 400, "strategy", "factor"),
        ("a total below what came", {"strategy": {"counts": {"1": 0}}}, 400, "strategy", "asks for 0 cases"),
        ("a total of an unknown class", {"strategy": {"counts": {"x": 9}}}, 400, "strategy", "the class 'x'"),
        ("a total of a million", {"strategy": {"counts": {"1": 10**6}}}, 413, "strategy", "SERIESMITH_MAX_ROWS"),
        ("an unknown policy", {"policy": "dream"}, 400, "policy", "policy is 'dream'"),
        ("include_original as a number", {"include_original": 1}, 400, "include_original", "include_original is 1"),
        (
            "one value of 1e13 among three series",
            {
                "series": [CASE, CASE, [[1e13, *ROW[1:]], ROW]],
                "labels": [1, 1, 1],
                "strategy": {"factor": 2},
                "policy": "latent",
            },
            400,
            "series",
            "series[2] lies so far outside",
        ),
    ]
    for name, changes, status, field_, words in augment:
        yield Bad(f"augment: {name}", "/augment", _write_json("augment", changes), status, (words,), field_)


def _list_octets() -> Iterator[Bad]:
    values = VALUES.tobytes()
    rows: list[tuple[str, str | None, bytes, int, str]] = [
        ("no shape", None, values, 400, "not valid JSON"),
        ("an empty shape", "", values, 400, "seriesmith-shape"),
        ("text as shape", "a,b", values, 400, "seriesmith-shape is 'a,b'"),
        ("one size", "64", values, 400, "seriesmith-shape is '64'"),
        ("four sizes", "1,1,2,64", values, 400, "seriesmith-shape"),
        ("a negative size", "-1,2,64", values, 400, "seriesmith-shape"),
        ("a size of 5000 digits", "1" * 5000 + ",2,64", values, 400, "seriesmith-shape"),
        ("a size of ten digits", "9999999999,2,64", values, 400, "asks for"),
        ("a float as size", "1.0,2,64", values, 400, "seriesmith-shape"),
        ("a size of 0", "0,2,64", values, 400, "at least one case"),
        ("no timepoints", "1,2,0", values, 400, "at least one case"),
        ("too few values", "2,2,64", values, 400, "asks for"),
        ("a list behind", "1,2,64", values + b"[1]", 400, "not a JSON object"),
        ("no JSON behind", "1,2,64", values + b"\xff", 400, "not valid JSON"),
        ("1000 lists deep behind", "1,2,64", values + b'{"model":' + b"[" * 900 + b"]" * 900 + b"}", 400, "model is"),
        ("another length", "1,1,128", values + b'{"model":"sines"}', 400, "[n_cases][2][64]"),
        ("NaN", "1,2,64", b"\xff" * 512 + b'{"model":"sines"}', 400, "is nan"),
    ]
    for operation in SERIES_OPERATIONS:
        for name, shape, body, status, words in rows:
            headers = {"content-type": OCTETS} | ({} if shape is None else {"seriesmith-shape": shape})
            yield Bad(f"{operation}: octets, {name}", f"/{operation}", body, status, (words,), headers=headers)
    yield Bad("sample: octets, no JSON", "/sample", b"\0", 400, ("not valid JSON",), headers={"content-type": OCTETS})


def write_arrow_stream(columns: list[tuple[str | bytes, pa.Array]], metadata: bytes = b'{"model": "sines"}') -> bytes:
    """A stream of these columns, whose names may come twice."""
    schema = pa.schema([pa.field(name, column.type) for name, column in columns], metadata={KEY: metadata})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays([column for _, column in columns], schema=schema))
    return bytes(sink.getvalue())


def build_tensors(kind: pa.DataType, values: pa.Array, shape: tuple[int, ...]) -> pa.Array:
    """Fixed-shape tensors of any type."""
    size = int(np.prod(shape))
    storage = pa.FixedSizeListArray.from_arrays(values, size)
    return pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(kind, shape), storage)


def _list_arrow() -> Iterator[Bad]:
    series = build_tensors(pa.float32(), pa.array(VALUES.reshape(-1)), (2, 64))
    labels = pa.array(["1"])
    odd = {
        "bool": pa.array([True] * 128),
        "text": pa.array(["x"] * 128),
        "dates": pa.array([0] * 128, pa.date32()),
        "decimals": pa.array([1] * 128, pa.decimal128(5, 2)),
        "durations": pa.array([0] * 128, pa.duration("s")),
    }
    rows: list[tuple[str, bytes, int, str]] = [
        ("no stream", b"ARROW1", 400, "not a valid Arrow"),
        ("nothing", b"", 400, "not a valid Arrow"),
        ("a file", b"ARROW1\0\0" + b"\0" * 100, 400, "not a valid Arrow"),
        ("half a stream", write_arrow_stream([("series", series)])[:300], 400, "not a valid Arrow"),
        ("series twice", write_arrow_stream([("series", series), ("series", series)]), 400, "'series' came twice"),
        (
            "labels twice",
            write_arrow_stream([("series", series), ("labels", labels), ("labels", labels)]),
            400,
            "came twice",
        ),
        (
            "a name that is not UTF-8",
            write_arrow_stream([("serXes", series)]).replace(b"serXes", b"ser\xffes"),
            400,
            "UTF-8",
        ),
        ("100 columns", write_arrow_stream([(f"c{n}", labels) for n in range(100)]), 400, "100 columns"),
        ("an unknown column", write_arrow_stream([("series", series), ("x", labels)]), 400, "'x' is not a field"),
        (
            "labels of floats",
            write_arrow_stream([("series", series), ("labels", pa.array([1.5]))]),
            400,
            "send text or integers",
        ),
        (
            "labels of lists",
            write_arrow_stream([("series", series), ("labels", pa.array([[1]]))]),
            400,
            "send text or integers",
        ),
        (
            "labels of booleans",
            write_arrow_stream([("series", series), ("labels", pa.array([True]))]),
            400,
            "send text",
        ),
        ("labels of nulls", write_arrow_stream([("series", series), ("labels", pa.nulls(1))]), 400, "nulls"),
        ("metadata that is no JSON", write_arrow_stream([("series", series)], b"x"), 400, "not valid JSON"),
        ("metadata that is a list", write_arrow_stream([("series", series)], b"[]"), 400, "metadata 'seriesmith'"),
        (
            "metadata 900 deep",
            write_arrow_stream([("series", series)], b'{"model":' + b"[" * 900 + b"]" * 900 + b"}"),
            400,
            "model is",
        ),
        ("ragged lists", write_arrow_stream([("series", pa.array([[[1.0], [1.0, 2.0]]]))]), 400, "ragged"),
        ("a null inside", write_arrow_stream([("series", pa.array([[1.0, None]]))]), 400, "nulls"),
        ("a null list inside", write_arrow_stream([("series", pa.array([[[1.0], None]]))]), 400, "nulls"),
        ("a null case", write_arrow_stream([("series", pa.array([[1.0], None]))]), 400, "1 nulls"),
        ("text", write_arrow_stream([("series", pa.array(["x"]))]), 400, "column of string"),
        ("structs", write_arrow_stream([("series", pa.array([{"a": 1}]))]), 400, "column of struct"),
        (
            "plain numbers",
            write_arrow_stream([("series", pa.array([1.0]))]),
            400,
            "at least one case, two or three axes",
        ),
        ("lists four deep", write_arrow_stream([("series", pa.array([[[[1.0]]]]))]), 400, "two or three axes"),
        ("no rows", write_arrow_stream([("series", series.slice(0, 0))]), 400, "0 cases"),
        ("an empty list", write_arrow_stream([("series", pa.array([[]], pa.list_(pa.float32())))]), 400, ""),
        (
            "a dictionary of lists",
            write_arrow_stream([("series", pa.array(["a"]).dictionary_encode())]),
            400,
            "column of dictionary",
        ),
        (
            "20000 rows and more",
            write_arrow_stream([("series", pa.array(np.zeros((50_000, 1)).tolist()))]),
            413,
            "50000 rows",
        ),
        ("another extension", write_arrow_stream([("series", pa.array([b"0" * 16], pa.uuid()))]), 400, "column of"),
        *(
            (
                f"tensors of {name}",
                write_arrow_stream([("series", build_tensors(values.type, values, (2, 64)))]),
                400,
                "column of",
            )
            for name, values in odd.items()
        ),
        *(
            (
                f"lists of {name}",
                write_arrow_stream([("series", pa.FixedSizeListArray.from_arrays(values, 128))]),
                400,
                "column of",
            )
            for name, values in odd.items()
        ),
    ]
    for operation in ("encode", "augment"):
        for name, body, status, words in rows:
            headers = {"content-type": ARROW}
            yield Bad(f"{operation}: Arrow, {name}", f"/{operation}", body, status, (words,), headers=headers)


def _list_codings() -> Iterator[Bad]:
    plain = _write_json("classify", {})
    bomb = b"[]," * 2**24
    window = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=27)
    ).compressobj()
    rows: list[tuple[str, str, bytes, int, str]] = [
        ("gzip that is none", "gzip", plain, 400, "not valid gzip"),
        ("half of gzip", "gzip", gzip.compress(plain)[:-9], 400, "ends too early"),
        ("no gzip at all", "gzip", b"", 400, "ends too early"),
        ("gzip with garbage behind", "gzip", gzip.compress(plain) + b"x", 400, "not valid gzip"),
        ("20000 members of gzip", "gzip", gzip.compress(b"") * 20_000, 400, "more than 10000 members"),
        ("a bomb of gzip", "gzip", gzip.compress(bomb, 1), 413, "beside numbers in lists"),
        ("zstd that is none", "zstd", plain, 400, "not valid zstd"),
        ("half of zstd", "zstd", zstandard.compress(plain)[:-9], 400, ""),
        ("a bomb of zstd", "zstd", zstandard.compress(bomb * 3), 413, "once unpacked"),
        ("a window of 128 MiB", "zstd", window.compress(bomb) + window.flush(), 400, "not valid zstd"),
        ("deflate that is none", "deflate", plain, 400, "not valid deflate"),
        ("br", "br", plain, 415, "'br'"),
        ("a long name", "x" * 4000, plain, 415, "send it with gzip"),
        ("two codings", "gzip, gzip", gzip.compress(plain), 415, "send it with gzip"),
    ]
    for operation in ("classify", "sample"):
        for name, coding, body, status, words in rows:
            headers = {"content-type": "application/json", "content-encoding": coding}
            yield Bad(f"{operation}: {name}", f"/{operation}", body, status, (words,), headers=headers)
    for media_type in ("text/csv", "application/x-ndjson", "x" * 4000, "application/json5"):
        headers = {"content-type": media_type}
        yield Bad(f"a body of {media_type[:20]}", "/encode", plain, 415, ("send one of",), headers=headers)


TENSOR: dict[str, Any] = {"name": "series", "datatype": "FP32", "shape": [1, 2, 64], "data": [CASE]}


def _write_inputs(*inputs: Any, **document: Any) -> bytes:
    return json.dumps({"inputs": list(inputs), **document}).encode()


def _build_input(name: str, datatype: str, shape: list[Any], data: Any) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape, "data": data}


def _list_inference_json() -> Iterator[Bad]:
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
        ("data with a null", "encode", _write_inputs(TENSOR | {"data": [None] * 128}), 400, "holds None"),
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
            "None",
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


def _list_inference_binary() -> Iterator[Bad]:
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


def _list_paths() -> Iterator[Bad]:
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


def _write_message(method: str, **fields: Any) -> bytes:
    return bytes(
        getattr(typed, f"{method.removesuffix('Stream')}Request")(**({"model": "sines"} | fields)).SerializeToString()
    )


def _list_typed() -> Iterator[Bad]:
    def build_array(*shape: int, values: bytes | None = None) -> typed.Array:
        return typed.Array(shape=shape, values=bytes(4 * int(np.prod(shape))) if values is None else values)

    wrong, large = "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"
    series: list[tuple[str, typed.Array | None, str, str]] = [
        ("no series", None, wrong, "'series' is missing"),
        ("no shape", typed.Array(values=bytes(512)), wrong, "shape []"),
        ("negative sizes", typed.Array(shape=[-1, -128], values=bytes(512)), wrong, "shape"),
        ("a size of 2^62", typed.Array(shape=[2**62], values=b""), wrong, "shape"),
        ("1000 sizes", typed.Array(shape=[1] * 1000, values=bytes(4)), wrong, "at most 8 axes"),
        ("100000 sizes", typed.Array(shape=[1] * 100_000, values=bytes(4)), large, "fields"),
        ("too few values", build_array(1, 2, 64, values=bytes(8)), wrong, "8 bytes of values"),
        ("no cases", build_array(0, 2, 64), wrong, "at least one case"),
        ("no timepoints", build_array(5, 0, 64), wrong, "5 x 0 x 64"),
        ("one axis", build_array(64), wrong, "two or three axes"),
        ("another length", build_array(1, 2, 9), wrong, "1 x 2 x 9"),
        ("NaN", build_array(1, 2, 64, values=b"\xff" * 512), wrong, "series[0][0][0]"),
        ("too many cases", build_array(10_001, 1), large, "SERIESMITH_MAX_ROWS"),
    ]
    for method in ("Encode", "Reconstruct", "Classify", "Augment", "AugmentStream"):
        for name, one, code, words in series:
            fields = {} if one is None else {"series": one}
            yield Bad(f"{method}: {name}", TYPED + method, _write_message(method, **fields), code, (words,))
        yield Bad(f"{method}: no message", TYPED + method, b"\xff\xff\xff", wrong, ("no seriesmith.v1",))
        yield Bad(
            f"{method}: an unknown model",
            TYPED + method,
            _write_message(method, model="x", series=build_array(1, 2, 64)),
            "NOT_FOUND",
        )
        yield Bad(f"{method}: invalid UTF-8", TYPED + method, b"\x0a\x01\xff", wrong)
        yield Bad(f"{method}: 100000 empty arrays", TYPED + method, b"\x12\0" * 100_000, large, ("messages",))
    one, count = build_array(1, 2, 64), typed.ClassCount
    sample: list[tuple[str, dict[str, Any], str, str]] = [
        ("nothing asked for", {}, wrong, "neither"),
        ("a negative count", {"n_per_class": -1}, wrong, "n_per_class is -1"),
        ("a count of 2^62", {"n_per_class": 2**62}, wrong, "n_per_class is"),
        ("a class twice", {"counts": [count(class_label="1", count=1)] * 2}, wrong, "twice"),
        ("20000 classes", {"counts": [count(class_label="1", count=1)] * 20_000}, large, "messages"),
        ("a label of 100 kB", {"counts": [count(class_label="x" * 10**5, count=1)]}, wrong, "does not know"),
        ("a negative seed", {"n_per_class": 1, "seed": -1}, wrong, "seed is -1"),
        ("a seed of 2^62", {"n_per_class": 1, "seed": 2**62}, wrong, "seed is"),
        ("an expansion of NaN", {"n_per_class": 1, "expansion": float("nan")}, wrong, "expansion is nan"),
        ("an expansion without end", {"n_per_class": 1, "expansion": float("inf")}, wrong, "expansion is inf"),
        ("more than may be", {"n_per_class": 10_000_000}, large, "SERIESMITH_MAX_ROWS"),
    ]
    for method in ("Sample", "SampleStream"):
        for name, fields, code, words in sample:
            yield Bad(
                f"{method}: {name}",
                TYPED + method,
                _write_message(method.removesuffix("Stream"), **fields),
                code,
                (words,),
            )
    strategy, labels = typed.Strategy, typed.Labels
    augment: list[tuple[str, dict[str, Any], str]] = [
        ("no labels", {}, "'labels' is missing"),
        ("both kinds of labels", {"labels": labels(text=["1"], number=[1])}, "one of them"),
        ("an unknown label", {"labels": labels(text=["x"])}, "does not know"),
        ("a factor of NaN", {"labels": labels(number=[1]), "strategy": strategy(factor=float("nan"))}, "factor"),
        ("an empty strategy", {"labels": labels(number=[1]), "strategy": strategy()}, "strategy"),
        ("an unknown policy", {"labels": labels(number=[1]), "policy": "dream"}, "policy is 'dream'"),
        ("a policy of 100 kB", {"labels": labels(number=[1]), "policy": "x" * 10**5}, "policy is"),
    ]
    for name, fields, words in augment:
        yield Bad(
            f"Augment: {name}", TYPED + "Augment", _write_message("Augment", series=one, **fields), wrong, (words,)
        )


def _list_inference_grpc() -> Iterator[Bad]:
    request, tensor = inference.ModelInferRequest, inference.ModelInferRequest.InferInputTensor

    def ask(*inputs: Any, model: str = "sines.encode", **more: Any) -> bytes:
        return bytes(request(model_name=model, inputs=inputs, **more).SerializeToString())

    def make(**changes: Any) -> Any:
        return tensor(**({"name": "series", "datatype": "FP32", "shape": [1, 2, 64]} | changes))

    contents = inference.InferTensorContents
    filled = contents(fp32_contents=[0.5] * 128)
    parameter = inference.InferParameter(string_param="x")
    latin = tensor(name="labels", datatype="BYTES", shape=[1], contents=contents(bytes_contents=[b"\xff"]))
    flags = tensor(name="x", datatype="BOOL", shape=[1], contents=contents(bool_contents=[True] * 2**20))
    unknown = [request.InferRequestedOutputTensor(name="x")]
    values = VALUES.tobytes()
    wrong, large = "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"
    name = "inference.ModelInferRequest"
    rows: list[tuple[str, bytes, str, str]] = [
        ("no message", b"\xff\xff", wrong, name),
        ("no model", ask(model=""), "NOT_FOUND", "is no model"),
        ("an unknown model", ask(model="x.encode"), "NOT_FOUND", "no model 'x'"),
        ("a model of 100 kB", ask(model="x" * 10**5), "NOT_FOUND", "is no model"),
        ("a version of 5000 digits", ask(model_version="1" * 5000), "NOT_FOUND", "no version"),
        ("no inputs", ask(), wrong, "'series' is missing"),
        ("65 inputs", ask(*[make()] * 65), wrong, "65 inputs"),
        ("50000 empty inputs", b"\x0a\x0csines.encode" + b"\x2a\0" * 50_000, large, "messages"),
        ("an input twice", ask(make(contents=filled), make()), wrong, ""),
        ("an unknown input", ask(make(name="x", contents=filled)), wrong, "no input 'x'"),
        ("an unknown datatype", ask(make(datatype="BF16")), wrong, "'BF16'"),
        ("a negative size", ask(make(shape=[-1, 2, 64])), wrong, "at most 8 sizes"),
        ("a size of 2^62", ask(make(shape=[2**62])), wrong, "at most 8 sizes"),
        ("1000 sizes", ask(make(shape=[1] * 1000)), wrong, "at most 8 sizes"),
        ("no contents", ask(make()), wrong, "takes 128 elements"),
        ("too few elements", ask(make(contents=contents(fp32_contents=[1.0]))), wrong, "1 came"),
        ("other contents", ask(make(contents=contents(int_contents=[1] * 128))), wrong, "0 came"),
        ("NaN", ask(make(contents=contents(fp32_contents=[float("nan")] * 128))), wrong, "is nan"),
        ("raw and contents", ask(make(contents=filled), raw_input_contents=[values]), wrong, "one of the two"),
        ("two raw contents for one input", ask(make(), raw_input_contents=[values] * 2), wrong, "1 inputs and 2"),
        ("raw contents cut off", ask(make(), raw_input_contents=[values[:-1]]), wrong, "takes 512 bytes"),
        ("no rows", ask(make(shape=[0, 2, 64]), raw_input_contents=[b""]), wrong, "at least one"),
        ("an unknown output", ask(make(contents=filled), outputs=unknown), wrong, "no output 'x'"),
        ("shared memory", ask(make(parameters={"shared_memory_region": parameter})), wrong, "lacks"),
        ("labels that are not UTF-8", ask(make(), latin, model="sines.augment"), wrong, ""),
        ("2^24 bytes of flags", ask(flags), large, "fields"),
    ]  # fmt: skip
    for label, body, code, words in rows:
        if label != "no inputs":
            yield Bad(f"ModelInfer: {label}", INFER, body, code, (words,) if words else ())
    yield Bad("ModelInfer: no series", INFER, ask(), wrong, ("'series' is missing",))
    service = "/inference.GRPCInferenceService/"
    long = "a" * 300
    for method in ("ModelMetadata", "ModelConfig"):
        yield Bad(f"{method}: no model", service + method, b"", "NOT_FOUND")
    for model in ("nobody.encode", "sines", "sines.fly", "\0", long):
        body = bytes(inference.ModelStatisticsRequest(name=model).SerializeToString())
        yield Bad(f"ModelStatistics: {model[:9]!r}", service + "ModelStatistics", body, "NOT_FOUND")
    body = bytes(inference.ModelStatisticsRequest(name="sines.encode", version="7").SerializeToString())
    yield Bad("ModelStatistics: a version", service + "ModelStatistics", body, "NOT_FOUND", ("no version",))
    lacking = [f"{kind}SharedMemory{verb}" for kind in ("System", "Cuda") for verb in ("Status", "Register")]
    for method in ("ModelStreamInfer", "TraceSetting", "LogSettings", *lacking):
        yield Bad(f"{method}: lacking", service + method, b"", "UNIMPLEMENTED", ("this server lacks",))
    for verb in ("RepositoryModelLoad", "RepositoryModelUnload"):
        kind = getattr(inference, f"{verb}Request")
        for model in ("", long, "../sines", "\0", "nobody"):
            body = bytes(kind(model_name=model).SerializeToString())
            yield Bad(f"{verb}: {model[:9]!r}", service + verb, body, "NOT_FOUND")
