"""An inference request, whatever carries it: tensors in, a model run, outputs out. Transports read and write."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from math import prod

import numpy as np

from bundle.errors import InvalidRequest, TooLarge
from bundle.showing import show
from service.admission import finish_in_time
from service.bounds import Bounding, Bounds
from service.inference.inputs import Given
from service.inference.models import Model, Models, require_plain
from service.inference.outputs import Output
from service.inference.tensors import Column, from_binary, from_list, is_possible
from service.room import Room
from service.serving import Serving

MOST_TENSORS = 64
"""Inputs of a request, and outputs asked for; no model has as many."""

FLOATS = {"FP16", "FP32", "FP64"}
"""Datatypes of series; of the others come labels and single values."""

LONGEST_NAME = 200
"""Of an input; no model has one as long."""

Taken = list[tuple[Output, Column]]


@dataclass(slots=True)
class Sent:
    """An input as it came: its `content` as binary data, or its `data` as a list or an array; `parameters` by name."""

    name: str
    datatype: str
    shape: list[int]
    parameters: Container[str]
    content: bytes | None
    data: object


class Inference:
    """Runs the models of what is served now."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self.models = Models(serving)
        self.bounding = Bounding(serving)

    async def run(self, model: Model, given: Given, outputs: Iterable[str], room: Room, in_seconds: bool) -> Taken:
        """The outputs of a model that are named, or the usual ones, within their room. Raises a `SeriesmithError`.

        `in_seconds` says whether the settings' timeout applies here; gRPC has applied it already.
        """
        selection = model.select(tuple(outputs))
        running = model.operation.run(model.parse(given, selection), self._serving, room, selection.wanted)
        return selection.take_outputs(await (finish_in_time(self._serving, running) if in_seconds else running))


def require_few(count: int, noun: str) -> None:
    """Raise `InvalidRequest` where there are more `noun` than any model has."""
    if count > MOST_TENSORS:
        raise InvalidRequest(f"there are {count} {noun}; a model has {MOST_TENSORS} at most.", noun)


def read_tensors(inputs: Iterable[Sent], bounds: Bounds) -> Given:
    """Read the tensors of a request, by name. Raises `InvalidRequest` or `TooLarge`."""
    given: Given = {}
    for one in inputs:
        if len(one.name) > LONGEST_NAME:
            raise InvalidRequest(f"there is no input of {len(one.name)} characters: {show(one.name)}.", "inputs")
        if one.name in given:
            raise InvalidRequest(f"the input {show(one.name)} came twice; send it once.", one.name)
        if not is_possible(one.shape):
            raise InvalidRequest(
                f"the input {show(one.name)} has the shape {show(one.shape)}; send a list of at most 8 sizes of 0 or "
                "more.",
                one.name,
            )
        limit, n_elements = bounds.values if one.datatype in FLOATS else bounds.elements, prod(one.shape)
        if n_elements > limit:
            raise TooLarge(
                f"{show(one.name)} has {n_elements} elements of {show(one.datatype)}; one request may have {limit}.",
                one.name,
            )
        require_plain(one.name, one.parameters)
        given[one.name] = _read_tensor(one)
    return given


def _read_tensor(one: Sent) -> np.ndarray:
    if one.content is None:
        return from_list(one.name, one.datatype, one.shape, one.data)
    if one.data is not None:
        raise InvalidRequest(
            f"{show(one.name)} came as data beside binary data, which hold the same; send one of the two.", one.name
        )
    return from_binary(one.name, one.datatype, one.shape, one.content)


def measure_size(taken: Taken) -> int:
    """Return the bytes of the outputs that are arrays; labels and texts, which are small, count as 0."""
    return sum([getattr(column, "nbytes", 0) for _, column in taken])
