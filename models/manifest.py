"""The manifest: a strict, versioned description of one bundle. `models/README.md` is the normative text."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from models.errors import BundleError, InvalidRequest
from models.evidence import Metrics
from models.showing import show
from models.strict import Positive, Share, Strict

FORMAT_VERSION = 2
NAME_PATTERN = r"[a-z][a-z0-9_-]*"

Label = str | int
GraphName = Literal["encoder", "decoder", "mixture", "density", "texture", "classifier"]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Json = Any


class Tensor(Strict):
    """One input or output of a graph. An axis is a size, or a name for a size that varies."""

    name: str
    dtype: Literal["float32", "int64"]
    shape: list[str | int]


class Graph(Strict):
    """One ONNX file. `tolerance` is the largest relative difference that replaying its probe may show."""

    file: Annotated[str, Field(pattern=r"^[a-z_]+\.onnx$")]
    sha256: Sha256
    opset: Positive
    inputs: list[Tensor]
    outputs: list[Tensor]
    overridable: list[Tensor] = Field(default_factory=list)
    tolerance: Annotated[float, Field(gt=0)]


class Arrays(Strict):
    """One npz file, read with `allow_pickle=False`."""

    file: Annotated[str, Field(pattern=r"^[a-z_]+\.npz$")]
    sha256: Sha256


class SeriesShape(Strict):
    """What one series is: `[n_channels, n_timepoints]`, original units."""

    n_channels: Positive
    n_timepoints: Positive
    dtype: Literal["float32"] = "float32"
    channel_names: list[str] | None = None
    sampling_interval: str | None = None
    units: list[str] | None = None
    length_policy: Literal["fixed"] = "fixed"


class ClassCard(Strict):
    """One class: its label as the user wrote it, and what was learned of it."""

    label: Label
    training_count: Annotated[int, Field(ge=0)]
    components: Positive
    trust: Share | None


class Calibration(Strict):
    """Reference values from cases that the judging model was not trained on (cross-fitted).

    `anomaly_threshold` is the 99 % quantile of their reconstruction errors, in squared original units;
    `log_density_quantiles` are evenly spaced quantiles, 0 to 1, of their latent log density, for `typicality`.
    """

    anomaly_threshold: Annotated[float, Field(gt=0)]
    log_density_quantiles: Annotated[list[float], Field(min_length=2)]
    n_cases: Annotated[int, Field(ge=0)]


class Provenance(Strict):
    """Where the bundle comes from: enough to fit it again."""

    dataset: str
    dataset_sha256: Sha256
    seed: int
    configuration: dict[str, Json]
    git_commit: str | None
    libraries: dict[str, str]
    fit_seconds: Annotated[float, Field(ge=0)]


class Manifest(Strict):
    """The whole of `manifest.json`."""

    format_version: Literal[1, 2]
    name: Annotated[str, Field(pattern=f"^{NAME_PATTERN}$")]
    version: Positive
    series: SeriesShape
    labelled: bool
    classes: Annotated[list[ClassCard], Field(min_length=1)]
    latent_dim: Positive
    expansion: Annotated[float, Field(gt=0)]
    texture_steps: Positive | None = None
    graphs: dict[GraphName, Graph]
    mixture: Arrays
    probe: Arrays
    weights: Arrays | None = None
    calibration: Calibration | None
    metrics: Metrics
    provenance: Provenance

    @model_validator(mode="after")
    def _labels_differ_as_text(self) -> Manifest:
        texts = [str(card.label) for card in self.classes]
        if len(set(texts)) < len(texts):
            raise ValueError(f"two class labels have equal text: {texts}")
        return self

    @functools.cached_property
    def labels(self) -> list[Label]:
        """Class labels by class index, as the user wrote them."""
        return [card.label for card in self.classes]

    def class_index(self, label: object, field: str = "labels") -> int:
        """The index of a label, or of its text. Raises `InvalidRequest` with the labels there are."""
        if isinstance(label, (str, int)) and not isinstance(label, bool):
            for index, known in enumerate(self.labels):
                if str(known) == str(label):
                    return index
        known_labels = ", ".join(repr(known) for known in self.labels[:20])
        raise InvalidRequest(
            f"{field} names the class {show(label)}, which model {self.name!r} does not know; use one of: "
            f"{known_labels}.",
            field,
        )


def read_manifest(text: bytes) -> Manifest:
    """Parse and check a manifest. Raises `BundleError` with the first thing that is wrong."""
    try:
        raw = json.loads(text)
        version = raw.get("format_version")
    except (ValueError, AttributeError) as error:
        raise BundleError(f"manifest.json is not a JSON object: {error}") from error
    if not isinstance(version, int) or not 1 <= version <= FORMAT_VERSION:
        raise BundleError(
            f"manifest.json has format version {version!r}; this Seriesmith reads 1 to {FORMAT_VERSION}. "
            "Fit the bundle again or install a newer Seriesmith."
        )
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "manifest"
        raise BundleError(f"manifest.json is not valid at {place}: {first['msg']}") from error


def write_manifest(manifest: Manifest) -> bytes:
    """The bytes of `manifest.json`."""
    return (manifest.model_dump_json(indent=2) + "\n").encode()


def checked_name(name: str) -> str:
    """`name`, when it can be a bundle's name. Raises `BundleError` otherwise."""
    modules = {file.stem for file in Path(__file__).parent.glob("*.py")}
    if not re.fullmatch(NAME_PATTERN, name) or name in modules:
        raise BundleError(
            f"{name!r} cannot name a bundle: a name is lower-case letters, digits, '-' and '_', starts with a letter, "
            "and is not a module of models/. Give another with --name."
        )
    return name
