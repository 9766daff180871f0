"""The gate before publishing: what a fit must not be, whatever it was fitted to, for a server to take it up."""

from __future__ import annotations

from collections.abc import Sequence

from bundle.engine.bundle import Bundle
from bundle.evidence import Metrics, Predecessor
from bundle.generation.recipe import MAX_REDRAWS
from bundle.manifest import Label
from training.data.partition import Partition
from training.fitting import Fitted
from training.publishing.predecessor import Comparison, compare_with_served

LEAST_EXPLAINED = 0.1
"""Share of held-out variance that a reconstruction explains at least."""

LEAST_ACCEPTANCE = 1 - 0.5 ** (1 / (1 + MAX_REDRAWS))
"""Share of samples proposed for a class that convince at least, .13: of fewer, more than half of what is answered would
be fallbacks, which the classifier gives to another class."""

SIGNIFICANCE = 0.025
"""One-sided: where a 95 % interval of the difference would lie below 0."""

MOST_NAMED = 5
"""Classes that a sentence names."""


def judge(metrics: Metrics, fitted: Fitted, parts: Partition, served: Bundle | None, dataset_sha256: str) -> Metrics:
    """The metrics with what speaks against the fit, also beside the version that is `served`, where that is fair."""
    if served is None:
        return metrics.model_copy(update={"objections": find_objections(metrics, None, fitted.labels)})
    found = compare_with_served(served, fitted, parts, dataset_sha256)
    if isinstance(found, str):
        predecessor, comparison = Predecessor(version=served.manifest.version, not_compared=found), None
    else:
        predecessor, comparison = found.summarise(), found
    objections = find_objections(metrics, comparison, fitted.labels)
    return metrics.model_copy(update={"predecessor": predecessor, "objections": objections})


def find_objections(metrics: Metrics, comparison: Comparison | None, labels: Sequence[Label]) -> list[str]:
    """Why a fit should not be served, a sentence each; none where nothing speaks against it.

    `comparison` is that with the version in service; None where there is none, or none that is fair. Whether single
    classes got worse is tested at SIGNIFICANCE over their number (Bonferroni).
    """
    found = [_object_to_reconstruction(metrics), _object_to_samples(metrics)]
    if comparison is not None:
        found += [_object_to_accuracy(comparison), _object_to_recall(comparison, labels)]
    return [objection for objection in found if objection]


def _object_to_reconstruction(metrics: Metrics) -> str | None:
    found = metrics.reconstruction
    if found is None or found.explained >= LEAST_EXPLAINED:
        return None
    cases = f"{found.n_cases} cases ({found.measured_on})"
    return (
        f"its reconstruction explains {found.explained:.0%} of the variance of {cases}, and {LEAST_EXPLAINED:.0%} is "
        "the least: codes and anomaly scores would say nothing. Take more --vae.steps, or another --vae."
    )


def _object_to_samples(metrics: Metrics) -> str | None:
    low = {label: share for label, share in metrics.acceptance.items() if share < LEAST_ACCEPTANCE}
    if not low:
        return None
    worst = sorted(low, key=lambda label: low[label])
    named = ", ".join(f"'{label}' {low[label]:.0%}" for label in worst[:MOST_NAMED])
    more = f" and of {len(low) - MOST_NAMED} more" if len(low) > MOST_NAMED else ""
    return (
        f"its classifier does not recognise samples of each class: of those proposed for class {named}{more} convince, "
        f"and {LEAST_ACCEPTANCE:.0%} is the least. Give more cases of the class, or more steps."
    )


def _object_to_accuracy(comparison: Comparison) -> str | None:
    if comparison.p_value > SIGNIFICANCE:
        return None
    n_cases, before, now = (int(count) for count in _count(comparison))
    return (
        f"it classifies worse than version {comparison.version} in service: {now} of {n_cases} cases against {before} "
        f"({comparison.n_lost} lost, {comparison.n_won} won; McNemar's test: p = {comparison.p_value:.1g})."
    )


def _object_to_recall(comparison: Comparison, labels: Sequence[Label]) -> str | None:
    of_class = {str(label): comparison.select_class(index) for index, label in enumerate(labels)}
    worse = [label for label, own in of_class.items() if own.p_value <= SIGNIFICANCE / len(labels)]
    if not worse or len(labels) < 2:
        return None
    shown = ((label, *_count(of_class[label])) for label in worse[:MOST_NAMED])
    named = ", ".join(f"'{label}' ({now} of {n_cases} cases against {before})" for label, n_cases, before, now in shown)
    more = f" and {len(worse) - MOST_NAMED} more" if len(worse) > MOST_NAMED else ""
    return f"it recognises less of class {named}{more} than version {comparison.version} in service."


def _count(comparison: Comparison) -> tuple[int, int, int]:
    """Cases, and how many of them the version in service and the new fit have right."""
    return len(comparison.now), int(comparison.before.sum()), int(comparison.now.sum())
