"""A folder holds one job: `_job.json` pins all that its files depend on, and anything else is refused there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy
import onnxruntime
import pyarrow

from bundle import VERSION
from training.scale.places import Place
from training.settings import ConfigurationError

JOB, DONE = "_job.json", "_done.json"
"""Readers of folders of Parquet files (Arrow, Spark, Polars) pass over names that begin so."""

LIBRARIES = (numpy, onnxruntime, pyarrow)

Facts = dict[str, Any]


def list_libraries() -> dict[str, str]:
    """The versions that the bits of a result depend on, besides the bundle."""
    return {"seriesmith": VERSION, **{library.__name__: library.__version__ for library in LIBRARIES}}


def compute_digest(facts: Mapping[str, Any]) -> str:
    """The SHA-256 of a job's facts: every file of the job holds it."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def open_job(place: Place, facts: Facts) -> bool:
    """Write a job's facts, or find those of the same job; whether it was begun before.

    Raises `ConfigurationError`, which names what differs, where the folder holds another job or anything else.
    """
    names = place.list_files()
    if JOB not in names:
        if strangers := [name for name in names if not name.startswith(".")]:
            raise ConfigurationError(
                f"{place.url} holds {len(strangers)} files ({strangers[0]} …) and no {JOB}: they are of no job that "
                "could go on. Give an empty folder with --to."
            )
        place.write(JOB, json.dumps(facts, indent=2, sort_keys=True).encode() + b"\n")
        return False
    before = json.loads(place.read(JOB))
    if differing := list(list_differences(before, json.loads(json.dumps(facts)))):
        raise ConfigurationError(
            f"{place.url} holds another job: {'; '.join(differing[:4])}. Go on with the settings that it was begun "
            "with, or give another folder with --to."
        )
    return True


def read_seed(place: Place) -> int | None:
    """The seed of the job that a folder holds, so that one that was drawn need not be given again; None without."""
    if JOB not in place.list_files():
        return None
    seed: int | None = json.loads(place.read(JOB)).get("seed")
    return seed


def list_differences(before: Facts, now: Facts, prefix: str = "") -> Iterator[str]:
    """Yield in words what differs between the facts of two jobs."""
    for name in sorted({*before, *now}):
        one, other = before.get(name), now.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            yield from list_differences(one, other, f"{prefix}{name}.")
        elif one != other:
            yield f"its {prefix}{name} is {one}, and {other} came"


def check_libraries(facts: Facts) -> None:
    """Raise `ConfigurationError` where this process has other libraries than the job was begun with."""
    if differing := list(list_differences(facts["libraries"], list_libraries())):
        raise ConfigurationError(
            f"a worker has other libraries than the job was begun with, and its bits might differ: {differing[0]}. "
            "Install the same on every machine."
        )
