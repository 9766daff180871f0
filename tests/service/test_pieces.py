"""What is read and written in pieces is what it would be in one: values, bytes and refusals."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import orjson
import pytest

from bundle.errors import InvalidRequest, SeriesmithError, TooLarge
from bundle.showing import show
from service.answers import Labels
from service.bounds import Bounds
from service.canonical import parse_numbers
from service.inference.bodies import read_request
from service.uneven import Uneven
from service.wires.json_text import decode_json
from service.wires.json_writing import dump

BOUNDS = Bounds(rows=20_000, values=3_000_000, elements=85_536, case_bytes=2**23)
CUBE = np.random.default_rng(0).normal(size=(900, 2, 60))


def parse_in_one(body: bytes) -> Any:
    """What the whole parser makes of series."""
    return _require_even(parse_numbers(orjson.loads(body)["series"]))


def parse_in_pieces(body: bytes) -> Any:
    """What the parser of pieces does."""
    return _require_even(parse_numbers(decode_json(body, {}, BOUNDS)["series"]))


def _require_even(series: Any) -> Any:
    """What a model of complete series of one length takes."""
    if isinstance(series, Uneven):
        raise series.refusal
    return series


def write_body(value: Any, **options: Any) -> bytes:
    """A body, with `model` on both sides of the series."""
    return json.dumps({"model": "x", "series": value, "seed": 1}, **options).encode()


def change(place: tuple[int, ...], value: Any) -> list[Any]:
    """CUBE as lists, with another value somewhere."""
    series: Any = CUBE.tolist()
    inner = series
    for index in place[:-1]:
        inner = inner[index]
    inner[place[-1]] = value
    whole: list[Any] = series
    return whole


ZEROS = np.array([[-0.0] * 9000])


@pytest.mark.parametrize("spoil", ["null", "length"])
def test_uneven_series_are_read_in_pieces_as_they_are_in_one(spoil: str):
    series: Any = CUBE.tolist()
    for case in (0, 500, 899):
        series[case] = [[None, *row[1:]] if spoil == "null" else row[:40] for row in series[case]]
    one, pieces = (
        parse_numbers(value)
        for value in (orjson.loads(write_body(series))["series"], decode_json(write_body(series), {}, BOUNDS)["series"])
    )
    assert isinstance(one, Uneven) and isinstance(pieces, Uneven) and one.refusal.message == pieces.refusal.message
    assert all(np.array_equal(*pair, equal_nan=True) for pair in zip(one.cases, pieces.cases, strict=True))


@pytest.mark.parametrize("options", [{}, {"separators": (",", ":")}, {"indent": 2}, {"indent": "\t"}])
@pytest.mark.parametrize(
    "values",
    [CUBE, CUBE[:, :1], CUBE[:, 0], CUBE.astype("f4"), (100 * CUBE).astype(int), CUBE * 1e-44, ZEROS],
    ids=["cube", "one channel", "no channel axis", "float32", "integers", "subnormal", "minus zero"],
)  # fmt: skip
def test_series_are_the_same_bit_for_bit(values: np.ndarray, options: dict[str, Any]):
    body = write_body(values.tolist(), **options)
    assert (
        parse_in_one(body).tobytes() == parse_in_pieces(body).tobytes()
        and parse_in_one(body).shape == parse_in_pieces(body).shape
    )


MISPLACED = [None, True, "1", {"a": [1]}, [1], [], 1e39, 10**39, 10**20, 2**64]


@pytest.mark.parametrize("value", MISPLACED, ids=str)
@pytest.mark.parametrize("place", [(0, 0, 0), (0, 1), (850, 1, 59), (850, 0), (850,), (899, 1, 59)], ids=str)
def test_what_is_misplaced_is_refused_in_the_same_words(place: tuple[int, ...], value: Any):
    body = write_body(change(place, value))
    assert _try(parse_in_one, body) == _try(parse_in_pieces, body)


def _try(read: Any, body: bytes) -> Any:
    try:
        return read(body).tobytes()
    except SeriesmithError as error:
        return type(error), error.message, error.field


@pytest.mark.parametrize(
    "series", [[*CUBE.tolist(), [[1.0], [2.0]]], [*CUBE.tolist(), CUBE[0][:1].tolist()], CUBE.ravel().tolist()]
)
def test_ragged_and_flat_series_are_refused_in_the_same_words(series: list[Any]):
    assert _try(parse_in_one, write_body(series)) == _try(parse_in_pieces, write_body(series))


@pytest.mark.parametrize("cut", [1, 2, 9, 40, 41, 60, 5_000, 1_000_000])
def test_what_is_cut_off_is_no_json(cut: int):
    with pytest.raises(InvalidRequest, match="not valid JSON"):
        parse_in_pieces(write_body(CUBE.tolist())[:-cut])


def test_what_follows_an_end_that_comes_too_early_is_no_json():
    for start in (b"[]", b"[[]]", b"[[[1]]]"):
        with pytest.raises(InvalidRequest, match=r"not valid JSON|expected"):
            parse_in_pieces(write_body(CUBE.tolist()).replace(b'"series": [', b'"series": ' + start + b"[", 1))
    with pytest.raises(InvalidRequest, match="zero cases"):
        parse_in_pieces(b'{"series": [' + b" " * 100_000 + b"]}")


@pytest.mark.parametrize("fault", [b"NaN, ", b"01, ", b"1e400, ", b", ", b"1 ", b"+1, ", b".5, "])
def test_what_is_no_number_is_no_json(fault: bytes):
    body = write_body(CUBE.tolist())
    middle = body.index(b"], [", len(body) // 2) + 4
    with pytest.raises(InvalidRequest, match="not valid JSON"):
        parse_in_pieces(body[:middle] + fault + body[middle:])


def test_the_last_of_two_series_counts_as_in_any_json():
    large = json.dumps(CUBE.tolist()).encode()
    for body in (b'{"series": [[[1]]], "series": ' + large + b"}", b'{"series": ' + large + b', "series": [[[1]]]}'):
        assert parse_in_one(body).tobytes() == parse_in_pieces(body).tobytes()


def test_words_that_look_like_series_are_none():
    body = b'{"a": "\\"series\\": [[[", "series": ' + json.dumps(CUBE.tolist()).encode() + b', "b": "}"}'
    assert parse_in_one(body).tobytes() == parse_in_pieces(body).tobytes()


@pytest.mark.parametrize(
    "body",
    [
        b'{"series": [' + b"[]," * 700_000 + b"[]]}",
        b'{"series": [' + b"[[1]]," * 700_000 + b"[[1]]]}",
        b'{"x": [' + b"{}," * 700_000 + b"{}]}",
        b'{"x": ' + b"[" * 2_000_000,
        b"{" + b'"series":[],' * 200_000 + b'"a":1}',
        b'{"series": [[[1' + b" " * 20_000_000 + b"]]]}",
    ],
    ids=["empty cases", "tiny cases", "objects", "deep", "keys", "blanks"],
)
def test_more_than_the_largest_request_needs_is_refused(body: bytes):
    with pytest.raises(TooLarge):
        parse_in_pieces(body)


@pytest.mark.parametrize("nested", [True, False])
def test_data_of_tensors_are_the_same_flat_or_nested(nested: bool):
    data = CUBE.tolist() if nested else CUBE.ravel().tolist()
    tensor = {"name": "series", "datatype": "FP32", "shape": list(CUBE.shape), "data": data}
    given = read_request(json.dumps({"inputs": [tensor], "id": "7"}).encode(), None, BOUNDS)
    assert given.id == "7" and np.array_equal(given.given["series"], CUBE)


def test_nested_data_that_are_not_as_their_shape_says_are_refused():
    for shape, data in (([900, 60, 2], CUBE), ([900, 120], CUBE), ([900, 2, 60], CUBE[:, :, :59])):
        tensor = {"name": "series", "datatype": "FP32", "shape": shape, "data": data.tolist()}
        with pytest.raises(InvalidRequest, match="nested"):
            read_request(json.dumps({"inputs": [tensor]}).encode(), None, BOUNDS)


def test_large_answers_are_written_as_small_ones_are():
    labels = Labels(np.arange(100_000) % 3, ["a", "b", "ü"])
    outputs = [{"name": "x", "data": CUBE.reshape(-1).astype("f4")}, {"data": ["x"] * 70_000}]
    answer = {
        "series": CUBE,
        "flags": np.ones(70_000, bool),
        "none": None,
        "report": {"a": {"b": CUBE}},
        "outputs": outputs,
    }
    empty = {"zero": np.zeros((0, 3)), "dict": {}, "list": []}
    whole = orjson.dumps(answer | empty | {"labels": labels.to_list()}, option=orjson.OPT_SERIALIZE_NUMPY)
    assert dump(answer | empty | {"labels": labels}) == whole


def test_showing_costs_what_is_shown():
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    values: list[Any] = [[[]] * 10_000_000, deep, "x" * 10_000_000, 10**100_000, {"a": deep}]
    for value in values:
        assert len(show(value)) < 80
    assert show([1, "a", None, {"b": (2.5,)}]) == "[1, 'a', None, {'b': [2.5]}]"
