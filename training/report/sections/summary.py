"""What was fitted, on what, how well it classifies and what to do with its synthetic series."""

from __future__ import annotations

from bundle.advising import describe_judges
from bundle.generation.policy import PolicyName
from bundle.manifest import Manifest
from training.data.duplicates import describe
from training.figures import describe_accuracy, describe_few, describe_recall
from training.report.inputs import ReportInputs
from training.report.parts import Note, Section, Table, format_percent, format_signed

MOST_ROWS = 40

POLICY_WORDS: dict[PolicyName, str] = {
    "none": "add nothing, train on the real cases alone",
    "warps": "real cases with their time axis warped",
    "guided": "real cases warped to the timing of another of their class",
    "latent": "series decoded from the class's latent mixture",
    "interpolation": "series decoded from between two real cases of a class",
    "latent+warps": "series decoded from the class's latent mixture, and warps of these and of the real ones",
    "interpolation+warps": "series decoded from between two real cases, and warps of these and of the real ones",
}


def section(inputs: ReportInputs) -> Section:
    """See the module."""
    manifest = inputs.manifest
    shape, metrics = manifest.series, manifest.metrics
    facts = (
        ("dataset", f"{manifest.provenance.dataset} (sha256 {manifest.provenance.dataset_sha256[:12]}…)"),
        ("series", f"{shape.n_channels} × {shape.n_timepoints} (channels × timepoints)"),
        ("cases learned from", f"{sum(inputs.counts)}, {_describe_classes(manifest)}"),
        ("accuracy", describe_accuracy(manifest)),
        *([("by class", f"{recall} (recall and held-out cases)")] if (recall := describe_recall(metrics)) else []),
        *([("few cases", few)] if (few := describe_few(metrics)) else []),
        ("nearest codes", _describe_neighbours(manifest)),
        ("policy", describe_policy(manifest)),
        ("advice", describe_advice(manifest)),
        ("texture", inputs.texture),
        *([("keeps", manifest.codes.reveals)] if manifest.codes else []),
        ("fitted in", f"{manifest.provenance.fit_seconds:.0f} s, seed {manifest.provenance.seed}"),
    )
    look_for = (
        "Look first at accuracy and advice; then at rows of the second table with few cases or low trust: "
        "their synthetic series deserve a second look below."
    )
    said = (*_describe_duplicates(manifest), *(f"published by --force: {one}" for one in metrics.objections))
    warnings = tuple(Note(f"Warning: {sentence}") for sentence in said)
    return Section("summary", "Summary", look_for, (*warnings, Table((), facts), *_build_class_table(inputs)))


def _describe_duplicates(manifest: Manifest) -> list[str]:
    return [] if manifest.metrics.duplicates is None else describe(manifest.metrics.duplicates)


def _describe_classes(manifest: Manifest) -> str:
    if not manifest.labelled:
        return "unlabelled"
    return f"{len(manifest.classes)} {'class' if len(manifest.classes) == 1 else 'classes'}"


def _describe_neighbours(manifest: Manifest) -> str:
    found = manifest.metrics.latent_neighbours
    if found is None:
        return "not judged: there are no codes, or fewer than two classes"
    shares = [
        f"{format_percent(share, 1)} of {of_what}"
        for share, of_what in (
            (found.measured, f"the {manifest.metrics.measured_on}"),
            (found.cross_fitted, "training cases, by models that did not see them"),
        )
        if share is not None
    ]
    if not shares:
        return "not judged: no cases were held out"
    return f"the {found.k} nearest vote for the right class of {' and '.join(shares)}"


def describe_policy(manifest: Manifest) -> str:
    """The chosen policy in words."""
    uplift = manifest.metrics.uplift
    if uplift is None:
        return "not chosen: this fit compared no policies"
    rounds = f", {uplift.rounds} rounds" if uplift.rounds > 1 else ""
    return f"{uplift.policy}{rounds}: {POLICY_WORDS[uplift.policy]}"


def describe_advice(manifest: Manifest) -> str:
    """Whether to add synthetic series, of which kind, and what that brought in cross-validation."""
    uplift = manifest.metrics.uplift
    if uplift is None:
        return "none: whether adding synthetic series helps was not measured"
    advice = uplift.advice
    verdict = "use it" if advice.use else "not likely to help"
    if advice.judges:
        return f"{advice.policy}: {describe_judges(advice)}"
    if advice.uplift is None:
        return f"{advice.policy}: {verdict}; there was no fold to measure it on"
    mean, low, high = (format_signed(value) for value in (advice.uplift.mean, advice.uplift.low, advice.uplift.high))
    interval = f"{mean} [{low}, {high}] points of accuracy"
    weight = f", at weight {uplift.weight:g} per synthetic case" if advice.use else ""
    return f"{advice.policy}: {verdict}{weight} ({interval} in cross-validation)"


def _build_class_table(inputs: ReportInputs) -> tuple[Table | Note, ...]:
    head = ("class", "training cases", "held-out cases", "mixture components", "trust", "acceptance")
    held_out = inputs.held_out.class_index.tolist() if inputs.held_out else []
    rows = tuple(
        (
            str(card.label),
            str(card.training_count),
            str(held_out.count(index)),
            "none" if card.components is None else str(card.components),
            format_percent(card.trust),
            format_percent(inputs.manifest.metrics.acceptance.get(str(card.label))),
        )
        for index, card in enumerate(inputs.manifest.classes[:MOST_ROWS])
    )
    meaning = Note(
        "Trust: the share of a class's cases that are likeliest under its own latent density, judged by models that "
        "did not see them. Acceptance: the share of proposed samples that no rival class explains better."
    )
    table = Table(head, rows, numbers=frozenset(range(1, 6)))
    left_out = len(inputs.manifest.classes) - len(rows)
    return (table, Note(f"{left_out} more classes are left out."), meaning) if left_out else (table, meaning)
