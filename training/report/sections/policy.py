"""Which augmentation was chosen, on what evidence, and what was advised."""

from __future__ import annotations

from bundle.evidence import Candidate, Uplift
from training.report.drawing import make_panels, make_picture, make_plain, use_style
from training.report.inputs import ReportInputs
from training.report.palette import INK, QUIET
from training.report.parts import Note, Picture, Section, Table, format_number, format_percent, format_signed
from training.report.sections.summary import describe_advice, describe_policy


def section(inputs: ReportInputs) -> Section:
    """See the module."""
    title = "Policy: what to add, by what evidence"
    look_for = (
        "Look for an interval that lies right of 0: only such a policy made classifiers better in cross-validation. "
        "The policy with the lowest negative log-likelihood (NLL) is chosen; over all cases together, others have to "
        "be better than a latent one by a nat, where classes are imbalanced by 4."
    )
    uplift = inputs.manifest.metrics.uplift
    if uplift is None:
        return Section("policy", title, look_for, empty="This fit compared no policies, so there is no evidence.")
    verdict = Note(f"Chosen: {describe_policy(inputs.manifest)}. Advice: {describe_advice(inputs.manifest)}.")
    if not uplift.candidates:
        none_valid = Note("No policy was tried, as no fold was possible; none is then chosen.")
        return Section("policy", title, look_for, (verdict, none_valid))
    protocol = Note(
        f"Cross-validation with {uplift.n_folds} folds on {uplift.n_cases} training cases"
        f"{', rare classes drawn more often' if uplift.balanced else ''}; intervals hold 95 % of bootstrap means. "
        "The chosen one's is the best of several, and flattered by that."
    )
    candidates = sorted(uplift.candidates, key=lambda candidate: candidate.nll)
    parts = (verdict, _draw_forest(candidates, uplift), _build_table(candidates, uplift), protocol)
    return Section("policy", title, look_for, parts)


def is_chosen(candidate: Candidate, uplift: Uplift) -> bool:
    """Whether a candidate is the one that trained the classifier."""
    return (candidate.policy, candidate.round) == (uplift.policy, uplift.rounds) or (
        candidate.policy == "none" == uplift.policy
    )


def _name(candidate: Candidate) -> str:
    return candidate.policy + (f", round {candidate.round}" if candidate.round > 1 else "")


def _draw_forest(candidates: list[Candidate], uplift: Uplift) -> Picture:
    with use_style():
        figure, grid = make_panels(1, 1, 0.5 + 0.32 * len(candidates))
        figure.subplots_adjust(left=0.2)
        axes = grid[0, 0]
        for place, candidate in enumerate(candidates):
            own, interval = is_chosen(candidate, uplift), candidate.uplift
            colour = INK if own else QUIET
            axes.plot([interval.low, interval.high], [place, place], color=colour, linewidth=3 if own else 1.6)
            axes.plot(interval.mean, place, marker="D" if own else "o", color=colour, markersize=8 if own else 6)
        axes.axvline(0, color=INK, linewidth=0.8, linestyle="--")
        axes.set_yticks(range(len(candidates)), [make_plain(_name(candidate), 40) for candidate in candidates])
        for tick, candidate in zip(axes.get_yticklabels(), candidates, strict=True):
            tick.set_fontweight("bold" if is_chosen(candidate, uplift) else "normal")
        axes.set(ylim=(len(candidates) - 0.5, -0.5), xlabel="accuracy with the policy minus without it, points")
        return make_picture(figure, "Uplift of each policy with its interval; the chosen one is marked.")


def _build_table(candidates: list[Candidate], uplift: Uplift) -> Table:
    rows = tuple(
        (
            _name(candidate) + (" ◆ chosen" if is_chosen(candidate, uplift) else ""),
            format_number(candidate.nll),
            format_percent(candidate.balanced_accuracy),
            format_signed(candidate.uplift.mean),
            f"[{format_signed(candidate.uplift.low)}, {format_signed(candidate.uplift.high)}]",
        )
        for candidate in candidates
    )
    marked = frozenset(place for place, candidate in enumerate(candidates) if is_chosen(candidate, uplift))
    head = ("policy", "NLL (low is good)", "balanced accuracy", "uplift, points", "95 % interval")
    return Table(head, rows, numbers=frozenset({1, 2, 3, 4}), marked=marked)
