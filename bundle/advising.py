"""Advice in words: one sentence for each thing to do, with its figures."""

from __future__ import annotations

from bundle.evidence import Advice, Interval, JudgeAdvice, JudgeKind, MetricName

METRIC_WORDS: dict[MetricName, str] = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "average_precision": "average precision",
}

KIND_WORDS: dict[JudgeKind, str] = {
    "deep_network": "a deep network",
    "random_convolutions": "random convolutions",
    "nearest_neighbours": "nearest neighbours",
    "features_and_trees": "features and trees",
}


def describe_judges(advice: Advice) -> str:
    """What to do, for each kind of classifier, those that gain most first; "" where no kind has judged."""
    order = sorted(advice.judges, key=lambda judge: -judge.uplift.mean)
    return " ".join(describe_judge(judge, advice.metric or "accuracy") for judge in order)


def describe_judge(judge: JudgeAdvice, metric: MetricName) -> str:
    """One sentence on a kind of classifier, in points of `metric`."""
    kind = KIND_WORDS[judge.judge]
    ours, (name, best) = _format_gain(judge.uplift, metric), find_best_free(judge)
    if judge.verdict == "use it":
        against = "" if best is None else f", against {format_points(best.mean)} for {name}"
        return f"For {kind}, use it: {ours}{against}."
    if judge.verdict == "free does as well" and best is not None:
        free = f"{name}, which {'are' if name == 'class weights' else 'is'} free,"
        at_least = f"{'do' if name == 'class weights' else 'does'} at least as well"
        return (
            f"For {kind}, {free} {at_least}: {_format_gain(best, metric)}, against {format_points(judge.uplift.mean)}."
        )
    return f"For {kind}, no gain is to be expected: {ours}."


def find_best_free(judge: JudgeAdvice) -> tuple[str, Interval | None]:
    """The name and the expected gain of what is free and best; "" and None where this kind can do nothing free."""
    return max(judge.free.items(), key=lambda pair: pair[1].mean, default=("", None))


def format_points(points: float) -> str:
    """One decimal with its sign; zero has none."""
    rounded = round(points, 1) + 0
    return f"{rounded:+.1f}".replace("-", "−") if rounded else "0.0"


def _format_gain(gain: Interval, metric: MetricName) -> str:
    low, high = (format_points(value).removeprefix("+") for value in (gain.low, gain.high))
    return f"{format_points(gain.mean)} points of {METRIC_WORDS[metric]} [{low}, {high}]"
