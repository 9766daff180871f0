"""Classifiers, one file each, found by name.

A classifier is a module with `build(n_channels, n_timepoints, n_classes) -> nn.Module`: standardised series
`[n, n_channels, n_timepoints]` at the working length to logits `[n, n_classes]`.
"""

from __future__ import annotations

from torch import nn

from training.families import build_named


def build(family: str, n_channels: int, n_timepoints: int, n_classes: int) -> nn.Module:
    """A freshly initialised classifier. Raises `ConfigurationError` with the families there are."""
    classifier: nn.Module = build_named(__name__, family, n_channels, n_timepoints, n_classes)
    return classifier
