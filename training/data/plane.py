"""Lays rows of features out in two dimensions, `main("lay_out", folder)`, by files in a folder.

`request.json` says `{"method": "pca"}` or `"tsne"`, `features.npy` holds `[n, n_features]`; `answer.json`
has `points` `[n][2]` afterwards.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LEAST = 4
"""Rows that t-SNE needs."""

PERPLEXITY, MOST_DIMENSIONS = 30.0, 50


def lay_out(features: NDArray[np.float32], method: str) -> NDArray[np.float64]:
    """`[n, 2]`: principal components, or t-SNE of the first fifty; the same points for the same features."""
    if method == "pca" or len(features) < LEAST:
        return project(features, 2)
    from sklearn.manifold import TSNE

    perplexity = min(PERPLEXITY, (len(features) - 1) / 3)
    first = project(features, MOST_DIMENSIONS)
    start = first[:, :2] / max(float(first[:, 0].std()), 1e-12) * 1e-4
    points: NDArray[np.float64] = TSNE(2, perplexity=perplexity, init=start, random_state=0, n_jobs=1).fit_transform(
        first
    )
    return points


def project(features: NDArray[np.float32], n_dimensions: int) -> NDArray[np.float64]:
    """The first principal components `[n, n_dimensions]`, zeros where there are fewer; each component's largest weight
    is positive."""
    centred = features.astype(np.float64) - features.mean(axis=0, dtype=np.float64)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    signs = np.sign(right[np.arange(len(right)), np.abs(right).argmax(axis=1)])
    points = (left * sizes * signs)[:, :n_dimensions]
    return np.pad(points, [(0, 0), (0, n_dimensions - points.shape[1])])


def main(task: str, folder: Path) -> None:
    """Read request and features, and leave the answer."""
    method = json.loads((folder / "request.json").read_text())["method"]
    try:
        answer = {"points": lay_out(np.load(folder / "features.npy"), method).tolist()}
    except ModuleNotFoundError as error:
        answer = {"refused": {"message": f"t-SNE needs {error.name}, which is not installed. Take method=pca."}}
    (folder / "answer.part").write_text(json.dumps(answer))
    (folder / "answer.part").rename(folder / "answer.json")
