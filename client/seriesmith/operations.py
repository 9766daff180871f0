"""What can be asked: each function makes a call, which every client carries out in its own way.

`make proto` writes this file from the operations of the server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike

from seriesmith.answers import (
    AugmentAnswer,
    BlendAnswer,
    ClassifyAnswer,
    CompleteAnswer,
    DecodeAnswer,
    EncodeAnswer,
    InterpolateAnswer,
    NeighboursAnswer,
    ReconstructAnswer,
    SampleAnswer,
    TraverseAnswer,
)
from seriesmith.arguments import (
    Ragged,
    Strategy,
    prepare_array,
    prepare_by_channel,
    prepare_counts,
    prepare_labels,
    prepare_series,
    prepare_strategy,
    prepare_times,
    prepare_wholes,
)
from seriesmith.calls import Call, list_chosen, make_call


def augment(
    series: Ragged,
    labels: ArrayLike | None = None,
    *,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
    non_negative: bool | None = None,
    start_value: ArrayLike | None = None,
    end_value: ArrayLike | None = None,
    monotone: str | None = None,
    sum: ArrayLike | None = None,
    strategy: Strategy = "balance",
    policy: str = "auto",
    seed: int | None = None,
    expansion: float | None = None,
    include_original: bool = True,
    model: str | None = None,
) -> Call[AugmentAnswer]:
    """A caller's dataset, brought to the counts wanted with synthetic series near the caller's own.

    `policy` says where they come from; "auto", the default, is the model's own choice, and `advice` what its fit found
    out about that. "latent": given cases, each moved in the latent space towards a code of its class's mixture, which
    is shrunk towards the given series, the more cases of a class, the further; what no code describes, its texture, it
    keeps. "interpolation": given cases, each moved so towards another. "latent+warps" and "interpolation+warps": the
    same, warped in time. "warps": given cases, warped. "guided": given cases, each moved in time towards another.
    Where a class has too few cases for that, `made_by` in `report` says what made them instead. A model without an
    encoder moves no cases: its "latent" series are new ones. A policy that a model cannot follow is refused; `/models`
    lists those that it can.

    `strategy` is "balance" (every class sent, up to the largest of them), {"factor": f} (each class times f) or
    {"counts": {label: total}} (totals per class). Originals come first, in order, unchanged: the float32 nearest to
    each value sent, which is the value itself for whole numbers up to 2^24 = 16 777 216; missing values are filled.
    Where lengths vary, a made series has the length of the given case that it came from, or of one drawn among those
    of its class. Made series are moved to the nearest ones that meet the constraints named, if any: bounds, fixed
    ends, a direction, a sum over time; `report` tells of them as they were before. `usage` says, per kind of
    classifier, how the series are best used, and `overlap` whether the model was fitted on the given cases and on
    others, with whom they should not be cross-validated.

    series: [n_cases, n_channels, n_timepoints], or [n_cases, n_timepoints] of one channel. null is a missing value,
    and lengths may differ, where the model's gap_policy and length_policy say so (GET /models)
    labels: one for each case; none for a model of unlabelled data
    lower: no value is lower: a number, or one for each channel
    upper: no value is higher: a number, or one for each channel
    non_negative: no value is below 0
    start_value: what each series begins with: a number, or one for each channel
    end_value: what each series ends with: a number, or one for each channel
    monotone: how each series goes: increasing or decreasing
    sum: what the values of a channel add up to: a number, or one for each channel
    strategy: "balance", {"factor": f ≥ 1} or {"counts": {label: total}}
    policy: where synthetic series come from; auto: as the model's fit chose
    seed: equal seeds give equal series; drawn when absent
    expansion: factor on the covariance; default: the model's
    include_original: whether the answer begins with the given cases
    model: name or name/version; may be left out when one model is served
    """
    return make_call(
        "augment",
        AugmentAnswer,
        {
            "labels": None if labels is None else prepare_labels(labels),
            "lower": None if lower is None else prepare_by_channel(lower, "lower"),
            "upper": None if upper is None else prepare_by_channel(upper, "upper"),
            "non_negative": non_negative,
            "start_value": None if start_value is None else prepare_by_channel(start_value, "start_value"),
            "end_value": None if end_value is None else prepare_by_channel(end_value, "end_value"),
            "monotone": monotone,
            "sum": None if sum is None else prepare_by_channel(sum, "sum"),
            "strategy": prepare_strategy(strategy),
            "policy": policy,
            "seed": seed,
            "expansion": expansion,
            "include_original": include_original,
            "model": model,
        },
        series=prepare_series(series, "series"),
        parts=True,
    )


def blend(
    start_labels: ArrayLike,
    end_labels: ArrayLike,
    *,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
    non_negative: bool | None = None,
    start_value: ArrayLike | None = None,
    end_value: ArrayLike | None = None,
    monotone: str | None = None,
    sum: ArrayLike | None = None,
    steps: int = 9,
    seed: int | None = None,
    model: str | None = None,
) -> Call[BlendAnswer]:
    """Series on the way from one class to another, of a model that makes series of class and noise.

    What such a model knows of a class is an embedding, and `/blend` moves in a straight line from that of
    `start_labels` to that of `end_labels` while the noise stays as it is: what changes is what tells the classes
    apart. `steps` points lie at even distances, both ends included, at a `position` from 0 to 1. Each way has noise of
    its own, drawn from `seed`; the same seed gives the same series, however many ways there are beside. Of several
    ways, one end may be the same for all. A model with a decoder goes from class to class with `/interpolate`.

    start_labels: where each way begins: a class
    end_labels: where each way ends: a class
    lower: no value is lower: a number, or one for each channel
    upper: no value is higher: a number, or one for each channel
    non_negative: no value is below 0
    start_value: what each series begins with: a number, or one for each channel
    end_value: what each series ends with: a number, or one for each channel
    monotone: how each series goes: increasing or decreasing
    sum: what the values of a channel add up to: a number, or one for each channel
    steps: points at even distances on each way, both ends included
    seed: equal seeds give equal series; drawn when absent
    model: name or name/version; may be left out when one model is served
    """
    return make_call(
        "blend",
        BlendAnswer,
        {
            "start_labels": prepare_labels(start_labels),
            "end_labels": prepare_labels(end_labels),
            "lower": None if lower is None else prepare_by_channel(lower, "lower"),
            "upper": None if upper is None else prepare_by_channel(upper, "upper"),
            "non_negative": non_negative,
            "start_value": None if start_value is None else prepare_by_channel(start_value, "start_value"),
            "end_value": None if end_value is None else prepare_by_channel(end_value, "end_value"),
            "monotone": monotone,
            "sum": None if sum is None else prepare_by_channel(sum, "sum"),
            "steps": steps,
            "seed": seed,
            "model": model,
        },
    )


def classify(
    series: Ragged, *, times: Ragged | None = None, typicality: bool = False, model: str | None = None
) -> Call[ClassifyAnswer]:
    """Class probabilities of series.

    `labels` holds the likeliest class of each case. `typicality`, which is made on request, is the share of held-out
    training cases whose latent density is lower: near 0, a series is unlike anything the model has seen.

    series: [n_cases, n_channels, n_timepoints], or [n_cases, n_timepoints] of one channel. null is a missing value,
    and lengths may differ, where the model's gap_policy and length_policy say so (GET /models)
    times: when each value was taken, ascending: [n_cases, n_timepoints], any unit; for models whose length_policy is
    resample
    typicality: whether the answer is to have it
    model: name or name/version; may be left out when one model is served
    """
    return make_call(
        "classify",
        ClassifyAnswer,
        {
            "times": None if times is None else prepare_times(times),
            "with": list_chosen(typicality=typicality),
            "model": model,
        },
        series=prepare_series(series, "series"),
    )


def complete(
    series: Ragged,
    labels: ArrayLike | None = None,
    *,
    times: Ragged | None = None,
    n_timepoints: int | None = None,
    n: int = 10,
    coverage: float = 0.9,
    seed: int | None = None,
    model: str | None = None,
) -> Call[CompleteAnswer]:
    """Series with missing values, completed.

    What is missing is drawn from the model's latent mixture, given what is observed: `completions` are `n` draws for
    each case, `series` is their expectation, and `lower` and `upper` bound the interval that holds `coverage` of them,
    timepoint by timepoint. Observed values are kept in all of these, bit for bit. `probabilities` say which class the
    case may be of; with `labels`, which name it, all are drawn of that class.

    A value is missing where it is null (NaN in tensors), whatever the model's gap policy. A series that is shorter
    than the model's misses its end. Where the model's lengths vary, a series ends with its last value, unless
    `n_timepoints`, or `times` that go on, say how far it is to go. What a case gets depends on it, its label, `seed`,
    `n` and `coverage`, not on the cases beside it; equal cases get equal completions, and fewer completions are the
    start of more.

    series: [n_cases, n_channels, n_timepoints], or [n_cases, n_timepoints] of one channel. null is a missing value,
    and lengths may differ, where the model's gap_policy and length_policy say so (GET /models)
    labels: the class of each case, where it is known
    times: when each value was taken, ascending: [n_cases, n_timepoints], any unit; for models whose length_policy is
    resample
    n_timepoints: how long each series is to be; default: the model's length, or its own where lengths vary
    n: completions of each case
    coverage: share of the completions between lower and upper
    seed: equal seeds give equal series; drawn when absent
    model: name or name/version; may be left out when one model is served
    """
    return make_call(
        "complete",
        CompleteAnswer,
        {
            "labels": None if labels is None else prepare_labels(labels),
            "times": None if times is None else prepare_times(times),
            "n_timepoints": n_timepoints,
            "n": n,
            "coverage": coverage,
            "seed": seed,
            "model": model,
        },
        series=prepare_series(series, "series"),
    )


def decode(
    latent: Ragged,
    labels: ArrayLike | None = None,
    *,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
    non_negative: bool | None = None,
    start_value: ArrayLike | None = None,
    end_value: ArrayLike | None = None,
    monotone: str | None = None,
    sum: ArrayLike | None = None,
    texture: bool = False,
    seed: int | None = None,
    log_density: bool = False,
    typicality: bool = False,
    model: str | None = None,
) -> Call[DecodeAnswer]:
    """Series of latent codes.

    Each code `[latent_dim]`, such as the posterior mean that `/encode` answers, becomes a series in original units, as
    long as the model's grid. It is smooth, since a code does not say what the fine structure of a series is; with
    `texture` it is given one as real series of its class have it, which `seed` names. On request, `log_density` is the
    log density of each code whatever its class, and `typicality` the share of held-out training cases whose density is
    lower: near 0, a code lies where no training case did, and its series is the decoder's guess.

    latent: latent codes: [n_cases, latent_dim]
    labels: the class of each code, for its texture
    lower: no value is lower: a number, or one for each channel
    upper: no value is higher: a number, or one for each channel
    non_negative: no value is below 0
    start_value: what each series begins with: a number, or one for each channel
    end_value: what each series ends with: a number, or one for each channel
    monotone: how each series goes: increasing or decreasing
    sum: what the values of a channel add up to: a number, or one for each channel
    texture: whether series get the fine structure of real ones
    seed: of the texture: equal seeds give equal series; drawn when absent
    log_density: whether the answer is to have it
    typicality: whether the answer is to have it
    model: name or name/version; may be left out when one model is served
    """
    return make_call(
        "decode",
        DecodeAnswer,
        {
            "latent": prepare_array(latent, "latent"),
            "labels": None if labels is None else prepare_labels(labels),
            "lower": None if lower is None else prepare_by_channel(lower, "lower"),
            "upper": None if upper is None else prepare_by_channel(upper, "upper"),
            "non_negative": non_negative,
            "start_value": None if start_value is None else prepare_by_channel(start_value, "start_value"),
            "end_value": None if end_value is None else prepare_by_channel(end_value, "end_value"),
            "monotone": monotone,
            "sum": None if sum is None else prepare_by_channel(sum, "sum"),
            "texture": texture,
            "seed": seed,
            "with": list_chosen(log_density=log_density, typicality=typicality),
            "model": model,
        },
    )


def encode(
    series: Ragged,
    *,
    times: Ragged | None = None,
    cluster: bool = False,
    cluster_probability: bool = False,
    typicality: bool = False,
    model: str | None = None,
) -> Call[EncodeAnswer]:
    """Latent codes of series.

    Answers the posterior mean and log variance of each series under the model's encoder. On request, `cluster` is the
    likeliest component of the model's mixture, numbered from 0 class by class, and `cluster_probability` how sure that
    is: of unlabelled data, whose only class has as many components as its fit found, the components are its clusters.
    `typicality` is the share of held-out training cases whose code lies where the mixture is less dense: near 0, the
    series is unlike what the model learned.

    series: [n_cases, n_channels, n_timepoints], or [n_cases, n_timepoints] of one channel. null is a missing value,
    and lengths may differ, where the model's gap_policy and length_policy say so (GET /models)
    times: when each value was taken, ascending: [n_cases, n_timepoints], any unit; for models whose length_policy is
    resample
    cluster: whether the answer is to have it
    cluster_probability: whether the answer is to have it
    typicality: whether the answer is to have it
    model: name or name/version; may be left out when one model is served
    """
    return make_call(
        "encode",
        EncodeAnswer,
        {
            "times": None if times is None else prepare_times(times),
            "with": list_chosen(cluster=cluster, cluster_probability=cluster_probability, typicality=typicality),
            "model": model,
        },
        series=prepare_series(series, "series"),
    )


def interpolate(
    start_series: Ragged | None = None,
    start_latent: Ragged | None = None,
    start_labels: ArrayLike | None = None,
    end_series: Ragged | None = None,
    end_latent: Ragged | None = None,
    end_labels: ArrayLike | None = None,
    *,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
    non_negative: bool | None = None,
    start_value: ArrayLike | None = None,
    end_value: ArrayLike | None = None,
    monotone: str | None = None,
    sum: ArrayLike | None = None,
    method: str = "linear",
    steps: int = 9,
    ends: str = "both",
    model: str | None = None,
) -> Call[InterpolateAnswer]:
    """Series on the way from one point of the latent space to another.

    Each way begins at a series, a latent code or a class, and ends at one; both ends need not be of one kind. The
    point of a series is its posterior mean, that of a class the mean of the heaviest component of its mixture. `steps`
    points lie at even distances on the way, its two ends included, at a `position` from 0 to 1; `ends` says which of
    the two ends are answered. "linear" ways are straight; "spherical" ones follow the arc around the origin (Shoemake,
    1985), while the distance from it changes linearly; they are straight where both codes lie in one direction, or one
    of them at the origin. An end is answered as `/decode` has it: the reconstruction of a series, and not the series
    itself. Of several ways, answered one after the other, one end may be the same for all.

    Where lengths vary, so does the length between two series; between others series have the length of the model's
    grid. Series with times are encoded first (`/encode`), and their codes sent.

    start_series: where each way begins. [n_cases, n_channels, n_timepoints], or [n_cases, n_timepoints] of one
    channel. null is a missing value, and lengths may differ, where the model's gap_policy and length_policy say so
    (GET /models)
    start_latent: where each way begins. latent codes: [n_cases, latent_dim]
    start_labels: where each way begins: a class
    end_series: where each way ends. [n_cases, n_channels, n_timepoints], or [n_cases, n_timepoints] of one channel.
    null is a missing value, and lengths may differ, where the model's gap_policy and length_policy say so (GET
    /models)
    end_latent: where each way ends. latent codes: [n_cases, latent_dim]
    end_labels: where each way ends: a class
    lower: no value is lower: a number, or one for each channel
    upper: no value is higher: a number, or one for each channel
    non_negative: no value is below 0
    start_value: what each series begins with: a number, or one for each channel
    end_value: what each series ends with: a number, or one for each channel
    monotone: how each series goes: increasing or decreasing
    sum: what the values of a channel add up to: a number, or one for each channel
    method: how the way goes: linear or spherical
    steps: points at even distances on each way, both ends included
    ends: which ends are answered: both, start, end or neither
    model: name or name/version; may be left out when one model is served
    """
    return make_call(
        "interpolate",
        InterpolateAnswer,
        {
            "start_series": None if start_series is None else prepare_series(start_series, "start_series"),
            "start_latent": None if start_latent is None else prepare_array(start_latent, "start_latent"),
            "start_labels": None if start_labels is None else prepare_labels(start_labels),
            "end_series": None if end_series is None else prepare_series(end_series, "end_series"),
            "end_latent": None if end_latent is None else prepare_array(end_latent, "end_latent"),
            "end_labels": None if end_labels is None else prepare_labels(end_labels),
            "lower": None if lower is None else prepare_by_channel(lower, "lower"),
            "upper": None if upper is None else prepare_by_channel(upper, "upper"),
            "non_negative": non_negative,
            "start_value": None if start_value is None else prepare_by_channel(start_value, "start_value"),
            "end_value": None if end_value is None else prepare_by_channel(end_value, "end_value"),
            "monotone": monotone,
            "sum": None if sum is None else prepare_by_channel(sum, "sum"),
            "method": method,
            "steps": steps,
            "ends": ends,
            "model": model,
        },
    )


def neighbours(
    series: Ragged | None = None,
    latent: Ragged | None = None,
    *,
    times: Ragged | None = None,
    k: int = 5,
    model: str | None = None,
) -> Call[NeighboursAnswer]:
    """The training cases whose latent codes are nearest to series or codes.

    `index` tells where a training case stands in the training set as the fit read it, counted from 0: cases that were
    left out for want of a label are counted too, and of recordings that were cut, their windows. Cases that were held
    out are no neighbours. `distance` is Euclidean, in the units of the latent code, between posterior means. No
    training series and no code is given away.

    A distance near 0 tells that a series was trained on, and distances to many series tell where a training code lies:
    so a model keeps the codes only where its fit was told to (`--keep-codes`), and refuses otherwise.

    series: [n_cases, n_channels, n_timepoints], or [n_cases, n_timepoints] of one channel. null is a missing value,
    and lengths may differ, where the model's gap_policy and length_policy say so (GET /models)
    latent: latent codes: [n_cases, latent_dim]
    times: when each value was taken, ascending: [n_cases, n_timepoints], any unit; for models whose length_policy is
    resample
    k: how many training cases of each, the nearest first
    model: name or name/version; may be left out when one model is served
    """
    return make_call(
        "neighbours",
        NeighboursAnswer,
        {
            "latent": None if latent is None else prepare_array(latent, "latent"),
            "times": None if times is None else prepare_times(times),
            "k": k,
            "model": model,
        },
        series=None if series is None else prepare_series(series, "series"),
    )


def reconstruct(
    series: Ragged, *, times: Ragged | None = None, timepoint_error: bool = False, model: str | None = None
) -> Call[ReconstructAnswer]:
    """Reconstructions with anomaly scores.

    `error` is the mean squared difference per case, in squared original units; `anomaly_score` is the error over the
    99 % quantile of errors on cases not trained on, so an anomalous series scores above 1. Reconstructions have the
    lengths, and lie at the times, of the series sent; errors are measured on the model's grid.

    series: [n_cases, n_channels, n_timepoints], or [n_cases, n_timepoints] of one channel. null is a missing value,
    and lengths may differ, where the model's gap_policy and length_policy say so (GET /models)
    times: when each value was taken, ascending: [n_cases, n_timepoints], any unit; for models whose length_policy is
    resample
    timepoint_error: whether the answer is to have it
    model: name or name/version; may be left out when one model is served
    """
    return make_call(
        "reconstruct",
        ReconstructAnswer,
        {
            "times": None if times is None else prepare_times(times),
            "with": list_chosen(timepoint_error=timepoint_error),
            "model": model,
        },
        series=prepare_series(series, "series"),
    )


def sample(
    counts: Mapping[Any, int] | None = None,
    *,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
    non_negative: bool | None = None,
    start_value: ArrayLike | None = None,
    end_value: ArrayLike | None = None,
    monotone: str | None = None,
    sum: ArrayLike | None = None,
    n_per_class: int | None = None,
    seed: int | None = None,
    expansion: float | None = None,
    cluster: int | None = None,
    model: str | None = None,
) -> Call[SampleAnswer]:
    """Synthetic series, class by class.

    Draws from the class-conditional latent mixture, drops what another class explains better, decodes; a model with a
    generator makes series of class and noise instead. What the classifier gives to another class is made again.
    `acceptance` is the share of proposals kept per class; `fallbacks` counts series for which none was kept and the
    likeliest stands in. Without a mixture there is no `log_density`, and `expansion` is refused. What is made is then
    moved to the nearest series that meets the constraints named, if any: bounds, fixed ends, a direction, a sum over
    time.

    counts: series per class label
    lower: no value is lower: a number, or one for each channel
    upper: no value is higher: a number, or one for each channel
    non_negative: no value is below 0
    start_value: what each series begins with: a number, or one for each channel
    end_value: what each series ends with: a number, or one for each channel
    monotone: how each series goes: increasing or decreasing
    sum: what the values of a channel add up to: a number, or one for each channel
    n_per_class: series of every class
    seed: equal seeds give equal series; drawn when absent
    expansion: factor on the covariance; default: the model's
    cluster: the cluster to draw from, of a model of unlabelled data: as /encode numbers them
    model: name or name/version; may be left out when one model is served
    """
    return make_call(
        "sample",
        SampleAnswer,
        {
            "counts": None if counts is None else prepare_counts(counts, "counts"),
            "lower": None if lower is None else prepare_by_channel(lower, "lower"),
            "upper": None if upper is None else prepare_by_channel(upper, "upper"),
            "non_negative": non_negative,
            "start_value": None if start_value is None else prepare_by_channel(start_value, "start_value"),
            "end_value": None if end_value is None else prepare_by_channel(end_value, "end_value"),
            "monotone": monotone,
            "sum": None if sum is None else prepare_by_channel(sum, "sum"),
            "n_per_class": n_per_class,
            "seed": seed,
            "expansion": expansion,
            "cluster": cluster,
            "model": model,
        },
        parts=True,
    )


def traverse(
    series: Ragged | None = None,
    latent: Ragged | None = None,
    labels: ArrayLike | None = None,
    *,
    times: Ragged | None = None,
    axes: Sequence[int] | None = None,
    low: float = -3.0,
    high: float = 3.0,
    steps: int = 7,
    model: str | None = None,
) -> Call[TraverseAnswer]:
    """Series along single axes of the latent space.

    Around each centre, which is a series (its posterior mean), a latent code or a class (the mean of the heaviest
    component of its mixture), one latent axis after the other is moved over `steps` even steps from `low` to `high`
    standard deviations, while the others stay: what an axis stands for is what changes. The standard deviation is that
    of the axis within the class in `labels`; without labels, within all classes together; for a model without a
    mixture it is 1, the prior's. `labels` beside series or codes name the class of each, whose deviations count then.
    What is answered at 0 is what `/decode` has of the centre.

    series: [n_cases, n_channels, n_timepoints], or [n_cases, n_timepoints] of one channel. null is a missing value,
    and lengths may differ, where the model's gap_policy and length_policy say so (GET /models)
    latent: latent codes: [n_cases, latent_dim]
    labels: classes: the centres, or, beside series or codes, the class of each
    times: when each value was taken, ascending: [n_cases, n_timepoints], any unit; for models whose length_policy is
    resample
    axes: the latent axes to move along, from 0 on; every one where it is left out
    low: the first step, in deviations
    high: the last step, in deviations
    steps: points at even distances from low to high
    model: name or name/version; may be left out when one model is served
    """
    return make_call(
        "traverse",
        TraverseAnswer,
        {
            "latent": None if latent is None else prepare_array(latent, "latent"),
            "labels": None if labels is None else prepare_labels(labels),
            "times": None if times is None else prepare_times(times),
            "axes": None if axes is None else prepare_wholes(axes, "axes"),
            "low": low,
            "high": high,
            "steps": steps,
            "model": model,
        },
        series=None if series is None else prepare_series(series, "series"),
    )
