"""What a fit prints at its end."""

from __future__ import annotations

from pathlib import Path

from bundle.manifest import LatentCard, Manifest
from training.figures import describe_accuracy, describe_few, describe_predecessor, describe_recall

CLUSTERS = (
    "are clusters that this fit found, and nobody's labels: accuracy says how well the classifier knows them again"
)
"""What is said of labels that are clusters."""


def write_summary(manifest: Manifest, n_bytes: int, directory: Path, report: Path | str | None = None) -> str:
    """A short table: classes with count, components, trust and acceptance; accuracy, size and seconds.

    `report` is the report's file, or why there is none.
    """
    shape = manifest.series
    rows = [("class", "cases", "components", "trust", "acceptance")]
    for card in manifest.classes:
        share = manifest.metrics.acceptance.get(str(card.label))
        rows.append(
            (
                str(card.label),
                str(card.training_count),
                "-" if card.components is None else str(card.components),
                _format_percent(card.trust),
                _format_percent(share),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines += [
        "",
        f"series    {shape.n_channels} x {shape.n_timepoints} (channels x timepoints)",
        *([f"latent    {_describe_latent(manifest, manifest.latent)}"] if manifest.latent else []),
        *([f"keeps     {manifest.codes.reveals}"] if manifest.codes else []),
        f"accuracy  {describe_accuracy(manifest)}",
        *([f"by class  {recall}"] if (recall := describe_recall(manifest.metrics)) else []),
        *([f"few cases {few}"] if (few := describe_few(manifest.metrics)) else []),
        *([f"compared  {describe_predecessor(found)}"] if (found := manifest.metrics.predecessor) else []),
        *(f"objection {objection}" for objection in manifest.metrics.objections),
        f"size      {n_bytes / 1e6:.2f} MB, {manifest.provenance.fit_seconds:.1f} s",
        f"bundle    {directory}",
    ]
    if manifest.are_clusters:
        lines.append(f"labels    {CLUSTERS}")
    if report is not None:
        lines.append(f"report    {report}")
    return "\n".join(lines)


def _describe_latent(manifest: Manifest, latent: LatentCard) -> str:
    found = manifest.metrics.latent_neighbours
    share = None if found is None else found.cross_fitted if found.measured is None else found.measured
    vote = "" if found is None or share is None else f"; accuracy {share:.3f} by the {found.k} nearest codes"
    return f"{latent.latent_dim} dimensions{vote}"


def _format_percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"
