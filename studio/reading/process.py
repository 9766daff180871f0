"""Runs tasks in processes of their own, and ends each with all that it started when its time is up."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from bundle.errors import InvalidRequest, Overloaded, SeriesmithError, Unavailable
from studio.settings import StudioSettings

logger = logging.getLogger("bentoml.seriesmith")

AT_A_TIME, WAITING = 2, 32
"""Processes of a worker, and requests that may wait for one."""

SPARED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "SYSTEMROOT")
"""Variables that a process gets: no keys."""

GONE = -1000
"""The code of a task whose process went with the one that forked it."""


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
class Forker:
    """A process of `studio.reading.forking`, and the tasks whose end it will report."""

    process: asyncio.subprocess.Process
    ends: dict[int, asyncio.Future[int]] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    listening: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls) -> Forker:
        """Start one, and wait until it is ready. Raises `Unavailable`."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "studio.reading.forking", stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, env=_build_environment(),
        )  # fmt: skip
        assert process.stdout is not None
        if not await process.stdout.readline():  # it says that it is ready, or has ended
            await process.wait()
            raise Unavailable("the process that reads files could not be started; the server's log says why.")
        forker = cls(process)
        forker.listening = asyncio.create_task(forker._listen())
        return forker

    @property
    def is_alive(self) -> bool:
        """Whether it takes tasks."""
        return self.process.returncode is None and self.listening is not None and not self.listening.done()

    async def run(self, asked: dict[str, Any], within: float) -> int:
        """Run a task within so many seconds, and return its exit code. Raises `TimeoutError`; the task is gone then, as
        it is on cancellation."""
        number = next(self.numbers)
        ended = self.ends[number] = asyncio.get_running_loop().create_future()
        try:
            self._send({"run": number, **asked})
            return await asyncio.wait_for(asyncio.shield(ended), within)
        finally:
            if not ended.done():
                self._send({"kill": number})

    async def close(self) -> None:
        """End it, and its tasks with it."""
        assert self.process.stdin is not None
        assert self.listening is not None
        self.process.stdin.close()
        await self.listening

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError, RuntimeError):  # it has ended, and its tasks with it
            self.process.stdin.write(orjson.dumps(message) + b"\n")

    async def _listen(self) -> None:
        assert self.process.stdout is not None
        try:
            async for line in self.process.stdout:
                said = orjson.loads(line)
                if (ended := self.ends.pop(said["ended"], None)) is not None and not ended.done():
                    ended.set_result(said["code"])
        finally:
            for ended in self.ends.values():
                if not ended.done():
                    ended.set_result(GONE)
            self.ends.clear()
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()


@dataclass
class Processes:
    """Runs tasks, a few at a time."""

    settings: StudioSettings
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_A_TIME))
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _forker: Forker | None = None
    _waiting: int = 0

    async def run(self, task: str, folder: Path, request: dict[str, Any]) -> dict[str, Any]:
        """Run a task of `studio.reading.tasks` in a folder, and return its answer. Raises `TaskRefused`, `Overloaded`
        and `Unavailable`."""
        return await self.run_module("studio.reading.run", task, folder, request)

    async def run_module(
        self, module: str, task: str, folder: Path, request: dict[str, Any], warm: str = ""
    ) -> dict[str, Any]:
        """Run `main(task, folder)` of a module, which reads `request.json` in the folder and leaves `answer.json`.
        What `warm_up` of the module `warm` imports is there already when this is done the next time."""
        if self._waiting >= WAITING:
            raise Overloaded(f"{WAITING} files are waiting to be read already; try again in a moment.", retry_after=5.0)
        self._waiting += 1
        try:
            async with self._places:
                content = orjson.dumps(request, option=orjson.OPT_SERIALIZE_NUMPY)
                await asyncio.to_thread((folder / "request.json").write_bytes, content)
                code = await self._run(module, task, folder, warm)
                return await asyncio.to_thread(self._read_answer, code, task, folder)
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """End the process that forks, and all that it has forked."""
        if self._forker is not None:
            await self._forker.close()

    async def _run(self, module: str, task: str, folder: Path, warm: str) -> int:
        seconds = self.settings.parse_seconds
        asked = {"module": module, "task": task, "folder": str(folder), "bytes": self.settings.parse_bytes,
                 "seconds": int(seconds) + 1, "warm": warm}  # fmt: skip
        try:
            for _ in range(2):  # one that ends as it was idle may still look alive
                code = await (await self._open_forker()).run(asked, seconds)
                if code != GONE:
                    return code
        except TimeoutError:
            raise TaskRefused(Refusal(
                f"this took longer than {seconds:g} s (the setting SERIESMITH_STUDIO_PARSE_SECONDS). Send a smaller "
                "file, or one in a format that is read faster, such as .npz or .parquet."
            )) from None  # fmt: skip
        raise Unavailable("the process that reads files could not be started; the server's log says why.")

    async def _open_forker(self) -> Forker:
        async with self._starting:
            if self._forker is None or not self._forker.is_alive:
                self._forker = await Forker.start()
            return self._forker

    def _read_answer(self, code: int, task: str, folder: Path) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = orjson.loads((folder / "answer.json").read_bytes())
        except FileNotFoundError:
            errors = folder / "errors.txt"
            said = errors.read_bytes()[-4000:].decode(errors="replace") if errors.exists() else ""
            if code == -signal.SIGXCPU:
                message = f"this took more than {self.settings.parse_seconds:g} s of computing. Send a smaller file."
                raise TaskRefused(Refusal(message)) from None
            if code < 0 or "MemoryError" in said or "bad_alloc" in said:
                raise TaskRefused(Refusal(explain_memory(self.settings.parse_bytes))) from None
            logger.error("the task %s ended with %d: %s", task, code, said)
            raise SeriesmithError("the process that did this failed; the server's log says why.") from None
        if refusal := answer.get("refused"):
            raise TaskRefused(Refusal(**refusal))
        return answer


def explain_memory(n_bytes: int) -> str:
    """The sentence for what does not fit into the memory that a process may take."""
    return (
        f"this needs more memory than the {n_bytes / 2**30:.3g} GiB that there are for it (the setting "
        "SERIESMITH_STUDIO_PARSE_BYTES). Send fewer series or timepoints, or a format such as .npz or .parquet."
    )


def _build_environment() -> dict[str, str]:
    """The process finds the modules that this one finds, computes in one thread, and takes memory as it needs it."""
    paths = [os.getcwd(), *(str(Path(path).absolute()) for path in sys.path if path)]
    inherited = {name: os.environ[name] for name in SPARED if name in os.environ}
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_IO_THREADS", "MKL_NUM_THREADS"), "1")
    plain = {"PYTHONPATH": os.pathsep.join(paths), "MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system"}
    return inherited | single | plain
