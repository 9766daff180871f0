"""`python -m studio.reading.forking` has imported all that tasks need, and forks a process for each of them.

It reads lines of JSON: `{"run": number, "module", "task", "folder", "bytes", "seconds"}` and `{"kill": number}`; it
writes `{"ready": true}` at first, and then `{"ended": number, "code"}`, below 0 where a signal ended the process. Of a
module that is named as `warm`, it calls `warm_up()` first, where there is one. It ends with its input, or when nobody
has asked for long, and all its processes end with it.
"""

from __future__ import annotations

import importlib
import os
import selectors
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import orjson

from studio.reading.limits import follow_parent, limit

IDLE_SECONDS = 600.0
USUAL = ("studio.reading.run", "studio.reading.tasks", "training.data.plane")
"""What is imported at once."""


class Forker:
    """The processes that run, by their number."""

    def __init__(self) -> None:
        self._running: dict[int, int] = {}
        self._input = b""
        self._wake_read, self._wake_write = os.pipe()
        for end in (self._wake_read, self._wake_write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> None:
        """Fork until the input ends, or until nothing has run for long."""
        with selectors.DefaultSelector() as selector:
            selector.register(0, selectors.EVENT_READ)
            selector.register(self._wake_read, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select(IDLE_SECONDS)}
                if not ready and not self._running:
                    return
                if self._wake_read in ready:
                    os.read(self._wake_read, 4096)
                self._report_ends()
                if 0 in ready and not self._take_input():
                    return

    def _take_input(self) -> bool:
        piece = os.read(0, 65536)
        *lines, self._input = (self._input + piece).split(b"\n")
        for line in lines:
            asked = orjson.loads(line)
            if "run" in asked:
                self._fork(asked)
            elif (number := asked["kill"]) in self._running:
                os.killpg(self._running[number], signal.SIGKILL)
        return bool(piece)

    def _fork(self, asked: dict[str, Any]) -> None:
        if warmed := asked.get("warm"):
            getattr(importlib.import_module(warmed), "warm_up", lambda: None)()
        pid = os.fork()
        if not pid:
            _run(asked)
        with suppress(OSError):
            os.setpgid(pid, pid)  # here as well as there: whoever comes first
        self._running[asked["run"]] = pid

    def _report_ends(self) -> None:
        for number, pid in list(self._running.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self._running[number]
                code = os.waitstatus_to_exitcode(status)
                os.write(1, orjson.dumps({"ended": number, "code": code}) + b"\n")
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)  # what it may have started


def _run(asked: dict[str, Any]) -> NoReturn:
    """Do a task in this process, the forked one, and end it."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        follow_parent()
        folder = Path(asked["folder"])
        errors = os.open(folder / "errors.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (errors, 1), (errors, 2)):
            os.dup2(source, target)
        limit(asked["bytes"], asked["seconds"])
        importlib.import_module(asked["module"]).main(asked["task"], folder)
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)  # nothing is left to do, and libraries' threads take their time to end


if __name__ == "__main__":
    follow_parent()
    for module in USUAL:
        importlib.import_module(module)
    forker = Forker()
    os.write(1, b'{"ready": true}\n')
    forker.serve()
