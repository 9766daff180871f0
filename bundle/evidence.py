"""The measurements of a bundle: accuracy, uplift by augmentation, and the quality of its synthetic series."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bundle.generation.policy import PolicyName
from bundle.strict import MOST_ITEMS, MOST_TEXT, Count, Positive, Share, Strict, Text

MOST_PAIRS = 20
"""Equal test and training cases that are named."""

MOST_OBJECTIONS = 20
"""Sentences of the gate at publishing."""


MetricName = Literal["accuracy", "balanced_accuracy", "macro_f1", "average_precision"]
"""What advice is measured in, as scikit-learn defines it; F1 and average precision are means over classes."""

JudgeKind = Literal["deep_network", "random_convolutions", "nearest_neighbours", "features_and_trees"]
"""Kinds of classifier: the fit's own network; MiniRocket and ridge; 1-NN with DTW; a random forest of catch22."""

Free = Literal["class weights", "random oversampling", "SMOTE"]
"""What may be done about few or rare cases without a model."""

Verdict = Literal["use it", "free does as well", "no gain"]


class Interval(Strict):
    """A mean and the 95 % bootstrap interval around it."""

    mean: float
    low: float
    high: float


class Candidate(Strict):
    """A policy in cross-validation on the training set: means per class, then over classes, of held-out cases.

    `nll` is the negative log-likelihood in nats, at the temperature that serves the policy best; `accuracy`, over all
    cases alike, is null in earlier bundles; `uplift` is accuracy with the policy minus accuracy without it, in points.
    """

    policy: PolicyName
    round: Positive = 1
    nll: float
    accuracy: Share | None = None
    balanced_accuracy: Share
    uplift: Interval


class JudgeAdvice(Strict):
    """What adding cases is likely to bring a kind of classifier, in points of the advice's metric.

    `uplift` is expected: what cross-validation `measured`, drawn towards what was usual on other datasets, the more,
    the less it is certain. `free` is expected of what costs nothing, each that this kind can do.
    """

    judge: JudgeKind
    verdict: Verdict
    uplift: Interval
    measured: Interval | None
    free: dict[Free, Interval]


class Advice(Strict):
    """Whether adding a policy's cases to a training set, as `/augment` returns them, is likely to help, and by what
    evidence: classifiers trained in cross-validation on real cases with and without the synthetic ones.

    `judges` tell of each kind of classifier, in points of `metric`; `use`: for one of them at least, it says "use it";
    `uplift` is that of the kind that gains most. Before there were judges (`metric` is null), `uplift` was the mean
    difference in accuracy of our network and MiniRocket, and `use` meant that a policy was chosen and the interval lies
    above 0."""

    policy: PolicyName
    use: bool
    uplift: Interval | None
    metric: MetricName | None = None
    judges: list[JudgeAdvice] = Field(default_factory=list)


class Uplift(Strict):
    """The policy chosen by cross-validation on the training set alone, and its evidence.

    `policy` trained the shipped classifier. `advice` speaks of what `/augment` adds by default: the chosen policy, or
    the best latent one where none was chosen, in either case without "+warps", which belongs to training. `weight` is
    recommended for a synthetic case in a loss where a real one has 1. The evidence for the chosen policy is that of the
    best of several, and flatters it by as much.
    """

    policy: PolicyName
    rounds: Positive = 1
    balanced: bool
    n_cases: Count
    n_folds: Count
    candidates: list[Candidate]
    advice: Advice
    weight: Share

    @property
    def chosen(self) -> Candidate | None:
        """The candidate that was chosen, as the last round judged it; None without folds."""
        own = [row for row in self.candidates if (row.policy, row.round) == (self.policy, self.rounds)]
        return own[-1] if own else None


class Pooling(Strict):
    """The classifier that stands beside the network, and its weight in the mean of their probabilities: 0, the network
    alone is served; 1, the companion alone. `nll`: by weight, the mean negative log-likelihood of held-out training
    cases, in nats; empty where nothing was held out. `accuracy`, of the mean on those cases; null likewise."""

    companion: str
    weight: Share
    nll: dict[str, float]
    accuracy: Share | None = None


class LogitAdjustment(Strict):
    """Classes are imbalanced and count alike: the classifier's logits are those of its networks less `strength` times
    the logarithm of each class's share of the training cases. `nll`: by strength, the negative log-likelihood of
    held-out training cases, in nats, the mean over classes; `accuracy` and `balanced_accuracy` on them, adjusted."""

    strength: Share
    nll: dict[str, float]
    accuracy: Share
    balanced_accuracy: Share


