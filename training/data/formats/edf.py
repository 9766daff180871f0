"""Reads EDF, EDF+ and BDF files: one recording, with its channel names, units and sampling interval.

`--value` and `--ignore` choose channels, where they differ in sampling frequency for instance. `--label annotations`
labels timepoints by the annotations of EDF+, over their duration. The `pyedflib` package reads them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.data.cases import DatasetError
from training.data.installs import import_reader
from training.data.raw import Partitions
from training.data.recordings import ANNOTATIONS, Annotation, Signal, choose_channels, make_recording
from training.data.room import require_room
from training.data.settings import SignalSettings

SUFFIXES = (".edf", ".bdf")
Settings = SignalSettings
IS_RECORDING = True


def read(path: Path, settings: SignalSettings) -> Partitions:
    """The file as a single case, or, with `--window`, a recording to be cut."""
    pyedflib = import_reader("pyedflib", path)
    try:
        with pyedflib.EdfReader(str(path)) as file:
            require_room(8 * int(file.getNSamples().sum()), f"The file {path}")
            names = file.getSignalLabels()
            chosen = choose_channels(names, settings.value, settings.ignore, f"The file {path}")
            signals = [
                Signal(names[at], file.getPhysicalDimension(at), file.getSampleFrequency(at), file.readSignal(at))
                for at in chosen
            ]
            annotations = _read_annotations(file, settings, path)
    except OSError as error:
        raise DatasetError(
            f"The file {path} could not be read: {error}. Discontinuous files (EDF+D) are not read: export each "
            "stretch as a file of its own."
        ) from error
    return make_recording(signals, annotations, f"The file {path}"), None


def _read_annotations(file: Any, settings: SignalSettings, path: Path) -> list[Annotation] | None:
    starts, durations, labels = file.readAnnotations()
    if settings.label and settings.label != (ANNOTATIONS[0],):
        raise DatasetError(
            f"The label of {path} is {settings.label[0]!r}, but an EDF file has --label {ANNOTATIONS[0]}."
        )
    if settings.label:
        return [
            Annotation(float(start), float(duration) if duration > 0 else None, str(label))
            for start, duration, label in zip(starts, durations, labels, strict=True)
        ]
    if len(labels) and ANNOTATIONS[0] not in settings.ignore:
        raise DatasetError(
            f"The file {path} holds {len(labels)} annotations (the first: {str(labels[0])!r}), which are not used. "
            f"Take them as labels of windows with --label {ANNOTATIONS[0]} --window LENGTH, or leave them out with "
            f"--ignore {ANNOTATIONS[0]}."
        )
    return None
