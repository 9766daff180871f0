"""What could be saved on a GPU: graphs whose inputs and outputs stay on the device, and graphs run by TensorRT.

A request begins and ends in the host's memory, so that its series are copied to the device and back either way. What is
measured here without those copies is therefore the most that I/O binding could save.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime as ort

from bundle.engine.sessions import CPU, CUDA, Runtime
from loadtest.turns import Call, measure_in_turns

GRAPHS = ("encoder", "decoder", "classifier")
"""The graphs that take one array of rows, and most of the time."""

TENSORRT = "TensorrtExecutionProvider"

Arrays = dict[str, np.ndarray]


def open_graph(path: Path, provider: str, runtime: Runtime) -> ort.InferenceSession:
    """Open a graph on one provider, with the CPU for what that lacks. Raises what onnxruntime raises."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = runtime.threads
    options.log_severity_level = 3
    # The memory limit and the GPU's number have the same names in both; the rest is CUDA's own.
    told = {CUDA: runtime.options, TENSORRT: {"device_id": str(runtime.gpu)}}.get(provider, {})
    return ort.InferenceSession(path, options, providers=[(provider, told), *((CPU,) if provider != CPU else ())])


def draw_feeds(session: ort.InferenceSession, rows: int, seed: int = 0) -> Arrays:
    """Return normal values for each input of a graph: `rows` of them on its axis without a fixed size."""
    draws = np.random.default_rng(seed)
    feeds = {}
    for node in session.get_inputs():
        shape = [size if isinstance(size, int) else rows for size in node.shape]
        feeds[node.name] = draws.normal(0, 1, shape).astype(np.float32)
    return feeds


def bind(session: ort.InferenceSession, feeds: Arrays, gpu: int = 0) -> ort.IOBinding:
    """Put `feeds` on the session's device and leave the outputs there; `copy_outputs_to_cpu` returns them."""
    kind = "cpu" if session.get_providers()[0] == CPU else "cuda"
    binding = session.io_binding()
    for name, array in feeds.items():
        binding.bind_ortvalue_input(name, ort.OrtValue.ortvalue_from_numpy(array, kind, gpu))
    for node in session.get_outputs():
        binding.bind_output(node.name, kind, gpu)
    return binding


def measure_ways(folder: Path, rows: int, rounds: int, runtime: Runtime) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield graph, and rows per second of each way to run it: medians of rounds in which the ways take turns."""
    provider = runtime.providers[0]
    for name in GRAPHS:
        if not (path := folder / f"{name}.onnx").exists():
            continue
        session = open_graph(path, provider, runtime)
        feeds = draw_feeds(session, rows)
        ways: dict[str, Call] = {
            "run": partial(session.run, None, feeds),
            "bound": partial(session.run_with_iobinding, bind(session, feeds, runtime.gpu)),
        }
        if provider == CUDA and TENSORRT in ort.get_available_providers():
            ways[TENSORRT] = partial(open_graph(path, TENSORRT, runtime).run, None, feeds)
        yield name, measure_in_turns(ways, rows, rounds)
