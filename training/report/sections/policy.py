"""Which augmentation was chosen, on what evidence, and what was advised."""

from __future__ import annotations

from models.evidence import Candidate, Uplift
from training.report.drawing import panels, picture, plain, styled
from training.report.inputs import ReportInputs
from training.report.palette import INK, QUIET
from training.report.parts import Note, Picture, Section, Table, number, percent, signed
from training.report.sections.summary import advice_sentence, policy_sentence


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
    verdict = Note(f"Chosen: {policy_sentence(inputs.manifest)}. Advice: {advice_sentence(inputs.manifest)}.")
    if not uplift.candidates:
        none_valid = Note("No policy was tried, as no fold was possible; none is then chosen.")
        return Section("policy", title, look_for, (verdict, none_valid))
    protocol = Note(
        f"Cross-validation with {uplift.n_folds} folds on {uplift.n_cases} training cases"
        f"{', rare classes drawn more often' if uplift.balanced else ''}; intervals hold 95 % of bootstrap means. "
        "The chosen one's is the best of several, and flattered by that."
    )
    candidates = sorted(uplift.candidates, key=lambda candidate: candidate.nll)
    parts = (verdict, _forest(candidates, uplift), _table(candidates, uplift), protocol)
    return Section("policy", title, look_for, parts)


def chosen(candidate: Candidate, uplift: Uplift) -> bool:
    """Whether a candidate is the one that trained the classifier."""
    return (candidate.policy, candidate.round) == (uplift.policy, uplift.rounds) or (
        candidate.policy == "none" == uplift.policy
    )


def _name(candidate: Candidate) -> str:
    return candidate.policy + (f", round {candidate.round}" if candidate.round > 1 else "")


def _forest(candidates: list[Candidate], uplift: Uplift) -> Picture:
    with styled():
        figure, grid = panels(1, 1, 0.5 + 0.32 * len(candidates))
        figure.subplots_adjust(left=0.2)
        axes = grid[0, 0]
        for place, candidate in enumerate(candidates):
            own, interval = chosen(candidate, uplift), candidate.uplift
            colour = INK if own else QUIET
            axes.plot([interval.low, interval.high], [place, place], color=colour, linewidth=3 if own else 1.6)
            axes.plot(interval.mean, place, marker="D" if own else "o", color=colour, markersize=8 if own else 6)
        axes.axvline(0, color=INK, linewidth=0.8, linestyle="--")
        axes.set_yticks(range(len(candidates)), [plain(_name(candidate), 40) for candidate in candidates])
        for tick, candidate in zip(axes.get_yticklabels(), candidates, strict=True):
            tick.set_fontweight("bold" if chosen(candidate, uplift) else "normal")
        axes.set(ylim=(len(candidates) - 0.5, -0.5), xlabel="accuracy with the policy minus without it, points")
        return picture(figure, "Uplift of each policy with its interval; the chosen one is marked.")


def _table(candidates: list[Candidate], uplift: Uplift) -> Table:
    rows = tuple(
        (
            _name(candidate) + (" ◆ chosen" if chosen(candidate, uplift) else ""),
            number(candidate.nll),
            percent(candidate.balanced_accuracy),
            signed(candidate.uplift.mean),
            f"[{signed(candidate.uplift.low)}, {signed(candidate.uplift.high)}]",
        )
        for candidate in candidates
    )
    marked = frozenset(place for place, candidate in enumerate(candidates) if chosen(candidate, uplift))
    head = ("policy", "NLL (low is good)", "balanced accuracy", "uplift, points", "95 % interval")
    return Table(head, rows, numbers=frozenset({1, 2, 3, 4}), marked=marked)
