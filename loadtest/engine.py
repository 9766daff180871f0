"""What the engine rests on: `python -m loadtest.engine`, series per second by onnxruntime option and batch size.

Options take turns within every round; figures are medians of the rounds.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

import numpy as np
import onnxruntime as ort

from loadtest.payloads import make_series
from loadtest.peers.graph import GRAPH

ROWS = (1, 4, 16, 32, 64, 128, 256, 1024)
ROUNDS = 5
SERIES_PER_TURN = 2000
CORES = len(os.sched_getaffinity(0))
Change = Callable[[ort.SessionOptions], None]


def _allow_spinning(options: ort.SessionOptions) -> None:
    options.add_session_config_entry("session.intra_op.allow_spinning", "1")


def _disable_arena(options: ort.SessionOptions) -> None:
    options.enable_cpu_mem_arena = False


def _extend(options: ort.SessionOptions) -> None:
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED


def _change_nothing(options: ort.SessionOptions) -> None:
    pass


OPTIONS: dict[str, tuple[int, Change]] = {
    "1 thread": (1, _change_nothing),
    "1 thread, no arena": (1, _disable_arena),
    "1 thread, fewer optimisations": (1, _extend),
    f"{CORES} threads": (CORES, _change_nothing),
    f"{CORES} threads, spinning": (CORES, _allow_spinning),
}


def open_session(threads: int, change: Change) -> ort.InferenceSession:
    """A session as the service opens it, but for one change."""
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    change(options)
    return ort.InferenceSession(str(GRAPH), options, providers=["CPUExecutionProvider"])


def measure_rate(session: ort.InferenceSession, data: np.ndarray) -> float:
    """Series per second in calls of `len(data)` series."""
    calls = max(2, SERIES_PER_TURN // len(data))
    begun = time.perf_counter()
    for _ in range(calls):
        session.run(None, {"series": data})
    return calls * len(data) / (time.perf_counter() - begun)


def main() -> None:
    """Print a table."""
    sessions = {name: open_session(*option) for name, option in OPTIONS.items()}
    print(f"| series in a call | {' | '.join(sessions)} |\n|---{'|---' * len(sessions)}|")
    for rows in ROWS:
        data = np.resize(make_series(), (rows, *make_series().shape[1:]))
        found: dict[str, list[float]] = {name: [] for name in sessions}
        for _ in range(ROUNDS + 1):
            for name, session in sessions.items():
                found[name].append(measure_rate(session, data))
        medians = [f"{statistics.median(rates[1:]):,.0f}" for rates in found.values()]
        print(f"| {rows} | {' | '.join(medians)} |")


if __name__ == "__main__":
    main()
