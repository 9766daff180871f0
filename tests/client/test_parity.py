"""Whatever the client and the wire, the answer is the one that plain JSON gives."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from seriesmith import Advice, Unsupported
from tests.client.conftest import KEY, Ask, list_urls, open_client
from tests.service.bundles import Labelled, compute_relative_difference
from tests.service.server import Server
from tests.service.test_refusals import CODES


def assert_equal(answer: Any, expected: dict[str, Any], exact: bool = False) -> None:
    """All that the JSON answer says, in arrays; `exact` to the last bit."""
    said = asdict(answer)
    n_cases = said.pop("n_cases", None)
    assert n_cases in (None, len(expected.get("series", [])))
    assert {name for name, value in said.items() if value is not None} == set(expected)
    for name, value in expected.items():
        if isinstance(value, list) and isinstance(np.ravel(value)[0], float):
            assert said[name].dtype == np.float32
            assert not exact or np.array_equal(said[name], np.array(value, np.float32))
            assert compute_relative_difference(said[name], value) < 1e-5
        else:
            assert (said[name].tolist() if isinstance(value, list) else said[name]) == value


def test_encode(server: Server, ask: Ask, cases: Labelled):
    answer = ask("encode", cases.series[:9], model="sines")
    assert_equal(answer, server.answer("encode", model="sines", series=cases.series[:9]))


@pytest.mark.parametrize("more", [False, True])
def test_reconstruct(server: Server, ask: Ask, cases: Labelled, more: bool):
    answer = ask("reconstruct", cases.series[:9], timepoint_error=more, model="sines")
    wanted = {"with_": ["timepoint_error"]} if more else {}
    assert_equal(answer, server.answer("reconstruct", model="sines", series=cases.series[:9], **wanted))
    assert answer.is_anomaly.dtype == bool and (answer.timepoint_error is not None) == more


@pytest.mark.parametrize("more", [False, True])
def test_classify(server: Server, ask: Ask, cases: Labelled, more: bool):
    answer = ask("classify", cases.series[:9], typicality=more, model="sines/1")
    wanted = {"with_": ["typicality"]} if more else {}
    assert_equal(answer, server.answer("classify", model="sines", series=cases.series[:9], **wanted))
    assert answer.labels.dtype == answer.classes.dtype == np.int64


@pytest.mark.parametrize("texture", [False, True])
def test_decode(server: Server, ask: Ask, texture: bool):
    more = {"texture": True, "labels": [0, 2, 1], "seed": 4} if texture else {}
    answer = ask("decode", np.array(CODES), **more, log_density=True, typicality=True, model="sines")
    wanted = more | {"with_": ["log_density", "typicality"]}
    assert_equal(answer, server.answer("decode", model="sines", latent=CODES, **wanted), exact=texture)


def test_interpolate(server: Server, ask: Ask, cases: Labelled):
    ways = {"start_labels": [1], "end_series": cases.series[:4]}
    answer = ask("interpolate", **ways, method="spherical", steps=np.int64(5), ends="start", model="sines")
    wanted = ways | {"method": "spherical", "steps": 5, "ends": "start"}
    assert_equal(answer, server.answer("interpolate", model="sines", **wanted))
    assert answer.way.dtype == np.int64


def test_neighbours(server: Server, ask: Ask, cases: Labelled):
    answer = ask("neighbours", cases.series[:4], k=3, model="sines")
    assert_equal(answer, server.answer("neighbours", model="sines", series=cases.series[:4], k=3))
    assert answer.index.dtype == np.int64 and answer.index.shape == answer.distance.shape == (4, 3)


def test_traverse(server: Server, ask: Ask, cases: Labelled):
    answer = ask("traverse", cases.series[:2], axes=np.array([5, 0]), low=-1, steps=3, model="sines")
    wanted = {"series": cases.series[:2], "axes": [5, 0], "low": -1, "steps": 3}
    assert_equal(answer, server.answer("traverse", model="sines", **wanted))


def test_sample(server: Server, ask: Ask):
    answer = ask("sample", {2: 70, np.int64(0): 1}, seed=np.int64(5), expansion=1.5, model="sines")
    expected = server.answer("sample", model="sines", counts={"2": 70, "0": 1}, seed=5, expansion=1.5)
    assert_equal(answer, expected, exact=True)


def test_sample_of_every_class(server: Server, ask: Ask):
    answer = ask("sample", n_per_class=3, seed=0, model="unlabelled")
    assert_equal(answer, server.answer("sample", model="unlabelled", n_per_class=3, seed=0), exact=True)


STRATEGIES: list[tuple[Any, Any]] = [
    ("balance", "balance"),
    ({"factor": np.float32(2.5)}, {"factor": 2.5}),
    ({0: 7, np.int64(1): np.int32(6)}, {"counts": {"0": 7, "1": 6}}),
    ({"counts": {1.0: 6}}, {"counts": {"1": 6}}),
]


@pytest.mark.parametrize(("strategy", "in_json"), STRATEGIES)
@pytest.mark.parametrize("include_original", [True, False])
def test_augment(server: Server, ask: Ask, cases: Labelled, strategy: Any, in_json: Any, include_original: bool):
    series, labels = cases.series[:6], np.array([0, 0, 0, 1, 1, 0])
    answer = ask("augment", series, labels, strategy=strategy, seed=3, include_original=include_original, model="sines")
    given = {"series": series, "labels": labels, "strategy": in_json, "include_original": include_original}
    assert_equal(answer, server.answer("augment", model="sines", seed=3, **given), exact=True)
    assert answer.synthetic.dtype == bool


@pytest.mark.parametrize("policy", ["auto", "warps", "guided", "interpolation+warps"])
def test_augment_by_policy(server: Server, ask: Ask, cases: Labelled, policy: str):
    series, labels = cases.series[:6], np.array([0, 0, 0, 1, 1, 0])
    answer = ask("augment", series, labels, policy=policy, seed=3, model="sines")
    expected = server.answer("augment", model="sines", seed=3, series=series, labels=labels, policy=policy)
    assert_equal(answer, expected, exact=True)
    assert policy in (answer.policy, "auto") and isinstance(answer.advice, Advice)


def test_a_dataset_that_needs_no_more_comes_back_empty_without_its_originals(ask: Ask, cases: Labelled):
    answer = ask("augment", cases.series[:2], [0, 1], include_original=False, model="sines")
    assert answer.series.shape == (0, 2, 64) and len(answer.labels) == len(answer.synthetic) == answer.n_cases == 0


def test_unlabelled_data_and_two_axes(server: Server, ask: Ask, waves: np.ndarray):
    answer = ask("augment", waves[:, 0], strategy={"factor": 2}, seed=1, model="unlabelled")
    expected = server.answer("augment", model="unlabelled", series=waves, strategy={"factor": 2.0}, seed=1)
    assert_equal(answer, expected, exact=True)


@pytest.mark.parametrize("method", ["sample", "augment"])
def test_the_parts_of_a_stream_are_the_whole(ask: Ask, cases: Labelled, method: str):
    args = (cases.series[:5], [0, 1, 2, 0, 1]) if method == "augment" else ()
    fields = {"strategy": {"factor": 300.0}} if method == "augment" else {"n_per_class": 400}
    whole = ask(method, *args, **fields, seed=9, model="sines")
    parts = ask(f"{method}_stream", *args, **fields, seed=9, model="sines")
    assert len(parts) > 3 and all(len(part.series) for part in parts)
    assert {(part.model, part.version, part.seed, part.n_cases) for part in parts} == {("sines", 1, 9, whole.n_cases)}
    for name in ("series", "labels"):
        assert np.array_equal(np.concatenate([getattr(part, name) for part in parts]), getattr(whole, name))
    if method == "augment":
        assert all((part.policy, part.advice) == (whole.policy, whole.advice) for part in parts)
    told = "report" if method == "augment" else "acceptance"
    assert getattr(parts[-1], told) == getattr(whole, told) and not getattr(parts[0], told)


def test_text_labels_keep_their_type(guarded: Server):
    for url in list_urls(guarded).values():
        with open_client("blocking", url, api_key=KEY) as ask:
            answer = ask("sample", {"2": 1, "1": 2}, seed=7, model="gunpoint")
            assert answer.labels.dtype.kind == "U" and answer.labels.tolist() == ["2", "1", "1"]
            assert ask("classify", answer.series, model="gunpoint").classes.tolist() == ["1", "2"]


def test_answers_may_be_written_to_and_lie_as_numbers_should(ask: Ask, cases: Labelled):
    answer = ask("reconstruct", cases.series[:3], timepoint_error=True, model="sines")
    for array in (answer.series, answer.error, answer.is_anomaly, answer.timepoint_error):
        assert array.flags.writeable and array.flags.aligned and array.flags.c_contiguous


def test_cards_come_over_http_alone(server: Server, ask: Ask, request: pytest.FixtureRequest):
    if "grpc" in request.node.callspec.id:
        with pytest.raises(Unsupported, match="HTTP alone"):
            ask("models")
        return
    assert [card.name for card in ask("models")] == ["sines", "unlabelled"]
    card = ask("model", "sines")
    assert (card.version, card.versions, card.n_channels, card.n_timepoints) == (1, [1], 2, 64)
    assert card.classes.tolist() == [0, 1, 2] and card.card == server.get("/models/sines")
