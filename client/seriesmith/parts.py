"""An answer in parts: each message that arrives becomes a part with cases, and the last tells the rest too."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np

from seriesmith.calls import Call
from seriesmith.errors import Interrupted
from seriesmith.reading import Fields

Answer = TypeVar("Answer")


class Parts(Generic[Answer]):
    """What is known from the start is in every part. One part is held back, for what comes behind the last cases."""

    def __init__(self, call: Call[Answer]) -> None:
        self._call = call
        self._rest: Fields = {}
        self._held: Fields = {}
        self._n_cases = 0

    def take(self, message: Fields) -> list[Answer]:
        """Take a message in; return the part that is ready now, if one is."""
        columns = {name: message[name] for name in self._call.columns if name in message}
        self._rest |= {name: value for name, value in message.items() if name not in columns}
        if not columns or (self._held and not len(columns["series"])):
            return []
        before, self._held = self._held, columns
        self._n_cases += len(columns["series"])
        return [self._call.read(self._rest | before)] if before and len(before["series"]) else []

    def end(self) -> Answer:
        """Return the last part. Raises `Interrupted` when cases are missing."""
        if self._n_cases != self._rest.get("n_cases", self._n_cases):
            raise Interrupted(
                f"the answer ended after {self._n_cases} of {self._rest['n_cases']} cases; ask again, with the same "
                "seed for the same series."
            )
        return self._call.read(self._rest | (self._held or self._build_empty()))

    def _build_empty(self) -> Fields:
        """Build the columns of no cases, for a dataset that needs no more: gRPC sends no message for them."""
        given = self._call.series
        if given is None:
            return {}
        n_channels = 1 if given.ndim == 2 else given.shape[1]
        return {
            **{name: np.empty(0, kind) for name, kind in self._call.columns.items()},
            "series": np.empty((0, n_channels, given.shape[-1]), np.float32),
            "labels": np.array(self._call.fields.get("labels", []))[:0],
        }
