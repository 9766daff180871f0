"""The manifest: a strict, versioned description of one bundle. `models/README.md` is the normative text."""

from __future__ import annotations

import functools
import json
import re
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from bundle.earlier import upgrade_manifest
from bundle.errors import BundleError, InvalidRequest
from bundle.evidence import Metrics
from bundle.roles import LATENT, find_misfit
from bundle.shape import SeriesShape
from bundle.showing import show
from bundle.sketch import Sketch
from bundle.strict import INTEGERS, Count, Positive, Share, Strict, Text, find_unwritable

FORMAT_VERSION = 3
NAME_PATTERN = r"[a-z][a-z0-9_-]{0,99}"
VERSION_PATTERN = r"[1-9][0-9]{0,8}"

MOST_CLASSES = 1000
MOST_LATENT = 1024
MOST_CODES = 1_000_000
MOST_GRAPHS = 32
MOST_TEXTURE_STEPS = 1000

Label = Text | Annotated[int, Field(ge=INTEGERS.start, lt=INTEGERS.stop)]
Role = Annotated[str, Field(pattern=r"^[a-z][a-z_]*$", max_length=64)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Json = Any


class Tensor(Strict):
    """One input or output of a graph. An axis is a size, or a name for a size that varies."""

    name: Text
    dtype: Literal["float32", "int64"]
    shape: Annotated[list[Text | Count], Field(max_length=8)]


class Graph(Strict):
    """One ONNX file. `tolerance` is the largest relative difference that replaying its probe may show."""

    file: Annotated[str, Field(pattern=r"^[a-z_]+\.onnx$", max_length=100)]
    sha256: Sha256
    opset: Positive
    inputs: Annotated[list[Tensor], Field(max_length=32)]
    outputs: Annotated[list[Tensor], Field(max_length=32)]
    overridable: Annotated[list[Tensor], Field(max_length=32)] = Field(default_factory=list)
    tolerance: Annotated[float, Field(gt=0, le=0.1)]


class Arrays(Strict):
    """One npz file, read with `allow_pickle=False`."""

    file: Annotated[str, Field(pattern=r"^[a-z_]+\.npz$", max_length=100)]
    sha256: Sha256


class KeptCodes(Arrays):
    """The codes of the training cases, and what keeping them `reveals`, in words."""

    n_cases: Annotated[int, Field(ge=1, le=MOST_CODES)]
    reveals: Text


class ResidualCard(Strict):
    """How far series lie from what their codes decode to, by channel: the standard deviation, in original units, and
    the correlation of two neighbouring timepoints; measured on `n_cases` cases, held out where there were folds."""

    scale: Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=1)]
    correlation: Annotated[list[Annotated[float, Field(ge=0, lt=1)]], Field(min_length=1)]
    measured_on: Literal["held-out cases", "training cases"]
    n_cases: Positive


class LatentCard(Strict):
    """The latent codes: their width, and the mixture over them with its default `expansion`; null where none is.

    `codes` are those of the training cases, where the fit was told to keep them. `residual` is what decoding leaves
    over; null in bundles that were fitted before it was measured.
    """

    latent_dim: Annotated[int, Field(ge=1, le=MOST_LATENT)]
    expansion: Annotated[float, Field(gt=0)] | None
    mixture: Arrays | None
    codes: KeptCodes | None = None
    residual: ResidualCard | None = None

    @model_validator(mode="after")
    def _expands_its_mixture(self) -> LatentCard:
        if (self.expansion is None) != (self.mixture is None):
            raise ValueError("expansion is the factor on a mixture's covariances: both are there, or both are null")
        return self


class ClassCard(Strict):
    """One class: its label as the user wrote it, and what was learned of it; `components` of its mixture."""

    label: Label
    training_count: Count
    components: Positive | None
    trust: Share | None


class Calibration(Strict):
    """Reference values from cases that the judging model was not trained on (cross-fitted).

    `anomaly_threshold` is the 99 % quantile of their reconstruction errors, in squared original units;
    `log_density_quantiles` are evenly spaced quantiles, 0 to 1, of their latent log density, for `typicality`. Null
    where the bundle reconstructs nothing, or has no density.
    """

    anomaly_threshold: Annotated[float, Field(gt=0)] | None
    log_density_quantiles: Annotated[list[float], Field(min_length=2)] | None
    n_cases: Count


