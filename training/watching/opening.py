"""The viewers that a configuration asks for, opened around a fit."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from training.configuration import FitConfiguration
from training.data import Dataset
from training.data.partition import Partition, make_training_cases, order_labels
from training.ending import explain
from training.learning.scaling import Scaling
from training.learning.sharing import SharedWatcher
from training.learning.watcher import Watcher
from training.watching.events import Events
from training.watching.looking import Looking, choose_shown
from training.watching.recorder import Recorder
from training.watching.track import Tracking
from training.watching.viewer import Several, Subject, Viewer


@contextlib.contextmanager
def open_viewers(configuration: FitConfiguration, watcher: Watcher, reports: Path) -> Iterator[Several]:
    """`watcher` and the viewers that are asked for, closed at the end. `reports` is the folder of all reports."""
    several = Several(watcher, list_viewers(configuration, reports))
    try:
        yield several
    except BaseException as error:
        ending = explain(error)
        several.close(ending.reason if ending else f"a bug ({type(error).__name__})")
        raise
    several.close(None)


def list_viewers(configuration: FitConfiguration, reports: Path) -> list[Viewer]:
    """One for each way of watching."""
    viewers: list[Viewer] = []
    if configuration.live or configuration.animate:
        viewers.append(Recorder(configuration, reports))
    if configuration.track:
        viewers.append(Tracking(configuration.track, reports.parent / "tracking"))
    if configuration.events is not None:
        viewers.append(Events(configuration.events))
    return viewers


def begin_watching(
    several: Several, shared: SharedWatcher, dataset: Dataset, parts: Partition, configuration: FitConfiguration
) -> Looking:
    """Tell the viewers what is fitted; the watcher of the fit, which looks at its networks and tells `shared`."""
    labels = order_labels(parts.learn.labels)
    learn = make_training_cases(parts.learn, labels)
    held_out = None if parts.measure is None else make_training_cases(parts.measure, labels)
    shown = choose_shown(learn, held_out, Scaling(learn.series, configuration.working_timepoints))
    cases = shown.cases
    several.begin_fit(
        Subject(
            name=configuration.name or dataset.name.lower(),
            dataset=dataset.name,
            configuration=configuration,
            labels=tuple(map(str, labels)),
            is_labelled=parts.learn.labels is not None,
            class_index=cases.class_index.numpy(),
            is_learned=np.arange(len(cases.series)) < shown.n_learned,
            drawn=shown.drawn,
            series=shown.restore(cases.series[shown.drawn]),
            n_timepoints=learn.series.shape[2],
            kind=parts.measured_on or "",
            channel_names=dataset.description.channel_names or (),
        )
    )
    return Looking(shared, shown)
