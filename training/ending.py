"""How a fit ends that does not publish: in one sentence with an exit status, whatever user or machine brought about."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from types import FrameType

import torch

from bundle.errors import SeriesmithError
from training.configuration import ConfigurationError
from training.data import DatasetError
from training.export.exporting import ParityError
from training.learning.loop import TrainingError
from training.learning.watcher import Cancelled
from training.publishing.aside import Withheld

REFUSALS = (DatasetError, ConfigurationError, SeriesmithError, ParityError, TrainingError, Withheld)
"""What a fit cannot be made of, or published, however often it is started."""

WITHHELD = 3
"""The exit status of a fit that is complete, and was not published."""

AGAIN = "nothing was published, and the same command goes on where it stopped"

PATIENCE_SECONDS = 10.0
"""For a fit that was told to stop to do so in good order."""

FULL = (errno.ENOSPC, errno.EDQUOT)
FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)


@dataclass(frozen=True)
class Ending:
    """Why a fit ended, in a sentence, and its exit status."""

    reason: str
    status: int


@contextlib.contextmanager
def interrupt_by_signals(prog: str) -> Iterator[None]:
    """SIGTERM as well as Ctrl-C raise `KeyboardInterrupt`, with the signal's number; `prog` ends if that takes long."""
    interrupt = partial(_interrupt, prog)
    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_command(prog: str, work: Callable[[], int]) -> int:
    """Return the exit status of a command: what `work` returns, or, where it ends early, that of the ending, which is
    said on stderr. What may be a bug is raised."""
    try:
        with interrupt_by_signals(prog):
            return work()
    except (Exception, KeyboardInterrupt) as error:
        if (ending := explain(error)) is None:
            raise
        print(f"{prog}: {ending.reason}", file=sys.stderr)
        return ending.status


def explain(error: BaseException) -> Ending | None:
    """How an error ends a fit; None for one that may be a bug."""
    if isinstance(error, KeyboardInterrupt):
        number = error.args[0] if error.args else signal.SIGINT
        return Ending(f"stopped by {signal.Signals(number).name}; {AGAIN}.", 128 + number)
    if isinstance(error, Cancelled):
        return Ending(f"cancelled{f' ({error})' if str(error) else ''}; {AGAIN}.", 128 + signal.SIGINT)
    if isinstance(error, Withheld):
        return Ending(str(error), WITHHELD)
    reason = str(error) if isinstance(error, REFUSALS) else _explain_machine(error)
    return Ending(reason, 2) if reason is not None else None


def _explain_machine(error: BaseException) -> str | None:
    if isinstance(error, OSError) and error.errno is not None:
        place = f"{error.filename}: {error.strerror}" if error.filename else f"{error.strerror}"
        if error.errno in FULL:
            return f"{place}. Free some space; {AGAIN}."
        if error.errno in FORBIDDEN:
            return f"{place}. Allow it, or give a folder that may be written with --models or SERIESMITH_MODELS."
        return f"{place}; {AGAIN}."
    if isinstance(error, BrokenProcessPool):
        return f"a process that fitted a part was killed, most likely for want of memory. Set fewer --workers; {AGAIN}."
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error):
        return f"memory ran out. Set fewer --workers or a smaller --batch-size, or give fewer cases; {AGAIN}."
    return None


def _interrupt(prog: str, number: int, frame: FrameType | None) -> None:
    # What waits for processes that fit in parallel may wait for ever, in the library that runs them or at the exit.
    patience = threading.Timer(PATIENCE_SECONDS, _end_now, (prog, number))
    patience.daemon = True
    patience.start()
    raise KeyboardInterrupt(number)


def _end_now(prog: str, number: int) -> None:
    """End this process, and with it those that work for it."""
    ending = explain(KeyboardInterrupt(number))
    assert ending is not None
    print(f"{prog}: {ending.reason}", file=sys.stderr, flush=True)
    os._exit(ending.status)
