"""`/interpolate` and `/traverse`: series between points of the latent space, and along its axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from tests.service.bundles import Labelled, compute_relative_difference
from tests.service.server import Server
from tests.service.test_refusals import CODES, assert_refused


def _decode(server: Server, latent: Any, model: str = "sines") -> np.ndarray:
    return np.array(server.answer("decode", model=model, latent=np.asarray(latent).tolist())["series"])


@pytest.mark.parametrize("method", ["linear", "spherical"])
def test_the_ends_of_a_way_are_what_decode_says_and_each_step_is_its_code(
    server: Server, cases: Labelled, sines: Bundle, method: str
):
    ways = {"start_series": cases.series[:3], "end_labels": [2]}
    answer = server.answer("interpolate", model="sines", method=method, steps=5, **ways)
    series, latent = np.array(answer["series"]), np.array(answer["latent"])
    assert answer["position"] == 3 * [0, 0.25, 0.5, 0.75, 1] and answer["way"] == [0] * 5 + [1] * 5 + [2] * 5
    assert compute_relative_difference(series, _decode(server, latent)) < 1e-5
    assert (
        compute_relative_difference(
            series[::5], server.answer("reconstruct", model="sines", series=cases.series[:3])["series"]
        )
        < 1e-5
    )
    assert sines.mixture is not None
    np.testing.assert_allclose(latent[4::5], np.tile(sines.mixture.centres[2], (3, 1)), rtol=1e-5)


@pytest.mark.parametrize(("ends", "kept"), [("start", [0, 1, 2]), ("end", [1, 2, 3]), ("neither", [1, 2])])
def test_ends_may_be_left_out(server: Server, ends: str, kept: list[int]):
    ways = {"model": "sines", "start_latent": CODES[:1], "end_latent": CODES[1:2], "steps": 4}
    whole, part = (server.answer("interpolate", **ways, ends=which) for which in ("both", ends))
    np.testing.assert_allclose(part["latent"], np.array(whole["latent"])[kept], rtol=1e-6)
    np.testing.assert_allclose(part["position"], np.array(whole["position"])[kept], rtol=1e-6)


def test_a_traversal_passes_its_centre_and_moves_an_axis_by_the_deviation_of_the_class(server: Server, sines: Bundle):
    answer = server.answer("traverse", model="sines", labels=[1, 0], axes=[4, 2], low=-2, high=2, steps=3)
    latent = np.array(answer["latent"]).reshape(2, 2, 3, 16)
    assert answer["position"] == 4 * [-2, 0, 2] and answer["axis"] == 2 * [4, 4, 4, 2, 2, 2]
    assert answer["centre"] == [0] * 6 + [1] * 6
    assert sines.mixture is not None
    np.testing.assert_allclose(latent[:, 0, 1], sines.mixture.centres[[1, 0]], rtol=1e-5)
    np.testing.assert_allclose(
        latent[:, 0, 2, 4] - latent[:, 0, 1, 4], 2 * sines.mixture.deviations[[1, 0], 4], rtol=1e-4
    )
    assert compute_relative_difference(answer["series"], _decode(server, answer["latent"])) < 1e-5


def test_every_axis_is_moved_where_none_is_named_and_labels_beside_series_name_the_deviations(
    server: Server, cases: Labelled, sines: Bundle
):
    plain = server.answer("traverse", model="sines", series=cases.series[:1], steps=2, low=0, high=1)
    assert plain["axis"] == [axis for axis in range(16) for _ in range(2)]
    own = server.answer("traverse", model="sines", series=cases.series[:1], labels=[2], steps=2, low=0, high=1)
    assert sines.mixture is not None
    for answer, deviations in ((plain, sines.deviations), (own, sines.mixture.deviations[2])):
        latent = np.array(answer["latent"])
        np.testing.assert_allclose(np.diagonal(latent[1::2] - latent[::2]), deviations, rtol=1e-3, atol=1e-6)


CODE = [CODES[0]]
WRONG: list[tuple[str, str, dict[str, Any], int, str, tuple[str, ...]]] = [
    ("nothing", "interpolate", {}, 400, "start_series", ("none of start_series, start_latent, start_labels",)),
    ("one end", "interpolate", {"start_latent": CODE}, 400, "end_series", ("none of end_series",)),
    ("two starts", "interpolate", {"start_latent": CODE, "start_labels": [0], "end_latent": CODE}, 400, "start_labels",
     ("'start_latent' and 'start_labels'", "send one of them")),
    ("as many", "interpolate", {"start_latent": CODES, "end_latent": CODES[:2]}, 400, "end_latent",
     ("3 of 'start_latent' and 2 of 'end_latent'",)),
    ("a wrong series", "interpolate", {"start_series": [[[1.0]]], "end_latent": CODE}, 400, "start_series",
     ("start_series is 1 x 1 x 1", "[n_cases][2][64]")),
    ("a gap", "interpolate", {"start_latent": CODE, "end_series": [[[None] * 64] * 2]}, 400, "end_series",
     ("end_series[0][0][0] is null",)),
    ("a wrong code", "interpolate", {"start_latent": CODE, "end_latent": [[1.0]]}, 400, "end_latent", ("1 numbers",)),
    ("no class", "interpolate", {"start_latent": CODE, "end_labels": []}, 400, "end_labels", ("is empty",)),
    ("another class", "interpolate", {"start_latent": CODE, "end_labels": [9]}, 400, "end_labels", ("does not know",)),
    ("no step left", "interpolate", {"start_latent": CODE, "end_latent": CODE, "steps": 2, "ends": "neither"}, 400,
     "steps", ("two ends alone",)),
    ("one step", "interpolate", {"start_latent": CODE, "end_latent": CODE, "steps": 1}, 400, "steps", ("steps is 1",)),
    ("too many", "interpolate", {"start_latent": CODES, "end_latent": CODE, "steps": 5000}, 413, "steps", ("15000",)),
    ("too far", "interpolate", {"start_latent": [[0.0] * 16] * 2, "end_latent": [[0.0] * 16, [3e38] * 16]}, 400,
     "start_latent", ("start_latent[1] lies so far outside",)),
    ("no centre", "traverse", {}, 400, "series", ("none of series, latent, labels",)),
    ("two centres", "traverse", {"series": [[[1.0]]], "latent": CODE}, 400, "latent", ("'series' and 'latent'",)),
    ("times of codes", "traverse", {"latent": CODE, "times": [[1.0]]}, 400, "times", ("without series",)),
    ("an axis too many", "traverse", {"latent": CODE, "axes": [16]}, 400, "axes", ("the axis 16", "0 to 15")),
    ("an axis twice", "traverse", {"latent": CODE, "axes": [1, 1]}, 400, "axes", ("twice",)),
    ("no axis", "traverse", {"latent": CODE, "axes": []}, 400, "axes", ("axes is []",)),
    ("half an axis", "traverse", {"latent": CODE, "axes": [0.5]}, 400, "axes", ("axes is [0.5]",)),
    ("low above high", "traverse", {"latent": CODE, "low": 2, "high": 1}, 400, "low", ("low is 2 and high 1",)),
    ("labels of more", "traverse", {"latent": CODE, "labels": [0, 1]}, 400, "labels", ("1 codes and 2 labels",)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "fields", "status", "field", "words"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_what_names_no_way_is_refused_in_words(
    server: Server, operation: str, fields: dict[str, Any], status: int, field: str, words: tuple[str, ...]
):
    code = "too_large" if status == 413 else "invalid_request"
    assert_refused(server.post(operation, model="sines", **fields), status, code, field, *words)