class Pretraining(Strict):
    """Series without labels that the fit learned first, and the networks that started from what was learned."""

    dataset: Text
    dataset_sha256: Sha256
    n_cases: Count
    networks: Annotated[list[Text], Field(max_length=MOST_GRAPHS)]


class Provenance(Strict):
    """Where the bundle comes from: enough to fit it again. `training_sketch` tells sets of training cases from others,
    and next to nothing about any one case; null in earlier bundles, and where the fit was told to leave it out."""

    dataset: Text
    dataset_sha256: Sha256
    seed: Annotated[int, Field(ge=INTEGERS.start, lt=INTEGERS.stop)]
    configuration: dict[str, Json]
    git_commit: str | None
    libraries: dict[str, str]
    fit_seconds: Annotated[float, Field(ge=0)]
    pretraining: Pretraining | None = None
    training_sketch: Sketch | None = None


class Manifest(Strict):
    """The whole of `manifest.json`."""

    format_version: Literal[3]
    name: Annotated[str, Field(pattern=f"^{NAME_PATTERN}$")]
    version: Annotated[int, Field(ge=1, lt=10**9)]
    series: SeriesShape
    labelled: bool
    classes: Annotated[list[ClassCard], Field(min_length=1, max_length=MOST_CLASSES)]
    latent: LatentCard | None
    texture_steps: Annotated[int, Field(ge=1, le=MOST_TEXTURE_STEPS)] | None = None
    graphs: Annotated[dict[Role, Graph], Field(max_length=MOST_GRAPHS)]
    probe: Arrays
    weights: Arrays | None = None
    calibration: Calibration | None
    metrics: Metrics
    provenance: Provenance

    @model_validator(mode="after")
    def _labels_differ_as_text(self) -> Manifest:
        texts = [str(card.label) for card in self.classes]
        if len(set(texts)) < len(texts):
            twice = next(text for text in texts if texts.count(text) > 1)
            raise ValueError(f"two class labels have equal text: {twice!r:.80}")
        return self

    @model_validator(mode="after")
    def _is_of_one_piece(self) -> Manifest:
        misfit = find_misfit(self.graphs) or self._find_missing_card() or self._find_idle_value()
        if misfit:
            raise ValueError(misfit)
        return self

    def _find_missing_card(self) -> str | None:
        """Return which part of the manifest a graph lacks, or lacks its graph."""
        coded = LATENT.intersection(self.graphs)
        if coded and self.latent is None:
            return f"latent is null, and the graph {min(coded)} works on latent codes"
        if self.latent is not None and not coded:
            return "latent describes codes, which no graph takes or gives"
        if self.codes is not None and "encoder" not in self.graphs:
            return "latent.codes are those of training cases, and no encoder gives codes to compare with them"
        if (self.mixture is None) != ("mixture" not in self.graphs):
            return "a graph mixture and the parameters latent.mixture belong together: one of them is missing"
        return None

    def _find_idle_value(self) -> str | None:
        """Return which value says what no graph of the bundle does."""
        for place, card in enumerate(self.classes):
            if (card.components is None) != (self.mixture is None):
                return f"classes.{place} has {card.components} components; a class has them where there is a mixture"
        if (residual := self.residual) is not None:
            if "decoder" not in self.graphs:
                return "latent.residual says what decoding leaves over, and there is no decoder"
            if {len(residual.scale), len(residual.correlation)} != {self.series.n_channels}:
                return "latent.residual has a scale and a correlation for each channel, and another number of them came"
        if "classifier" in self.graphs and not self.labelled:
            return "there is a graph classifier, and labelled is false"
        if self.anomaly_threshold is not None and not {"encoder", "decoder"}.issubset(self.graphs):
            return "calibration has an anomaly_threshold, and no encoder with a decoder makes errors to judge"
        if self.log_density_quantiles is not None and not {"encoder", "density"}.issubset(self.graphs):
            return "calibration has log_density_quantiles, and no encoder with a density makes densities to judge"
        return None

    @property
    def cards(self) -> list[Graph | Arrays]:
        """What describes a file beside the manifest, in the order in which they are read."""
        optional = (self.mixture, self.codes, self.weights)
        return [*self.graphs.values(), self.probe, *(card for card in optional if card is not None)]

    @property
    def files(self) -> dict[str, str]:
        """SHA-256 by the name of every file beside the manifest."""
        return {card.file: card.sha256 for card in self.cards}

    @property
    def mixture(self) -> Arrays | None:
        """The file of the latent mixture's parameters."""
        return None if self.latent is None else self.latent.mixture

    @property
    def codes(self) -> KeptCodes | None:
        """The file of the training cases' codes."""
        return None if self.latent is None else self.latent.codes

    @property
    def residual(self) -> ResidualCard | None:
        """What decoding leaves over of series."""
        return None if self.latent is None else self.latent.residual

    @property
    def density(self) -> Graph | None:
        """The graph that gives the log density of codes."""
        return self.graphs.get("density")

    @property
    def anomaly_threshold(self) -> float | None:
        """The reconstruction error above which a series is anomalous, in squared original units."""
        return None if self.calibration is None else self.calibration.anomaly_threshold

    @property
    def log_density_quantiles(self) -> list[float] | None:
        """Quantiles of the latent log density of usual cases."""
        return None if self.calibration is None else self.calibration.log_density_quantiles

    @property
    def are_clusters(self) -> bool:
        """Whether the class labels are those of clusters, which the fit found in unlabelled data."""
        return self.provenance.configuration.get("clusters") is not None

    @functools.cached_property
    def labels(self) -> list[Label]:
        """Class labels by class index, as the user wrote them."""
        return [card.label for card in self.classes]

    def find_class_index(self, label: object, field: str = "labels") -> int:
        """Return the index of a label, or of its text. Raises `InvalidRequest` with the labels there are."""
        if isinstance(label, str) or (type(label) is int and label in INTEGERS):
            for index, known in enumerate(self.labels):
                if str(known) == str(label):
                    return index
        known_labels = ", ".join(f"{known!r:.80}" for known in self.labels[:20])
        raise InvalidRequest(
            f"{field} names the class {show(label)}, which model {self.name!r} does not know; use one of: "
            f"{known_labels}.",
            field,
        )


