"""Chooses the policy that augments, and tells what the model's fit measured of it: whether adding such cases helps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bundle.advising import describe_judge, describe_judges, find_best_free
from bundle.engine.bundle import Bundle
from bundle.evidence import Advice, Candidate, Interval, JudgeAdvice, MetricName, Uplift
from bundle.generation.policy import PolicyName
from bundle.manifest import Manifest

Asked = Literal["auto", "warps", "guided", "latent", "interpolation", "latent+warps", "interpolation+warps"]
"""What a request may name: every policy that adds something, or the model's own choice."""

COMPARE = "Compare your classifier with and without them, on cases that neither has seen."


@dataclass(frozen=True)
class Points:
    """A mean difference in accuracy, in points, and the 95 % interval around it."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class KindAdvice:
    """What a kind of classifier is to expect of adding the cases, in points of the advice's metric, with its 95 %
    interval, and the same of the best that is free, `free` ("" where nothing free was judged). `verdict` is "use it",
    "free does as well" or "no gain"."""

    verdict: str
    message: str
    mean: float
    low: float
    high: float
    free: str
    free_mean: float


@dataclass(frozen=True)
class AugmentAdvice:
    """Whether adding the cases is likely to make a classifier better: by cross-validation on the model's training set,
    which is not the caller's. `use` and `uplift` are null where that was not measured. `judges` tells of each kind of
    classifier, in points of `metric`; `use` is true where one of them gains, and `uplift` that of the one that gains
    most."""

    use: bool | None
    message: str
    uplift: Points | None
    metric: str | None
    judges: dict[str, KindAdvice]


def choose_policy(bundle: Bundle, asked: Asked = "auto") -> PolicyName:
    """Return the policy asked for; for "auto" the one that the fit advises on, or `latent` where the fit chose none.

    Raises `Unsupported` where the bundle cannot follow the one asked for. One that cannot make series from noise
    interpolates for want of `latent`.
    """
    if asked != "auto":
        bundle.require_policy(asked)
        return asked
    uplift = bundle.manifest.metrics.uplift
    advised: PolicyName = uplift.advice.policy if uplift else "latent"
    return next(policy for policy in (advised, "latent", "interpolation") if policy in bundle.policies)


def advise(manifest: Manifest, policy: PolicyName) -> AugmentAdvice:
    """Return what the model's fit measured of a policy."""
    uplift = manifest.metrics.uplift
    if uplift and policy == uplift.advice.policy and uplift.advice.judges:
        return _advise_kinds(uplift.advice)
    if not manifest.labelled:
        return _withhold_advice("This model learned from unlabelled data, where there is no accuracy to gain.")
    if uplift and policy == uplift.advice.policy and uplift.advice.uplift is not None:
        return _give_advice(uplift, uplift.advice.use, uplift.advice.uplift, "adding synthetic cases here")
    if not uplift or all(candidate.policy == "none" for candidate in uplift.candidates):
        return _withhold_advice("Whether adding these cases makes a classifier better was not measured.")
    candidate = _find_candidate(uplift, policy)
    if candidate is None:
        compared = ", ".join(dict.fromkeys(known.policy for known in uplift.candidates))
        return _withhold_advice(
            f"The policy {policy} is not among those that cross-validation compared here ({compared})."
        )
    return _give_advice(uplift, candidate.uplift.low > 0, candidate.uplift, f"training with the policy {policy}")


def _advise_kinds(advice: Advice) -> AugmentAdvice:
    judges: dict[str, KindAdvice] = {
        judge.judge: _build_kind(judge, advice.metric or "accuracy") for judge in advice.judges
    }
    assert advice.uplift is not None
    points = Points(advice.uplift.mean, advice.uplift.low, advice.uplift.high)
    return AugmentAdvice(advice.use, describe_judges(advice), points, advice.metric, judges)


def _build_kind(judge: JudgeAdvice, metric: MetricName) -> KindAdvice:
    name, best = find_best_free(judge)
    return KindAdvice(
        judge.verdict,
        describe_judge(judge, metric),
        judge.uplift.mean,
        judge.uplift.low,
        judge.uplift.high,
        name,
        best.mean if best else 0.0,
    )


def _withhold_advice(reason: str) -> AugmentAdvice:
    return AugmentAdvice(None, f"{reason} {COMPARE}", None, None, {})


def _find_candidate(uplift: Uplift, policy: PolicyName) -> Candidate | None:
    """Return the evidence about a policy; of several rounds, the one with the lowest negative log-likelihood."""
    rounds = [candidate for candidate in uplift.candidates if candidate.policy == policy]
    return min(rounds, key=lambda candidate: candidate.nll, default=None)


def _give_advice(uplift: Uplift, use: bool, interval: Interval, source: str) -> AugmentAdvice:
    points = Points(interval.mean, interval.low, interval.high)
    mean, low, high = (_format_points(value) for value in (points.mean, points.low, points.high))
    ending = "use them." if use else "balance classes only if your classifier needs it."
    message = (
        f"Cross-validation on the {uplift.n_cases} training cases found {_describe_interval(points)} from {source} "
        f"({mean} points, {low} to {high}); {ending}"
    )
    n_compared = len({candidate.policy for candidate in uplift.candidates})
    if use and n_compared > 1:
        message += f" With {n_compared} policies compared, chance flatters the best: expect less."
    return AugmentAdvice(use, message, points, "accuracy", {})


def _format_points(points: float) -> str:
    """One decimal, with a minus sign, and none before zero."""
    return f"{round(points, 1) + 0:.1f}".replace("-", "−")


def _describe_interval(interval: Points) -> str:
    if interval.low > 0:
        return "a gain"
    if interval.high < 0:
        return "a loss"
    return "no certain gain" if interval.mean > 0 else "no gain"
