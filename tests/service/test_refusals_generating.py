"""What `/sample` and `/augment` are asked for is checked before anything is made."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.bundles import Labelled
from tests.service.server import Server
from tests.service.test_refusals import assert_refused, build_good

BAD = (400, "invalid_request")
LARGE = (413, "too_large")

SAMPLE: list[tuple[str, dict[str, Any], tuple[int, str], str, tuple[str, ...]]] = [
    ("both", {"counts": {"1": 1}}, BAD, "counts", ("both of 'counts' and 'n_per_class'", "send one")),
    ("neither", {"n_per_class": None}, BAD, "counts", ("neither of 'counts' and 'n_per_class'", "send one")),
    ("a class the model lacks", {"n_per_class": None, "counts": {"9": 1}}, BAD, "counts", ("'9'", "0, 1, 2")),
    ("a negative count", {"n_per_class": None, "counts": {"1": -1}}, BAD, "counts", ("counts.1 is -1", "greater")),
    ("a negative number", {"n_per_class": -2}, BAD, "n_per_class", ("n_per_class is -2", "greater")),
    ("no series", {"n_per_class": 0}, BAD, "n_per_class", ("zero series", "at least one")),
    ("no counts", {"n_per_class": None, "counts": {}}, BAD, "counts", ("zero series", "at least one")),
    ("counts of zero", {"n_per_class": None, "counts": {"1": 0}}, BAD, "counts", ("zero series", "at least one")),
    ("a count as text", {"n_per_class": "2"}, BAD, "n_per_class", ("n_per_class is '2'", "integer")),
    ("a boolean count", {"n_per_class": True}, BAD, "n_per_class", ("n_per_class is True", "integer")),
    ("half a series", {"n_per_class": 1.5}, BAD, "n_per_class", ("n_per_class is 1.5", "integer")),
    ("counts as a list", {"n_per_class": None, "counts": [1]}, BAD, "counts", ("counts is [1]",)),
    ("a null count", {"n_per_class": None, "counts": {"1": None}}, BAD, "counts", ("counts.1 is None", "integer")),
    ("too many", {"n_per_class": 3334}, LARGE, "n_per_class", ("10002 series", "10000", "several requests")),
    ("too many of one", {"n_per_class": None, "counts": {"1": 10_001}}, LARGE, "counts", ("10001 series", "10000")),
    ("more than an integer", {"n_per_class": 2**40}, BAD, "n_per_class", ("n_per_class is 1099511627776", "less")),
]

SEEDED: list[tuple[str, dict[str, Any], tuple[int, str], str, tuple[str, ...]]] = [
    ("a negative seed", {"seed": -1}, BAD, "seed", ("seed is -1", "greater")),
    ("a seed beyond 53 bits", {"seed": 2**53}, BAD, "seed", ("seed is 9007199254740992", "less")),
    ("a seed as text", {"seed": "7"}, BAD, "seed", ("seed is '7'", "integer")),
    ("half a seed", {"seed": 0.5}, BAD, "seed", ("seed is 0.5", "integer")),
    ("a boolean seed", {"seed": True}, BAD, "seed", ("seed is True", "integer")),
    ("no expansion", {"expansion": 0}, BAD, "expansion", ("expansion is 0", "greater than 0")),
    ("a negative expansion", {"expansion": -1.0}, BAD, "expansion", ("expansion is -1", "greater than 0")),
    ("an endless expansion", {"expansion": 101}, BAD, "expansion", ("expansion is 101", "100")),
    ("an expansion as text", {"expansion": "2"}, BAD, "expansion", ("expansion is '2'", "number")),
]

AUGMENT: list[tuple[str, dict[str, Any], tuple[int, str], str, tuple[str, ...]]] = [
    ("no labels", {"labels": None}, BAD, "labels", ("'labels' is missing", "one label for each case")),
    ("too few labels", {"labels": [0, 1]}, BAD, "labels", ("3 series and 2 labels", "one label for each case")),
    ("a label the model lacks", {"labels": [0, 1, "x"]}, BAD, "labels", ("'x'", "0, 1, 2")),
    ("a boolean label", {"labels": [0, 1, True]}, BAD, "labels", ("labels.2 is True",)),
    ("a label with a fraction", {"labels": [0, 1, 1.5]}, BAD, "labels", ("labels.2 is 1.5",)),
    ("a null label", {"labels": [0, 1, None]}, BAD, "labels", ("labels.2 is None",)),
    ("an unknown strategy", {"strategy": "double"}, BAD, "strategy", ("strategy is 'double'", '"balance"', "factor")),
    ("a number as strategy", {"strategy": 2.0}, BAD, "strategy", ("strategy is 2.0", '"balance"', "factor")),
    ("a factor below one", {"strategy": {"factor": 0.5}}, BAD, "strategy", ("strategy.factor is 0.5", "equal to 1")),
    ("a factor as text", {"strategy": {"factor": "2"}}, BAD, "strategy", ("strategy.factor is '2'", "number")),
    ("two strategies", {"strategy": {"factor": 2.0, "counts": {}}}, BAD, "strategy", ('"balance"', "factor")),
    ("an empty strategy", {"strategy": {}}, BAD, "strategy", ("strategy is {}", '"balance"', "factor")),
    ("a negative total", {"strategy": {"counts": {"1": -1}}}, BAD, "strategy", ("strategy.counts.1 is -1", "greater")),
    ("less than given", {"strategy": {"counts": {"1": 0}}}, BAD, "strategy", ("0 cases of class 1", "1 were given")),
    ("a total of no class", {"strategy": {"counts": {"9": 5}}}, BAD, "strategy", ("'9'", "0, 1, 2")),
    ("too large a factor", {"strategy": {"factor": 1e6}}, LARGE, "strategy", ("3000000 series", "10000")),
    ("too large a total", {"strategy": {"counts": {"1": 9999}}}, LARGE, "strategy", ("10001 series", "10000")),
    ("yes", {"include_original": "yes"}, BAD, "include_original", ("include_original is 'yes'", "boolean")),
]

ROWS = [("sample", *row) for row in SAMPLE + SEEDED] + [("augment", *row) for row in AUGMENT + SEEDED]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[0]}: {row[1]}" for row in ROWS])
def test_a_request_that_cannot_be_made_sense_of(server: Server, cases: Labelled, row: tuple):
    operation, _, changes, (status, code), field, words = row
    fields = {name: value for name, value in (build_good(operation, cases) | changes).items() if value is not None}
    assert_refused(server.post(operation, **fields), status, code, field, *words)
