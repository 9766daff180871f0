"""The flags that bulk commands share, and what their words mean."""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path

from bundle.generation.recipe import MAX_SEED

MOST_EXPANSION = 100


def make_parser(prog: str, description: str) -> argparse.ArgumentParser:
    """A parser of a bulk command, with the flags of where and how it runs."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("--bundle", required=True, help="NAME or NAME/VERSION in the repository, or a bundle's folder")
    parser.add_argument("--models", type=Path, help="the repository (default: SERIESMITH_MODELS, or models/)")
    parser.add_argument("--to", required=True, metavar="URL", help="a folder, s3://bucket/folder, or another URL")
    parser.add_argument("--workers", type=int, default=0, help="processes on this machine (default: one per core)")
    parser.add_argument("--address", help="a cluster of Ray in their place: HOST:PORT, or auto for this machine's")
    return parser


def parse_count(text: str) -> int:
    """A whole number, also as 1e9. Raises `ValueError`."""
    try:
        return int(text)
    except ValueError:
        number = float(text)
        if number != int(number):
            raise
        return int(number)


def parse_rows(text: str) -> int:
    """How many series."""
    try:
        count = parse_count(text)
    except (ValueError, OverflowError):
        count = -1
    if not 0 <= count < 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of series; give one as 1000000, or 1e6.")
    return count


def parse_seed(text: str) -> int:
    """A seed."""
    if not text.isdecimal() or int(text) > MAX_SEED:
        raise argparse.ArgumentTypeError(f"{text!r} is no seed; give a whole number of at most {MAX_SEED}.")
    return int(text)


def parse_expansion(text: str) -> float:
    """A factor on the covariance, as /sample takes it."""
    try:
        expansion = float(text)
    except ValueError:
        expansion = 0.0
    if not 0 < expansion <= MOST_EXPANSION:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no expansion; give a number above 0, of at most {MOST_EXPANSION}."
        )
    return expansion


def draw_seed(seed: int | None) -> int:
    """`seed`, or one drawn: the job's description holds it."""
    return secrets.randbelow(MAX_SEED + 1) if seed is None else seed
