"""Generators: what they are and can be told, a few of their series, and whole datasets."""

from __future__ import annotations

import importlib
from dataclasses import asdict, fields
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from studio.catalogue.card import summarise
from studio.catalogue.cases import concatenate
from studio.catalogue.parquet import write_parquet
from studio.reading.checking import check_partitions
from studio.reading.thinning import thin
from training.data.cases import DatasetError
from training.data.discover import GENERATORS, Generator, find_generator
from training.data.discover import list_generators as list_names
from training.data.load import load_raw
from training.data.source import Source
from training.options import describe_options

MOST_PREVIEWED, PREVIEWED_TIMEPOINTS = 20, 1000
MOST_VALUES = 2**28
"""Of a generated dataset, both partitions."""

REFUSED_OPTIONS = ("repetitions",)
"""Of recordings with a label for each timepoint, which the catalogue does not hold."""


def list_generators(folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Name, summary and options of each; and their modules."""
    names = list_names()
    return {
        "generators": [_describe(name) for name in names],
        "modules": {name: f"{GENERATORS}.{name}" for name in names},
    }


def _describe(name: str) -> dict[str, Any]:
    generator = _find(name)
    summary = " ".join((importlib.import_module(f"{GENERATORS}.{name}").__doc__ or "").split("\n\n")[0].split())
    options = [option for option in describe_options(generator.Settings) if option["name"] not in REFUSED_OPTIONS]
    return {"name": name, "summary": summary, "options": options}


def preview_generator(folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    """A few series, and their labels: the first of each class in turn."""
    wanted = min(request["n_cases"], MOST_PREVIEWED)
    options = {name: value for name, value in request["options"].items() if name != "n_cases"}
    if "n_cases" in _list_known(request["generator"]):
        options["n_cases"] = max(wanted, 4)
    source = _make_source(request["generator"], options)
    (cases, *_), _ = check_partitions(request["generator"], load_raw(source)[1], "")
    shown = cases.select(np.arange(min(wanted, len(cases))))
    series, step = thin(shown.list_arrays(), PREVIEWED_TIMEPOINTS)
    return {"series": series, "labels": None if shown.labels is None else list(shown.labels), "step": step}


def generate(folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    """A dataset; the answer has notes and summary, and `cases.parquet` lies in the folder."""
    source = _make_source(request["generator"], request["options"])
    parts, notes = check_partitions(request["generator"], load_raw(source)[1], "generated")
    whole = concatenate(parts)
    write_parquet(whole, str(folder / "cases.parquet"))
    return {"notes": notes, "summary": asdict(summarise(whole)), "options": asdict(source.generated)}


def _make_source(name: str, options: dict[str, Any]) -> Source:
    generator = _find(name)
    known = _list_known(name)
    if unknown := sorted(set(options) - known):
        there = f"it has {', '.join(sorted(known))}" if known else "it has none"
        raise DatasetError(f"{name} has no option {unknown[0]!r}; {there}. Leave it out.")
    described = {option["name"]: option for option in describe_options(generator.Settings)}
    settings: Any = generator.Settings(**{key: _convert(described[key], value) for key, value in options.items()})
    shape = [getattr(settings, name, 1) for name in ("n_cases", "n_timepoints", "n_channels")]
    if 2 * prod(shape) > MOST_VALUES:
        size = 2 * prod(shape)
        raise DatasetError(f"These options make {size} values, but {MOST_VALUES} at most are generated. Lower n_cases.")
    return Source(dataset=name, generated=settings)


def _list_known(name: str) -> set[str]:
    """The options of a generator that may be set here."""
    return {field.name for field in fields(_find(name).Settings)} - {*REFUSED_OPTIONS}


def _find(name: str) -> Generator:
    generator = find_generator(name)
    if generator is None:
        raise DatasetError(f"There is no generator {name!r}; there are {', '.join(list_names())}. Name one of them.")
    return generator


def _convert(option: dict[str, Any], value: Any) -> Any:
    """The value of an option in its type. DatasetError for another."""
    kind, name = option["kind"], option["name"]
    if kind == "choice" and value in option["choices"]:
        return value
    if kind == "boolean" and isinstance(value, bool):
        return value
    if kind in ("integer", "number") and isinstance(value, int | float) and not isinstance(value, bool):
        if kind == "number":
            return float(value)
        if float(value).is_integer():
            return int(value)
    if kind == "text" and isinstance(value, str):
        return value
    expected = f"one of {', '.join(map(str, option['choices']))}" if kind == "choice" else f"of the kind {kind}"
    raise DatasetError(f"{name} is {str(value)[:40]!r}; it must be {expected}.")
