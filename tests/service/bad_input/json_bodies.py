"""JSON over the operations: bodies, fields, series, and what generates."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from tests.service.bad_input.bad import CASE, HUGE, OPERATIONS, ROW, SERIES_OPERATIONS, Bad, build_good, write_json

WAVE = [1 + 0.15 * math.sin(timepoint / 5) for timepoint in range(64)]
USUAL = [[1000 * value for value in WAVE], [0.01 * value for value in WAVE]]
"""A case within the range of what `sines` was trained on."""


def list_bodies() -> Iterator[Bad]:
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


def list_fields() -> Iterator[Bad]:
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
            body = write_json(operation, changes)
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
                write_json(operation, {"with": extra}),
                400,
                ("with",),
                "with",
            )


def list_series() -> Iterator[Bad]:
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
    times: list[tuple[str, Any, str]] = [
        ("for a model of one length", [list(range(64))], "the model takes none"),
        ("as text", "0,1", "times is '0,1'"),
        ("as numbers", list(range(64)), "list of numbers for each case"),
        ("three deep", [[list(range(64))]], "list of numbers for each case"),
        ("that are true", [[True] * 64], "list of numbers for each case"),
        ("of 400 digits", [[10**400] * 64], "times"),
    ]
    for operation in ("encode", "reconstruct", "classify"):
        for name, given, words in times:
            body = write_json(operation, {"times": given})
            at = None if "digits" in name else "times"
            yield Bad(f"{operation}: times {name}", f"/{operation}", body, 400, () if at is None else (words,), at)
    for operation in SERIES_OPERATIONS:
        for name, series, status, words in rows:
            body = write_json(operation, {"series": series})
            yield Bad(
                f"{operation}: series {name}", f"/{operation}", body, status, (words,), "series" if words else None
            )


def list_generating() -> Iterator[Bad]:
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
            yield Bad(f"{operation}: {name}", f"/{operation}", write_json(operation, changes), status, (words,), field_)
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
        yield Bad(f"sample: {name}", "/sample", write_json("sample", changes), status, (words,), field_)
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
                "series": [USUAL, USUAL, [[1e13, *USUAL[0][1:]], USUAL[1]]],
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
        yield Bad(f"augment: {name}", "/augment", write_json("augment", changes), status, (words,), field_)
