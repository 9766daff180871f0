"""Windows get time as two more channels, which say where in a period they lie."""

from __future__ import annotations

import numpy as np
import pytest

from training.data import load
from training.data.cases import DatasetError
from training.data.generators.repeated_patterns import Settings
from training.data.raw import Raw
from training.data.time_encoding import NAMES, add_time_encoding, encode_time
from training.data.windows import cut_windows


def test_time_comes_back_after_a_period_and_runs_on_the_unit_circle() -> None:
    encoding = encode_time(np.arange(100.0), 12.5)
    np.testing.assert_allclose(encoding[:, :-25], encoding[:, 25:], atol=1e-12)
    np.testing.assert_allclose((encoding**2).sum(axis=0), 1)
    np.testing.assert_allclose(encoding[:, 0], [0, 1])


def test_a_window_has_the_time_of_its_place_in_the_recording_and_gaps_stay_gaps() -> None:
    recording = np.arange(40, dtype=np.float64)
    recording[17] = np.nan
    cut = cut_windows(add_time_encoding(Raw([[recording]]), 7, 8), 8, 3, "The file f")
    assert cut.channel_names == ["value", *NAMES]
    for values, *encoding in np.asarray(cut.series):
        assert 17 not in values
        np.testing.assert_allclose(encoding, encode_time(values, 7))


def test_where_a_recording_has_times_they_count() -> None:
    times = np.concatenate([np.arange(6), 20 + np.arange(6)]) * 0.5
    timed = add_time_encoding(Raw([[np.zeros(12)]], times=[times]), 8, 4)
    np.testing.assert_allclose(np.array(timed.series[0][1:]), encode_time(2 * times, 8))
    assert "from time 0" in timed.notes[0]


def test_a_dataset_names_the_channels_and_says_that_they_were_added() -> None:
    options = Settings(n_cases=4, n_timepoints=96, repetitions=2)
    dataset = load("repeated_patterns", generated=options, window=24, stride=7, time_encoding=48)
    assert dataset.shape.channel_names == ["value", *NAMES] and dataset.train.series.shape[1:] == (3, 24)
    assert "time_sine and time_cosine were added: time with a period of 48" in dataset.description.notes[0]


@pytest.mark.parametrize(
    ("window", "period", "words"), [(None, 48.0, "Cut the series with --window"), (24, 1.5, "a period has at least 2")]
)
def test_what_time_does_not_tell_is_refused(window: int | None, period: float, words: str) -> None:
    options = Settings(n_cases=4, n_timepoints=96, repetitions=2)
    with pytest.raises(DatasetError, match=words):
        load("repeated_patterns", generated=options, window=window, time_encoding=period)
