"""Series with missing values are completed, alike over every wire, and what was sent is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from seriesmith import Client
from tests.service.bundles import Labelled
from tests.service.inference.conversation import build_binary, build_tensor, infer, read_outputs
from tests.service.server import Server, run_server
from tests.service.test_uneven import to_lists, uneven, write_arrow_column
from tests.service.wires import ARROW, OCTETS, read_arrow, read_octets, write_octets

__all__ = ["uneven"]

ARRAYS = ("series", "lower", "upper", "completions", "probabilities")
ASKED: dict[str, Any] = {"model": "sines", "n": 3, "seed": 5}


@pytest.fixture(scope="module")
def gappy(cases: Labelled) -> np.ndarray:
    """Three cases: one with gaps, the first half of one, and one without any value of a channel."""
    series = cases.series[:3].copy()
    series[0, :, 10:30] = series[0, 1, 50] = np.nan
    series[1, :, 32:] = series[2, 0] = np.nan
    return series


def complete(server: Server, series: Any, **fields: Any) -> dict[str, Any]:
    """As JSON has it, arrays as arrays."""
    answer = server.answer("complete", series=to_lists(list(series)), **ASKED | fields)
    return answer | {name: np.array(answer[name], np.float32) for name in ARRAYS}


def ask_octets(server: Server, series: np.ndarray) -> dict[str, Any]:
    content, headers = write_octets({"series": series} | ASKED)
    return read_octets(server.send("complete", content, **headers, accept=OCTETS))


def ask_arrow(server: Server, series: np.ndarray) -> dict[str, Any]:
    body = write_arrow_column(pa.array(to_lists(list(series)), pa.list_(pa.list_(pa.float32()))), dict(ASKED))
    return read_arrow(server.send("complete", body, content_type=ARROW).content)


def ask_v2(server: Server, series: np.ndarray) -> dict[str, Any]:
    numbers = [build_tensor(name, [ASKED[name]]) for name in ("n", "seed")]
    return dict(read_outputs(infer(server, "sines.complete", build_binary("series", series), *numbers)))


def ask_client(server: Server, series: np.ndarray) -> dict[str, Any]:
    with Client(server.url) as client:
        return vars(client.complete(series, **ASKED))


def ask_client_over_grpc(server: Server, series: np.ndarray) -> dict[str, Any]:
    with Client(f"grpc://{server.grpc}") as client:
        return vars(client.complete(series, **ASKED))


WIRES: list[Callable[[Server, np.ndarray], dict[str, Any]]] = [
    ask_octets, ask_arrow, ask_v2, ask_client, ask_client_over_grpc
]  # fmt: skip


@pytest.mark.parametrize("ask", WIRES)
def test_the_same_over_every_wire(server: Server, gappy: np.ndarray, ask: Callable[..., dict[str, Any]]):
    plain, answer = complete(server, gappy), ask(server, gappy)
    for name in ARRAYS:
        assert np.array_equal(np.asarray(answer[name], np.float32).reshape(plain[name].shape), plain[name]), name
    assert np.shape(answer["completions"]) == (3, 3, 2, 64)
    assert [int(label) for label in answer["labels"]] == plain["labels"]


def test_what_was_sent_is_kept_in_every_completion(server: Server, gappy: np.ndarray):
    answer, sent = complete(server, gappy), ~np.isnan(gappy)
    for array in (*(answer[name] for name in ARRAYS[:3]), *answer["completions"].transpose(1, 0, 2, 3)):
        assert np.array_equal(array[sent], gappy[sent])


def test_a_gap_is_nearer_to_the_truth_than_a_straight_line(server: Server, cases: Labelled):
    """Half a wave is missing in the middle."""
    holed = cases.series[:20].copy()
    holed[:, :, 20:44] = np.nan
    answer = complete(server, holed)
    line = np.linspace(holed[:, :, 19], holed[:, :, 44], 26, axis=2)[:, :, 1:-1]
    missed, straight = (
        np.square(filled - cases.series[:20, :, 20:44]).mean(axis=(0, 2))
        for filled in (answer["series"][:, :, 20:44], line)
    )
    assert (missed < 0.5 * straight).all()
    truth = cases.series[:20, :, 20:44]
    inside = (truth >= answer["lower"][:, :, 20:44]) & (truth <= answer["upper"][:, :, 20:44])
    assert 0.7 < inside.mean() <= 1


def test_a_beginning_alone_is_a_series_that_misses_its_end(server: Server, gappy: np.ndarray):
    whole, half = complete(server, gappy[1:2]), complete(server, gappy[1:2, :, :32])
    assert all(np.array_equal(whole[name], half[name]) for name in ARRAYS)


def test_a_case_is_completed_alike_whatever_stands_beside_it(server: Server, gappy: np.ndarray):
    together, alone = complete(server, gappy), complete(server, gappy[2:])
    assert all(np.array_equal(together[name][2:], alone[name]) for name in ARRAYS)


def test_few_completions_are_the_start_of_many(server: Server, gappy: np.ndarray):
    few, many = complete(server, gappy), complete(server, gappy, n=20)
    assert np.array_equal(few["completions"], many["completions"][:, :3])


def test_labels_say_which_class_is_completed(server: Server, cases: Labelled, gappy: np.ndarray):
    free, told = complete(server, gappy), complete(server, gappy, labels=[2, 2, 2])
    assert free["labels"][0] == cases.labels[0]
    assert told["labels"] == [2, 2, 2] and (told["probabilities"][:, 2] == 1).all()
    assert not np.array_equal(free["completions"][0], told["completions"][0])


def test_a_wider_coverage_widens_the_interval(server: Server, gappy: np.ndarray):
    narrow, wide = (complete(server, gappy, coverage=coverage) for coverage in (0.5, 0.99))
    missing = np.isnan(gappy)
    assert (wide["lower"] < narrow["lower"])[missing].all() and (wide["upper"] > narrow["upper"])[missing].all()


def test_unlabelled_data_is_completed(server: Server, waves: np.ndarray):
    holed = waves.copy()
    holed[:, :, 10:25] = np.nan
    answer = complete(server, holed, model="unlabelled")
    assert np.abs(answer["series"] - waves).max() < 0.3 and answer["labels"] == ["all"] * 8


@pytest.mark.parametrize(("model", "length"), [("padded", 50), ("resampled", 100)])
def test_where_lengths_vary_a_series_goes_as_far_as_asked(uneven: Server, cases: Labelled, model: str, length: int):
    begun = [case[:, :20].copy() for case in cases.series[:2]]
    begun[0][:, 5:9] = np.nan
    own = complete(uneven, begun, model=model)
    assert own["series"].shape == (2, 2, 20) and np.array_equal(own["series"][1], begun[1])
    further = complete(uneven, begun, model=model, n_timepoints=length)
    assert further["completions"].shape == (2, 3, 2, length)
    assert np.array_equal(further["series"][1, :, :20], begun[1])


def test_ragged_completions_have_their_own_lengths(uneven: Server, cases: Labelled):
    ragged = [cases.series[0, :, :20].copy(), cases.series[1, :, :33].copy()]
    ragged[0][:, 4:8] = ragged[1][0, 2] = np.nan
    lists = uneven.answer("complete", series=to_lists(ragged), **ASKED | {"model": "padded"})
    assert [len(case[0][0]) for case in lists["completions"]] == [20, 33]
    with Client(f"grpc://{uneven.grpc}") as client:
        answer = client.complete(ragged, **ASKED | {"model": "padded"})
    assert answer.lengths is not None and answer.lengths.tolist() == [20, 33]
    assert np.array_equal(answer.completions[0, 1, :, :20], np.array(lists["completions"][0][1], np.float32))
    column = pa.array(to_lists(ragged), pa.list_(pa.list_(pa.float32())))
    sent = uneven.send("complete", write_arrow_column(column, ASKED | {"model": "padded"}), content_type=ARROW)
    arrow = read_arrow(sent.content)
    for case, plain in zip(arrow["completions"], lists["completions"], strict=True):
        assert np.array_equal(np.array(case, "f4"), np.array(plain, "f4"))


def test_with_times_a_series_goes_as_far_as_they_do(uneven: Server, cases: Labelled):
    case, times = cases.series[:1, :, :20], [[float(place) for place in range(32)]]
    answer = complete(uneven, case, model="resampled", times=times)
    assert answer["series"].shape == (1, 2, 32) and np.array_equal(answer["series"][:, :, :20], case)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"series": [[[None] * 64] * 2]}, "series", "series[0] has no value at all"),
        ({"series": [[[1.0] * 65] * 2]}, "series", "series[0] has 65 timepoints; the model takes 64"),
        ({"series": [[[1.0] * 9]]}, "series", "series is 1 x 1 x 9; model 'sines' takes [n_cases][2][n_timepoints]"),
        ({"n": 0}, "n", "n is 0"),
        ({"n": 10_001}, "n", "the completions comes to 10001 series"),
        ({"coverage": 1.0}, "coverage", "coverage is 1.0"),
        ({"labels": [7]}, "labels", "which model 'sines' does not know"),
        ({"labels": [1, 2]}, "labels", "there are 1 series and 2 labels"),
        ({"n_timepoints": 60}, "n_timepoints", "n_timepoints is 60; the model takes series of 64 timepoints"),
        ({"times": [[1.0, 2.0]]}, "times", "the model takes none"),
    ],
)  # fmt: skip
def test_what_cannot_be_completed_is_refused_by_its_field(
    server: Server, fields: dict[str, Any], field: str, words: str
):
    body: dict[str, Any] = {"series": [[[1.0, None, 2.0]] * 2], "model": "sines"}
    error = server.post("complete", **body | fields).json()["error"]
    assert error["field"] == field and words in error["message"]


def test_a_model_without_a_mixture_says_what_it_can_do(plain_repository: Any, tmp_path_factory: pytest.TempPathFactory):
    with run_server(tmp_path_factory.mktemp("plain"), plain_repository) as plain:
        response = plain.post("complete", model="autoencoder", series=[[[1.0] * 20] * 2])
    assert response.status_code == 422
    assert "cannot complete: it has no mixture; it can encode" in response.json()["error"]["message"]
