"""Every request is accounted for: tried = right + refused rightly + wrong + lost."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Ending = Literal["right", "refused", "wrong", "lost"]
ENDINGS: tuple[Ending, ...] = ("right", "refused", "wrong", "lost")


@dataclass
class Ledger:
    """What became of the requests of one test; `restarted` counts worker processes that came anew."""

    name: str
    counts: Counter[Ending] = field(default_factory=Counter)
    restarted: int = 0
    notes: list[str] = field(default_factory=list)
    """The first few that were wrong or lost, in words; and what a test measured."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, ending: Ending, note: str = "") -> None:
        """Account for one request."""
        with self._lock:
            self.counts[ending] += 1
            if ending in ("wrong", "lost") and len(self.notes) < 5:
                self.notes.append(f"{ending}: {note[:200]}")

    @property
    def tried(self) -> int:
        """All of them."""
        return sum(self.counts.values())

    def require_none(self, *endings: Ending) -> None:
        """Fail where a request ended in one of these ways."""
        found = {ending: self.counts[ending] for ending in endings if self.counts[ending]}
        assert not found, f"{found} of {self.tried} requests: {self.notes}"


LEDGERS: list[Ledger] = []
"""Of this run, in order."""


def open_ledger(name: str) -> Ledger:
    """A ledger that the table at the end of the run shows."""
    LEDGERS.append(Ledger(name))
    return LEDGERS[-1]


def write_table(ledgers: list[Ledger]) -> str:
    """One row per test, as Markdown."""
    head = ["what", "tried", "right", "refused rightly", "wrong", "lost", "restarted", "measured"]
    rows = [head, ["---"] * len(head)]
    for ledger in ledgers:
        counts = [str(ledger.counts[ending]) for ending in ENDINGS]
        rows.append([ledger.name, str(ledger.tried), *counts, str(ledger.restarted), "; ".join(ledger.notes)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
