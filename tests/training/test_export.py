"""What is exported answers as torch does, at every batch size, or is not exported."""

from __future__ import annotations

import importlib
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bundle.engine.sessions import Runtime, Session
from training.export.exporting import BATCH_SIZES, PARITY, Exportable, ParityError, export
from training.export.torchlib import REGISTRY, keep_torchlib
from training.families import classifiers
from training.learning.scaling import Scaling

ROWS = np.random.default_rng(0).normal(size=(256, 3)).astype(np.float32)


class Scaled(nn.Module):
    """rows times factor."""

    def forward(self, rows: Tensor, factor: Tensor) -> Tensor:
        return rows * factor


class Fickle(nn.Module):
    """Answers otherwise at every call, so that no graph can agree with it."""

    calls = 0

    def forward(self, rows: Tensor) -> Tensor:
        self.calls += 1
        return rows * self.calls


class Frozen(nn.Module):
    """Takes the batch size that it sees first for a constant."""

    def forward(self, rows: Tensor) -> Tensor:
        return rows - rows[: len(rows)].mean(dim=0) * (2 / int(rows.shape[0]))


class Drifting(nn.Module):
    """Logits `[n, 2]` of series; the second is higher by `drift` in torch than in the graph."""

    def __init__(self, drift: float) -> None:
        super().__init__()
        self.drift = drift

    def forward(self, series: Tensor) -> Tensor:
        level = series.mean(dim=(1, 2))
        drift = 0.0 if torch.compiler.is_exporting() else self.drift
        return torch.stack([-level, level + drift], dim=1)


@pytest.fixture(scope="module")
def scaled() -> Session:
    factor = np.full(3, 2, np.float32)
    exported = export(Exportable("scaled", Scaled(), {"rows": ROWS}, ("scaled_rows",), {}, {"factor": factor}))
    assert [tensor.shape for tensor in exported.card.inputs] == [["n", 3]]
    assert [tensor.name for tensor in exported.card.overridable] == ["factor"]
    return Session(exported.content, Runtime("cpu", 1))


@pytest.mark.parametrize("rows", BATCH_SIZES)
def test_the_batch_axis_is_dynamic(scaled: Session, rows: int) -> None:
    np.testing.assert_allclose(scaled({"rows": ROWS[:rows]})[0], 2 * ROWS[:rows])


def test_a_default_can_be_overridden(scaled: Session) -> None:
    assert scaled.inputs == ["rows"] and [name for name, _, _ in scaled.signature.overridable] == ["factor"]
    np.testing.assert_allclose(scaled({"rows": ROWS, "factor": np.full(3, 5, np.float32)})[0], 5 * ROWS)


@pytest.mark.parametrize(
    ("module", "words"),
    [(Fickle(), "wrong.onnx at batch size 1: answer differs"), (Frozen(), "wrong.onnx does not take batch size 1")],
    ids=["fickle", "frozen"],
)
def test_a_graph_that_answers_otherwise_than_torch_is_not_exported(module: nn.Module, words: str) -> None:
    with pytest.raises(ParityError, match=words):
        export(Exportable("wrong", module, {"rows": ROWS}, ("answer",), {}, {}))


def test_a_classifier_may_differ_from_torch_by_the_rounding_of_thousands_of_features() -> None:
    """By 3e-5 of a probability, which no other graph may, and not by 2e-4."""
    series = ROWS[:, None]
    scaling = Scaling(series, 3)
    close, far = (classifiers.make_exportable(Drifting(drift), scaling, series) for drift in (1.2e-4, 1e-3))
    export(close)
    for refused in (far, replace(close, parity=PARITY)):
        with pytest.raises(ParityError, match="class_probabilities differs from torch"):
            export(refused)


def test_operators_are_read_once_where_torch_lets_us() -> None:
    with keep_torchlib() as kept:
        holder = importlib.import_module(REGISTRY).ONNXRegistry
        assert kept and holder.from_torchlib() is holder.from_torchlib()
    assert holder.from_torchlib() is not holder.from_torchlib(), "torch has its own again"


@pytest.mark.parametrize("registry", ["torch.no_such_module", "torch.onnx"])
def test_a_torch_without_that_part_exports_all_the_same(registry: str) -> None:
    with keep_torchlib(registry) as kept:
        assert not kept
        export(Exportable("scaled", Scaled(), {"rows": ROWS}, ("scaled",), {}, {"factor": np.ones(3, np.float32)}))
