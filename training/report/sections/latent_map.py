"""The latent space in two dimensions: PCA with the mixtures' ellipses, and t-SNE."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse
from sklearn.manifold import TSNE

from bundle.generation.mixture import MixtureParameters
from training.report.drawing import make_panels, make_picture, spread_indices, use_style
from training.report.inputs import NO_ENCODER, ReportInputs
from training.report.palette import choose_colour, choose_marker, make_key
from training.report.parts import Note, Section

MOST_POINTS = 300
"""Of each kind, real and synthetic; t-SNE takes seconds for more."""

MOST_EXPANDED = 7
"""Classes up to which the expanded ellipses are drawn too."""

FEWEST_POINTS = 8
"""t-SNE of fewer says nothing."""

RADIUS = 2.448
"""Standard deviations within which a plane Gaussian has 95 % of its mass: sqrt(-2 log .05)."""

Points = tuple[np.ndarray, np.ndarray, bool]
"""Where `[n, 2]`, class_index `[n]`, and whether they are synthetic."""


def section(inputs: ReportInputs) -> Section:
    """See the module."""
    look_for = (
        "Look for hollow points (synthetic) among the filled ones (real) of their colour; where classes overlap, "
        "labels of synthetic series are doubtful. Ellipses hold 95 % of a mixture component, dotted as expanded for "
        "sampling; distances between far groups mean nothing in t-SNE."
    )
    kinds = (inputs.training, inputs.synthetic)
    codes = [kind.latent for kind in kinds if kind.latent is not None]
    if inputs.mixture is None or len(codes) < len(kinds):
        return Section("latent", "Latent map", look_for, empty=NO_ENCODER)
    chosen = [_choose(kind.class_index, len(inputs.labels)) for kind in kinds]
    latents = [latent[index] for latent, index in zip(codes, chosen, strict=True)]
    classes = [kind.class_index[index] for kind, index in zip(kinds, chosen, strict=True)]
    mean, plane, shares = _find_plane(codes[0])
    neighbours = _compute_tsne(np.concatenate(latents))
    with use_style():
        figure, grid = make_panels(1, 1 if neighbours is None else 2, 4.6)
        pca = [
            ((latent - mean) @ plane, own, made)
            for latent, own, made in zip(latents, classes, (False, True), strict=True)
        ]
        _draw_scatter(grid[0, 0], pca)
        _draw_ellipses(grid[0, 0], inputs, inputs.mixture, mean, plane)
        grid[0, 0].set(title="PCA", xlabel=f"component 1 ({shares[0]:.0%})", ylabel=f"component 2 ({shares[1]:.0%})")
        if neighbours is not None:
            split = np.split(neighbours, [len(latents[0])])
            _draw_scatter(grid[0, 1], list(zip(split, classes, (False, True), strict=True)))
            grid[0, 1].set(title="t-SNE", xticks=[], yticks=[])
            grid[0, 1].spines[:].set_visible(False)
        image = make_picture(figure, "Latent codes of real and synthetic series in the plane, coloured by class.")
    return Section(
        "latent", "Latent map", look_for, (image, make_key(inputs.labels), *_write_notes(inputs, neighbours))
    )


def _write_notes(inputs: ReportInputs, neighbours: np.ndarray | None) -> tuple[Note, ...]:
    notes = []
    if max(len(inputs.training.series), len(inputs.synthetic.series)) > MOST_POINTS:
        notes.append(Note(f"Up to {MOST_POINTS} points of each kind are drawn, equally many of a class."))
    if len(inputs.labels) > MOST_EXPANDED:
        notes.append(Note("With so many classes the expanded ellipses are left out."))
    if neighbours is None:
        notes.append(Note(f"There is no t-SNE: it needs {FEWEST_POINTS} points that differ."))
    return tuple(notes)


def _choose(class_index: np.ndarray, n_classes: int) -> np.ndarray:
    """Indices of equally many cases of each class, where there is room for two of each."""
    most = max(2, MOST_POINTS // n_classes)
    members = [np.flatnonzero(class_index == index) for index in range(n_classes)]
    chosen = np.concatenate([own[spread_indices(len(own), most)] for own in members])
    few: np.ndarray = chosen[spread_indices(len(chosen), MOST_POINTS)]
    return few


def _find_plane(latent: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean `[latent_dim]`, axes `[latent_dim, 2]` and shares of variance `[2]` of the principal plane."""
    mean = latent.mean(axis=0)
    _, singular, directions = np.linalg.svd(latent - mean, full_matrices=False)
    axes = np.zeros((latent.shape[1], 2))
    axes[:, : len(directions[:2])] = directions[:2].T
    shares = np.zeros(2)
    shares[: len(singular[:2])] = singular[:2] ** 2 / max(float((singular**2).sum()), 1e-30)
    return mean, axes, shares


def _compute_tsne(latent: np.ndarray) -> np.ndarray | None:
    """`[n, 2]`, van der Maaten & Hinton (2008); None for too few points."""
    if len(np.unique(latent, axis=0)) < FEWEST_POINTS:
        return None
    perplexity = min(30.0, (len(latent) - 1) / 3)
    start = "pca" if latent.shape[1] > 1 else "random"
    model = TSNE(2, perplexity=perplexity, init=start, max_iter=500, random_state=0, n_jobs=1)
    placed: np.ndarray = model.fit_transform(latent)
    return placed


def _draw_scatter(axes: Axes, kinds: list[Points]) -> None:
    for place, class_index, made in kinds:
        for index in np.unique(class_index):
            own = place[class_index == index]
            axes.scatter(
                own[:, 0],
                own[:, 1],
                14.0 if made else 20.0,
                marker=choose_marker(index),
                facecolors="none" if made else choose_colour(index),
                edgecolors=choose_colour(index),
                linewidths=0.7 if made else 0.0,
                alpha=0.85,
            )


def _draw_ellipses(
    axes: Axes, inputs: ReportInputs, mixture: MixtureParameters, mean: np.ndarray, plane: np.ndarray
) -> None:
    """The components' shadows on the plane: as learned, and as expanded for sampling."""
    expanded = len(inputs.labels) <= MOST_EXPANDED
    latent = inputs.manifest.latent
    expansion = latent.expansion if latent and latent.expansion else 1.0
    for index, k in zip(*np.nonzero(mixture.weights > 0), strict=True):
        if inputs.counts[index] == 0:
            continue
        spread, turned = np.linalg.eigh(plane.T @ mixture.covariances[index, k] @ plane)
        angle = float(np.degrees(np.arctan2(turned[1, 1], turned[0, 1])))
        centre = (mixture.means[index, k] - mean) @ plane
        for factor, line, width in ((1.0, "-", 1.0), (expansion, ":", 0.9))[: 2 if expanded else 1]:
            narrow, wide = 2 * RADIUS * np.sqrt(factor * np.maximum(spread, 0))
            style = {"color": choose_colour(index), "linestyle": line, "linewidth": width}
            axes.add_patch(Ellipse((centre[0], centre[1]), wide, narrow, angle=angle, fill=False, **style))
    axes.set_aspect("equal", adjustable="datalim")
