"""Reads WFDB records, as PhysioNet has them: a `.hea` file is one recording, with its signals beside it.

Values are in physical units; channel names, units and the sampling interval are the header's. `--value` and
`--ignore` choose channels. `--label atr` labels timepoints by the annotations in the file of that extension: from each
to the next, by its rhythm (`(AFIB`) where it has any, else by its symbol. The `wfdb` package reads them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.data.cases import DatasetError
from training.data.installs import import_reader
from training.data.raw import Partitions
from training.data.recordings import Annotation, Signal, choose_channels, make_recording
from training.data.room import require_room
from training.data.settings import SignalSettings

SUFFIXES = (".hea",)
Settings = SignalSettings
IS_RECORDING = True

REFERENCE = "atr"
"""The extension of the annotations that people have checked."""


def read(path: Path, settings: SignalSettings) -> Partitions:
    """The record as a single case, or, with `--window`, a recording to be cut."""
    wfdb, record = import_reader("wfdb", path), str(path.with_suffix(""))
    try:
        header = wfdb.rdheader(record)
        require_room(8 * header.n_sig * (header.sig_len or 0), f"The record {path}")
        channels = choose_channels(header.sig_name, settings.value, settings.ignore, f"The record {path}")
        read = wfdb.rdrecord(record, channels=channels)
        annotations = _read_annotations(wfdb, record, settings, path)
    except DatasetError:
        raise
    except Exception as error:  # wfdb raises whatever a damaged header leads to
        raise DatasetError(
            f"The record {path} could not be read: {error}. Check that the files that its header names are beside it."
        ) from error
    signals = [
        Signal(name, unit, read.fs, read.p_signal[:, at])
        for at, (name, unit) in enumerate(zip(read.sig_name, read.units, strict=True))
    ]
    return make_recording(signals, annotations, f"The record {path}"), None


def _read_annotations(wfdb: Any, record: str, settings: SignalSettings, path: Path) -> list[Annotation] | None:
    """The annotations of the extension that `--label` names."""
    if not settings.label:
        if path.with_suffix(f".{REFERENCE}").exists() and REFERENCE not in settings.ignore:
            raise DatasetError(
                f"Beside the record {path} are annotations, {path.stem}.{REFERENCE}, which are not used. Take them as "
                f"labels of windows with --label {REFERENCE} --window LENGTH, or leave them out with --ignore "
                f"{REFERENCE}."
            )
        return None
    found = wfdb.rdann(record, settings.label[0])
    notes = [note.strip("\0 ") for note in found.aux_note]
    rhythms = any(note.startswith("(") for note in notes)
    labelled = zip(found.sample, notes if rhythms else found.symbol, strict=True)
    return [
        Annotation(sample / found.fs, None, label.removeprefix("("))
        for sample, label in labelled
        if not rhythms or label.startswith("(")
    ]
