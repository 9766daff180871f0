"""A run's results as Markdown: targets, the table of cells, what else was measured, and how."""

from __future__ import annotations

from collections.abc import Iterable

from loadtest.plan import CLIENTS
from loadtest.results import Outcome, Results, Target
from loadtest.targets import compute_median, group_by_cell

Row = Iterable[str]


def write_report(results: Results) -> str:
    """The whole report."""
    parts = [
        _write_head(results),
        _write_targets(results),
        _write_cells(results),
        _write_limits(results),
        _write_alone(results),
        _write_curve(results),
    ]
    return "\n\n".join(part for part in [*parts, _write_not_run(results), _write_made(results)] if part) + "\n"


def write_markdown_table(head: Row, rows: Iterable[Row]) -> str:
    """A table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _write_head(results: Results) -> str:
    m = results.machine
    where = f"{m['processor']}, {m['cores']} cores, {m['memory']}; {m['system']}; {m['date']}; {m['seconds']} s"
    return f"# The benchmark ({results.plan})\n\n`{results.command}` on {where}."


def _write_targets(results: Results) -> str:
    return "## Targets\n\n" + write_markdown_table(
        ["measure", "target", "measured", "met"], [_list_target(target) for target in results.targets]
    )


def _list_target(target: Target) -> Row:
    bound = "stated" if target.bound is None else f"{'≥' if target.at_least else '≤'} {target.bound:g}"
    value = "not measured" if target.value is None else f"{target.value:.3g}"
    return [target.measure, bound, value, {True: "yes", False: "**no**", None: "–"}[target.met]]


def _write_cells(results: Results) -> str:
    cells = group_by_cell(results.outcomes)
    names = dict.fromkeys((server, wire) for server, wire, _ in cells)
    rows = []
    for server, wire in names:
        rounds = [cells.get((server, wire, clients), []) for clients in CLIENTS]
        rows.append(
            [
                server,
                wire,
                *map(_write_cell, rounds),
                _write_cost(rounds, "client_us"),
                _write_cost(rounds, "server_us"),
            ]
        )
    head = ["server", "wire", *(f"{clients} client{'s' * (clients > 1)}" for clients in CLIENTS)]
    said = (
        "## One series per request\n\nRequests per second (p50 / p99 in ms), medians of the rounds. Then what one "
        "request cost at the most clients measured, in µs of CPU: the client's and all the server's processes'."
    )
    return said + "\n\n" + write_markdown_table([*head, "client µs", "server µs"], rows)


def _write_cell(rounds: list[Outcome]) -> str:
    if not rounds:
        return ""
    rate, p50, p99 = (compute_median(rounds, name) for name in ("per_second", "p50_ms", "p99_ms"))
    return f"{rate:.0f} ({p50:.3g} / {p99:.3g})"


def _write_cost(rounds: list[list[Outcome]], name: str) -> str:
    return f"{compute_median([cell for cell in rounds if cell][-1], name):.0f}"


def _write_limits(results: Results) -> str:
    if not results.limits:
        return ""
    sizes = list(results.limits[0])
    rates = [sorted(limits[size] for limits in results.limits)[len(results.limits) // 2] for size in sizes]
    return "## The limit: raw onnxruntime, one thread, series per second\n\n" + write_markdown_table(
        [f"batch {size}" for size in sizes], [[f"{rate:.0f}" for rate in rates]]
    )


def _write_alone(results: Results) -> str:
    rows = []
    for wire in dict.fromkeys(bulk.wire for bulk in results.bulk):
        rounds = [bulk for bulk in results.bulk if bulk.wire == wire]
        rate, limit = compute_median(rounds, "series_per_second"), compute_median(rounds, "limit_per_second")
        rows.append([f"10 000 series in one request, {wire}", f"{rate:.0f} series/s; raw onnxruntime {limit:.0f}"])
    for stream in results.streamed:
        rate, limit = stream.series_per_second, stream.limit_per_second
        said = f"{rate:.0f} series/s; raw generation {limit:.0f}; memory grew by {stream.grown_mb:.0f} MB"
        rows.append([f"/sample of {stream.series} series, streamed", said])
    for over in results.overload:
        refused = f"p50 {over.refused_p50_ms:.1f}, p99 {over.refused_p99_ms:.1f} ms"
        said = (
            f"{over.answered_per_second:.0f} answered/s of {over.capacity:.0f} (p99 {over.answered_p99_ms:.0f} ms); "
            f"{over.refused_per_second:.0f} refused/s ({refused}); {over.failed} failed; "
            f"the client cost {over.client_us:.0f} µs per request"
        )
        rows.append(["overload, 256 clients", said])
    for seconds in results.start_seconds:
        rows.append(["start to ready", f"{seconds:.2f} s"])
    return "## Alone on the machine\n\n" + write_markdown_table(["what", "found"], rows) if rows else ""


def _write_curve(results: Results) -> str:
    rows = [
        [
            p.server,
            p.wire,
            f"{p.offered:.0f}",
            f"{p.answered:.0f}",
            f"{p.p50_ms:.3g}",
            f"{p.p99_ms:.3g}",
            str(p.not_200),
        ]
        for p in results.curve
    ]
    head = ["server", "wire", "offered/s", "answered/s", "p50 ms", "p99 ms", "not 200"]
    said = "## Capacity: a client that does not wait\n\nLatency counts from when a request was due."
    return said + "\n\n" + write_markdown_table(head, rows) if rows else ""


def _write_not_run(results: Results) -> str:
    rows = [[what, reason.replace("|", "\\|").replace("\n", " ")] for what, reason in results.not_run.items()]
    return "## Not run\n\n" + write_markdown_table(["what", "why"], rows) if rows else ""


def _write_made(results: Results) -> str:
    rows = []
    for server, setting in results.settings.items():
        found = results.versions.get(server, {})
        rows.append([server, setting, ", ".join(f"{name} {version}" for name, version in found.items())])
    return "## Settings and versions\n\n" + write_markdown_table(["server", "setting", "versions"], rows)
