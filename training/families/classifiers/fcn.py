"""The fully convolutional network of Wang, Yan & Oates (2017), small, with a strided stem."""

from __future__ import annotations

from torch import Tensor, nn

WIDTHS, KERNELS, DROPOUT = (32, 64, 64), (9, 5, 3), 0.1


class _MeanOverTime(nn.Module):
    """`[n, width, n_timepoints]` to `[n, width]`; torch's adaptive pooling trains more slowly."""

    def forward(self, features: Tensor) -> Tensor:
        return features.mean(dim=2)


def build(n_channels: int, n_timepoints: int, n_classes: int) -> nn.Module:
    """See `training.families.classifiers`; works for any number of timepoints."""
    del n_timepoints
    layers: list[nn.Module] = []
    for position, (width, kernel) in enumerate(zip(WIDTHS, KERNELS, strict=True)):
        width_in = WIDTHS[position - 1] if position else n_channels
        stride = 1 if position else 2
        convolution = nn.Conv1d(width_in, width, kernel, stride=stride, padding=kernel // 2, bias=False)
        layers += [convolution, nn.BatchNorm1d(width), nn.ReLU()]
    head = [_MeanOverTime(), nn.Dropout(DROPOUT), nn.Linear(WIDTHS[-1], n_classes)]
    return nn.Sequential(*layers, *head)
