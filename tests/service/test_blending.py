"""`/blend` goes from one class to another of a model that has no codes, over every wire."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime
from seriesmith import Client
from tests.plain import LABELS
from tests.service.inference.conversation import build_tensor, infer, read_outputs
from tests.service.server import Server, run_server

FIRST, LAST = str(LABELS[0]), str(LABELS[-1])


@pytest.fixture(scope="module")
def plain(plain_repository, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serves the bundles of `tests.plain`."""
    with run_server(tmp_path_factory.mktemp("plain"), plain_repository) as running:
        yield running


@pytest.fixture
def blender(plain_repository: Path) -> Bundle:
    """The bundle that can blend, without a server."""
    return Bundle.load(plain_repository / "blender" / "1", Runtime("cpu", 1))


def blend(plain: Server, start: list[str], end: list[str], steps: int) -> np.ndarray:
    body = {"model": "blender", "start_labels": start, "end_labels": end, "seed": 3, "steps": steps}
    answer = plain.answer("blend", **body)
    assert answer["position"] == pytest.approx(np.tile(np.linspace(0, 1, steps), len(start)))
    return np.array(answer["series"], np.float32).reshape(len(start), -1, *np.shape(answer["series"])[1:])


def test_a_way_goes_evenly_from_one_class_to_the_other_with_the_same_noise(plain: Server):
    (way,) = blend(plain, [FIRST], [LAST], steps=5)
    assert len(way) == 5 and np.abs(np.diff(way, axis=0)).max() > 0.1
    np.testing.assert_allclose(np.diff(way, 2, axis=0), 0, atol=1e-5)  # this model mixes the series themselves
    (there_and_back,) = blend(plain, [LAST], [FIRST], steps=5)
    np.testing.assert_allclose(there_and_back, way[::-1], atol=1e-5)


def test_ends_are_what_the_generator_makes_of_the_class(blender: Bundle):
    noise = {name: np.ones((1, *shape), np.float32) for name, shape in blender.noise_shapes.items()}
    for position, class_index in [(0.0, 0), (1.0, 2)]:
        made = blender.blend(0, 2, np.array([position], np.float32), noise)
        np.testing.assert_allclose(made, blender.generate(class_index, noise), atol=1e-6)


def test_a_way_does_not_depend_on_the_ways_beside_it_nor_on_chunks(plain: Server):
    (alone,) = blend(plain, [FIRST], [LAST], steps=130)
    first, second = blend(plain, [FIRST, FIRST], [LAST, FIRST], steps=130)
    np.testing.assert_array_equal(first, alone)
    assert np.abs(second - second[0]).max() < 1e-5, "a class to itself"
    assert np.abs(first[0] - second[0]).max() > 1e-3, "each way has noise of its own"


def test_it_is_the_same_over_grpc(plain: Server):
    answers = []
    for url in (plain.url, f"grpc://{plain.grpc}"):
        with Client(url) as client:
            answers.append(client.blend([FIRST], [FIRST, LAST], steps=3, seed=5, non_negative=True, model="blender"))
    for one in answers:
        assert one.series.shape[0] == 6 and one.series.min() >= 0 and one.seed == 5
        assert one.mean_move is not None and one.mean_move.max() > 0
        assert one.way.tolist() == [0, 0, 0, 1, 1, 1]
    np.testing.assert_array_equal(answers[0].series, answers[1].series)


def test_it_is_the_same_by_the_open_inference_protocol(plain: Server):
    (expected,) = blend(plain, [FIRST], [LAST], steps=3)
    tensors = [build_tensor("start_labels", [FIRST]), build_tensor("end_labels", [LAST])]
    more = [build_tensor("steps", [3]), build_tensor("seed", [3])]
    found = read_outputs(infer(plain, "blender.blend", *tensors, *more))
    np.testing.assert_array_equal(found["series"].astype(np.float32), expected)
    assert found["position"].tolist() == [0, 0.5, 1] and found["way"].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"start_labels": ["nobody"]}, "start_labels", "nobody"),
        ({"end_labels": [FIRST] * 3, "start_labels": [FIRST] * 2}, "end_labels", "2 of 'start_labels' and 3 of"),
        ({"end_labels": None}, "end_labels", ""),
        ({"start_labels": []}, "start_labels", "name at least one class"),
        ({"end_labels": []}, "end_labels", "name at least one class"),
        ({"steps": 1}, "steps", "2"),
        ({"seed": -1}, "seed", ""),
        ({"lower": 2, "upper": 1}, "lower", ""),
        ({"model": "dreamer"}, None, "cannot blend classes: it has no blend graph; it can sample, augment"),
        ({"model": "autoencoder"}, None, "no blend graph; it can encode"),
    ],
)
def test_what_cannot_be_blended_is_refused(plain: Server, fields: dict, field: str | None, words: str):
    body = {"model": "blender", "start_labels": [FIRST], "end_labels": [LAST]} | fields
    response = plain.post("blend", **{name: value for name, value in body.items() if value is not None})
    error = response.json()["error"]
    assert 400 <= response.status_code < 500 and words in error["message"], error
    assert field is None or error["field"] == field
