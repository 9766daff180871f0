"""Reads Weka's `.arff` files: a case a line, univariate (an attribute a timepoint) or multivariate (a relational one).

A relational attribute is quoted text of one line a channel, joined by a written `\\n`; `?` is a missing value. The one
nominal attribute is the label, quoted or not. scipy's reader takes neither channels of unequal length nor two quoted
fields a line, and names no line in its errors. Format: https://waikato.github.io/weka-wiki/formats_and_processing/arff_stable/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.cases import DatasetError
from training.data.raw import Partitions, Raw
from training.data.text import parse_numbers, read_lines

SUFFIXES = (".arff",)

_ATTRIBUTE = re.compile(r"""@attribute\s+('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\S+)\s+(.+)""", re.IGNORECASE)
_FIELD = re.compile(r"""\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^,'"]*)\s*(?:,|$)""")
_NUMERIC = {"numeric", "real", "integer"}

Line = tuple[int, str]
Case = list[NDArray[np.float64]]


@dataclass(frozen=True)
class _Attribute:
    """kind: `numeric`, `nominal` or `relational`; classes: what a nominal one may be."""

    name: str
    kind: str
    classes: tuple[str, ...] = ()


def read(path: Path, settings: object) -> Partitions:
    """All lines after `@data` as one training partition; unlabelled without a nominal attribute."""
    lines = [(line, text.strip()) for line, text in enumerate(read_lines(path), 1)]
    lines = [(line, text) for line, text in lines if text and not text.startswith("%")]
    data = next((at for at, (_, text) in enumerate(lines) if text.lower() == "@data"), None)
    if data is None:
        raise DatasetError(f"The file {path} has no @data line, which an .arff file needs between header and cases.")
    attributes = _parse_attributes(lines[:data], path)
    label = _find_label(attributes, path)
    rows = [(line, _split_fields(text, len(attributes), path, line)) for line, text in lines[data + 1 :]]
    labels = None if label is None else [_read_label(row[label], attributes[label], path, line) for line, row in rows]
    series = [_parse_case(row, attributes, path, line) for line, row in rows]
    return Raw(series, labels), None


def _parse_attributes(lines: list[Line], path: Path) -> list[_Attribute]:
    found: list[_Attribute] = []
    inside: str | None = None
    for line, text in lines:
        if inside is not None:
            if text.lower().split() == ["@end", inside]:
                inside = None
            continue
        attribute = _ATTRIBUTE.fullmatch(text)
        if attribute is None:
            if text.lower().startswith("@relation"):
                continue
            raise DatasetError(
                f"The file {path}, line {line}, is no line of an .arff header: {text[:60]!r}. Expected @relation, "
                "@attribute NAME TYPE, @data or a comment (%)."
            )
        name, declared = _unquote(attribute[1]), attribute[2].strip()
        found.append(_Attribute(name, _find_kind(name, declared, path, line), _parse_classes(declared)))
        inside = name.lower() if found[-1].kind == "relational" else None
    return found


def _find_kind(name: str, declared: str, path: Path, line: int) -> str:
    word = declared.split()[0].lower()
    if declared.startswith("{"):
        return "nominal"
    if word in _NUMERIC:
        return "numeric"
    if word == "relational":
        return "relational"
    raise DatasetError(
        f"The file {path}, line {line}: the attribute {name!r} is of the type {declared[:40]!r}, but timepoints are "
        "numeric, channels relational and the label nominal, such as {{a,b}}. Declare it so, or remove it."
    )


def _find_label(attributes: list[_Attribute], path: Path) -> int | None:
    """The place of the one nominal attribute."""
    kinds = [attribute.kind for attribute in attributes]
    nominal = [at for at, kind in enumerate(kinds) if kind == "nominal"]
    if len(nominal) > 1:
        names = ", ".join(repr(attributes[at].name) for at in nominal)
        raise DatasetError(f"The file {path} has {len(nominal)} nominal attributes, {names}. Keep the label alone.")
    if kinds.count("relational") > 1 or ("relational" in kinds and "numeric" in kinds):
        raise DatasetError(
            f"The file {path} has a relational attribute beside other series. Put all channels into one relational "
            "attribute, a line each."
        )
    return nominal[0] if nominal else None


def _split_fields(text: str, expected: int, path: Path, line: int) -> list[str]:
    if text.startswith("{"):
        raise DatasetError(f"The file {path}, line {line}, is in the sparse form, which is not read. Save it as dense.")
    fields, rest = _find_fields(text)
    if rest or len(fields) != expected:
        raise DatasetError(
            f"The file {path}, line {line}, has {len(fields)} fields, but the header declares {expected} attributes. "
            "Quote text that holds commas or blanks, and write ? for a missing value."
        )
    return fields


def _find_fields(text: str) -> tuple[list[str], str]:
    """The fields up to the first that is not well quoted, and the rest from there."""
    fields, end = [], 0
    while end < len(text) and (field := _FIELD.match(text, end)) is not None:
        fields.append(field[1].strip())
        end = field.end()
    return fields, text[end:]


def _unquote(field: str) -> str:
    quoted = len(field) > 1 and field[0] == field[-1] and field[0] in "'\""
    return re.sub(r"\\(.)", r"\1", field[1:-1]) if quoted else field


def _parse_classes(declared: str) -> tuple[str, ...]:
    """The classes of a nominal attribute, `{a,'b c'}`; none of another."""
    if not declared.startswith("{"):
        return ()
    return tuple(_unquote(field) for field in _find_fields(declared.strip("{} "))[0])


def _read_label(field: str, attribute: _Attribute, path: Path, line: int) -> str:
    label = _unquote(field)
    if label not in attribute.classes:
        raise DatasetError(
            f"The file {path}, line {line}, has the label {label!r}, but {attribute.name!r} is declared as one of "
            f"{', '.join(attribute.classes[:10])}. Declare it too, or mend the line."
        )
    return label


def _parse_case(row: list[str], attributes: list[_Attribute], path: Path, line: int) -> Case:
    relational = [at for at, attribute in enumerate(attributes) if attribute.kind == "relational"]
    if relational:
        channels = row[relational[0]].strip("'\"").split("\\n")
        return [parse_numbers(channel.split(","), path, line) for channel in channels]
    numeric = [field for field, attribute in zip(row, attributes, strict=True) if attribute.kind == "numeric"]
    return [parse_numbers(numeric, path, line)]
