"""What no bundle can hold is refused before anything is trained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from bundle.manifest import Label
from bundle.reading import MOST_BYTES
from bundle.strict import MOST_LETTERS, find_unwritable
from training.configuration import ConfigurationError, FitConfiguration
from training.data import Cases
from training.families.settings import FLOAT, NO_FAMILY, Size
from training.learning.mixture_fit import choose_most_components


def check_fit(dataset: str, learn: Cases, configuration: FitConfiguration) -> None:
    """Raise `ConfigurationError` where a fit to `learn`, cases of the dataset of that name, could not be published."""
    if len(dataset) > MOST_LETTERS:
        raise ConfigurationError(
            f"The dataset's name has {len(dataset)} characters; a bundle holds {MOST_LETTERS}. Give another with "
            "--dataset, or rename the file."
        )
    if wrong := find_unwritable({"dataset": dataset, **configuration.record()}):
        raise ConfigurationError(f"No manifest could hold this fit's settings: {wrong}. Rename it.")
    parts = list(_estimate_parts(learn, configuration))
    if (total := sum(size for size, _ in parts)) > MOST_BYTES:
        largest, words = max(parts)
        raise ConfigurationError(
            f"The bundle would have {total / 1e6:.0f} MB or more, {largest / 1e6:.0f} of them {words}; it may have "
            f"{MOST_BYTES / 1e6:.0f}."
        )


def _estimate_parts(learn: Cases, configuration: FitConfiguration) -> Iterator[tuple[int, str]]:
    """About how many bytes of a bundle grow with its settings and cases, for what, and how to have less of it."""
    n_cases, n_channels, n_timepoints = learn.series.shape
    counts: Counter[Label] = Counter(learn.labels) if learn.labels is not None else Counter({"all": n_cases})
    if configuration.generator == NO_FAMILY:
        yield _estimate_mixtures(counts, configuration)
    width = min(n_timepoints, configuration.working_timepoints)
    if width < n_timepoints:
        yield (
            5 * width * n_timepoints * FLOAT,
            f"for resampling {n_timepoints} timepoints to {width} in five places (set fewer --working-timepoints, or "
            "shorten the series)",
        )
    size = Size(n_cases, n_channels, width, len(counts))
    for family in configuration.list_families():
        yield from family.estimate_parts(size)


def _estimate_mixtures(counts: Counter[Label], configuration: FitConfiguration) -> tuple[int, str]:
    """The same for the mixtures over latent codes of classes of so many cases."""
    components = max(
        choose_most_components(count, configuration.choose_most_components(len(counts))) for count in counts.values()
    )
    squares = len(counts) * components * configuration.vae.latent_dim**2
    # Covariances in mixture.npz (float64); two factors in one graph, one in another.
    return (
        squares * (2 * FLOAT + 3 * FLOAT),
        f"for the mixtures of {len(counts)} classes, {components} components each, in {configuration.vae.latent_dim} "
        "dimensions (set a smaller --vae.latent-dim or --max-components)",
    )
