"""`/decode`: latent codes become series, smooth or with a texture that a seed names, and are judged on request."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from tests.service.bundles import Labelled, compute_relative_difference
from tests.service.server import Server
from tests.service.test_refusals import assert_refused


@pytest.fixture(scope="module")
def latent(sines: Bundle, cases: Labelled) -> np.ndarray:
    """Codes of 40 series, `[40, latent_dim]`."""
    return sines.encode(cases.series[:40])[0]


def test_a_code_decodes_to_what_its_series_is_reconstructed_as(server: Server, cases: Labelled):
    encoded = server.answer("encode", model="sines", series=cases.series[:9])
    answer = server.answer("decode", model="sines", latent=encoded["posterior_mean"])
    assert set(answer) == {"model", "version", "series"}
    whole = server.answer("reconstruct", model="sines", series=cases.series[:9])
    assert compute_relative_difference(answer["series"], whole["series"]) < 1e-5


def test_codes_are_judged_as_the_series_that_they_are_of(server: Server, cases: Labelled, latent: np.ndarray):
    extras = ["log_density", "typicality"]
    answer = server.answer("decode", model="sines", latent=latent, with_=extras)
    of_series = server.answer("classify", model="sines", series=cases.series[:40], with_=["typicality"])
    assert np.allclose(answer["typicality"], of_series["typicality"], atol=1e-4)
    far = server.answer("decode", model="sines", latent=100 * latent, with_=extras)
    assert max(far["typicality"]) == 0 and max(far["log_density"]) < min(answer["log_density"])


def _decode_with_texture(server: Server, latent: np.ndarray, labels: list[Any], seed: int) -> np.ndarray:
    answer = server.answer("decode", model="sines", latent=latent, labels=labels, texture=True, seed=seed)
    assert answer["seed"] == seed
    return np.array(answer["series"], np.float32)


def test_a_texture_replays_bit_for_bit_and_fewer_codes_are_the_start_of_more(
    server: Server, cases: Labelled, latent: np.ndarray
):
    labels = list(cases.labels[:40])
    whole = _decode_with_texture(server, latent, labels, 5)
    assert np.array_equal(whole, _decode_with_texture(server, latent, labels, 5))
    assert np.array_equal(whole[:10], _decode_with_texture(server, latent[:10], labels[:10], 5))
    smooth = np.array(server.answer("decode", model="sines", latent=latent)["series"])
    for other in (smooth, _decode_with_texture(server, latent, labels, 6)):
        assert np.abs(whole - other).mean() > 1e-3 * np.abs(whole).mean()


CODE = [0.5] * 16
WRONG: list[tuple[str, dict[str, Any], str | None, tuple[str, ...]]] = [
    ("nothing", {}, "latent", ("'latent' is missing",)),
    ("no codes", {"latent": []}, "latent", ("latent has zero cases",)),
    ("one flat code", {"latent": CODE}, "latent", ("latent[0] is 0.5", "a list was expected")),
    ("null", {"latent": None}, "latent", ("latent is null",)),
    ("text", {"latent": "codes"}, "latent", ("latent is the string 'codes'",)),
    ("a gap", {"latent": [[*CODE[1:], None]]}, "latent", ("latent[0][15] is null", "a number was expected")),
    ("too large a number", {"latent": [[1e39, *CODE[1:]]]}, "latent", ("latent[0][0] is 1e+39", "32-bit")),
    ("widths that differ", {"latent": [CODE, CODE[1:]]}, "latent", ("latent is ragged",)),
    ("another width", {"latent": [CODE[1:]]}, "latent", ("codes of 15 numbers", "'sines' has codes of 16", "/encode")),
    ("three axes", {"latent": [[CODE]]}, "latent", ("latent has 3 axes", "[n_cases][latent_dim]")),
    ("labels without a texture", {"latent": [CODE], "labels": [0]}, "labels", ("'labels' came without a texture",)),
    ("a seed without a texture", {"latent": [CODE], "seed": 1}, "seed", ("'seed' came without a texture",)),
    ("a texture without labels", {"latent": [CODE], "texture": True}, "labels", ("send one label for each case",)),
    ("labels of another class", {"latent": [CODE], "texture": True, "labels": [7]}, "labels", ("does not know",)),
    ("labels of more codes", {"latent": [CODE], "texture": True, "labels": [0, 1]}, "labels", ("1 codes and 2",)),
    ("too far away", {"latent": [[3e38] * 16]}, "latent", ("latent[0] lies so far outside", "not a finite number")),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "field", "words"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_no_code_is_refused_in_words(
    server: Server, fields: dict[str, Any], field: str | None, words: tuple[str, ...]
):
    assert_refused(server.post("decode", model="sines", **fields), 400, "invalid_request", field, *words)


def test_a_texture_that_is_not_there_and_a_judgement_that_cannot_be_made(server: Server):
    codes = {"latent": [[0.5] * 16], "texture": True, "labels": [0]}
    assert server.post("decode", model="sines", **codes).status_code == 200
    assert server.answer("decode", model="unlabelled", latent=[[0.5] * 16], texture=True)["seed"] >= 0


def test_large_bodies_of_codes_are_read_in_pieces(server: Server, latent: np.ndarray):
    many = np.tile(latent, (100, 1))
    answer = server.answer("decode", model="sines", latent=many.astype(float).tolist())
    few = server.answer("decode", model="sines", latent=latent)
    assert np.allclose(np.array(answer["series"])[-40:], few["series"], rtol=1e-5, atol=1e-5)
    wrong = many.astype(float).tolist()
    wrong[3000][2] = "x"
    response = server.post("decode", model="sines", latent=wrong)
    assert_refused(response, 400, "invalid_request", "latent", "latent[3000][2] is the string 'x'")
