"""What can be asked: each function makes a call, which every client carries out in its own way.

`make proto` writes this file from the operations of the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import ArrayLike

from seriesmith.answers import (
    AugmentAnswer,
    ClassifyAnswer,
    CompleteAnswer,
    DecodeAnswer,
    EncodeAnswer,
    ReconstructAnswer,
    SampleAnswer,
)
from seriesmith.arguments import (
    Ragged,
    Strategy,
    prepare_array,
    prepare_counts,
    prepare_labels,
    prepare_series,
    prepare_strategy,
    prepare_times,
)
from seriesmith.calls import Call, list_chosen, make_call


def augment(
    series: Ragged,
    labels: ArrayLike | None = None,
    *,
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
    of its class.

    series: [n_cases, n_channels, n_timepoints], or [n_cases, n_timepoints] of one channel. null is a missing value,
    and lengths may differ, where the model's gap_policy and length_policy say so (GET /models)
    labels: one for each case; none for a model of unlabelled data
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
            "strategy": prepare_strategy(strategy),
            "policy": policy,
            "seed": seed,
            "expansion": expansion,
            "include_original": include_original,
            "model": model,
        },
        series=prepare_series(series),
        parts=True,
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
        series=prepare_series(series),
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
        series=prepare_series(series),
    )


def decode(
    latent: Ragged,
    labels: ArrayLike | None = None,
    *,
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
            "texture": texture,
            "seed": seed,
            "with": list_chosen(log_density=log_density, typicality=typicality),
            "model": model,
        },
    )


def encode(series: Ragged, *, times: Ragged | None = None, model: str | None = None) -> Call[EncodeAnswer]:
    """Latent codes of series.

    Answers the posterior mean and log variance of each series under the model's encoder.

    series: [n_cases, n_channels, n_timepoints], or [n_cases, n_timepoints] of one channel. null is a missing value,
    and lengths may differ, where the model's gap_policy and length_policy say so (GET /models)
    times: when each value was taken, ascending: [n_cases, n_timepoints], any unit; for models whose length_policy is
    resample
    model: name or name/version; may be left out when one model is served
    """
    return make_call(
        "encode",
        EncodeAnswer,
        {"times": None if times is None else prepare_times(times), "model": model},
        series=prepare_series(series),
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
        series=prepare_series(series),
    )


def sample(
    counts: Mapping[Any, int] | None = None,
    *,
    n_per_class: int | None = None,
    seed: int | None = None,
    expansion: float | None = None,
    model: str | None = None,
) -> Call[SampleAnswer]:
    """Synthetic series, class by class.

    Draws from the class-conditional latent mixture, drops what another class explains better, decodes; a model with a
    generator makes series of class and noise instead. What the classifier gives to another class is made again.
    `acceptance` is the share of proposals kept per class; `fallbacks` counts series for which none was kept and the
    likeliest stands in. Without a mixture there is no `log_density`, and `expansion` is refused.

    counts: series per class label
    n_per_class: series of every class
    seed: equal seeds give equal series; drawn when absent
    expansion: factor on the covariance; default: the model's
    model: name or name/version; may be left out when one model is served
    """
    return make_call(
        "sample",
        SampleAnswer,
        {
            "counts": None if counts is None else prepare_counts(counts, "counts"),
            "n_per_class": n_per_class,
            "seed": seed,
            "expansion": expansion,
            "model": model,
        },
        parts=True,
    )
