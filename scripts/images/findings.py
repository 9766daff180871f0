"""What a check found: a table for people, and an exit code that is 1 where a claim failed."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Findings:
    """Figures and claims, in the order in which they were found."""

    rows: list[tuple[str, str, bool | None]] = field(default_factory=list)
    """Name, value, and whether it holds; None of a figure."""

    def note(self, name: str, value: str) -> None:
        self.rows.append((name, value, None))

    def claim(self, name: str, holds: bool, otherwise: object = "") -> None:
        """`otherwise` is said where the claim does not hold."""
        self.rows.append((name, "holds" if holds else f"FAILS: {otherwise}", holds))

    @property
    def passed(self) -> bool:
        return all(holds is not False for _, _, holds in self.rows)

    def describe(self) -> str:
        """A line for each, and how many claims hold."""
        width = max((len(name) for name, _, _ in self.rows), default=0)
        claims = [holds for _, _, holds in self.rows if holds is not None]
        lines = [f"{name:<{width}}  {value}" for name, value, _ in self.rows]
        return "\n".join([*lines, f"{sum(claims)} of {len(claims)} claims hold"])
