"""What the graphs alone allow, in a plain process without a server: the limit of every server here.

`python -m loadtest.limit classify`: series/s of raw onnxruntime, per batch size. `… generate`: series/s of a bundle's
own sampling. One onnxruntime thread, unless `--threads` says otherwise. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Iterator

import numpy as np

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime
from bundle.generation.blocks import generate_blocks
from bundle.generation.recipe import Recipe
from loadtest.payloads import make_series
from loadtest.peers.graph import GRAPH, open_classifier

BATCHES = (1, 16, 64, 256, 1000)
BULK = 10_000


def measure_classifying(threads: int, seconds: float) -> dict[str, float]:
    """Series per second for each batch size, the data of each call different from the last one's."""
    classify, data = open_classifier(threads), make_series(BULK)
    rates = {}
    for rows in BATCHES:
        pieces = itertools.cycle([data[start : start + rows] for start in range(0, BULK, rows)])
        classify(next(pieces))
        calls, begun = 0, time.perf_counter()
        while time.perf_counter() - begun < seconds:
            classify(next(pieces))
            calls += 1
        rates[str(rows)] = calls * rows / (time.perf_counter() - begun)
    return rates


def measure_generating(threads: int, count: int, seed: int) -> dict[str, float]:
    """Series per second when `count` are made class by class and let go, as a stream does."""
    bundle = Bundle.load(GRAPH.parent, Runtime("cpu", threads))
    bundle.warm_up()
    begun = time.perf_counter()
    made = sum(len(part) for part in _generate_parts(bundle, count, seed))
    return {"series": made, "series_per_second": made / (time.perf_counter() - begun)}


def _generate_parts(bundle: Bundle, count: int, seed: int) -> Iterator[np.ndarray]:
    n_classes = len(bundle.manifest.classes)
    for index in range(n_classes):
        recipe = Recipe(index, count // n_classes, seed, bundle.choose_expansion(None))
        for block in recipe.list_blocks():
            yield generate_blocks(bundle, recipe, range(block, block + 1)).series


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["classify", "generate"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1.0, help="per batch size")
    parser.add_argument("--count", type=int, default=50_000, help="series to generate")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.what == "classify":
        print(json.dumps(measure_classifying(given.threads, given.seconds)))
    else:
        print(json.dumps(measure_generating(given.threads, given.count, given.seed)))


if __name__ == "__main__":
    main()
