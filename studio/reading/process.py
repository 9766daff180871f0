"""Runs a task in a process of its own, and ends it with all that it started when its time is up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from bundle.errors import InvalidRequest, Overloaded, SeriesmithError
from studio.settings import StudioSettings

logger = logging.getLogger("bentoml.seriesmith")

AT_A_TIME, WAITING = 2, 32
"""Processes of a worker, and requests that may wait for one."""

SPARED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "SYSTEMROOT")
"""Variables that a process gets: no keys."""


@dataclass(frozen=True)
class Refusal:
    """Why a task was refused: a sentence, and the file and the row (from 1) at fault, where they are known."""

    message: str
    file: str | None = None
    row: int | None = None


class TaskRefused(InvalidRequest):
    """A task that could not be done with what it was given."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


@dataclass
class Processes:
    """Runs tasks, a few at a time."""

    settings: StudioSettings
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_A_TIME))
    _waiting: int = 0

    async def run(self, task: str, folder: Path, request: dict[str, Any]) -> dict[str, Any]:
        """Run a task of `studio.reading.tasks` in a folder, and return its answer. Raises `TaskRefused` and
        `Overloaded`."""
        return await self.run_module("studio.reading", task, folder, request)

    async def run_module(self, module: str, task: str, folder: Path, request: dict[str, Any]) -> dict[str, Any]:
        """Run `python -m module task`, which reads `request.json` in the folder and leaves `answer.json` there."""
        if self._waiting >= WAITING:
            raise Overloaded(f"{WAITING} files are waiting to be read already; try again in a moment.", retry_after=5.0)
        self._waiting += 1
        try:
            async with self._places:
                (folder / "request.json").write_bytes(orjson.dumps(request, option=orjson.OPT_SERIALIZE_NUMPY))
                return await self._run(module, task, folder)
        finally:
            self._waiting -= 1

    async def _run(self, module: str, task: str, folder: Path) -> dict[str, Any]:
        limits = [str(self.settings.parse_bytes), str(int(self.settings.parse_seconds) + 1)]
        with (folder / "errors.txt").open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "studio.reading.limits", *limits, module, task, str(folder),
                stdin=asyncio.subprocess.DEVNULL, stdout=errors, stderr=errors, start_new_session=True,
                env=_build_environment(),
            )  # fmt: skip
        try:
            code = await asyncio.wait_for(process.wait(), self.settings.parse_seconds)
        except TimeoutError:
            raise TaskRefused(Refusal(
                f"this took longer than {self.settings.parse_seconds:g} s (the setting "
                "SERIESMITH_STUDIO_PARSE_SECONDS). Send a smaller file, or one in a plainer format, such as .npz or "
                ".parquet."
            )) from None  # fmt: skip
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        return self._read_answer(code, task, folder)

    def _read_answer(self, code: int, task: str, folder: Path) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = orjson.loads((folder / "answer.json").read_bytes())
        except FileNotFoundError:
            said = (folder / "errors.txt").read_bytes()[-4000:].decode(errors="replace")
            if code < 0 or "MemoryError" in said or "bad_alloc" in said:
                raise TaskRefused(Refusal(self._explain_end(code))) from None
            logger.error("the task %s ended with %d: %s", task, code, said)
            raise SeriesmithError("the process that did this failed; the server's log says why.") from None
        if refusal := answer.get("refused"):
            raise TaskRefused(Refusal(**refusal))
        return answer

    def _explain_end(self, code: int) -> str:
        if code == -signal.SIGXCPU:
            return f"this took more than {self.settings.parse_seconds:g} s of computing. Send a smaller file."
        return explain_memory(self.settings.parse_bytes)


def explain_memory(n_bytes: int) -> str:
    """The sentence for what does not fit into the memory that a process may take."""
    return (
        f"this needs more memory than the {n_bytes / 2**30:.3g} GiB that there are for it (the setting "
        "SERIESMITH_STUDIO_PARSE_BYTES). Send fewer series or timepoints, or a format such as .npz or .parquet."
    )


def _build_environment() -> dict[str, str]:
    """The process finds the modules that this one finds, and computes in one thread."""
    paths = [str(Path(path).absolute()) for path in sys.path if path] or ["."]
    inherited = {name: os.environ[name] for name in SPARED if name in os.environ}
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_IO_THREADS", "MKL_NUM_THREADS"), "1")
    return inherited | single | {"PYTHONPATH": os.pathsep.join([os.getcwd(), *paths]), "MALLOC_ARENA_MAX": "2"}
