"""A setting's bounds stand beside its field, and a value outside them is refused by the flag that sets it."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, get_type_hints


class ConfigurationError(Exception):
    """A setting that cannot be fitted with; the message names it, and what it may be.

    It is no `ValueError`, for which tyro would end the process with a box of its own.
    """


@dataclass(frozen=True)
class Bounds:
    """Where a number may lie: at least `ge`, above `gt`, at most `le`, below `lt`; it is finite in any case.

    Stands in an annotation: `steps: Annotated[int, Bounds(ge=1)]`.
    """

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None

    def allows(self, value: float) -> bool:
        """Whether `value` lies within; not a number never does."""
        return (
            math.isfinite(value)
            and (self.ge is None or value >= self.ge)
            and (self.gt is None or value > self.gt)
            and (self.le is None or value <= self.le)
            and (self.lt is None or value < self.lt)
        )

    def describe(self) -> str:
        """The bounds in words: "above 0 and at most 1"."""
        ends = (("at least", self.ge), ("above", self.gt), ("at most", self.le), ("below", self.lt))
        return " and ".join(f"{words} {_write_number(end)}" for words, end in ends if end is not None)


def check_bounds(settings: Any, prefix: str = "") -> None:
    """Raise `ConfigurationError` for the first field of a dataclass that is outside the `Bounds` of its annotation.

    `prefix` stands before the field's name in the flag: "vae." for --vae.steps.
    """
    hints = get_type_hints(type(settings), include_extras=True)
    for field in fields(settings):
        value = getattr(settings, field.name)
        for bounds in getattr(hints[field.name], "__metadata__", ()):
            if isinstance(bounds, Bounds) and not bounds.allows(value):
                finite = "" if math.isfinite(value) else "a finite number, "
                raise ConfigurationError(
                    f"{name_flag(prefix + field.name)} is {value}; it must be {finite}{bounds.describe()}."
                )


def name_flag(field: str) -> str:
    """`vae.kl_weight` → `--vae.kl-weight`."""
    return "--" + field.replace("_", "-")


def _write_number(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"
