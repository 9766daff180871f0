"""One colour and marker per class, the same in every picture, told apart by colour-blind readers too."""

from __future__ import annotations

from training.report.parts import Key

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe & Ito (2008) without their yellow, which is not seen on white."""

MARKERS = (("o", "●"), ("^", "▲"), ("s", "■"), ("D", "◆"), ("v", "▼"))
"""For matplotlib, and as a character. After every round of colours comes the next marker."""

INK, QUIET, ALARM = "#1a1a1a", "#8a8a8a", "#B00020"
"""What is written, what stands behind, and what asks for attention."""


def choose_colour(index: int) -> str:
    """Of a class."""
    return COLOURS[index % len(COLOURS)]


def choose_marker(index: int) -> str:
    """Of a class, in matplotlib's words."""
    return MARKERS[index // len(COLOURS) % len(MARKERS)][0]


def make_key(labels: list[str]) -> Key:
    """What the colours and markers of all classes mean."""
    symbols = [MARKERS[index // len(COLOURS) % len(MARKERS)][1] for index in range(len(labels))]
    return Key(tuple((label, choose_colour(index), symbols[index]) for index, label in enumerate(labels)))
