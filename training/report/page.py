"""`write_report`: every section, in order, on one page that is whole without a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from training.report.inputs import ReportInputs
from training.report.parts import Section
from training.report.sections import (
    anomaly,
    confusion,
    latent_map,
    losses,
    neighbourhoods,
    policy,
    provenance,
    quality,
    reconstructions,
    series,
    summary,
)
from training.report.table import CLUSTERS

FILE = "report.html"

SECTIONS = (
    summary,
    policy,
    series,
    neighbourhoods,
    quality,
    latent_map,
    reconstructions,
    anomaly,
    confusion,
    losses,
    provenance,
)

BESIDE = {
    "live.html": "the fit, epoch by epoch",
    "latent.webp": "the latent over the epochs (WebP)",
    "latent.gif": "GIF",
    "latent.mp4": "MP4",
}
"""Files of `training.watching` that the page links to where they lie beside it, and what they show."""


def write_report(inputs: ReportInputs, directory: Path) -> Path:
    """Write `report.html` into `directory`, which is made where it is not there; the file.

    Labels and names are escaped. Raises `OSError` where nothing can be written.
    """
    manifest = inputs.manifest
    subtitle = (
        f"Report on a fit to {manifest.provenance.dataset}. It shows real series: keep it where they may be seen."
    )
    if manifest.are_clusters:
        subtitle += f" Its labels {CLUSTERS}."
    sections = [module.section(inputs) for module in SECTIONS]
    return write_page(directory / FILE, f"{manifest.name}/{manifest.version}: report on a fit", subtitle, sections)


def write_page(file: Path, title: str, subtitle: str, sections: Sequence[Section]) -> Path:
    """Write a page of sections, whole without a network; the file. What they hold is escaped."""
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True)
    page = environment.get_template(FILE).render(
        title=title,
        subtitle=subtitle,
        sections=sections,
        beside=[(beside, words) for beside, words in BESIDE.items() if (file.parent / beside).exists()],
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page, encoding="utf-8")
    return file
