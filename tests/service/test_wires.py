"""One answer: the same request over every wire gives the same, a seeded one bit for bit."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest
import zstandard

from tests.service import wires
from tests.service.bundles import Labelled
from tests.service.server import Server
from tests.service.test_refusals import OPERATIONS, assert_refused, build_good

GENERATING = ("sample", "augment")
IN_PARTS = ("lines", "parts")
OVER = {
    "octets": wires.ask_over_octets,
    "arrow": wires.ask_over_arrow,
    "lines": wires.ask_over_lines,
    "parts": wires.ask_over_parts,
}


def _request(operation: str, cases: Labelled) -> dict[str, Any]:
    more: dict[str, dict[str, Any]] = {
        "sample": {"counts": {"2": 130, "0": 3}, "n_per_class": None, "seed": 5},
        "augment": {"strategy": {"counts": {"1": 90}}, "seed": 5, "policy": "interpolation+warps"},
        "classify": {"with_": ["typicality"]},
        "reconstruct": {"with_": ["timepoint_error"]},
        "neighbours": {"k": 3},
        "interpolate": {"method": "spherical", "steps": 5, "ends": "end"},
        "traverse": {"labels": [0, 2, 1], "axes": [3, 1], "steps": 3},
        "decode": {"with_": ["typicality", "log_density"], "texture": True, "labels": [0, 2, 1], "seed": 5},
    }
    fields = build_good(operation, cases) | more.get(operation, {})
    return {name: value for name, value in fields.items() if value is not None}


@pytest.mark.parametrize(
    ("wire", "operation"),
    [(wire, operation) for wire in OVER for operation in (GENERATING if wire in IN_PARTS else OPERATIONS)],
)
def test_every_wire_gives_the_same_answer(server: Server, cases: Labelled, operation: str, wire: str):
    request = _request(operation, cases)
    plain = server.answer(operation, **request)
    answer = OVER[wire](server, operation, **request)
    assert set(plain) <= set(answer) and set(answer) - set(plain) <= {"classes", "n_cases"}
    for name, expected in plain.items():
        if name in (
            "series",
            "latent",
            "distance",
            "posterior_mean",
            "posterior_log_variance",
            "probabilities",
            "timepoint_error",
        ):
            exact = operation in GENERATING or "seed" in request
            found, wanted = (np.array(values, np.float32) for values in (answer[name], expected))
            assert np.array_equal(found, wanted) if exact else np.allclose(found, wanted, rtol=1e-5, atol=1e-5), name
        elif isinstance(expected, list) and isinstance(expected[0], float):
            assert np.allclose(answer[name], expected, rtol=1e-5, atol=1e-6), name
        else:
            found = np.asarray(answer[name]).tolist() if isinstance(expected, list) else answer[name]
            assert found == expected, name


@pytest.mark.parametrize("coding", ["gzip", "zstd", "gzip in members"])
def test_bodies_come_and_go_compressed(server: Server, cases: Labelled, coding: str):
    content = orjson.dumps({"model": "sines", "series": cases.series.tolist()})
    pack: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.compress,
        "zstd": zstandard.compress,
        "gzip in members": lambda body: gzip.compress(body[:100]) + gzip.compress(body[100:]),
    }
    name = coding.split()[0]
    plain = server.send("encode", content, accept_encoding="identity")
    packed = server.send("encode", pack[coding](content), content_encoding=name, accept_encoding=name)
    assert packed.headers["content-encoding"] == name and "content-encoding" not in plain.headers
    assert len(plain.content) > 1.5 * int(packed.headers["content-length"])
    for field in ("posterior_mean", "posterior_log_variance"):
        assert np.allclose(packed.json()[field], plain.json()[field], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("", None), ("identity", None), ("br", None), ("gzip;q=0", None), ("gzip, zstd;q=0", "gzip"), ("*", "zstd"),
     ("gzip;q=0.5, zstd;q=x", "gzip")],
)  # fmt: skip
def test_an_answer_is_packed_only_as_the_client_allows(server: Server, accepted: str, coding: str | None):
    response = server.send("sample", b'{"model": "sines", "n_per_class": 9}', accept_encoding=accepted)
    assert response.headers.get("content-encoding") == coding


def test_a_short_answer_goes_as_it_is(server: Server, cases: Labelled):
    body = orjson.dumps({"model": "sines", "series": cases.series[:1].tolist()})
    assert "content-encoding" not in server.send("classify", body, accept_encoding="gzip").headers


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_body_that_is_not_what_it_says(server: Server, cases: Labelled, coding: str):
    whole = orjson.dumps({"model": "sines", "series": cases.series[:1].tolist()})
    packed = gzip.compress(whole) if coding == "gzip" else zstandard.compress(whole)
    for body in (whole, packed[:-9]):
        response = server.send("encode", body, content_encoding=coding)
        assert response.status_code == 400 and response.json()["error"]["code"] == "invalid_request"


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_small_body_that_unpacks_to_a_huge_one_is_refused(server: Server, coding: str):
    """300 MB of spaces in under 400 kB: refused for its size, not read to its end."""
    packer = zlib.compressobj(9, wbits=31) if coding == "gzip" else zstandard.ZstdCompressor().compressobj()
    bomb = b"".join([*(packer.compress(b" " * 2**20) for _ in range(300)), packer.flush()])
    response = server.send("encode", bomb, content_encoding=coding)
    assert_refused(response, 413, "too_large", None, "once unpacked", "several requests")


OCTET_FAULTS: dict[str, tuple[bytes, str, list[str]]] = {
    "no integers": (b"", "a,b", ["seriesmith-shape is 'a,b'", "10,1,150"]),
    "too few values": (b"\0" * 100, "1,2,64", ["asks for 512 bytes", "has 100"]),
    "negative": (b"\0" * 100, "-1,2,64", ["seriesmith-shape"]),
    "too many values": (b"\0" * 600, "1,2,64", ["not valid JSON"]),
    "series twice": (b"\0" * 512 + b'{"series": [[1]]}', "1,2,64", ["not a JSON object of the other fields"]),
    "another thing behind": (b"\0" * 512 + b"[1]", "1,2,64", ["not a JSON object of the other fields"]),
    "not finite": (b"\xff" * 512 + b'{"model": "sines"}', "1,2,64", ["series[0][0][0] is nan"]),
    "another model's shape": (b"\0" * 512 + b'{"model": "sines"}', "1,1,128", ["1 x 1 x 128", "[n_cases][2][64]"]),
    "zero cases": (b'{"model": "sines"}', "0,2,64", ["at least one case"]),
}


@pytest.mark.parametrize("fault", OCTET_FAULTS)
def test_faulty_octets_are_refused_in_a_sentence(server: Server, fault: str):
    body, shape, words = OCTET_FAULTS[fault]
    response = server.send("encode", body, content_type=wires.OCTETS, seriesmith_shape=shape)
    assert response.status_code == 400, response.text
    assert all(word in response.json()["error"]["message"] for word in words), response.text


def _write_arrow(columns: dict[str, Any], metadata: bytes = b'{"model": "sines"}') -> bytes:
    table = pa.table(columns).replace_schema_metadata({b"seriesmith": metadata})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


ARROW_FAULTS: dict[str, tuple[bytes, list[str]]] = {
    "no stream": (b"ARROW1", ["not a valid Arrow IPC stream"]),
    "ragged": (_write_arrow({"series": [[[1.0], [1.0, 2.0]]]}), ["ragged"]),
    "nulls": (_write_arrow({"series": [[1.0, None]]}), ["nulls"]),
    "null cases": (_write_arrow({"series": [[1.0], None]}), ["1 nulls"]),
    "text": (_write_arrow({"series": ["a"]}), ["column of string"]),
    "metadata": (_write_arrow({"series": [[1.0]]}, b"[]"), ["metadata 'seriesmith'"]),
    "unknown column": (_write_arrow({"series": [[1.0]], "colour": ["red"]}), ["'colour' is not a field"]),
}


@pytest.mark.parametrize("fault", ARROW_FAULTS)
def test_faulty_arrow_is_refused_in_a_sentence(server: Server, fault: str):
    body, words = ARROW_FAULTS[fault]
    response = server.send("encode", body, content_type=wires.ARROW)
    assert response.status_code == 400, response.text
    assert all(word in response.json()["error"]["message"] for word in words), response.text


@pytest.mark.parametrize("nested", ["lists", "large lists of doubles", "flat"])
def test_arrow_takes_series_as_they_are_usually_held(server: Server, cases: Labelled, nested: str):
    doubles = pa.large_list(pa.large_list(pa.float64()))
    kinds = {"lists": pa.list_(pa.list_(pa.float32())), "large lists of doubles": doubles}
    if nested == "flat":  # a case is one list, as from a frame of one channel
        wave = np.sin(np.linspace(0, 6, 40))
        body = _write_arrow({"series": pa.array([wave.tolist()])}, b'{"model": "unlabelled"}')
        expected = server.answer("encode", model="unlabelled", series=[wave.tolist()])
    else:
        body = _write_arrow({"series": pa.array(cases.series[:3].tolist(), kinds[nested])})
        expected = server.answer("encode", model="sines", series=cases.series[:3])
    answer = wires.read_arrow(server.send("encode", body, content_type=wires.ARROW).content)
    assert np.allclose(answer["posterior_mean"], expected["posterior_mean"], rtol=1e-5, atol=1e-6)
