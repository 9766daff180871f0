"""What a GPU does for this service, on whatever machine it is run: `python -m loadtest.gpu`, or `make gpu-check`.

Parity: every graph of every bundle on the device beside one thread of the CPU, on the same random series and codes.
Throughput: series per second by batch size, the two in turns, medians of rounds. Memory: of the process, and of the GPU
as `nvidia-smi` has it. A fit on either. Without a GPU the CPU stands in for it, and the table says what is missing.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import CUDA, Runtime
from bundle.probe import compute_relative_difference
from bundle.repository import SHIPPED
from loadtest.binding import TENSORRT, measure_ways
from loadtest.machine import describe_machine, read_versions
from loadtest.turns import measure_in_turns

ROWS = (1, 8, 32, 128, 512, 2048)
ROUNDS = 5
ALLOWED = 1e-4
"""Relative difference between the device and the CPU, as the manifests' probes allow it or less."""

FIT = (
    "--dataset",
    "sines",
    "--no-report",
    "--policy",
    "none",
    "--advice",
    "none",
    "--classifier",
    "fastest",
    "--workers",
    "1",
)

Array = np.ndarray
Call = Callable[[], tuple[Array, ...]]


def list_calls(bundle: Bundle, rows: int, seed: int = 0) -> Iterator[tuple[str, Call]]:
    """Yield what a bundle can do with series, or codes, each as a call on `rows` random ones."""
    draws, shape = np.random.default_rng(seed), bundle.manifest.series
    series = draws.normal(0, 1, (rows, shape.n_channels, shape.n_timepoints)).astype(np.float32)
    latent = draws.normal(0, 1, (rows, bundle.latent_dim)).astype(np.float32)
    if bundle.can("encode"):
        yield "encode", lambda: bundle.encode(series)
        yield "reconstruct", lambda: (bundle.decode(bundle.encode(series)[0]),)
    elif bundle.can("decode"):
        yield "decode", lambda: (bundle.decode(latent),)
    if bundle.can("classify"):
        yield "classify", lambda: (bundle.classify(series),)


def measure_parity(ours: Bundle, reference: Bundle) -> dict[str, float]:
    """Return the largest relative difference of each call's answers between two runtimes."""
    pairs = zip(list_calls(ours, 64), list_calls(reference, 64), strict=True)
    return {
        name: max(compute_relative_difference(a, b) for a, b in zip(mine(), theirs(), strict=True))
        for (name, mine), (_, theirs) in pairs
    }


def measure_curve(bundles: dict[str, Bundle], rounds: int) -> Iterator[tuple[str, int, dict[str, float]]]:
    """Yield call, batch size and series per second of each runtime."""
    for rows in ROWS:
        calls = {label: dict(list_calls(bundle, rows)) for label, bundle in bundles.items()}
        for name in next(iter(calls.values())):
            yield name, rows, measure_in_turns({label: of[name] for label, of in calls.items()}, rows, rounds)


def measure_fit(device: str, folder: Path) -> float:
    """Fit a small dataset on a device and return the seconds. Raises `RuntimeError` with what the fit said."""
    command = [sys.executable, "training/fit.py", *FIT, "--name", f"on-{device}", "--device", device]
    begun = time.perf_counter()
    made = subprocess.run([*command, "--models", str(folder)], capture_output=True, text=True)
    if made.returncode:
        raise RuntimeError(f"the fit on {device} failed: {made.stderr[-800:]}")
    return time.perf_counter() - begun


def read_gpu_memory() -> str:
    """Return this process's memory on each GPU, and the GPUs' names; empty where `nvidia-smi` is not there."""
    asked = {"process": "--query-compute-apps=pid,used_memory", "gpu": "--query-gpu=name,memory.total"}
    said = {}
    for what, query in asked.items():
        try:
            listed = subprocess.run(["nvidia-smi", query, "--format=csv,noheader"], capture_output=True, text=True)
        except FileNotFoundError:
            return ""
        said[what] = [line.strip() for line in listed.stdout.splitlines() if line.strip()]
    ours = [line.partition(",")[2].strip() for line in said["process"] if line.startswith(f"{os.getpid()},")]
    return f"{', '.join(ours) or 'none told of this process'} of {'; '.join(said['gpu'])}"


