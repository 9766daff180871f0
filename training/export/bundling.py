"""A fitted model becomes a published bundle: graphs, mixture, weights, probe and manifest."""

from __future__ import annotations

import importlib.metadata
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from torch import nn

from bundle import probe
from bundle.evidence import Metrics
from bundle.manifest import Arrays, ClassCard, KeptCodes, LatentCard, Manifest, Provenance
from bundle.publish import compute_sha256, write_npz
from bundle.shape import SeriesShape
from bundle.sketch import build_sketch
from training.choosing.calibration import measure_residual
from training.configuration import FitConfiguration
from training.export.exporting import BATCH_SIZES, Exportable, Exported, export, measure_latency
from training.families import classifiers
from training.fitting import Fitted
from training.learning.generator import Generator
from training.learning.parallel import run_side_by_side
from training.learning.weights import FILE as WEIGHTS_FILE
from training.learning.weights import list_weights

LIBRARIES = ("torch", "onnx", "onnxruntime", "numpy", "scikit-learn", "lightning-fabric", "aeon")


CODES_FILE = "codes.npz"

REVEALED = (
    "latent codes of all training cases: /neighbours tells how near a series is, and so whether it was one of them"
)
"""What kept codes reveal."""

N_LENGTHS = 11
"""Quantiles of a class's lengths, the least and the largest among them."""

USUAL = 0.01
"""Share of what is unusual on either side."""


@dataclass(frozen=True)
class Origin:
    """Where a fit comes from, for the manifest's provenance."""

    dataset: str
    dataset_sha256: str
    shape: SeriesShape
    configuration: FitConfiguration
    seconds: float


@dataclass(frozen=True)
class Packed:
    """File contents of a bundle, and what its manifest says of them."""

    files: dict[str, bytes]
    exported: dict[str, Exported]
    mixture: Arrays | None
    probe: Arrays
    weights: Arrays
    codes: KeptCodes | None
    classify_ms: float | None
    """What one series takes to classify, in milliseconds."""

    @property
    def n_bytes(self) -> int:
        """Size of all files but the manifest."""
        return sum(map(len, self.files.values()))


def pack(fitted: Fitted, configuration: FitConfiguration) -> Packed:
    """Export every graph and check it, side by side. Raises `ParityError`."""
    items = list_exportables(fitted, configuration)
    longest_first = items[::-1]  # the classifier and the texture, which others are exported beside
    answers = run_side_by_side([partial(export, item) for item in longest_first], configuration)
    exported = {item.name: answer for item, answer in zip(items, reversed(answers), strict=True)}
    probes = {
        probe.name_array(graph, direction, tensor): array
        for graph, item in exported.items()
        for (direction, tensor), array in item.probe.items()
    }
    network = fitted.screener or fitted.classifier  # without its companion, from which no fit starts
    weights = list_weights({**fitted.generator.modules, "classifier": network})
    archives = {"probe.npz": write_npz(probes), WEIGHTS_FILE: write_npz(weights)}
    if (law := fitted.generator.law) is not None:
        parameters = {"weights": law.weights, "means": law.means, "covariances": law.covariances}
        archives["mixture.npz"] = write_npz(parameters)
    codes = None
    if configuration.keep_codes:
        latent, _ = fitted.generator.model.encode(fitted.cases.series)
        content = archives[CODES_FILE] = write_npz({"latent": latent, "index": fitted.row_numbers})
        codes = KeptCodes(file=CODES_FILE, sha256=compute_sha256(content), n_cases=len(latent), reveals=REVEALED)
    cards = {file: Arrays(file=file, sha256=compute_sha256(content)) for file, content in archives.items()}
    files = {item.card.file: item.content for item in exported.values()} | archives
    seconds = measure_latency(exported["classifier"]) if "classifier" in exported else None
    milliseconds = None if seconds is None else round(1000 * seconds, 3)
    return Packed(
        files, exported, cards.get("mixture.npz"), cards["probe.npz"], cards[WEIGHTS_FILE], codes, milliseconds
    )


