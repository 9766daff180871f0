"""Recurrent layers are exported as one operator each, whose answers are torch's at every batch size."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from training.export.exporting import BATCH_SIZES, Exportable, export
from training.export.recurrent import GRU, LSTM


class Layers(nn.Module):
    """Series `[n, 20, 3]` to what the layers answer, and their last state, batch first."""

    def __init__(self, kind: type[GRU] | type[LSTM], starts: bool, **options: object) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers, self.starts = kind(3, 5, **options), starts

    def forward(self, series: Tensor) -> tuple[Tensor, Tensor]:
        sides = self.layers.num_layers * (2 if self.layers.bidirectional else 1)
        first = series[:, :sides, :1].transpose(0, 1).expand(-1, -1, 5) if self.starts else None
        if isinstance(self.layers, LSTM):
            answers, (hidden, cell) = self.layers(series, None if first is None else (first, -first))
            return answers, torch.cat([hidden, cell]).transpose(0, 1)
        answers, hidden = self.layers(series, first)
        return answers, hidden.transpose(0, 1)


@pytest.mark.parametrize("kind", [GRU, LSTM])
@pytest.mark.parametrize(
    ("starts", "options", "n_operators"),
    [(False, {}, 1), (True, {"num_layers": 2, "bidirectional": True, "dropout": 0.5}, 2)],
    ids=["plain", "two layers of two directions from a state"],
)
def test_each_layer_is_one_operator_and_answers_as_torch_does(
    kind: type[GRU] | type[LSTM], starts: bool, options: dict[str, object], n_operators: int
) -> None:
    series = np.random.default_rng(0).standard_normal((max(BATCH_SIZES), 20, 3)).astype(np.float32)
    module = Layers(kind, starts, **options).eval()
    exported = export(Exportable("layers", module, {"series": series}, ("answers", "last"), {}, {}))
    operators = [node.op_type for node in onnx.load_from_string(exported.content).graph.node]
    assert operators.count(kind.__name__) == n_operators
