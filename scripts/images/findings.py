"""What a check found: a table for people, and an exit code that is 1 where a claim failed."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Findings:
    """Figures and claims, in the order in which they were found."""

    rows: list[tuple[str, str, bool]] = field(default_factory=list)

    def note(self, name: str, value: str) -> None:
        self.rows.append((name, value, True))

    def claim(self, name: str, holds: bool, otherwise: object = "") -> None:
        """`otherwise` is said where the claim does not hold."""
        self.rows.append((name, "holds" if holds else f"FAILS: {otherwise}", holds))

    @property
    def passed(self) -> bool:
        return all(holds for _, _, holds in self.rows)

    def describe(self) -> str:
        """A row a line; failures are last lines too, whole."""
        width = max(len(name) for name, _, _ in self.rows)
        return "\n".join(f"{name:<{width}}  {value}" for name, value, _ in self.rows)
