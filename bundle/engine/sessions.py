"""An ONNX graph becomes a callable of named arrays, on the CPU or on CUDA, and says which."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np
import onnxruntime as ort

from bundle.cores import count_cores, count_gpus
from bundle.errors import BundleError

Device = Literal["auto", "cpu", "cuda"]
Arrays = dict[str, np.ndarray]

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"

CUDA_OPTIONS = {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}
"""Full float32, and convolutions chosen by rule: chosen by timing, two workers might answer with other bits."""


FEW_ROWS = 2
"""One thread runs a single row faster than two do, four rows slower (`python -m loadtest.engine`)."""


@dataclass(frozen=True)
class Runtime:
    """How graphs run: the device asked for, and the threads that one call may use (0: all cores).

    On CUDA, `gpu` says on which, counted from 0, and each graph takes at most `gpu_bytes` of its memory (0: any).
    """

    device: Device = "auto"
    threads: int = 0
    gpu: int = 0
    gpu_bytes: int = 0

    @property
    def n_threads(self) -> int:
        """The threads that one call may use: as set, or one for each core that this process may run on."""
        return self.threads or count_cores()

    @functools.cached_property
    def providers(self) -> list[str]:
        """Execution providers in order of preference. Raises `BundleError` when CUDA was asked for and is not there."""
        lacks = _explain_lack()
        if self.device == "cuda" and lacks:
            raise BundleError(
                f"device 'cuda' was asked for, but {lacks}; install the 'gpu' extra on a machine with an NVIDIA GPU, "
                "or use the device 'auto'."
            )
        return [CPU] if lacks or self.device == "cpu" else [CUDA, CPU]

    @property
    def options(self) -> dict[str, str]:
        """What the CUDA provider is told."""
        bound = {"gpu_mem_limit": str(self.gpu_bytes)} if self.gpu_bytes else {}
        return CUDA_OPTIONS | {"device_id": str(self.gpu)} | bound

    def explain_fallback(self) -> str:
        """Say why `auto` takes the CPU where half of what CUDA needs is there; empty where nothing is amiss."""
        half = count_gpus() > 0 or CUDA in ort.get_available_providers()
        if self.device != "auto" or not half or not (lacks := _explain_lack()):
            return ""
        return f"the device is 'auto', and graphs run on the CPU, since {lacks}."


class Interrupt:
    """Ends the graph calls of a thread: the one under way between two of its nodes, and every one that follows."""

    def __init__(self) -> None:
        self.options = ort.RunOptions()
        self.options.log_severity_level = 4
        self.is_set = False

    def set(self) -> None:
        """End them. What waits inside a single node goes on."""
        self.is_set = True
        self.options.terminate = True


class _Thread(threading.local):
    """What a thread's graph calls obey."""

    options: ort.RunOptions | None = None
    keeps_to_itself = False


_thread = _Thread()


@contextmanager
def allow_interrupt(interrupt: Interrupt) -> Iterator[None]:
    """Graph calls of this thread obey `interrupt` in the block."""
    _thread.options = interrupt.options
    try:
        yield
    finally:
        _thread.options = None


@contextmanager
def keep_to_thread() -> Iterator[None]:
    """Graph calls of this thread use no other one in the block, so that several threads may call at a time."""
    _thread.keeps_to_itself = True
    try:
        yield
    finally:
        _thread.keeps_to_itself = False


def _explain_lack() -> str:
    """Say what CUDA lacks here; empty where it can run."""
    if CUDA not in ort.get_available_providers():
        return "the installed onnxruntime has no CUDA provider (that is the package onnxruntime-gpu)"
    return "" if count_gpus() else "there is no GPU that this process may use"


Described = tuple[tuple[str, str, tuple[str | int | None, ...]], ...]


@dataclass(frozen=True)
class Signature:
    """What a graph takes and gives: names, onnxruntime's types, shapes (an axis without a fixed size: its name)."""

    inputs: Described
    outputs: Described
    overridable: Described


class Session:
    """One graph. Calls are pure and thread-safe; inputs must have the graph's dtypes.

    Two sessions where calls may use several threads: handing a few rows to other threads takes longer than they do.
    Both give the same bits.
    """

    def __init__(self, onnx_bytes: bytes, runtime: Runtime) -> None:
        if runtime.providers[0] == CUDA and hasattr(ort, "preload_dlls"):
            ort.preload_dlls()
        self._session = self._few = _open_session(onnx_bytes, runtime, runtime.threads)
        self.provider: str = self._session.get_providers()[0]
        self.n_threads = runtime.n_threads if self.provider == CPU else 1
        if self.provider != runtime.providers[0] and runtime.device == "cuda":
            raise BundleError(f"device 'cuda' was asked for, but the graph would run on {self.provider}.")
        if runtime.threads != 1 and self.provider == CPU:
            self._few = _open_session(onnx_bytes, runtime, 1)
        self.inputs = [node.name for node in self._session.get_inputs()]
        self.outputs = [node.name for node in self._session.get_outputs()]
        self.signature = Signature(
            *(
                tuple((node.name, node.type, tuple(node.shape)) for node in nodes)
                for nodes in (
                    self._session.get_inputs(),
                    self._session.get_outputs(),
                    self._session.get_overridable_initializers(),
                )
            )
        )

    def __call__(self, feeds: Arrays, outputs: list[str] | None = None) -> list[np.ndarray]:
        """Run on named arrays; answers the outputs asked for, in that order (default: all, in the graph's order)."""
        few = _thread.keeps_to_itself or len(next(iter(feeds.values()))) <= FEW_ROWS
        session = self._few if few else self._session
        result: list[np.ndarray] = session.run(outputs or self.outputs, feeds, _thread.options)
        return result


def _open_session(onnx_bytes: bytes, runtime: Runtime, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # errors are raised too, and what a stranger wrote stays out of the log
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        providers = [(name, runtime.options if name == CUDA else {}) for name in runtime.providers]
        # What cannot be read on the CPU is not read once more, nor its parts printed.
        fallback = int(len(providers) > 1)
        return ort.InferenceSession(onnx_bytes, options, providers=providers, enable_fallback=fallback)
    except Exception as error:  # onnxruntime raises its own types, of no common base
        raise BundleError(f"onnxruntime cannot load the graph: {str(error)[:400]}") from error