def list_exportables(fitted: Fitted, configuration: FitConfiguration) -> list[Exportable]:
    """The graphs of a bundle. Example inputs are generated, so that a probe holds nobody's series."""
    random = np.random.default_rng(configuration.seed)
    rows = max(BATCH_SIZES)
    found = fitted.generator.list_exportables(len(fitted.labels), rows, random)
    if fitted.classifier is not None:
        [series] = next(item for item in found if item.outputs == ("series",)).run_torch(rows)
        found.append(classifiers.make_exportable(fitted.classifier, fitted.generator.scaling, series))
    if fitted.screener is not None:
        screener = classifiers.make_exportable(fitted.screener, fitted.generator.scaling, series)
        found.append(replace(screener, name="screener"))
    for item in found:
        nn.Module.eval(item.module)
    return found


def make_manifest_maker(
    name: str, fitted: Fitted, packed: Packed, metrics: Metrics, origin: Origin
) -> Callable[[int], Manifest]:
    """The manifest of a version that is not known yet."""
    counts = np.bincount(fitted.cases.class_index, minlength=len(fitted.labels))
    law = fitted.generator.law
    components = None if law is None else (law.weights > 0).sum(axis=1)
    classes = [
        ClassCard(
            label=label,
            training_count=int(counts[index]),
            components=None if components is None else int(components[index]),
            trust=fitted.held_out.compute_trust(index) if fitted.held_out else None,
        )
        for index, label in enumerate(fitted.labels)
    ]

    def make_manifest(version: int) -> Manifest:
        return Manifest(
            format_version=3,
            name=name,
            version=version,
            series=_describe_training_series(origin.shape, fitted),
            labelled=fitted.classifier is not None,
            classes=classes,
            latent=_describe_latent(fitted, packed, origin),
            texture_steps=fitted.generator.texture_steps,
            graphs={role: item.card for role, item in packed.exported.items()},
            probe=packed.probe,
            weights=packed.weights,
            calibration=fitted.held_out.calibrate() if fitted.held_out else None,
            metrics=metrics.model_copy(update={"classify_ms": packed.classify_ms}),
            provenance=_build_provenance(origin, fitted),
        )

    return make_manifest


def _describe_latent(fitted: Fitted, packed: Packed, origin: Origin) -> LatentCard | None:
    """The codes, and what decoding them leaves over; None where there are none."""
    if not isinstance(fitted.generator, Generator):
        return None
    return LatentCard(
        latent_dim=fitted.generator.latent_dim,
        expansion=origin.configuration.expansion,
        mixture=packed.mixture,
        codes=packed.codes,
        residual=measure_residual(fitted.generator, fitted.cases, fitted.held_out),
    )


def _describe_training_series(shape: SeriesShape, fitted: Fitted) -> SeriesShape:
    """The shape with what is usual: ranges by channel and, where lengths differ, quantiles of each class's."""
    series, lengths, index = fitted.cases.series.astype(np.float64), fitted.cases.lengths, fitted.cases.class_index
    levels = (USUAL, 1 - USUAL)
    update: dict[str, object] = {
        "value_range": np.quantile(series, levels, axis=(0, 2)).T.tolist(),
        "spread": np.quantile(series.std(axis=2), levels, axis=0).T.tolist(),
    }
    if lengths is not None:
        shares = np.linspace(0, 1, N_LENGTHS)
        of_class = [np.quantile(lengths[index == one], shares, method="nearest") for one in range(len(fitted.labels))]
        update["class_lengths"] = [quantiles.astype(int).tolist() for quantiles in of_class]
    return shape.model_copy(update=update)


def _build_provenance(origin: Origin, fitted: Fitted) -> Provenance:
    return Provenance(
        pretraining=fitted.pretraining,
        training_sketch=build_sketch(fitted.cases.series) if origin.configuration.training_sketch else None,
        dataset=origin.dataset,
        dataset_sha256=origin.dataset_sha256,
        seed=origin.configuration.seed,
        configuration=origin.configuration.record(),
        git_commit=_read_git_commit(),
        libraries={library: importlib.metadata.version(library).partition("+")[0] for library in LIBRARIES},
        fit_seconds=round(origin.seconds, 1),
    )


def _read_git_commit() -> str | None:
    """The commit that this code is, or None where it is none: changed since, or not in git."""
    git = ["git", "-C", str(Path(__file__).parents[2])]
    try:
        changed, head = (
            subprocess.run([*git, *question], capture_output=True, text=True, check=True).stdout
            for question in (["status", "--porcelain", "-uno"], ["rev-parse", "HEAD"])
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return None if changed.strip() else head.strip()