class Quality(Strict):
    """Synthetic series against real ones that were held out. Null: not measurable.

    `n_cases` of each set are compared at a time, equally many of every class, over several draws where they are few;
    units are standardised per channel on the training cases. Each measure's floor is the same measure for training
    cases in place of synthetic ones.

    discriminative_score: abs(accuracy - .5) of the better of two judges who tell real from synthetic, cross-validated.
    predictive_score: mean absolute error of the next timepoint by a forecaster trained on synthetic series.
    tstr_ratio, trts_ratio: accuracy of the judge trained on synthetic and tested on real, and the reverse, over trained
    and tested on real (trtr). frechet_distance, in units of the real variance: MiniRocket features, their principal
    components. marginal_distance: Wasserstein-1 of the values. autocorrelation_distance: mean absolute difference.
    spectrum_distance: decibels, root mean squared. coverage, density: per class, by label; left out where the class
    has fewer than two cases held out. nearest_neighbour_ratio: median distance synthetic to training cases over
    held-out to training cases. membership_attack: balanced accuracy of guessing from the distance to the synthetic
    series whether a case was trained on; .5 is chance.
    """

    measured_on: Literal["given test set", "held-out split"]
    n_cases: Positive
    discriminative_score: float | None
    discriminative_scores: dict[str, float]
    discriminative_floor: float | None
    predictive_score: float | None
    predictive_floor: float | None
    judge: str | None
    trtr: Share | None
    tstr_ratio: float | None
    trts_ratio: float | None
    frechet_distance: float | None
    frechet_floor: float | None
    marginal_distance: float | None
    marginal_floor: float | None = None
    autocorrelation_distance: float | None
    autocorrelation_floor: float | None = None
    spectrum_distance: float | None
    spectrum_floor: float | None = None
    coverage: dict[str, Share]
    density: dict[str, float]
    nearest_neighbour_ratio: float | None
    membership_attack: Share | None


class EqualPair(Strict):
    """A test case and the first training case with the same series, by their places in the data, counted from 0."""

    test: Count
    training: Count


class Duplicates(Strict):
    """Equal series in the data that was given.

    `across`: test cases that are also training cases, which flatters what is measured on them; `pairs` are the first of
    them. `groups_across`: groups with cases in both sets. `within`: training cases equal to another training case.
    `contradicting`: training cases equal to one of another label.
    """

    across: Count
    pairs: Annotated[list[EqualPair], Field(max_length=MOST_PAIRS)]
    groups_across: Count
    within: Count
    contradicting: Count


class LatentNeighbours(Strict):
    """How class-aware the latent is: the share of cases whose class the `k` nearest training codes give them by vote.

    `measured`: of the cases that accuracy is measured on; null where there are none. `cross_fitted`: of training cases,
    coded and judged by models that did not see them; null without folds. Codes are posterior means, their distances
    Euclidean; of classes with equal votes the first wins.
    """

    k: Positive
    measured: Share | None
    cross_fitted: Share | None


class ShareInterval(Strict):
    """The 95 % interval of a share of cases."""

    low: Share
    high: Share


class Recall(Strict):
    """How many of the `n_cases` of one class the classifier gives to it: `n_correct`, as a `share`, null without cases,
    and its 95 % Wilson interval, 0 to 1 without cases."""

    n_cases: Count
    n_correct: Count
    share: Share | None
    low: Share
    high: Share


class AveragePrecision(Strict):
    """How well the class `label` is found: the precision at each threshold on its probability, averaged by the recall
    that the threshold adds. Guessing has `chance`, the share of the cases that are of the class."""

    label: Text
    value: Share
    chance: Share


class Reconstruction(Strict):
    """The share of the variance of `n_cases` series that their reconstructions explain, over all channels in standard
    units: 1 is all of it, 0 what each channel's mean would explain, below 0 less. Cross-fitted: of training cases, by
    models that did not see them."""

    explained: Annotated[float, Field(le=1)]
    measured_on: Literal["given test set", "held-out split", "cross-fitted training cases", "training cases"]
    n_cases: Positive


class Predecessor(Strict):
    """The version that was in service when this one was fitted, beside it on the same `n_cases` measured cases.

    `n_lost` of them it has right and this version has wrong, `n_won` the other way round; `p_value`: the chance of so
    many lost, or more, were both equally likely (McNemar, 1947; exact, one-sided). Null where the two do not compare,
    and `not_compared` says why.
    """

    version: Positive
    n_cases: Count | None = None
    n_lost: Count | None = None
    n_won: Count | None = None
    p_value: Share | None = None
    not_compared: Text | None = None


class Metrics(Strict):
    """What was measured. Null where it was not, or by an earlier fit.

    Of the `n_measured` cases `measured_on`, which nothing was trained on or chosen by: `accuracy_interval` is the 95 %
    Wilson interval (1927), `balanced_interval` combines those of the classes' recalls (Zou et al., 2009); `recall`, by
    label; `macro_f1`, the mean over classes; `average_precision`, of the rarer of two classes, or of the rarest where
    classes are imbalanced. `objections`: why the gate at publishing would have kept the bundle aside, where it was
    published by --force, or has.
    """

    accuracy: Share | None = None
    accuracy_interval: ShareInterval | None = None
    balanced_accuracy: Share | None = None
    balanced_interval: ShareInterval | None = None
    macro_f1: Share | None = None
    average_precision: AveragePrecision | None = None
    recall: Annotated[dict[str, Recall], Field(max_length=MOST_ITEMS)] = Field(default_factory=dict)
    n_measured: Count = 0
    measured_on: Literal["given test set", "held-out split"] | None = None
    reconstruction: Reconstruction | None = None
    acceptance: dict[str, Share] = Field(default_factory=dict)
    uplift: Uplift | None = None
    quality: Quality | None = None
    duplicates: Duplicates | None = None
    latent_neighbours: LatentNeighbours | None = None
    pooling: Pooling | None = None
    adjustment: LogitAdjustment | None = None
    classify_ms: Annotated[float, Field(gt=0)] | None = None
    """Milliseconds to classify one series, with onnxruntime on one thread of the machine that fitted."""
    predecessor: Predecessor | None = None
    objections: Annotated[list[Annotated[str, Field(max_length=MOST_TEXT)]], Field(max_length=MOST_OBJECTIONS)] = Field(
        default_factory=list
    )
