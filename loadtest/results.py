"""What a run of the benchmark found: plain values, kept as JSON."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """A cell. Latencies in ms; CPU in µs per request, of the client and of all the server's processes."""

    server: str
    wire: str
    clients: int
    round: int
    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    client_us: float
    server_us: float


@dataclass(frozen=True)
class Bulk:
    """10 000 series in one request; `limit_per_second` is raw onnxruntime's best rate in the same round."""

    wire: str
    round: int
    series_per_second: float
    limit_per_second: float


@dataclass(frozen=True)
class Streamed:
    """A large /sample; the limit is a bundle's own sampling in a plain process, right before."""

    series: int
    series_per_second: float
    limit_per_second: float
    grown_mb: float
    """Most resident memory of all the server's processes during the request, less that before it."""


@dataclass(frozen=True)
class Overload:
    """256 clients that never pause against inference of `capacity` series per second."""

    capacity: float
    answered_per_second: float
    answered_p99_ms: float
    refused_per_second: float
    refused_p50_ms: float
    refused_p99_ms: float
    failed: int
    client_us: float


@dataclass(frozen=True)
class Point:
    """One offered load; latencies in ms from when a request was due, unanswered ones counted with the age they had."""

    server: str
    wire: str
    offered: float
    answered: float
    p50_ms: float
    p99_ms: float
    not_200: int


@dataclass(frozen=True)
class Target:
    """`bound` is None where the value is only stated; `value`, when one of its sides was not measured."""

    measure: str
    bound: float | None
    at_least: bool
    value: float | None

    @property
    def met(self) -> bool | None:
        """None when unknown, or only stated."""
        if self.value is None or self.bound is None:
            return None
        return self.value >= self.bound if self.at_least else self.value <= self.bound


@dataclass
class Results:
    """Everything; `limits` holds per round the series per second of raw onnxruntime by batch size."""

    plan: str
    command: str
    machine: dict[str, str] = field(default_factory=dict)
    versions: dict[str, dict[str, str]] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    not_run: dict[str, str] = field(default_factory=dict)
    limits: list[dict[str, float]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    bulk: list[Bulk] = field(default_factory=list)
    streamed: list[Streamed] = field(default_factory=list)
    overload: list[Overload] = field(default_factory=list)
    start_seconds: list[float] = field(default_factory=list)
    curve: list[Point] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """As JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(dataclasses.asdict(self), indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> Results:
        """What `save` wrote."""
        said: dict[str, Any] = json.loads(path.read_text())
        for name, kind in KINDS.items():
            said[name] = [kind(**item) for item in said[name]]
        return cls(**said)


KINDS: dict[str, Any] = {
    "outcomes": Outcome,
    "bulk": Bulk,
    "streamed": Streamed,
    "overload": Overload,
    "curve": Point,
    "targets": Target,
}
