"""What calls answer: frozen dataclasses of numpy arrays, one row per case, labels of the type that the model has.

`make proto` writes this file from the operations of the server.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from seriesmith.reading import ClassArray, Flags, Floats, LabelArray, Wholes

__all__ = [
    "Advice",
    "AugmentAnswer",
    "BlendAnswer",
    "ClassReport",
    "ClassifyAnswer",
    "CompleteAnswer",
    "DecodeAnswer",
    "EncodeAnswer",
    "InterpolateAnswer",
    "Interval",
    "KindAdvice",
    "NeighboursAnswer",
    "ReconstructAnswer",
    "SampleAnswer",
    "TrainingOverlap",
    "TraverseAnswer",
    "Usage",
    "Use",
]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean difference in accuracy, in points, and the 95 % interval around it."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class KindAdvice:
    """What a kind of classifier is to expect of adding the cases, in points of the advice's metric, with its 95 %
    interval, and the same of the best that is free, `free` ("" where nothing free was judged). `verdict` is "use it",
    "free does as well" or "no gain".
    """

    verdict: str
    message: str
    mean: float
    low: float
    high: float
    free: str
    free_mean: float


@dataclass(frozen=True, kw_only=True)
class Advice:
    """Whether adding the cases is likely to make a classifier better: by cross-validation on the model's training set,
    which is not the caller's. `use` and `uplift` are null where that was not measured. `judges` tells of each kind of
    classifier, in points of `metric`; `use` is true where one of them gains, and `uplift` that of the one that gains
    most.
    """

    use: bool | None = None
    message: str
    uplift: Interval | None = None
    metric: str | None = None
    judges: dict[str, KindAdvice] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Use:
    """`weight` of a synthetic case where a real one has 1; `how` it is used, in a sentence, with its evidence."""

    weight: float
    how: str


@dataclass(frozen=True, kw_only=True)
class Usage:
    """How the series are best used by each kind of classifier."""

    deep_network: Use
    random_convolutions: Use
    nearest_neighbours: Use
    features_and_trees: Use


@dataclass(frozen=True, kw_only=True)
class ClassReport:
    """`made_by` is the policy that made them, another than the answer's where too few cases were given for that one.
    `weight` is recommended for a synthetic case in a loss where a real one has 1. `distance` is the median, over made
    series, of the root mean squared difference to the nearest given case of the class, in original units; null where
    nothing was given or made.
    """

    had: int
    made: int
    acceptance: float
    fallbacks: int
    made_by: str
    weight: float
    distance: float | None = None


@dataclass(frozen=True, kw_only=True)
class TrainingOverlap:
    """`share` of the given cases that the model was fitted on, 0 to 1, estimated between `low` and `high` (95 %), by a
    sketch that tells next to nothing of any one case. `partial`: it was fitted on given cases, and certainly on others
    that were not given; `message` says what follows.
    """

    share: float
    low: float
    high: float
    partial: bool
    message: str


@dataclass(frozen=True, eq=False, kw_only=True)
class AugmentAnswer:
    """A caller's dataset, brought to the counts wanted with synthetic series near the caller's own.

    `synthetic` marks the made cases; `report` is keyed by the text of the class label; `policy` made them.
    `sample_weight`, as `fit` of scikit-learn takes it, is 1 for given cases and the recommended weight for made ones.
    `note` says what was filled in the given cases, where anything was. `mean_move` and `largest_move` tell how far
    constraints moved the values of each made series, where there are any; 0 for given cases.

    series: [n_cases, n_channels, n_timepoints]
    labels: [n_cases]
    synthetic: [n_cases]
    sample_weight: [n_cases]
    lengths: [n_cases]
    note: [one]
    mean_move: [n_cases]
    largest_move: [n_cases]

    There are `n_cases` in all; a part of a stream has the next of them, and the last part alone `report`.

    What the server left out is None: `overlap`, `lengths`, `note`, `mean_move`, `largest_move`.
    """

    model: str
    version: int
    n_cases: int
    series: Floats
    labels: LabelArray
    synthetic: Flags
    sample_weight: Floats
    seed: int
    policy: str
    advice: Advice
    usage: Usage
    report: dict[str, ClassReport] = field(default_factory=dict)
    overlap: TrainingOverlap | None = None
    lengths: Wholes | None = None
    note: str | None = None
    mean_move: Floats | None = None
    largest_move: Floats | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class BlendAnswer:
    """Series on the way from one class to another, of a model that makes series of class and noise.

    Series way by way: `way` says which, `position` from 0 to 1 how far along it. `mean_move` and `largest_move` tell
    how far constraints moved the values of each series, where there are any.

    series: [n_cases, n_channels, n_timepoints]
    position: [n_cases]
    way: [n_cases]
    lengths: [n_cases]
    mean_move: [n_cases]
    largest_move: [n_cases]

    What the server left out is None: `lengths`, `mean_move`, `largest_move`.
    """

    model: str
    version: int
    series: Floats
    position: Floats
    way: Wholes
    seed: int
    lengths: Wholes | None = None
    mean_move: Floats | None = None
    largest_move: Floats | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class ClassifyAnswer:
    """Class probabilities of series.

    `probabilities` have their columns in the order of `classes`; `typicality` is from 0 to 1. `note` says what was
    filled in the series.

    labels: [n_cases]
    probabilities: [n_cases, n_classes]
    typicality: [n_cases]
    note: [one]

    What the server left out is None: `typicality`, `note`.
    """

    model: str
    version: int
    labels: LabelArray
    probabilities: Floats
    classes: ClassArray
    typicality: Floats | None = None
    note: str | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class CompleteAnswer:
    """Series with missing values, completed.

    `probabilities` have their columns in the order of `classes`; `labels` are the likeliest, or those given.

    series: [n_cases, n_channels, n_timepoints]
    lower: [n_cases, n_channels, n_timepoints]
    upper: [n_cases, n_channels, n_timepoints]
    completions: [n_cases, n_completions, n_channels, n_timepoints]
    labels: [n_cases]
    probabilities: [n_cases, n_classes]
    lengths: [n_cases]

    What the server left out is None: `lengths`.
    """

    model: str
    version: int
    series: Floats
    lower: Floats
    upper: Floats
    completions: Floats
    labels: LabelArray
    probabilities: Floats
    classes: ClassArray
    seed: int
    lengths: Wholes | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class DecodeAnswer:
    """Series of latent codes.

    `log_density` is that of the codes, and `typicality` from 0 to 1. `seed` is the texture's, where there is one.
    `mean_move` and `largest_move` tell how far constraints moved the values of each series, where there are any.

    series: [n_cases, n_channels, n_timepoints]
    log_density: [n_cases]
    typicality: [n_cases]
    lengths: [n_cases]
    mean_move: [n_cases]
    largest_move: [n_cases]

    What the server left out is None: `log_density`, `typicality`, `seed`, `lengths`, `mean_move`, `largest_move`.
    """

    model: str
    version: int
    series: Floats
    log_density: Floats | None = None
    typicality: Floats | None = None
    seed: int | None = None
    lengths: Wholes | None = None
    mean_move: Floats | None = None
    largest_move: Floats | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class EncodeAnswer:
    """Latent codes of series.

    Mean and log variance of the posterior of each series; `note` says what was filled in the series.

    posterior_mean: [n_cases, latent_dim]
    posterior_log_variance: [n_cases, latent_dim]
    cluster: [n_cases]
    cluster_probability: [n_cases]
    typicality: [n_cases]
    note: [one]

    What the server left out is None: `cluster`, `cluster_probability`, `typicality`, `note`.
    """

    model: str
    version: int
    posterior_mean: Floats
    posterior_log_variance: Floats
    cluster: Wholes | None = None
    cluster_probability: Floats | None = None
    typicality: Floats | None = None
    note: str | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class InterpolateAnswer:
    """Series on the way from one point of the latent space to another.

    Series and codes, way by way: `way` says which, `position` from 0 to 1 how far along it. `note` says what was
    filled in the series at the ends. `mean_move` and `largest_move` tell how far constraints moved the values of each
    series, where there are any.

    series: [n_cases, n_channels, n_timepoints]
    latent: [n_cases, latent_dim]
    position: [n_cases]
    way: [n_cases]
    lengths: [n_cases]
    note: [one]
    mean_move: [n_cases]
    largest_move: [n_cases]

    What the server left out is None: `lengths`, `note`, `mean_move`, `largest_move`.
    """

    model: str
    version: int
    series: Floats
    latent: Floats
    position: Floats
    way: Wholes
    lengths: Wholes | None = None
    note: str | None = None
    mean_move: Floats | None = None
    largest_move: Floats | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class NeighboursAnswer:
    """The training cases whose latent codes are nearest to series or codes.

    Places in the training set, and distances; `note` says what was filled in the series.

    index: [n_cases, n_neighbours]
    distance: [n_cases, n_neighbours]
    note: [one]

    What the server left out is None: `note`.
    """

    model: str
    version: int
    index: Wholes
    distance: Floats
    note: str | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class ReconstructAnswer:
    """Reconstructions with anomaly scores.

    `error` is in squared original units; an `anomaly_score` above 1 is anomalous. `anomaly_score` and `is_anomaly` are
    left out where the model had too few cases to know what is usual. `note` says what was filled in the series, where
    anything was.

    series: [n_cases, n_channels, n_timepoints]
    error: [n_cases]
    anomaly_score: [n_cases]
    is_anomaly: [n_cases]
    timepoint_error: [n_cases, n_channels, n_timepoints]
    lengths: [n_cases]
    note: [one]

    What the server left out is None: `anomaly_score`, `is_anomaly`, `timepoint_error`, `lengths`, `note`.
    """

    model: str
    version: int
    series: Floats
    error: Floats
    anomaly_score: Floats | None = None
    is_anomaly: Flags | None = None
    timepoint_error: Floats | None = None
    lengths: Wholes | None = None
    note: str | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class SampleAnswer:
    """Synthetic series, class by class.

    Series in the order of `counts`; per class, acceptance and fallbacks by the text of its label. `mean_move` and
    `largest_move` tell how far constraints moved the values of each series, where there are any.

    series: [n_cases, n_channels, n_timepoints]
    labels: [n_cases]
    log_density: [n_cases]
    lengths: [n_cases]
    mean_move: [n_cases]
    largest_move: [n_cases]

    There are `n_cases` in all; a part of a stream has the next of them, and the last part alone `acceptance` and
    `fallbacks`.

    What the server left out is None: `log_density`, `lengths`, `mean_move`, `largest_move`.
    """

    model: str
    version: int
    n_cases: int
    series: Floats
    labels: LabelArray
    log_density: Floats | None = None
    acceptance: dict[str, float] = field(default_factory=dict)
    fallbacks: dict[str, int] = field(default_factory=dict)
    seed: int
    lengths: Wholes | None = None
    mean_move: Floats | None = None
    largest_move: Floats | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class TraverseAnswer:
    """Series along single axes of the latent space.

    Series and codes, centre by centre and axis by axis: `centre` and `axis` say which, and `position` how many
    standard deviations away. `note` says what was filled in the series that are centres.

    series: [n_cases, n_channels, n_timepoints]
    latent: [n_cases, latent_dim]
    position: [n_cases]
    axis: [n_cases]
    centre: [n_cases]
    lengths: [n_cases]
    note: [one]

    What the server left out is None: `lengths`, `note`.
    """

    model: str
    version: int
    series: Floats
    latent: Floats
    position: Floats
    axis: Wholes
    centre: Wholes
    lengths: Wholes | None = None
    note: str | None = None
