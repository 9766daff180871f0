"""A watcher that goes to other processes with the work that they do: what it is told there arrives here.

A watcher is given to a process by pickling; what arrives is a `DistantWatcher`, which sends each call over a socket,
with a key of its own, and waits for the answer, so that `Cancelled` ends the stage in the other process too.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from typing import Any

import numpy as np

from training.learning.watcher import Cancelled, Look, Stage, Step, Watcher

PAUSE_SECONDS = 0.2
"""Between two steps that are told across processes; those with losses are told at once."""

GO_ON = b""
"""The answer to a call; any other is the reason of a `Cancelled`."""


@contextlib.contextmanager
def share_watcher(watcher: Watcher) -> Iterator[SharedWatcher]:
    """`watcher`, as one that may be pickled and that several threads may call."""
    key = secrets.token_bytes()
    with Listener(authkey=key) as listener:
        shared = SharedWatcher(watcher, listener, key)
        thread = threading.Thread(target=shared.accept_calls, daemon=True)
        thread.start()
        try:
            yield shared
        finally:
            shared.close()
            thread.join()


class SharedWatcher:
    """Calls a watcher one call at a time."""

    def __init__(self, watcher: Watcher, listener: Listener, key: bytes) -> None:
        self._watcher, self._listener, self._key = watcher, listener, key
        self._lock = threading.Lock()
        self._is_open = True

    def begin_stage(self, stage: Stage) -> None:
        with self._lock:
            self._watcher.begin_stage(stage)

    def report_step(self, stage: Stage, step: Step) -> None:
        with self._lock:
            self._watcher.report_step(stage, step)

    def end_stage(self, stage: Stage) -> None:
        with self._lock:
            self._watcher.end_stage(stage)

    def report_look(self, stage: Stage, look: Look) -> None:
        """To the watcher, which must be one that is told of looks."""
        with self._lock:
            self._watcher.report_look(stage, look)  # type: ignore[attr-defined]  # `training.watching.Viewer` has it

    def __reduce__(self) -> tuple[Any, ...]:
        return DistantWatcher, (self._listener.address, self._key)

    def accept_calls(self) -> None:
        """Answer other processes until `close`."""
        while self._is_open:
            with contextlib.suppress(AuthenticationError, EOFError, OSError):
                connection = self._listener.accept()
                threading.Thread(target=self._answer_calls, args=(connection,), daemon=True).start()

    def close(self) -> None:
        """Accept no more calls."""
        self._is_open = False
        with contextlib.suppress(OSError, EOFError):  # what waits for a caller gets one
            Client(self._listener.address, authkey=self._key).close()

    def _answer_calls(self, connection: Connection) -> None:
        with connection, contextlib.suppress(EOFError, OSError):
            while True:
                connection.send_bytes(self._answer(json.loads(connection.recv_bytes())))

    def _answer(self, call: dict[str, Any]) -> bytes:
        step = (Step(**call["step"]),) if "step" in call else ()
        look = (_parse_look(call["look"]),) if "look" in call else ()
        try:
            getattr(self, call["method"])(Stage(**call["stage"]), *step, *look)
        except Cancelled as error:
            return str(error).encode() or b"cancelled"
        return GO_ON


class DistantWatcher:
    """Tells the watcher of another process."""

    def __init__(self, address: str, key: bytes) -> None:
        self._address, self._key = address, key
        self._connection: Connection | None = None
        self._told = 0.0

    def begin_stage(self, stage: Stage) -> None:
        self._tell("begin_stage", stage)

    def report_step(self, stage: Stage, step: Step) -> None:
        if step.losses or time.monotonic() - self._told >= PAUSE_SECONDS:
            self._tell("report_step", stage, step=asdict(step))

    def end_stage(self, stage: Stage) -> None:
        self._tell("end_stage", stage)

    def report_look(self, stage: Stage, look: Look) -> None:
        """See `SharedWatcher.report_look`."""
        self._tell("report_look", stage, look=_encode_look(look))

    def _tell(self, method: str, stage: Stage, **more: Any) -> None:
        if self._connection is None:
            self._connection = Client(self._address, authkey=self._key)
        self._connection.send_bytes(json.dumps({"method": method, "stage": asdict(stage), **more}).encode())
        if (answer := self._connection.recv_bytes()) != GO_ON:
            raise Cancelled(answer.decode())
        self._told = time.monotonic()


def _encode_look(look: Look) -> dict[str, Any]:
    arrays = {"latent": look.latent, "series": look.series}
    encoded = {name: None if array is None else _encode_array(array) for name, array in arrays.items()}
    return {"step": asdict(look.step), "numbers": dict(look.numbers), **encoded}


def _parse_look(values: dict[str, Any]) -> Look:
    arrays = {name: None if values[name] is None else _parse_array(values[name]) for name in ("latent", "series")}
    return Look(Step(**values["step"]), values["numbers"], **arrays)


def _encode_array(array: np.ndarray) -> str:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return base64.b64encode(buffer.getvalue()).decode()


def _parse_array(text: str) -> np.ndarray:
    array: np.ndarray = np.load(io.BytesIO(base64.b64decode(text)), allow_pickle=False)
    return array
