"""What was measured, in words: no share without its cases and its interval, and what few cases cannot tell."""

from __future__ import annotations

from collections.abc import Iterable

from bundle.evidence import Metrics, Predecessor, Recall, ShareInterval
from bundle.manifest import Manifest

FEW = 20
"""Cases of a class below which what they tell is said by itself; the interval of 19 right of 19 begins at .83."""

MANY = 100
"""Cases from which on a third digit means something."""

MOST_CLASSES = 6
"""Classes that are listed; of more, those with the lowest recall, or the fewest cases."""


def describe_accuracy(manifest: Manifest) -> str:
    """Say the accuracy with its interval and cases, and beside it what cross-validation found; or why there is none."""
    metrics = manifest.metrics
    if metrics.accuracy is None:
        return "not measured: " + ("no cases were held out" if manifest.labelled else "the data has no labels")
    found = [describe_held_out(metrics), *_describe_other_measures(metrics)]
    if crossed := describe_cross_validation(metrics):
        found.append(f"cross-validated {crossed}")
    return "; ".join(found)


def describe_held_out(metrics: Metrics) -> str:
    """Say the accuracy, which was measured, with its interval and cases, and nothing besides."""
    assert metrics.accuracy is not None, "ask only where it was measured"
    n_cases = metrics.n_measured
    share = format_share(metrics.accuracy, n_cases) + format_interval(metrics.accuracy_interval, n_cases)
    return f"{share} on {n_cases} cases of the {metrics.measured_on}"


def _describe_other_measures(metrics: Metrics) -> Iterable[str]:
    n_cases = metrics.n_measured
    if metrics.balanced_accuracy is not None:
        interval = format_interval(metrics.balanced_interval, n_cases)
        yield f"balanced {format_digits(metrics.balanced_accuracy, n_cases)}{interval}"
    if metrics.macro_f1 is not None:
        yield f"macro F1 {format_digits(metrics.macro_f1, n_cases)}"
    if (precision := metrics.average_precision) is not None:
        value, chance = (format_digits(share, n_cases) for share in (precision.value, precision.chance))
        yield f"average precision of class '{precision.label}' {value}, by chance {chance}"


def describe_cross_validation(metrics: Metrics) -> str | None:
    """Say what the folds found for what is served, the policy chosen and the companion; None where they judged none, or
    long ago."""
    uplift, last = metrics.uplift, metrics.adjustment or metrics.pooling
    if uplift is None or uplift.chosen is None:
        return None
    accuracy = uplift.chosen.accuracy if last is None else last.accuracy
    if accuracy is None:
        return None
    return f"{format_share(accuracy, uplift.n_cases)} on {uplift.n_cases} training cases"


def describe_recall(metrics: Metrics) -> str | None:
    """List the recall of each class with its cases, or the lowest of them; None where it was not measured."""
    measured = {label: one for label, one in metrics.recall.items() if one.share is not None}
    if not measured:
        return None
    lowest = sorted(measured, key=lambda label: measured[label].share or 0.0)[:MOST_CLASSES]
    shown = [label for label in measured if label in lowest]
    rows = [f"{label} {format_digits(measured[label].share or 0.0, 0)} ({measured[label].n_cases})" for label in shown]
    left_out = len(measured) - len(shown)
    return ", ".join(rows) + (f"; the lowest of {len(measured)} classes" if left_out else "")


def describe_few(metrics: Metrics) -> str | None:
    """Say how little is known of classes with FEW measured cases or less; None where there are no such."""
    few = {label: one for label, one in metrics.recall.items() if one.n_cases < FEW}
    fewest = sorted(few, key=lambda label: few[label].n_cases)[:MOST_CLASSES]
    sentences = [_describe_scarce(label, few[label]) for label in fewest]
    if left_out := len(few) - len(fewest):
        sentences.append(f"{left_out} more classes with less than {FEW} cases")
    return "; ".join(sentences) or None


def _describe_scarce(label: str, recall: Recall) -> str:
    if recall.n_cases == 0:
        return f"no case of class '{label}': its recall is not known"
    cases = f"{recall.n_cases} {'case' if recall.n_cases == 1 else 'cases'} of class '{label}'"
    low, high = (format_bound(end, 0) for end in (recall.low, recall.high))
    return f"{cases}: recall {recall.n_correct}/{recall.n_cases}, interval {low} to {high}"


def describe_predecessor(found: Predecessor) -> str:
    """Say how the version that was in service does on the same cases, or why it was not compared."""
    if found.p_value is None:
        return f"not with version {found.version} in service: {found.not_compared}"
    return (
        f"with version {found.version} in service: {found.n_lost} lost and {found.n_won} won of {found.n_cases} cases "
        f"(McNemar's test that more were lost: p = {found.p_value:.2g})"
    )


def format_share(share: float, n_cases: int) -> str:
    """A share of so many cases: digits as they mean something, and the count itself of less than FEW."""
    return f"{round(share * n_cases)}/{n_cases}" if n_cases < FEW else format_digits(share, n_cases)


def format_digits(share: float, n_cases: int) -> str:
    """A share with two digits, or three of MANY cases; 1.00 stands for 1 alone, and .00 for 0 alone."""
    digits = 3 if n_cases >= MANY else 2
    least = 10.0**-digits
    shown = share if share in (0.0, 1.0) else min(max(share, least), 1 - least)
    return f"{shown:.{digits}f}".removeprefix("0")


def format_bound(end: float, n_cases: int) -> str:
    """The end of an interval: 0 and 1 without digits."""
    return f"{end:.0f}" if end in (0.0, 1.0) else format_digits(end, n_cases)


def format_interval(interval: ShareInterval | None, n_cases: int) -> str:
    """An interval in brackets, with a space before; nothing where there is none."""
    if interval is None:
        return ""
    return f" [{format_bound(interval.low, n_cases)}, {format_bound(interval.high, n_cases)}]"
