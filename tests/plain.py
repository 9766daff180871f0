"""Bundles that are no VAE's, of plain networks with fixed weights: what a bundle can do follows from its graphs."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bundle.evidence import Metrics
from bundle.manifest import Arrays, ClassCard, Label, LatentCard, Manifest, Provenance
from bundle.probe import name_array
from bundle.publish import compute_sha256, publish, write_npz
from bundle.shape import SeriesShape
from training.export.exporting import BATCH_SIZES, Exportable, Exported, export

N_CHANNELS, N_TIMEPOINTS, LATENT_DIM = 2, 24, 3
LABELS: tuple[Label, ...] = ("rest", "walk", "run")

OPERATIONS = {
    "generator": ["sample", "augment", "classify"],
    "dreamer": ["sample", "augment"],
    "blender": ["sample", "augment", "blend"],
    "judge": ["classify"],
    "coder": ["encode"],
    "autoencoder": ["encode", "reconstruct", "augment", "decode", "interpolate", "traverse"],
}
"""What each of the bundles can do."""


def make_waves() -> Tensor:
    """A wave for each class, `[n_classes, n_channels, n_timepoints]`."""
    time = torch.linspace(0, 6.28, N_TIMEPOINTS)
    return torch.stack(
        [torch.stack([torch.sin((index + 1) * time), torch.cos((index + 1) * time)]) for index in range(len(LABELS))]
    )


class Generate(nn.Module):
    """class_index `[n]`, noise `[n, 4]`, drift `[n]` → the class's wave, bent by the noise, on a slope of `drift`.

    Some noise is so large that the series is another class's.
    """

    waves: Tensor
    mixing: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("waves", make_waves())
        mixing = torch.randn(4, N_CHANNELS * N_TIMEPOINTS, generator=torch.Generator().manual_seed(1))
        self.register_buffer("mixing", 0.8 * mixing)

    def forward(self, class_index: Tensor, noise: Tensor, drift: Tensor) -> Tensor:
        bent = (noise @ self.mixing).reshape(-1, N_CHANNELS, N_TIMEPOINTS)
        slope = drift[:, None, None] * torch.linspace(-0.2, 0.2, N_TIMEPOINTS)
        return self.waves[class_index] + bent + slope


class Blend(Generate):
    """The same between two classes' waves."""

    def forward(  # type: ignore[override]  # a graph of another role
        self, class_index: Tensor, end_class_index: Tensor, position: Tensor, noise: Tensor, drift: Tensor
    ) -> Tensor:
        ends = [super(Blend, self).forward(index, noise, drift) for index in (class_index, end_class_index)]
        share = position[:, None, None]
        return (1 - share) * ends[0] + share * ends[1]


class Classify(nn.Module):
    """series → class_probabilities `[n, n_classes]`: the nearer a class's wave, the likelier."""

    waves: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("waves", make_waves().flatten(1))

    def forward(self, series: Tensor) -> Tensor:
        offsets = series.flatten(1)[:, None] - self.waves
        return torch.softmax(-offsets.square().mean(dim=2) * 8, dim=1)


class Encode(nn.Module):
    """series → posterior_mean and posterior_log_variance `[n, latent_dim]`: the first coordinates in a fixed base."""

    base: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("base", make_base())

    def forward(self, series: Tensor) -> tuple[Tensor, Tensor]:
        mean = series.flatten(1) @ self.base
        return mean, mean * 0 - 2


class Decode(nn.Module):
    """latent `[n, latent_dim]` → the series at these coordinates."""

    base: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("base", make_base())

    def forward(self, latent: Tensor) -> Tensor:
        return (latent @ self.base.T).reshape(-1, N_CHANNELS, N_TIMEPOINTS)


def make_base() -> Tensor:
    """Orthonormal directions of the waves, `[n_channels * n_timepoints, latent_dim]`."""
    base: Tensor = torch.linalg.qr(make_waves().flatten(1).T)[0]
    return base


@functools.cache
def export_plain(role: str) -> Exported:
    """Export the graph of a role, with example inputs."""
    random, rows = np.random.default_rng(0), max(BATCH_SIZES)
    series = {"series": random.standard_normal((rows, N_CHANNELS, N_TIMEPOINTS), np.float32)}
    latent = {"latent": random.standard_normal((rows, LATENT_DIM), np.float32)}
    noise: dict[str, np.ndarray] = {
        "class_index": random.integers(0, len(LABELS), rows),
        "noise": random.standard_normal((rows, 4), np.float32),
        "drift": random.standard_normal(rows, np.float32),
    }
    between = {
        "class_index": noise["class_index"],
        "end_class_index": random.integers(0, len(LABELS), rows),
        "position": random.random(rows, np.float32),
    }
    posterior = ("posterior_mean", "posterior_log_variance")
    return export(
        {
            "generate": Exportable("generate", Generate(), noise, ("series",), {}, {}),
            "blend": Exportable("blend", Blend(), {**between, **noise}, ("series",), {}, {}),
            "classifier": Exportable("classifier", Classify(), series, ("class_probabilities",), {}, {}),
            "encoder": Exportable("encoder", Encode(), series, posterior, {}, {}),
            "decoder": Exportable("decoder", Decode(), latent, ("series",), {}, {}),
        }[role]
    )


def publish_plain(root: Path, name: str, *roles: str, labelled: bool, forecast: str | None = None) -> Path:
    """Publish a bundle of plain graphs of these roles; that of the role `forecast` stands in one that nobody knows."""
    exported = {role: export_plain(role) for role in roles}
    if forecast is not None:
        exported["forecast"] = export_plain(forecast)
    probe = {
        name_array(role, direction, tensor): array
        for role, one in exported.items()
        for (direction, tensor), array in one.probe.items()
    }
    files = {one.card.file: one.content for one in exported.values()} | {"probe.npz": write_npz(probe)}
    latent = LatentCard(latent_dim=LATENT_DIM, expansion=None, mixture=None)
    labels = LABELS if labelled else ("all",)

    def make_manifest(version: int) -> Manifest:
        fields: dict[str, Any] = {
            "format_version": 3,
            "name": name,
            "version": version,
            "series": SeriesShape(n_channels=N_CHANNELS, n_timepoints=N_TIMEPOINTS),
            "labelled": labelled,
            "classes": [ClassCard(label=label, training_count=9, components=None, trust=None) for label in labels],
            "latent": latent if "encoder" in roles else None,
            "graphs": {role: one.card for role, one in exported.items()},
            "probe": Arrays(file="probe.npz", sha256=compute_sha256(files["probe.npz"])),
            "calibration": None,
            "metrics": Metrics(),
            "provenance": Provenance(
                dataset="waves",
                dataset_sha256="0" * 64,
                seed=0,
                configuration={},
                git_commit=None,
                libraries={},
                fit_seconds=0.0,
            ),
        }
        return Manifest(**fields)

    return publish(root, name, files, make_manifest)


def publish_all(root: Path) -> None:
    """Publish the bundles of `OPERATIONS`."""
    publish_plain(root, "generator", "generate", "classifier", labelled=True)
    publish_plain(root, "dreamer", "generate", labelled=False)
    publish_plain(root, "blender", "generate", "blend", labelled=True)
    publish_plain(root, "judge", "classifier", labelled=True)
    publish_plain(root, "coder", "encoder", labelled=False)
    publish_plain(root, "autoencoder", "encoder", "decoder", labelled=True)
