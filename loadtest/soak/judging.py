"""What was found minute by minute, and whether it stayed flat: the last third of a soak against the middle third."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loadtest.report import write_markdown_table

GROWTH, SLOWER, SLOWER_MS = 1.05, 1.5, 2.0
MORE_DESCRIPTORS, MORE_THREADS = 8, 2


@dataclass(frozen=True)
class Minute:
    """Latencies in ms from when requests were due; memory, descriptors and threads of all the server's processes at
    its end; `version`, the newest that was served then of those `published`."""

    requests: int
    right: int
    refused: int
    wrong: int
    lost: int
    p50_ms: float
    p99_ms: float
    resident_mb: float
    descriptors: int
    threads: int
    published: int
    version: int


@dataclass(frozen=True)
class Load:
    """What the server answers a second at most, what was sent, and how often a new version was published."""

    capacity: float
    rate: float
    renewed_seconds: float
    server_cores: float
    """CPU that the server used while its capacity was measured, beside a client on the same machine."""


@dataclass(frozen=True)
class Verdict:
    """One claim, what was found, and whether it holds."""

    claim: str
    found: str
    holds: bool


def judge(minutes: Sequence[Minute]) -> list[Verdict]:
    """Two minutes at least; the first third is for warming up."""
    requests, right = (sum(getattr(minute, name) for minute in minutes) for name in ("requests", "right"))
    memory, slow = _compare(minutes, "resident_mb"), _compare(minutes, "p99_ms")
    open_files, threads = _compare(minutes, "descriptors"), _compare(minutes, "threads")
    return [
        Verdict("every request was answered right", f"{right} of {requests}", right == requests),
        Verdict(
            "new versions were served",
            f"{minutes[-1].version} of {minutes[-1].published}, the last of them a moment ago",
            all(minute.version >= minute.published - 1 > 0 for minute in minutes),
        ),
        _judge_flat(f"memory grew by at most {GROWTH - 1:.0%}", memory, "MB", lambda before: GROWTH * before),
        _judge_flat(
            f"p99 is at most {SLOWER:g} times as long, and {SLOWER_MS:g} ms",
            slow,
            "ms",
            lambda before: SLOWER * before + SLOWER_MS,
        ),
        _judge_flat(
            f"at most {MORE_DESCRIPTORS} descriptors more", open_files, "", lambda before: before + MORE_DESCRIPTORS
        ),
        _judge_flat(f"at most {MORE_THREADS} threads more", threads, "", lambda before: before + MORE_THREADS),
    ]


def _compare(minutes: Sequence[Minute], name: str) -> tuple[float, float]:
    """Medians of the middle third and of the last."""
    third = max(1, len(minutes) // 3)
    middle, last = minutes[-2 * third : -third], minutes[-third:]
    before, after = (statistics.median(getattr(minute, name) for minute in part) for part in (middle, last))
    return before, after


def _judge_flat(claim: str, found: tuple[float, float], unit: str, bound: Callable[[float], float]) -> Verdict:
    before, after = found
    return Verdict(
        claim, f"{after:.1f} {unit} after {before:.1f} {unit}".replace("  ", " ").strip(), after <= bound(before)
    )


def write_table(minutes: Sequence[Minute], load: Load, machine: str, mix: str) -> str:
    """The report, as Markdown."""
    head = ["minute", "requests", "right", "refused", "wrong", "lost", "p50 ms", "p99 ms", "memory MB"]
    head += ["descriptors", "threads", "version"]
    rows = [
        [
            *map(str, (number, minute.requests, minute.right, minute.refused, minute.wrong, minute.lost)),
            *(f"{value:.1f}" for value in (minute.p50_ms, minute.p99_ms, minute.resident_mb)),
            *map(str, (minute.descriptors, minute.threads, minute.version)),
        ]
        for number, minute in enumerate(minutes, 1)
    ]
    verdicts = judge(minutes)
    judged = [[verdict.claim, verdict.found, "yes" if verdict.holds else "**no**"] for verdict in verdicts]
    said = (
        f"{len(minutes)} minutes of {load.rate:.0f} requests per second, {load.rate / load.capacity:.0%} of the "
        f"{load.capacity:.0f} that 32 clients got at once from one worker ({load.server_cores:.2f} cores busy), on "
        f"{machine}. A new version every {load.renewed_seconds:g} s. {mix} Every answer is compared with the one that "
        "the same question was given alone. Flat means: the median of the last third against that of the middle third."
    )
    return (
        "\n\n".join(
            [
                "# The soak",
                said,
                write_markdown_table(["claim", "found", "holds"], judged),
                write_markdown_table(head, rows),
            ]
        )
        + "\n"
    )
