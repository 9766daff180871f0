"""How good the synthetic series are: every number with its meaning, its direction and its floor."""

from __future__ import annotations

from bundle.evidence import Quality
from training.report.inputs import ReportInputs
from training.report.parts import Note, Part, Section, Table, format_number, format_percent

MOST_ROWS = 40

Row = tuple[str, str, str, str, str]
"""Name, value, floor, where it should lie, meaning."""


def section(inputs: ReportInputs) -> Section:
    """See the module."""
    title = "Quality of synthetic series"
    look_for = (
        "Look for values near their floor, which is what real series score against real ones, and for a membership "
        "attack near .5."
    )
    quality = inputs.manifest.metrics.quality
    if quality is None:
        reason = (
            "This fit did not measure quality."
            if inputs.held_out is not None
            else "No cases were held out, so there are no unseen real series to compare synthetic ones with."
        )
        return Section("quality", title, look_for, empty=reason)
    rows = (*_list_likeness(quality), *_list_usefulness(quality), *_list_distances(quality), *_list_variety(quality))
    head = ("measure", "value", "floor", "should be", "meaning")
    note = Note(f"Measured on up to {quality.n_cases} cases each, real ones from the {quality.measured_on}.")
    parts: tuple[Part, ...] = (Table(head, rows, numbers=frozenset({1, 2})), note, *_list_classes(inputs, quality))
    return Section("quality", title, look_for, parts)


def _list_likeness(quality: Quality) -> tuple[Row, ...]:
    judges = tuple(
        (f"… by {judge}", format_number(score), "", "low", "the score by this judge alone")
        for judge, score in quality.discriminative_scores.items()
    )
    worse = "|accuracy − .5| of the keener of two judges who tell real from synthetic; at 0 they guess"
    score = (
        "discriminative score",
        format_number(quality.discriminative_score),
        format_number(quality.discriminative_floor),
        "low",
    )
    return ((*score, worse), *judges)


def _list_usefulness(quality: Quality) -> tuple[Row, ...]:
    judge = quality.judge or "a classifier"
    forecast = "mean absolute error of forecasting a real series' next timepoint, learned from synthetic ones"
    return (
        (
            "predictive score",
            format_number(quality.predictive_score),
            format_number(quality.predictive_floor),
            "low",
            forecast,
        ),
        ("TRTR", format_number(quality.trtr), "", "high", f"accuracy of {judge} trained on real, tested on real cases"),
        (
            "TSTR / TRTR",
            format_number(quality.tstr_ratio),
            "",
            "about 1",
            "trained on synthetic, tested on real, over TRTR",
        ),
        (
            "TRTS / TRTR",
            format_number(quality.trts_ratio),
            "",
            "about 1",
            "trained on real, tested on synthetic, over TRTR",
        ),
    )


def _list_distances(quality: Quality) -> tuple[Row, ...]:
    frechet = "distance of the two sets' features, as Gaussians (the idea of FID)"
    return (
        (
            "Fréchet distance",
            format_number(quality.frechet_distance),
            format_number(quality.frechet_floor),
            "low",
            frechet,
        ),
        ("marginal distance", format_number(quality.marginal_distance), "", "low", "of the distributions of values"),
        (
            "autocorrelation distance",
            format_number(quality.autocorrelation_distance),
            "",
            "low",
            "of the autocorrelations",
        ),
        ("spectrum distance", format_number(quality.spectrum_distance), "", "low", "of the power spectra"),
    )


def _list_variety(quality: Quality) -> tuple[Row, ...]:
    covered, density = min(quality.coverage.values(), default=None), min(quality.density.values(), default=None)
    ratio = "median distance synthetic to training over held-out to training: below 1 copies, above 1 strays"
    attack = "balanced accuracy of guessing from the distance to synthetic series whether a case was trained on"
    return (
        (
            "coverage, worst class",
            format_percent(covered),
            "",
            "high",
            "share of real cases with a synthetic one in reach",
        ),
        (
            "density, worst class",
            format_number(density, 2),
            "",
            "about 1",
            "how crowded real cases are around synthetic ones",
        ),
        ("nearest-neighbour ratio", format_number(quality.nearest_neighbour_ratio, 2), "", "0.8 to 1.3", ratio),
        ("membership attack", format_number(quality.membership_attack, 2), "0.50", "at most 0.60", attack),
    )


def _list_classes(inputs: ReportInputs, quality: Quality) -> tuple[Part, ...]:
    labels = [label for label in inputs.labels if label in quality.coverage or label in quality.density]
    if len(labels) < 2:
        return ()
    rows = tuple(
        (label, format_percent(quality.coverage.get(label)), format_number(quality.density.get(label), 2))
        for label in labels[:MOST_ROWS]
    )
    table = Table(("class", "coverage", "density"), rows, numbers=frozenset({1, 2}), caption="Variety by class")
    left_out = len(labels) - len(rows)
    return (table, Note(f"{left_out} more classes are left out.")) if left_out else (table,)
