"""A GRU and an LSTM that are exported as ONNX's operators of those names, in a second.

The exporter takes 17 to 47 s for torch's own layers over 128 timepoints. A family uses these in their place: they have
torch's arguments, weights and answers.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.onnx.ops import symbolic_multi_out

GATES = {"GRU": (1, 0, 2), "LSTM": (0, 3, 1, 2)}
"""Which of torch's gates each of ONNX's is. torch: reset, update, new; input, forget, cell, output. ONNX: update,
reset, new; input, output, forget, cell."""


class GRU(nn.GRU):
    """`torch.nn.GRU` with biases and the batch first (Cho et al., 2014)."""

    def __init__(self, input_size: int, hidden_size: int, **options: Any) -> None:
        super().__init__(input_size, hidden_size, batch_first=True, **options)

    def forward(self, series: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """Answers `[n, n_timepoints, n_directions * hidden_size]` and the last state `[n_layers * n_directions, n,
        hidden_size]` of `series` `[n, n_timepoints, input_size]`; `state`, shaped as the last, is 0 where not given."""
        if not torch.onnx.is_in_onnx_export():
            answers, last = super().forward(series, state)
            return answers, last
        answers, (last,) = _write_layers(self, series, (state,), {"linear_before_reset": 1})
        return answers, last


class LSTM(nn.LSTM):
    """`torch.nn.LSTM` with biases and the batch first (Hochreiter & Schmidhuber, 1997)."""

    def __init__(self, input_size: int, hidden_size: int, **options: Any) -> None:
        super().__init__(input_size, hidden_size, batch_first=True, **options)

    def forward(  # type: ignore[override]
        self, series: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """As `GRU.forward`; the state is hidden state and cell."""
        if not torch.onnx.is_in_onnx_export():
            answers, last = super().forward(series, state)
            return answers, last
        answers, (hidden, cell) = _write_layers(self, series, state or (None, None), {})
        return answers, (hidden, cell)


def _write_layers(
    network: nn.RNNBase, series: Tensor, states: tuple[Tensor | None, ...], attributes: dict[str, int]
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """One operator a layer: the last one's answers, and the last states of all, stacked."""
    sides = ["", "_reverse"] if network.bidirectional else [""]
    direction = "bidirectional" if network.bidirectional else "forward"
    sequence, lasts = series.transpose(0, 1), []
    for layer in range(network.num_layers):
        first = layer * len(sides)
        initial = [None if state is None else state[first : first + len(sides)] for state in states]
        width = [len(sides), series.shape[0], network.hidden_size]
        answers, *ends = symbolic_multi_out(
            network.mode,
            [sequence, *_stack_weights(network, layer, sides), None, *initial],
            {"hidden_size": network.hidden_size, "direction": direction, **attributes},
            dtypes=[series.dtype] * (1 + len(states)),
            shapes=[[sequence.shape[0], *width], *[width for _ in states]],
        )
        sequence = answers.transpose(1, 2).flatten(2)  # the directions' answers lie side by side in torch
        lasts.append(ends)
    return sequence.transpose(0, 1), tuple(torch.cat(ends) for ends in zip(*lasts, strict=True))


def _stack_weights(network: nn.RNNBase, layer: int, sides: list[str]) -> list[Tensor]:
    """Input weights, recurrent weights, and biases, the directions stacked, as ONNX's operators take them."""

    def read(name: str, side: str) -> Tensor:
        parts = getattr(network, f"{name}_l{layer}{side}").chunk(len(GATES[network.mode]))
        return torch.cat([parts[gate] for gate in GATES[network.mode]])

    biases = [torch.cat([read("bias_ih", side), read("bias_hh", side)]) for side in sides]
    return [
        *(torch.stack([read(name, side) for side in sides]) for name in ("weight_ih", "weight_hh")),
        torch.stack(biases),
    ]
