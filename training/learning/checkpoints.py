"""A fit that was killed goes on where it stopped: finished and half done training loops, kept until it has published.

A loop is known by everything that its result depends on, so that a fit which is started again walks the same way and
finds each loop that was finished, in whatever process it ran; what lies between loops is computed again. Files hold a
digest and tensors and are read with `weights_only`: nothing in them runs.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
import torch

from training.configuration import FitConfiguration

FOLDER = ".fits"
"""Within a repository; no bundle can be called so."""

SECONDS = 5.0
"""Between two states of a loop, at least."""

MOST_SHARE = 0.01
"""Of a loop's time goes into keeping its state: what takes long to write is written less often."""

KEPT_DAYS = 7.0
"""The checkpoints of a fit that nobody started again go after so long."""

DIGEST_BYTES = hashlib.sha256().digest_size

logger = logging.getLogger(__name__)

State = dict[str, Any]
"""Tensors, numbers and text, nested."""


@dataclass(frozen=True)
class Kept:
    """How many loops were finished and how many half done when a fit was started."""

    finished: int
    begun: int


def find_folder(root: Path, name: str, configuration: FitConfiguration, dataset_sha256: str) -> Path:
    """Where a fit to the repository `root` keeps its checkpoints: another for any other configuration, data, code,
    libraries or processor."""
    parts = [
        json.dumps(configuration.record(), sort_keys=True),
        dataset_sha256,
        _describe_surroundings(),
        _compute_code_digest(),
    ]
    return root / FOLDER / f"{name}-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]}"


def open_folder(folder: Path, resume: bool) -> Kept:
    """Make the folder, empty unless `resume`; what it holds. Folders that were forgotten go. Raises `OSError`."""
    if not resume:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryFile(dir=folder) as probe:  # a fit that cannot publish says so before it trains
        probe.write(bytes(DIGEST_BYTES))
    for other in folder.parent.iterdir():
        if other != folder and _measure_age_in_days(other) > KEPT_DAYS:
            shutil.rmtree(other, ignore_errors=True)
    for left in folder.glob(".tmp-*"):
        left.unlink(missing_ok=True)
    return Kept(len(list(folder.glob("*.done"))), len(list(folder.glob("*.half"))))


def remove_folder(folder: Path) -> None:
    """Remove the checkpoints, and the folder of all fits when it holds no others."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.parent.rmdir()
    except OSError:
        return


class LoopCheckpoint:
    """What is kept of one training loop: its state now and then, its result at the end. Without a folder: nothing."""

    def __init__(self, folder: Path | None, key: str) -> None:
        self._half = folder / f"{key}.half" if folder else None
        self._done = folder / f"{key}.done" if folder else None
        self._last, self._pause = time.monotonic(), SECONDS

    @property
    def is_due(self) -> bool:
        """Whether the state should be kept now."""
        return self._half is not None and time.monotonic() - self._last >= self._pause

    def read_finished(self) -> State | None:
        """The result, where the loop was finished."""
        return _read(self._done)

    def read_half_done(self) -> State | None:
        """The last state, where the loop was begun."""
        return _read(self._half)

    def keep(self, state: State) -> None:
        """Keep the state of a loop that goes on."""
        begun = time.monotonic()
        self._half = self._half if _write(self._half, state) else None
        self._last = time.monotonic()
        self._pause = max(SECONDS, (self._last - begun) / MOST_SHARE)

    def finish(self, result: State) -> None:
        """Keep the result, in place of states."""
        if _write(self._done, result) and self._half is not None:
            self._half.unlink(missing_ok=True)


def compute_key(words: Iterable[str], state: State, held: Iterable[torch.Tensor]) -> str:
    """Equal for loops of equal settings (`words`), initial `state` and data (`held`)."""
    hashed = hashlib.sha256(json.dumps(list(words)).encode())
    _add_all(hashed, state)
    for tensor in held:
        _add(hashed, tensor)
    return hashed.hexdigest()[:32]


def _add_all(hashed: Any, state: State) -> None:
    for name, value in state.items():
        hashed.update(name.encode())
        if isinstance(value, dict):
            _add_all(hashed, value)
        else:
            _add(hashed, torch.as_tensor(value))


def _add(hashed: Any, tensor: torch.Tensor) -> None:
    hashed.update(f"{tensor.dtype}{tuple(tensor.shape)}".encode())
    hashed.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)


def _write(file: Path | None, state: State) -> bool:
    """Write whole or not at all; a disk that is full costs the checkpoint and not the fit."""
    if file is None:
        return False
    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getvalue()
    temporary = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(prefix=".tmp-", dir=file.parent)
        with os.fdopen(handle, "wb") as opened:
            opened.write(hashlib.sha256(content).digest() + content)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(temporary, file)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        logger.warning("no checkpoint could be kept (%s); the fit goes on without.", error)
        return False
    return True


def _read(file: Path | None) -> State | None:
    """The state, or None where there is none; one that is damaged is removed with a warning."""
    if file is None:
        return None
    try:
        content = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        logger.warning("the checkpoint %s cannot be read (%s); that part is trained again.", file, error)
        return None
    if hashlib.sha256(content[DIGEST_BYTES:]).digest() != content[:DIGEST_BYTES]:
        logger.warning("the checkpoint %s is damaged; that part is trained again.", file)
        file.unlink(missing_ok=True)
        return None
    state: State = torch.load(io.BytesIO(content[DIGEST_BYTES:]), map_location="cpu", weights_only=True)
    return state


def _describe_surroundings() -> str:
    versions = (torch.__version__, np.__version__, sklearn.__version__, torch.backends.cpu.get_cpu_capability())
    return " ".join([*versions, *(torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count()))])


def _compute_code_digest() -> str:
    """A digest of what fits: the sources of training/ and bundle/."""
    here = Path(__file__).resolve().parents[1]
    hashed = hashlib.sha256()
    for source in sorted([*here.rglob("*.py"), *here.parent.glob("bundle/**/*.py")]):
        hashed.update(source.relative_to(here.parent).as_posix().encode() + source.read_bytes())
    return hashed.hexdigest()


def _measure_age_in_days(folder: Path) -> float:
    try:
        return (time.time() - folder.stat().st_mtime) / 86_400
    except OSError:
        return 0.0
