"""One frozen dataclass is the command line of `fit.py`, its help and the record in the manifest."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from bundle.evidence import MetricName
from bundle.generation.policy import PolicyName, find_source
from bundle.manifest import MOST_CLASSES
from training.data.generated import Options
from training.data.source import Source
from training.families import PACKAGES, make_settings, read_settings, record_settings
from training.families.settings import NO_FAMILY, FamilySettings, VAESettings
from training.former import rename_former
from training.generator_options import read_options, record_options
from training.settings import Bounds, ConfigurationError, check_bounds

__all__ = ["ConfigurationError", "FitConfiguration"]

Companion = Literal["none", "hydra", "minirocket", "ridge"]
"""Classifiers that are fitted in a second or two, and may stand beside another."""

SHARE = Bounds(ge=0, le=1)

AUTO = 0
"""`--working-timepoints auto`, until the series are known, and `--max-components auto`."""

MOST_COMPONENTS, MOST_CLUSTERS = 3, 12
"""Mixture components per class, and of one class alone."""

OR_AUTO = tyro.constructors.PrimitiveConstructorSpec(
    nargs=1,
    metavar="INT|auto",
    instance_from_str=lambda words: AUTO if words[0] == "auto" else int(words[0]),
    is_instance=lambda value: isinstance(value, int),
    str_from_instance=lambda value: ["auto" if value == AUTO else str(value)],
)

MOST_EXPANSION = 1e6
"""A thousand standard deviations; far beyond, series are no finite numbers any more."""

WATCHING = ("live", "live_port", "animate", "track", "events")
"""Settings of how to watch the fit."""

PLACES = ("models", "push_to", "signing_key", "force", "resume", "checkpoints", *WATCHING)
"""Settings of where to publish, how to go on and how to watch, which are no part of what was fitted."""


@dataclass(frozen=True)
class FitConfiguration(Source):
    """Learn a labelled time-series dataset and publish a bundle. Without --dataset and --data: refit every bundle."""

    name: str | None = None
    """The bundle's name (default: the dataset's, in lower case)."""
    models: Path | None = None
    """Repository to publish to (default: SERIESMITH_MODELS, or the models/ folder of this checkout)."""
    push_to: str | None = None
    """A registry to add the bundle to once it is published (docs/registry.md): s3://…, mlflow+http://…, a folder. The
    version that answers there is pulled first, so that the gate compares with it and numbers go on from its."""
    signing_key: Path | None = None
    """A private key (PEM, made by `python -m bundle.signing keygen`) to sign the bundle's manifest with."""
    force: bool = False
    """Publish also what the gate would keep aside; the manifest then says why it would have."""
    start_from: Annotated[Path | None, tyro.conf.arg(name="from")] = None
    """A bundle's directory: start from its trained weights instead of random ones."""
    pretrain: Path | None = None
    """A file or folder of series that the VAE learns first, read as --data is; labels in it are put aside. A classifier
    that reads as the VAE does (lstm, of a recurrent VAE) starts from its encoder."""
    seed: Annotated[int, Bounds(ge=0, lt=2**32)] = 0
    """Seed of everything random: same seed, machine and threads give equal graph and array hashes."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train."""
    devices: Annotated[int, Bounds(ge=1)] = 1
    """How many devices to train on."""
    threads: Annotated[int, Bounds(ge=1)] = 1
    """CPU threads of torch; the networks are too small to gain from more, and equal threads give equal fits."""
    precision: Literal["auto", "32", "bf16"] = "auto"
    """Arithmetic of the classifier in training; auto: bf16 on a CPU that has it in hardware (AMX), which takes half the
    time; the other networks are too small to gain."""
    resume: bool = True
    """Go on where a fit of the same configuration and data was stopped; else begin anew."""
    checkpoints: tyro.conf.Suppress[Path | None] = None
    """Where training loops keep their states; set by the fit itself."""
    keep_codes: bool = False
    """Keep the latent code of each training case, so that /neighbours can say which of them a series is nearest to. A
    distance tells whether a series was trained on, and several where its code lies."""
    training_sketch: bool = True
    """Keep a sketch by which /augment can warn who cross-validates with cases that were trained on. No answer about one
    case is more than twice as likely if it was a training case as if it was not."""
    report: bool = True
    """Write a report beside the repository, reports/<name>/<version>/report.html; it shows real series."""
    live: bool = False
    """Serve a page that follows the fit, at an address on this machine that is printed; it stays as a file beside the
    report, reports/<name>/<version>/live.html, and shows real series."""
    live_port: Annotated[int, Bounds(ge=0, le=65535)] = 0
    """The port of that page; 0: a free one."""
    animate: bool = False
    """Write the latent over the epochs beside the report, as latent.webp and latent.gif, and as latent.mp4 where ffmpeg
    is installed."""
    track: tuple[str, ...] = ()
    """Keep losses, settings, results and pictures in tensorboard, mlflow or wandb, or several of these; in tracking/
    beside the repository, unless the tracker's own settings send them elsewhere."""
    events: Path | None = None
    """Append what happens to this file, a JSON object a line, for who follows the fit; it holds real series."""
    held_out_share: Annotated[float, Bounds(ge=0, lt=1)] = 0.2
    """Share of the cases held out to measure accuracy, where the dataset has no test set of its own; 0: none."""

    vae: VAESettings = field(default_factory=partial(make_settings, "vae", "convolutional"))
    """The VAE."""
    working_timepoints: Annotated[int, OR_AUTO, Bounds(ge=0)] = 128
    """The learner resamples longer series to this many timepoints; the bundle takes and gives the native length. auto:
    as many, up to 512, as keep 99 % of the series' spectral energy."""
    texture: FamilySettings = field(default_factory=partial(make_settings, "texture", "flow"))
    """The texture: the fine structure that a VAE smooths away."""
    generator: FamilySettings = NO_FAMILY
    """A generator without an encoder, in place of VAE, mixture and texture."""
    max_components: Annotated[int, OR_AUTO, Bounds(ge=0)] = AUTO
    """Most mixture components per class; BIC chooses. auto: 3, or 12 of unlabelled data, or of one class."""
    clusters: Literal["auto"] | int | None = None
    """Find so many clusters in unlabelled data and take their indices, 0, 1, …, for class labels; auto: as many as BIC
    chooses."""
    expansion: Annotated[float, Bounds(gt=0, le=MOST_EXPANSION)] = 1.0
    """Default factor on a component's covariance when sampling."""
    pool_expansion: Annotated[float, Bounds(gt=0, le=MOST_EXPANSION)] = 2.0
    """The same for the synthetic cases that the classifier trains on."""

    neighbours: Annotated[int, Bounds(ge=1)] = 5
    """How many nearest training codes vote on a case's class, to measure how class-aware the latent is."""

    classifier: FamilySettings = field(default_factory=partial(make_settings, "classifier", "fcn"))
    """The classifier."""
    companion: Companion = "hydra"
    """A second classifier: what is served is the mean of both, weighed by the likelihood of held-out training cases.
    Made series have to convince the first alone. --classifier best, the default: fcn and its companion hydra; fastest:
    fcn alone, as of --classifier NAME that one alone."""
    policy: Literal["auto"] | PolicyName = "auto"
    """What to add to the classifier's training cases; auto: chosen by cross-validation on the training set alone."""
    balance: Annotated[float, SHARE] = 0.5
    """Where classes are imbalanced, a policy draws a class, and is judged by it, in proportion to its count to the
    power of 1 less this: 0 for accuracy, 1 for balanced accuracy."""
    policy_warp_probability: Annotated[float, SHARE] = 0.5
    """Chance of a time warp, and again of a window slice, per case that a policy with warps trains on."""
    synthetic_weight: Annotated[float, SHARE] = 0.5
    """Weight of a synthetic case in the classifier's loss; a real one has 1."""
    clean_finish: Annotated[float, SHARE] = 0.4
    """Share of the classifier's steps, at the end, that see real cases only, as they are."""
    metric: MetricName | None = None
    """What advice on augmenting is measured in (default: accuracy; of imbalanced classes balanced_accuracy)."""
    advice: Literal["full", "brief", "none"] = "full"
    """Who judges whether synthetic cases help: every kind of classifier, all but the network, which takes seconds, or
    nobody."""
    average: bool = False
    """Ship the mean of two classifiers, one with the policy chosen and one without any."""
    rounds: Annotated[int, Bounds(ge=1)] = 1
    """Most rounds of iterated augmentation: the VAE is refitted with its own samples while cross-validation gains."""

    folds: int = 3
    """Folds of the cross-fit that chooses the policy and sets the anomaly threshold, typicality and trust."""
    workers: Annotated[int, Bounds(ge=0)] = 0
    """Processes that fit the folds side by side on the CPU; 0: one per core."""

    def __post_init__(self) -> None:
        check_bounds(self)
        if AUTO < self.working_timepoints < 8:
            raise ConfigurationError(
                f"--working-timepoints is {self.working_timepoints}; it must be at least 8, or auto."
            )
        if self.folds != 0 and self.folds < 2:
            raise ConfigurationError(f"--folds is {self.folds}; it must be 0 (nothing is judged) or at least 2.")
        if isinstance(self.clusters, int) and not 2 <= self.clusters <= MOST_CLASSES:
            raise ConfigurationError(f"--clusters is {self.clusters}; it must be 2 to {MOST_CLASSES}, or auto.")
        if self.generator != NO_FAMILY:
            self._check_generator()

    def _check_generator(self) -> None:
        """Raise `ConfigurationError` for what takes an encoder."""
        if self.keep_codes:
            raise ConfigurationError(
                "--keep-codes keeps latent codes, and a generator has none; leave one of them out."
            )
        if self.rounds > 1:
            raise ConfigurationError(f"--rounds is {self.rounds}; a generator without an encoder is fitted in one.")
        if self.policy != "auto":
            check_without_codes(self.policy)

    def choose_most_components(self, n_classes: int) -> int:
        """The most mixture components that each of so many classes may have."""
        return self.max_components or (MOST_CLUSTERS if n_classes == 1 else MOST_COMPONENTS)

    def list_families(self) -> list[FamilySettings]:
        """The settings of the families that are fitted: a generator without an encoder, or VAE and texture; and the
        classifier."""
        makers = [self.vae, self.texture] if self.generator == NO_FAMILY else [self.generator]
        return [*makers, self.classifier]

    def record(self) -> dict[str, Any]:
        """As the manifest holds it: plain JSON values, whole paths, families by name, and nothing of PLACES."""
        values = {own.name: getattr(self, own.name) for own in fields(self) if own.name not in PLACES}
        fitted = self.list_families()
        values |= {kind: NO_FAMILY for kind in PACKAGES if values[kind] not in fitted}
        return {name: _record_value(value) for name, value in values.items()}

    @classmethod
    def from_record(cls, record: dict[str, Any], models: Path | None) -> FitConfiguration:
        """The configuration that a manifest holds. Raises `ConfigurationError` for a field not known here."""
        record = {"companion": "none"} | rename_former(record)
        if unknown := set(record) - {own.name for own in fields(cls)}:
            raise ConfigurationError(f"the manifest's configuration has fields not known here: {sorted(unknown)}.")
        paths = {name: Path(record[name]) for name in ("data", "names", "start_from", "pretrain") if record.get(name)}
        several = {name: tuple(value) for name, value in record.items() if isinstance(value, list)}
        chosen = {kind: read_settings(kind, record[kind]) for kind in PACKAGES if record.get(kind)}
        chosen["generated"] = read_options(record.get("dataset"), record.get("generated") or {})
        plain = {name: value for name, value in record.items() if name not in PACKAGES}
        return cls(**{**plain, **paths, **several, **chosen, "models": models})


def check_without_codes(policy: PolicyName) -> None:
    """Raise `ConfigurationError` for a policy that a generator without an encoder cannot follow."""
    if find_source(policy) == "interpolation":
        raise ConfigurationError(
            f"The policy {policy} moves cases between their codes, and a generator without an encoder has none. Choose "
            "another policy, or leave --generator out."
        )


def _record_value(value: Any) -> Any:
    if isinstance(value, FamilySettings):
        return None if value == NO_FAMILY else record_settings(value)
    if isinstance(value, Options):
        return record_options(value)
    if isinstance(value, Path):
        return str(value.resolve())
    return list(value) if isinstance(value, tuple) else value
