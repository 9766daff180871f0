"""An answer in parts: each message that arrives becomes a part with cases, and the last tells the rest too."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np

from seriesmith.answers import Fields, to_label_array
from seriesmith.errors import Interrupted
from seriesmith.operations import Call, Plan

COLUMNS = ("series", "labels", "log_density", "synthetic")

Answer = TypeVar("Answer")


class Parts(Generic[Answer]):
    """What is known from the start is in every part. One part is held back, for what comes behind the last cases."""

    def __init__(self, plan: Plan[Answer]) -> None:
        self._call, self._read = plan.call, plan.read
        self._rest: Fields = {}
        self._held: Fields = {}
        self._n_cases = 0

    def take(self, message: Fields) -> list[Answer]:
        """Take a message in; return the part that is ready now, if one is."""
        columns = {name: message[name] for name in COLUMNS if name in message}
        self._rest |= {name: value for name, value in message.items() if name not in columns}
        if not columns or (self._held and not len(columns["series"])):
            return []
        before, self._held = self._held, columns
        self._n_cases += len(columns["series"])
        return [self._read(self._rest | before)] if before and len(before["series"]) else []

    def end(self) -> Answer:
        """Return the last part. Raises `Interrupted` when cases are missing."""
        if self._n_cases != self._rest.get("n_cases", self._n_cases):
            raise Interrupted(
                f"the answer ended after {self._n_cases} of {self._rest['n_cases']} cases; ask again, with the same "
                "seed for the same series."
            )
        return self._read(self._rest | (self._held or _build_empty(self._call)))


def _build_empty(call: Call) -> Fields:
    """Build the columns of no cases, for a dataset that needs no more: gRPC sends no message for them."""
    if call.series is None:
        return {}
    n_channels = 1 if call.series.ndim == 2 else call.series.shape[1]
    return {
        "series": np.empty((0, n_channels, call.series.shape[-1]), np.float32),
        "labels": to_label_array(call.fields.get("labels", []))[:0],
        "synthetic": np.empty(0, bool),
    }
