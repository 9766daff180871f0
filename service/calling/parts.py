"""An answer in parts: each message that arrives becomes a part with cases, and the last tells the rest too."""

from __future__ import annotations

from typing import Generic, TypeVar

from service.calling.answers import Fields
from service.calling.errors import Interrupted
from service.calling.operations import Plan

COLUMNS = ("series", "labels", "log_density", "synthetic")

Answer = TypeVar("Answer")


class Parts(Generic[Answer]):
    """What is known from the start is in every part. One part is held back, for what comes behind the last cases."""

    def __init__(self, plan: Plan[Answer]) -> None:
        self._read = plan.read
        self._rest: Fields = {}
        self._held: Fields = {}
        self._n_cases = 0

    def taken(self, message: Fields) -> list[Answer]:
        """The part that is ready now, if one is."""
        columns = {name: message[name] for name in COLUMNS if name in message}
        self._rest |= {name: value for name, value in message.items() if name not in columns}
        if not columns or (self._held and not len(columns["series"])):
            return []
        before, self._held = self._held, columns
        self._n_cases += len(columns["series"])
        return [self._read(self._rest | before)] if before and len(before["series"]) else []

    def ended(self) -> Answer:
        """The last part. Raises `Interrupted` when cases are missing."""
        if self._n_cases != self._rest.get("n_cases", self._n_cases):
            raise Interrupted(
                f"the answer ended after {self._n_cases} of {self._rest['n_cases']} cases; ask again, with the same "
                "seed for the same series."
            )
        return self._read(self._rest | self._held)