def describe_ways(folder: Path, device: Runtime, rounds: int) -> Iterator[str]:
    """Yield the lines on what I/O binding and TensorRT would save."""
    yield "Graphs alone: `run` from and to numpy, `bound` with inputs and outputs that stay on the device.\n"
    yield "| series a second | batch | run | bound | ratio | TensorRT |\n|---|---|---|---|---|---|"
    for rows in ROWS[::2]:
        for name, rates in measure_ways(folder, rows, rounds, device):
            other = f"{rates[TENSORRT]:,.0f}" if TENSORRT in rates else "not there"
            run, bound = rates["run"], rates["bound"]
            yield f"| {name} | {rows} | {run:,.0f} | {bound:,.0f} | {bound / run:.2f} | {other} |"
    yield ""


def build_report(models: Path, rounds: int, fits: bool) -> Iterator[str]:
    """Yield the lines of the report. Raises `AssertionError` where the device differs from the CPU by too much."""
    device = Runtime("auto")
    on_gpu = device.providers[0] == CUDA
    label = "GPU" if on_gpu else "CPU, all threads"
    yield "# The GPU check\n"
    yield "`make gpu-check`. " + ", ".join(f"{name} {text}" for name, text in describe_machine().items()) + "."
    yield "Versions: " + ", ".join(f"{name} {text}" for name, text in read_versions().items()) + ".\n"
    if not on_gpu:
        yield f"**No GPU was there**: {device.explain_fallback() or 'none was found, nor a CUDA provider.'}"
        yield "The CPU with all its threads stands in for it, so that no figure here is a GPU's.\n"
    for folder in sorted(models.glob("*/*/manifest.json")):
        bundles = {
            label: Bundle.load(folder.parent, device),
            "CPU, 1 thread": Bundle.load(folder.parent, Runtime("cpu", 1)),
        }
        ours, reference = bundles.values()
        parity = measure_parity(ours, reference)
        yield f"## {folder.parent.parent.name}/{folder.parent.name} on {ours.provider}\n"
        yield "Largest relative difference: " + ", ".join(f"{name} {gap:.1e}" for name, gap in parity.items()) + ".\n"
        assert max(parity.values()) < ALLOWED, f"{folder.parent}: the device differs from the CPU: {parity}"
        yield f"| series a second | batch | {' | '.join(bundles)} | ratio |\n|---|---|{'---|' * len(bundles)}---|"
        for name, rows, rates in measure_curve(bundles, rounds):
            first, second = rates.values()
            yield f"| {name} | {rows} | {first:,.0f} | {second:,.0f} | {first / second:.2f} |"
        yield ""
        yield from describe_ways(folder.parent, device, rounds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    on_card = read_gpu_memory() or "not known, without nvidia-smi"
    yield f"Memory: {peak:,.0f} MiB of the process at most; of the GPU: {on_card}."
    if fits:
        with tempfile.TemporaryDirectory() as made:
            seconds = {device: measure_fit(device, Path(made)) for device in ("cpu", *(("cuda",) if on_gpu else ()))}
        said = ", ".join(f"{device} {taken:.0f} s" for device, taken in seconds.items())
        skipped = "" if on_gpu else "; on a GPU: skipped, there is none"
        yield f"A fit (`training/fit.py {' '.join(FIT)}`): {said}{skipped}."


def main() -> None:
    """Print the report, and write it where that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.gpu", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--models", type=Path, default=SHIPPED, help="the repository whose bundles are measured")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--no-fits", action="store_true", help="leave out the fits, which need the training packages")
    parser.add_argument("--table", type=Path, help="a file for the report")
    given = parser.parse_args()
    lines = []
    for line in build_report(given.models, given.rounds, not given.no_fits):
        print(line, flush=True)
        lines.append(line)
    if given.table is not None:
        given.table.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
