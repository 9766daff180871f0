"""Bodies of octets and of Arrow, and content codings."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import zstandard

from tests.service.bad_input.bad import SERIES_OPERATIONS, VALUES, Bad, write_json
from tests.service.wires import ARROW, KEY, OCTETS


def list_octets() -> Iterator[Bad]:
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
    codes = np.full((2, 16), 0.5, "<f4").tobytes()
    listed: list[tuple[str, str, bytes, str]] = [
        ("no JSON", "latent,2,16", codes, "seriesmith-arrays is 'latent,2,16'"),
        ("an object", '{"latent": [2, 16]}', codes, "send a JSON list of"),
        ("an empty list", "[]", codes, "send a JSON list of"),
        ("another type", '[["latent","<f8",[2,16]]]', codes, "send a JSON list of"),
        ("a negative size", '[["latent","<f4",[-2,16]]]', codes, "send a JSON list of"),
        ("a size of 0", '[["latent","<f4",[0,16]]]', codes, "send a JSON list of"),
        ("half a size", '[["latent","<f4",[2.5,16]]]', codes, "send a JSON list of"),
        ("twenty arrays", str([["latent", "<f4", [1, 1]]] * 20).replace("'", '"'), codes, "send a JSON list of"),
        ("too few values", '[["latent","<f4",[3,16]]]', codes, "asks for 192 bytes"),
        ("twice the same", '[["latent","<f4",[1,16]],["latent","<f4",[1,16]]]', codes, "lists 'latent' twice"),
        (
            "an unknown name",
            '[["codes","<f4",[2,16]]]',
            codes + b'{"latent": [[1]]}',
            "'codes' is not a field of /decode",
        ),
        ("both ways", '[["latent","<f4",[2,16]]]', codes + b'{"latent": [[1]]}', "is not a JSON object of the other"),
        ("NaN", '[["latent","<f4",[2,16]]]', b"\xff" * 128 + b'{"model":"sines"}', "latent[0][0] is nan"),
    ]
    for name, header, body, words in listed:
        sent = {"content-type": OCTETS, "seriesmith-arrays": header}
        yield Bad(f"decode: listed octets, {name}", "/decode", body, 400, (words,), headers=sent)
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


def list_arrow() -> Iterator[Bad]:
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


def list_codings() -> Iterator[Bad]:
    plain = write_json("classify", {})
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