def read_manifest(text: bytes) -> Manifest:
    """Parse and check a manifest; one of an earlier format is rewritten as the present one.

    Raises `BundleError` with the first thing that is wrong.
    """
    try:
        raw = json.loads(text, object_pairs_hook=_refuse_doubles, parse_constant=_refuse_constant)
        version = raw.get("format_version")
    except (ValueError, AttributeError, RecursionError) as error:
        raise BundleError(f"manifest.json is not a JSON object: {str(error)[:200]}") from error
    if type(version) is not int or not 1 <= version <= FORMAT_VERSION:
        raise BundleError(
            f"manifest.json has format version {show(version)}; this Seriesmith reads 1 to {FORMAT_VERSION}. "
            "Fit the bundle again or install a newer Seriesmith."
        )
    if wrong := find_unwritable(raw):
        raise BundleError(f"manifest.json cannot be shown to anyone: {wrong}.")
    try:
        return Manifest.model_validate_json(text if version == FORMAT_VERSION else json.dumps(upgrade_manifest(raw)))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))[:200] or "manifest"
        raise BundleError(f"manifest.json is not valid at {place}: {first['msg'][:400]}") from error


def _refuse_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r:.80} comes twice")
        found[key] = value
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def write_manifest(manifest: Manifest) -> bytes:
    """Write a manifest as the bytes of `manifest.json`."""
    return (manifest.model_dump_json(indent=2) + "\n").encode()


def check_name(name: str) -> str:
    """Return `name`. Raises `BundleError` where it cannot be a bundle's name."""
    if not re.fullmatch(NAME_PATTERN, name):
        raise BundleError(
            f"{name!r} cannot name a bundle: a name is lower-case letters, digits, '-' and '_', starts with a letter, "
            "and has at most 100 characters. Give another with --name."
        )
    return name
