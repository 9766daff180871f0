"""Clusters of unlabelled cases, the components of a mixture over latent codes, become class labels: 0, 1, …"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from lightning_fabric import Fabric

from bundle.generation.mixture import MixtureParameters
from training.configuration import ConfigurationError, FitConfiguration
from training.data import Cases
from training.data.partition import Partition, make_training_cases, order_labels
from training.families import vae
from training.families.settings import NO_FAMILY
from training.families.vae import VAE
from training.learning.cases import standardise
from training.learning.learner import compute_posterior_means
from training.learning.mixture_fit import fit_mixture
from training.learning.run import make_run
from training.learning.scaling import Scaling


@dataclass(frozen=True)
class Clustering:
    """A VAE of some cases, and the mixture over its codes whose components are the clusters."""

    vae: VAE
    scaling: Scaling
    mixture: MixtureParameters

    @property
    def count(self) -> int:
        """How many clusters there are."""
        return int((self.mixture.weights > 0).sum())

    def find(self, series: np.ndarray) -> np.ndarray:
        """The likeliest cluster `[n]` of series `[n, n_channels, n_timepoints]` in original units."""
        latent = compute_posterior_means(self.vae, self.scaling, series)
        found: np.ndarray = self.mixture.compute_component_log_density(latent, 0).argmax(axis=1)
        return found


def label_by_clusters(fabric: Fabric, parts: Partition, configuration: FitConfiguration) -> Partition:
    """The same cases with the index of their cluster as label; those measured on get that of the clusters learned.

    Raises `ConfigurationError` where there are labels, no codes, or fewer clusters than are asked for.
    """
    check_clustering(parts.learn, configuration)
    clustering = fit_clusters(fabric, parts.learn, configuration)
    measure = None if parts.measure is None else _label(parts.measure, clustering)
    return replace(parts, learn=_label(parts.learn, clustering), measure=measure)


def check_clustering(learn: Cases, configuration: FitConfiguration) -> None:
    """Raise `ConfigurationError` where no clusters could be labels."""
    if learn.labels is not None:
        raise ConfigurationError(
            "--clusters finds labels for unlabelled data, and this dataset has labels. Leave --clusters out, or read "
            "the data without its labels."
        )
    if configuration.generator != NO_FAMILY:
        raise ConfigurationError(
            "--clusters are those of latent codes, and a generator without an encoder has none. Leave --generator out."
        )


def fit_clusters(fabric: Fabric, learn: Cases, configuration: FitConfiguration) -> Clustering:
    """Learn the cases by a VAE, and find their clusters: as many as are asked for, or as BIC chooses."""
    cases = make_training_cases(replace(learn, labels=None), order_labels(None))
    scaling = Scaling(cases.series, configuration.working_timepoints)
    run = make_run(fabric, configuration, "VAE, to find clusters")
    model, _ = vae.fit(standardise(cases, scaling), configuration.vae, run)
    latent = compute_posterior_means(model, scaling, cases.series)
    asked = configuration.clusters if isinstance(configuration.clusters, int) else None
    most = asked or configuration.choose_most_components(1)
    mixture = fit_mixture(latent, cases.class_index, 1, most, configuration.seed, fewest=asked or 1)
    clustering = Clustering(model, scaling, mixture)
    if asked and clustering.count < asked:
        raise ConfigurationError(
            f"--clusters asks for {asked}, and no mixture of so many was found for {len(latent)} cases; there may be "
            "one for every six cases, of two at least. Ask for fewer, or for auto."
        )
    return clustering


def _label(cases: Cases, clustering: Clustering) -> Cases:
    return replace(cases, labels=tuple(clustering.find(cases.series).tolist()))
