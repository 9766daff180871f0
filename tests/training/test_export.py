"""What is exported answers as torch does, at every batch size, or is not exported."""

from __future__ import annotations

import numpy as np
import pytest
from torch import Tensor, nn

from bundle.engine.sessions import Runtime, Session
from training.export.exporting import BATCH_SIZES, Exportable, ParityError, export

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
