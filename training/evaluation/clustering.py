"""`python -m training.evaluation.clustering`: do clusters of unlabelled data find the labels it has?

Each dataset is learned without its labels; its clusters are compared with them by the adjusted Rand index (Hubert &
Arabie, 1985): 1 where both part the cases alike, about 0 for clusters drawn by chance. Beside them stands k-means on
the standardised series, which is told how many classes there are.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
import tyro
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from training import data as datasets
from training.configuration import FitConfiguration
from training.data import Dataset
from training.data.partition import order_labels
from training.learning.clustering import fit_clusters
from training.learning.run import start_fabric


@dataclass(frozen=True)
class ClusteringConfiguration:
    """Compare clusters with hidden labels."""

    data: Path
    """A folder of archives, as of `fit.py --data`."""
    datasets: tuple[str, ...] = ("CBF", "GunPoint", "Plane", "TwoLeadECG", "UMD")
    generated: tuple[str, ...] = ("repeated_patterns",)
    """Generated datasets, with their options as they come."""
    seeds: int = 3
    fit: FitConfiguration = field(default_factory=FitConfiguration)


def measure(dataset: Dataset, configuration: ClusteringConfiguration) -> Iterator[tuple[float, float, float, int]]:
    """Yield for each seed the index of the clusters that BIC chose, of as many clusters as classes, and of k-means; and
    how many BIC chose."""
    labels = dataset.train.labels
    assert labels is not None, "these datasets have labels to hide"
    n_classes = len(order_labels(labels))
    for seed in range(configuration.seeds):
        settings = replace(configuration.fit, seed=seed, clusters="auto", device="cpu")
        fabric = start_fabric(settings)
        chosen = fit_clusters(fabric, dataset.train, settings)
        told = fit_clusters(fabric, dataset.train, replace(settings, clusters=n_classes))
        series = chosen.scaling.standardise(torch.as_tensor(dataset.train.series)).flatten(1).numpy()
        means = KMeans(n_classes, n_init=10, random_state=seed).fit_predict(series)
        by_bic, by_count = (clustering.find(dataset.train.series) for clustering in (chosen, told))
        indices = (float(adjusted_rand_score(labels, found)) for found in (by_bic, by_count, means))
        yield next(indices), next(indices), next(indices), chosen.count


def main(arguments: list[str] | None = None) -> int:
    """The command line; answers the exit status."""
    configuration = tyro.cli(ClusteringConfiguration, args=arguments, prog="clustering")
    print("| dataset | cases | classes | clusters by BIC | index | told the classes | k-means, told | ")
    print("|---|---|---|---|---|---|---|")
    for name in (*configuration.generated, *configuration.datasets):
        dataset = datasets.load(name, None if name in configuration.generated else configuration.data)
        rows = list(measure(dataset, configuration))
        cells = [f"{np.mean(own):.2f} ({min(own):.2f} … {max(own):.2f})" for own in list(zip(*rows, strict=True))[:3]]
        counts = ", ".join(str(row[3]) for row in rows)
        n_classes = len(order_labels(dataset.train.labels))
        print(f"| {name} | {len(dataset.train.series)} | {n_classes} | {counts} | {' | '.join(cells)} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
