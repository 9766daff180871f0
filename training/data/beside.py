"""Files beside the data that look like its labels, groups or another partition are used, or refused by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from training.data.cases import DatasetError
from training.data.raw import Raw
from training.data.source import Source
from training.data.unpack import find_stem, read_text

SUFFIXES = (".csv", ".tsv", ".txt", ".dat", ".npy", ".npz", ".json", ".jsonl", ".parquet")
_ROLES = {
    "label": "labels?|targets?|class(es)?|y|outcomes?|annotations?",
    "group": "groups?|subjects?|patients?|persons?|machines?",
    "partition": "val(id|idation)?|dev",
}
_PARTITION = re.compile(r"(.*?)_?(train|test|val|valid|validation|dev)", re.IGNORECASE)
_SERIES = re.compile(r"(x|data|series|values?|signals?)", re.IGNORECASE)


def refuse_unused(data: Path, used: Sequence[Path], source: Source) -> None:
    """Raise DatasetError for a file in the folder of `data` that looks like the labels, the groups or another partition
    of it, unless a flag says where labels and groups are."""
    for role, path in _find_telling(data, used):
        if (role == "label" and source.label) or (role == "group" and source.group):
            continue
        found = f"The file {path.name} lies beside {data.name} and looks like"
        if role == "partition":
            raise DatasetError(
                f"{found} another part of the same data, which would be left out. Join it to the training or the test "
                "set, or move it elsewhere."
            )
        otherwise = "say --label none" if role == "label" else "move it elsewhere"
        raise DatasetError(
            f"{found} its {role}s, which would be left out. Say --{role} {path.name} to use it; otherwise {otherwise}."
        )


def _find_telling(data: Path, used: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """What files beside `data` are called to be, by names made of its own: `x_labels`, `y_train` beside `x_train`."""
    stem = find_stem(data).lower()
    base, part = _split(stem)
    taken = {path.resolve() for path in used}
    for path in sorted(data.parent.iterdir()):
        if not path.is_file() or path.suffix.lower() not in SUFFIXES or path.resolve() in taken:
            continue
        if path.suffix.lower() == data.suffix.lower() == ".npy":  # whose reader looks at its neighbours itself
            continue
        other = find_stem(path).lower()
        for role, words in _ROLES.items():
            names = [rf"{re.escape(stem)}[_\-. ]?({words})", rf"({words})[_\-. ]{re.escape(stem)}"]
            if role == "partition":
                names = [rf"{re.escape(base)}_({words})"] if part else []
            elif part:
                names += [rf"({words})_{part}", rf"{re.escape(base)}_({words})_{part}"]
            elif _SERIES.fullmatch(base):
                names += [words]
            if any(re.fullmatch(name, other) for name in names):
                yield role, path


def _split(stem: str) -> tuple[str, str]:
    """`gunpoint` and `train` of `gunpoint_train`."""
    found = _PARTITION.fullmatch(stem)
    return (found[1], found[2].lower()) if found else (stem, "")


def find_columns(data: Path, source: Source) -> dict[str, Path]:
    """The files beside `data`, or elsewhere, that --label and --group name, by the name of the flag."""
    found = {}
    for flag in ("label", "group"):
        names = getattr(source, flag)
        for path in (data.parent / names[0], Path(names[0])) if len(names) == 1 else ():
            if flag not in found and path.suffix not in ("", ".npy") and path.is_file():
                found[flag] = path
    return found


def without_columns(source: Source, columns: dict[str, Path], is_text: bool) -> Source:
    """The source for a reader, which finds no label or group in the data where files of their own hold them.

    is_text: the data is a text table, of which the first column could be taken for the label.
    """
    blank = {flag: ("none",) if flag == "label" and is_text else () for flag in columns}
    return replace(source, **blank)  # type: ignore[arg-type]


def find_counterpart(path: Path, train: Path, test: Path) -> Path:
    """The file that is to the test set what `path` is to the training set. DatasetError when it is not there."""
    for word, other in (("train", "test"), ("TRAIN", "TEST"), ("Train", "Test")):
        counterpart = path.with_name(path.name.replace(word, other))
        if word in path.name and counterpart.is_file():
            return counterpart
    raise DatasetError(
        f"The file {path.name} goes with {train.name}, and there is none like it for {test.name}. Call the two alike, "
        "with train and test in their names, or move the test set elsewhere."
    )


def add_columns(raw: Raw, columns: dict[str, Path]) -> Raw:
    """`raw` with labels and groups from files of one value a line; a first line such as "label" is their header."""
    for flag, path in columns.items():
        values = [line.strip() for line in read_text(path).split("\n")]
        while values and not values[-1]:
            values.pop()
        n_cases = len(raw.series)
        if len(values) == n_cases + 1:
            values = values[1:]
        if len(values) != n_cases:
            raise DatasetError(
                f"The file {path.name} has {len(values)} lines for {n_cases} series; there must be one for each."
            )
        named = {f"{flag}s": values, f"{flag}_origin": f"the file {path.name}"}
        raw = replace(raw, **named, plain_integers=True)  # type: ignore[arg-type]
    return raw
