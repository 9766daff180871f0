"""One frozen dataclass is the command line of `fit.py`, its help and the record in the manifest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from math import inf
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from bundle.generation.policy import PolicyName
from bundle.manifest import MOST_LATENT, MOST_TEXTURE_STEPS
from training.data.source import Source

FULL_STEPS_CASES = 100
"""Training cases up to which the gradient steps are as set; with more they grow in proportion."""

MOST_TIMES = 10.0
"""What the gradient steps grow by at most."""


MOST_EXPANSION = 1e6
"""A thousand standard deviations; far beyond, series are no finite numbers any more."""

PLACES = ("models", "signing_key", "resume", "checkpoints")
"""Settings of where to publish and how to go on, which are no part of what was fitted."""


class ConfigurationError(ValueError):
    """A setting that cannot be fitted with; the message names it, and what it may be."""


@dataclass(frozen=True)
class FitConfiguration(Source):
    """Learn a labelled time-series dataset and publish a bundle. Without --dataset and --data: refit every bundle."""

    name: str | None = None
    """The bundle's name (default: the dataset's, in lower case)."""
    models: Path | None = None
    """Repository to publish to (default: SERIESMITH_MODELS, or the models/ folder of this checkout)."""
    signing_key: Path | None = None
    """A private key (PEM, made by `python -m bundle.signing keygen`) to sign the bundle's manifest with."""
    start_from: Annotated[Path | None, tyro.conf.arg(name="from")] = None
    """A bundle's directory: start from its trained weights instead of random ones."""
    seed: int = 0
    """Seed of everything random: same seed, machine and threads give equal graph and array hashes."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train."""
    devices: int = 1
    """How many devices to train on."""
    threads: int = 1
    """CPU threads of torch; the networks are too small to gain from more, and equal threads give equal fits."""
    precision: Literal["auto", "32", "bf16"] = "auto"
    """Arithmetic of the classifier in training; auto: bf16 on a CPU that has it in hardware (AMX), which takes half the
    time; the other networks are too small to gain."""
    resume: bool = True
    """Go on where a fit of the same configuration and data was stopped; else begin anew."""
    checkpoints: tyro.conf.Suppress[Path | None] = None
    """Where training loops keep their states; set by the fit itself."""
    report: bool = True
    """Write a report beside the repository, reports/<name>/<version>/report.html; it shows real series."""
    held_out_share: float = 0.2
    """Share of the cases held out to measure accuracy, where the dataset has no test set of its own; 0: none."""

    vae: str = "convolutional"
    """VAE family: a module of training/vae/."""
    latent_dim: int = 16
    """Width of the latent code."""
    working_timepoints: int = 128
    """The learner resamples longer series to this many timepoints; the bundle takes and gives the native length."""
    vae_steps: int = 500
    """Gradient steps of the VAE."""
    kl_weight: float = 3e-3
    """Weight of the Kullback-Leibler term (sum over the latent, mean over the batch)."""
    kl_warm_up: float = 0.3
    """Share of the steps over which the KL weight rises from 0."""
    class_weight: float = 0.5
    """Weight of the cross-entropy of a linear classifier on the latent code."""
    warp_probability: float = 0.5
    """Chance of a time warp, and again of a window slice, per case of a VAE batch."""
    texture: str = "flow"
    """Texture: a module of training/textures/. "stored" keeps training cases in the bundle, "flow" does not."""
    texture_fit_steps: int = 400
    """Gradient steps of the texture flow."""
    texture_steps: int = 8
    """Euler steps by which the texture flow is followed when sampling."""
    max_components: int = 3
    """Most mixture components per class; BIC chooses."""
    expansion: float = 1.0
    """Default factor on a component's covariance when sampling."""
    pool_expansion: float = 2.0
    """The same for the synthetic cases that the classifier trains on."""

    classifier: str = "fcn"
    """Classifier: a module of training/classifiers/."""
    classifier_steps: int = 400
    """Gradient steps of the classifier."""
    policy: Literal["auto"] | PolicyName = "auto"
    """What to add to the classifier's training cases; auto: chosen by cross-validation on the training set alone."""
    balance: float = 0.5
    """Where classes are imbalanced, a policy draws a class, and is judged by it, in proportion to its count to the
    power of 1 less this: 0 for accuracy, 1 for balanced accuracy."""
    synthetic_weight: float = 0.5
    """Weight of a synthetic case in the classifier's loss; a real one has 1."""
    clean_finish: float = 0.4
    """Share of the classifier's steps, at the end, that see real cases only, as they are."""
    average: bool = False
    """Ship the mean of two classifiers, one with the policy chosen and one without any."""
    rounds: int = 1
    """Most rounds of iterated augmentation: the VAE is refitted with its own samples while cross-validation gains."""

    learning_rate: float = 3e-3
    """Peak learning rate (AdamW, one cycle)."""
    weight_decay: float = 1e-2
    """AdamW weight decay."""
    batch_size: int = 32
    """Cases per gradient step."""
    folds: int = 3
    """Folds of the cross-fit that chooses the policy and sets the anomaly threshold, typicality and trust."""
    workers: int = 0
    """Processes that fit the folds side by side on the CPU; 0: one per core."""

    def __post_init__(self) -> None:
        for field, holds, expected in self._list_bounds():
            if not holds:
                raise ConfigurationError(f"{_flag(field)} is {getattr(self, field)}; it must be {expected}.")

    def _list_bounds(self) -> Iterator[tuple[str, bool, str]]:
        """Field, whether it is within its bounds (not a number never is), and the bounds in words."""
        counts = ("latent_dim", "vae_steps", "classifier_steps", "texture_fit_steps", "texture_steps", "batch_size")
        for field in (*counts, "max_components", "devices", "threads", "rounds"):
            yield field, getattr(self, field) >= 1, "at least 1"
        yield "latent_dim", self.latent_dim <= MOST_LATENT, f"at most {MOST_LATENT}"
        yield "texture_steps", self.texture_steps <= MOST_TEXTURE_STEPS, f"at most {MOST_TEXTURE_STEPS}"
        yield "working_timepoints", self.working_timepoints >= 8, "at least 8"
        yield "folds", self.folds == 0 or self.folds >= 2, "0 (nothing is judged) or at least 2"
        yield "seed", 0 <= self.seed < 2**32, "in 0 … 2^32 − 1"
        yield "workers", self.workers >= 0, "0 (one per core) or more"
        for field in ("warp_probability", "kl_warm_up", "synthetic_weight", "clean_finish", "balance"):
            yield field, 0 <= getattr(self, field) <= 1, "in 0 … 1"
        for field in ("kl_weight", "class_weight", "weight_decay"):
            yield field, 0 <= getattr(self, field) < inf, "a number of at least 0"
        yield "learning_rate", 0 < self.learning_rate < inf, "a number above 0"
        for field in ("expansion", "pool_expansion"):
            yield field, 0 < getattr(self, field) <= MOST_EXPANSION, f"above 0 and at most {MOST_EXPANSION:g}"
        yield "held_out_share", 0 <= self.held_out_share < 1, "at least 0 and below 1"

    def choose_steps(self, set_steps: int, n_cases: int) -> int:
        """Gradient steps for so many training cases: as set up to FULL_STEPS_CASES, then in proportion, to a limit."""
        return round(set_steps * _compute_growth(n_cases))

    def copy_with_steps(self, n_cases: int, n_grown: int) -> FitConfiguration:
        """The configuration that trains a classifier on `n_grown` cases for as many steps as on `n_cases`."""
        wanted = self.choose_steps(self.classifier_steps, n_cases)
        return replace(self, classifier_steps=max(1, round(wanted / _compute_growth(n_grown))))

    def copy_for_fold(self, n_kept: int, n_cases: int) -> FitConfiguration:
        """The configuration whose VAE and texture see `n_kept` of `n_cases` cases as often as in a fit to all."""
        share = (n_kept / _compute_growth(n_kept)) / (n_cases / _compute_growth(n_cases))
        vae_steps, texture_steps = (max(1, round(share * steps)) for steps in (self.vae_steps, self.texture_fit_steps))
        return replace(self, vae_steps=vae_steps, texture_fit_steps=texture_steps)

    def record(self) -> dict[str, Any]:
        """As the manifest holds it: plain JSON values, whole paths, and nothing of PLACES."""
        values = asdict(self)
        for name in PLACES:
            del values[name]
        return {name: _to_json(value) for name, value in values.items()}

    @classmethod
    def from_record(cls, record: dict[str, Any], models: Path | None) -> FitConfiguration:
        """The configuration that a manifest holds. Raises `ConfigurationError` for a field not known here."""
        if unknown := set(record) - {field.name for field in fields(cls)}:
            raise ConfigurationError(f"the manifest's configuration has fields not known here: {sorted(unknown)}.")
        paths = {name: Path(record[name]) for name in ("data", "names", "start_from") if record.get(name)}
        several = {name: tuple(value) for name, value in record.items() if isinstance(value, list)}
        return cls(**{**record, **paths, **several, "models": models})


def _to_json(value: object) -> object:
    if isinstance(value, Path):
        return str(value.resolve())
    return list(value) if isinstance(value, tuple) else value


def _compute_growth(n_cases: int) -> float:
    return min(max(1.0, n_cases / FULL_STEPS_CASES), MOST_TIMES)


def _flag(field: str) -> str:
    return "--" + field.replace("_", "-")
