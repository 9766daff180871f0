"""`/neighbours`: which training cases are nearest, of a model that was told to keep their codes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from bundle.errors import TooLarge
from bundle.generation.neighbours import TrainingCodes
from service.operations.neighbours import MOST_DISTANCES, require_few
from tests.service.bundles import Labelled
from tests.service.server import Server
from tests.service.test_refusals import CODES, assert_refused


def test_series_and_their_codes_have_the_same_neighbours_the_nearest_first(
    server: Server, cases: Labelled, sines: Bundle
):
    of_series = server.answer("neighbours", model="sines", series=cases.series[:40], k=4)
    encoded = server.answer("encode", model="sines", series=cases.series[:40])
    of_codes = server.answer("neighbours", model="sines", latent=encoded["posterior_mean"], k=4)
    assert of_series["index"] == of_codes["index"]
    assert (np.diff(of_series["distance"], axis=1) >= 0).all()
    assert sines.codes is not None
    index, distance = sines.codes.find_nearest(sines.encode(cases.series[:40])[0], 4)
    assert of_series["index"] == index.tolist()
    np.testing.assert_allclose(of_series["distance"], distance, rtol=1e-3)


WRONG: list[tuple[str, dict[str, Any], str, tuple[str, ...]]] = [
    ("nothing", {}, "series", ("none of series, latent",)),
    ("both", {"series": [[[0.0] * 64] * 2], "latent": CODES}, "latent", ("'series' and 'latent'",)),
    ("no neighbour", {"latent": CODES, "k": 0}, "k", ("k is 0",)),
    ("more than there are", {"latent": CODES, "k": 1000}, "k", ("k is 1000", "learned from")),
    ("another width", {"latent": [[1.0]]}, "latent", ("codes of 1 numbers",)),
]


@pytest.mark.parametrize(("fields", "field", "words"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_has_no_neighbours_is_refused_in_words(
    server: Server, fields: dict[str, Any], field: str, words: tuple[str, ...]
):
    assert_refused(server.post("neighbours", model="sines", **fields), 400, "invalid_request", field, *words)


def test_a_model_without_codes_refuses_and_does_not_list_it(server: Server):
    response = server.post("neighbours", model="unlabelled", latent=CODES)
    assert_refused(response, 422, "unsupported_operation", None, "kept no codes", "--keep-codes")
    assert "neighbours" not in server.get("/models/unlabelled")["operations"]


def test_more_distances_than_one_request_may_ask_for_are_refused():
    codes = TrainingCodes(np.zeros((2**15, 1), np.float32), np.arange(2**15))
    require_few(1, MOST_DISTANCES // 2**15, codes, "series")
    with pytest.raises(TooLarge, match="Send several requests"):
        require_few(1, MOST_DISTANCES // 2**15 + 1, codes, "series")
