"""Torch modules become ONNX graphs whose answers were compared with torch's at several batch sizes."""

from __future__ import annotations

import contextlib
import io
import logging
import statistics
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnx
import torch
from torch import Tensor, nn
from torch.export import Dim

from bundle.engine.sessions import Runtime, Session
from bundle.manifest import Graph
from bundle.manifest import Tensor as TensorCard
from bundle.probe import compute_relative_difference
from bundle.publish import compute_sha256
from training.export.repeating import ANSWER, NEXT_STATE, STATE, STEP, repeat_step
from training.export.torchlib import keep_torchlib

BATCH_SIZES = (1, 2, 7, 33, 256)
CACHED_ROWS = 32
"""Rows that torch is given at a time: what it makes of 256 leaves the processor's cache, which takes twice the time."""

PARITY = 1e-5
"""Largest relative difference allowed between torch and onnxruntime on the CPU; repeated steps add theirs up."""

PROBE_TOLERANCE = 1e-3
"""Largest relative difference allowed when a probe is replayed, on any provider."""

LATENCY_RUNS = 101

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Repeated:
    """A step that is taken `times` over.

    Its inputs are those of the whole, the last of which is the state that it changes, and the number of the step, from
    0 on; its outputs are the next state, and what the whole answers if it ends there.
    """

    step: nn.Module
    times: int


class ParityError(RuntimeError):
    """An exported graph does not answer as its torch module does; nothing is published."""


@dataclass(frozen=True)
class Exportable:
    """A module, with example inputs for any batch size and, for overridable inputs, their default values."""

    name: str
    module: nn.Module
    batched: dict[str, np.ndarray]
    """Inputs with a batch axis, at least as many rows as the largest batch size."""
    outputs: tuple[str, ...]
    scalars: dict[str, np.ndarray]
    """Inputs without a batch axis."""
    defaults: dict[str, np.ndarray]
    """Inputs that become initializers, which a caller may override."""
    repeated: Repeated | None = None
    """Where set, the graph repeats this step in place of all that the module does."""
    parity: float = PARITY
    """Largest relative difference allowed between torch and onnxruntime."""

    def make_inputs(self, stop: int, start: int = 0) -> Arrays:
        """All inputs but the overridable, with the rows from `start` to `stop`."""
        return {**{name: array[start:stop] for name, array in self.batched.items()}, **self.scalars}

    def run_torch(self, rows: int) -> list[np.ndarray]:
        """What torch says of the first `rows` rows."""
        parts = [self._run_torch(start, min(start + CACHED_ROWS, rows)) for start in range(0, rows, CACHED_ROWS)]
        return [np.concatenate(of_output) for of_output in zip(*parts, strict=True)]

    def _run_torch(self, start: int, stop: int) -> list[np.ndarray]:
        arrays = {**self.make_inputs(stop, start), **self.defaults}
        with torch.no_grad():
            answer = self.module(*(torch.as_tensor(array) for array in arrays.values()))
        return [part.numpy() for part in ((answer,) if isinstance(answer, Tensor) else answer)]


@dataclass(frozen=True)
class Exported:
    """A graph's file content, its card for the manifest and its probe arrays, keyed by direction and tensor."""

    content: bytes
    card: Graph
    probe: dict[tuple[str, str], np.ndarray]


def export(exportable: Exportable, probe_rows: int = 4) -> Exported:
    """Convert, compare with torch at every batch size, and describe. Raises `ParityError`."""
    model = _convert(exportable)
    content = model.SerializeToString(deterministic=True)
    session = Session(content, Runtime("cpu", 1))
    _compare(exportable, session)
    inputs = exportable.make_inputs(probe_rows)
    outputs = dict(zip(session.outputs, session(inputs), strict=True))
    opset = next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    card = Graph(
        file=f"{exportable.name}.onnx",
        sha256=compute_sha256(content),
        opset=opset,
        inputs=[_build_card(name, array, name in exportable.batched) for name, array in inputs.items()],
        outputs=[_build_card(name, array, batched=True) for name, array in outputs.items()],
        overridable=[_build_card(name, array, batched=False) for name, array in exportable.defaults.items()],
        tolerance=PROBE_TOLERANCE,
    )
    probe = {("in", name): array for name, array in inputs.items()}
    return Exported(content, card, probe | {("out", name): array for name, array in outputs.items()})


def measure_latency(exported: Exported) -> float:
    """Seconds that the graph takes for one row on one thread of this machine: the median of LATENCY_RUNS."""
    session = Session(exported.content, Runtime("cpu", 1))
    one = {name: array[:1] for (direction, name), array in exported.probe.items() if direction == "in"}
    taken = []
    for _ in range(LATENCY_RUNS):
        start = time.perf_counter()
        session(one)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def _build_card(name: str, array: np.ndarray, batched: bool) -> TensorCard:
    shape: list[str | int] = ["n", *array.shape[1:]] if batched else list(array.shape)
    return TensorCard.model_validate({"name": name, "dtype": str(array.dtype), "shape": shape})


def _convert(exportable: Exportable) -> onnx.ModelProto:
    """The ONNX model, its default values set; what is repeated is there once, in a loop."""
    if (repeated := exportable.repeated) is None:
        return _convert_module(exportable)
    *others, start = exportable.batched
    batched = {**{name: exportable.batched[name] for name in others}, STATE: exportable.batched[start]}
    scalars: Arrays = {STEP: np.asarray(0)}
    step = Exportable(exportable.name, repeated.step, batched, (NEXT_STATE, ANSWER), scalars, {})
    return repeat_step(_convert_module(step), repeated.times, start, *exportable.outputs)


def _convert_module(exportable: Exportable) -> onnx.ModelProto:
    """The module alone, without the exporter's notes on source files."""
    arguments = {**exportable.make_inputs(2), **exportable.defaults}
    batch = Dim("n")
    with _quiet(), keep_torchlib():
        program = torch.onnx.export(
            exportable.module,
            tuple(torch.as_tensor(array) for array in arguments.values()),
            input_names=list(arguments),
            output_names=list(exportable.outputs),
            dynamic_shapes=[{0: batch} if name in exportable.batched else None for name in arguments],
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        assert program is not None
    model: onnx.ModelProto = program.model_proto
    model.producer_version = ""
    for message in (model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output):
        del message.metadata_props[:]
    for value in (*model.graph.value_info, *model.graph.initializer):
        del value.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
    model.graph.initializer.extend(
        onnx.numpy_helper.from_array(array, name) for name, array in exportable.defaults.items()
    )
    return model


def _compare(exportable: Exportable, session: Session) -> None:
    allowed = exportable.parity * (exportable.repeated.times if exportable.repeated else 1)
    wanted = exportable.run_torch(max(BATCH_SIZES))
    for rows in BATCH_SIZES:
        try:
            answers = session(exportable.make_inputs(rows))
        except Exception as error:  # onnxruntime raises its own types, of no common base
            raise ParityError(f"{exportable.name}.onnx does not take batch size {rows}: {error}") from error
        for name, actual, expected in zip(exportable.outputs, answers, wanted, strict=True):
            difference = compute_relative_difference(actual, expected[:rows])
            if difference > allowed:
                raise ParityError(
                    f"{exportable.name}.onnx at batch size {rows}: {name} differs from torch by {difference:.1e} "
                    f"relative, allowed {allowed:.1e}."
                )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter's remarks about torchvision and itself stay out of the user's sight."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)
