"""Arrays and labels of any kind go out as what the server takes, unchanged for the caller; the rest is refused here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seriesmith import EncodeAnswer, InvalidRequest, persistence
from seriesmith.arguments import prepare_labels, prepare_series, prepare_strategy
from seriesmith.operations import classify
from seriesmith.persistence import Attempt, Pause, Persistence, cut_pieces
from seriesmith.reading import join_answers
from tests.client.conftest import Ask
from tests.service.bundles import Labelled, compute_relative_difference


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", ">f8", "f2", "i1", "<i8", "u2"])
def test_every_kind_of_number(dtype: str):
    given = np.arange(24).reshape(2, 3, 4).astype(dtype)
    before = given.copy()
    sent = prepare_series(given)
    assert sent.dtype == np.float32 and sent.flags.c_contiguous and np.array_equal(sent, before)
    assert np.array_equal(given, before) and given.dtype == dtype


def test_lists_and_views_that_are_not_contiguous():
    cube = np.arange(24.0).reshape(2, 3, 4)
    assert np.array_equal(prepare_series(cube.tolist()), cube)
    assert np.array_equal(prepare_series(cube.transpose(0, 2, 1)[::-1]), cube.transpose(0, 2, 1)[::-1])


@pytest.mark.parametrize("deep", [False, True])
def test_shorter_series_are_filled_up_with_nan_as_missing_values_are(deep: bool):
    rows: list[Any] = [[1.0, None, 3.0], np.array([4.0])]
    given = [[row] for row in rows] if deep else rows
    expected = np.array([[1, np.nan, 3], [4, np.nan, np.nan]], np.float32)
    assert np.array_equal(prepare_series(given), expected[:, None] if deep else expected, equal_nan=True)


@pytest.mark.parametrize(
    ("series", "words"),
    [
        ([[[1.0], [1.0, 2.0]]], "channels differ in length"),
        ([[1.0], [[1.0, 2.0]]], "may differ in length alone"),
        ([1.0, 2.0], r"shape \(2,\)"),
        (np.zeros((1, 1, 1, 1)), "n_cases, n_channels, n_timepoints"),
        ([["a"]], "pass numbers"),
        ([[True]], "bool"),
        ([[1.0, 2.0], [3.0, np.inf]], r"series\[1, 1\] is inf"),
        ([[1.0, 1e39]], r"series\[0, 1\] is 1e\+39.*rescale"),
    ],
)
def test_series_that_cannot_be_sent(series: Any, words: str):
    with pytest.raises(InvalidRequest, match=words) as caught:
        prepare_series(series)
    assert caught.value.field == "series"


@pytest.mark.parametrize(
    ("labels", "sent"),
    [
        (np.array(["a", "bc"]), ["a", "bc"]),
        (np.array([3, 1], np.uint8), [3, 1]),
        (np.array([3.0, 1.0]), [3, 1]),
        (np.array(["a", 1], object), ["a", 1]),
        (["1", "2"], ["1", "2"]),
    ],
)
def test_labels(labels: Any, sent: list):
    assert prepare_labels(labels) == sent
    assert [type(label) for label in prepare_labels(labels)] == [type(label) for label in sent]


@pytest.mark.parametrize("labels", [[0.5], [True], [[1]], np.array([None])])
def test_labels_that_are_none(labels: Any):
    with pytest.raises(InvalidRequest) as caught:
        prepare_labels(labels)
    assert caught.value.field == "labels"


def test_a_class_may_be_called_factor_or_counts():
    assert prepare_strategy({"counts": {"factor": 2}}) == {"counts": {"factor": 2}}
    assert prepare_strategy({"factor": 2, "b": 3}) == {"counts": {"factor": 2, "b": 3}}
    assert prepare_strategy({"counts": 5}) == {"counts": {"counts": 5}}


@pytest.mark.parametrize("strategy", [0.5, {"a": 1.5}, {"a": None}, {"a": True}])
def test_strategies_that_are_none(strategy: Any):
    with pytest.raises(InvalidRequest) as caught:
        prepare_strategy(strategy)
    assert caught.value.field == "strategy"


def test_what_the_server_refuses_is_refused_as_it_says(ask: Ask, cases: Labelled):
    with pytest.raises(InvalidRequest, match="Resample to 64 timepoints") as caught:
        ask("encode", cases.series[:, :, :60], model="sines")
    assert (caught.value.code, caught.value.field) == ("invalid_request", "series")
    with pytest.raises(InvalidRequest, match="at least one"):
        ask("encode", cases.series[:0], model="sines")
    with pytest.raises(InvalidRequest) as caught:
        ask("augment", cases.series[:1], [0], strategy="none such", model="sines")
    assert caught.value.field == "strategy"


def test_more_series_than_a_request_may_have_go_in_pieces(ask: Ask, cases: Labelled):
    many = np.tile(cases.series, (168, 1, 1))
    assert len(many) > 10_000
    whole = ask("encode", many, model="sines")
    few = ask("encode", cases.series, model="sines")
    assert compute_relative_difference(whole.posterior_mean, np.tile(few.posterior_mean, (168, 1))) < 1e-5


def test_pieces_cover_all_in_order_and_are_bounded_in_rows_and_bytes():
    for shape in [(1, 5), (4096, 2), (4097, 2), (10, 2**21), (3, 2, 2**23)]:
        whole = classify(np.zeros(shape, np.float32))
        cut = [(start, call.series) for start, call in cut_pieces(whole) if call.series is not None]
        assert [start for start, _ in cut] == np.cumsum([0, *(len(series) for _, series in cut[:-1])]).tolist()
        assert sum(len(series) for _, series in cut) == shape[0]
        for _, series in cut:
            assert len(series) <= persistence.PIECE_ROWS
            assert len(series) == 1 or series.nbytes <= persistence.PIECE_BYTES


def test_times_are_cut_with_their_series():
    times = np.arange(9 * 2**14, dtype=float).reshape(9, -1)
    pieces = [call for _, call in cut_pieces(classify(np.zeros(times.shape, np.float32), times=times))]
    assert [len(call.fields["times"]) for call in pieces] == [4, 4, 1]
    assert [row for call in pieces for row in call.fields["times"]] == times.tolist()


def test_later_pieces_ask_the_version_that_answered_the_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(persistence, "PIECE_ROWS", 2)
    steps = Persistence(60, 0).plan_pieces(classify(np.zeros((5, 3)), model="sines"))
    asked: list[str] = []

    def answer(step: Attempt | Pause) -> dict[str, Any]:
        assert isinstance(step, Attempt) and step.call.series is not None
        asked.append(step.call.fields["model"])
        labels, shares = np.zeros(len(step.call.series), np.int64), np.zeros((len(step.call.series), 2))
        said = {"labels": labels, "probabilities": shares, "classes": [0, 1]}
        return {"model": "sines", "version": 7, **said}

    step = next(steps)
    step = steps.send(answer(step))
    step = steps.send(answer(step))
    with pytest.raises(StopIteration) as ended:
        steps.send(answer(step))
    assert asked == ["sines", "sines/7", "sines/7"]
    assert ended.value.value.probabilities.shape == (5, 2) and ended.value.value.classes.tolist() == [0, 1]


def test_a_joined_answer_has_the_notes_of_all_pieces_once_each_and_in_order():
    def join(*notes: str | None) -> str | None:
        code = np.zeros((1, 2), np.float32)
        said: dict[str, Any] = {"model": "sines", "version": 1, "posterior_mean": code, "posterior_log_variance": code}
        return join_answers([EncodeAnswer(**said, note=note) for note in notes]).note

    assert join("Two were filled.", None, "One was filled.", "Two were filled.") == "Two were filled. One was filled."
    assert join("Two were filled.", None) == "Two were filled." and join(None, None) is None


def test_the_gaps_of_every_piece_are_noted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(persistence, "PIECE_ROWS", 2)
    steps = Persistence(60, 0).plan_pieces(classify(np.zeros((3, 3)), model="sines"))
    said = {"model": "sines", "version": 1, "labels": np.zeros(2, np.int64), "probabilities": np.zeros((2, 2))}
    next(steps)
    steps.send({**said, "classes": [0, 1], "note": "1 missing value was filled."})
    with pytest.raises(StopIteration) as ended:
        steps.send({**said, "classes": [0, 1]})
    assert ended.value.value.note == "1 missing value was filled."


def test_a_refusal_of_a_later_piece_says_which_cases_it_counts(monkeypatch: pytest.MonkeyPatch, ask: Ask):
    monkeypatch.setattr(persistence, "PIECE_ROWS", 4)
    series = np.ones((9, 2, 64))
    series[6] = 3e38
    with pytest.raises(InvalidRequest, match=r"series\[2\].*Add 4 to the case"):
        ask("encode", series, model="sines")
