"""What the studio's paths take and answer, as README.md has it: the schemas of `/docs.json` are made of these."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Label = str | int
Numbers = list[float]
Series = list[list[list[float | None]]]
"""`[n][n_channels][n_timepoints]` in original units; null where a value is missing."""
Moment = Annotated[str, Field(description="ISO 8601, in UTC")]
Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Kind = Literal["upload", "generated", "augmented", "windows"]
State = Literal["queued", "running", "done", "withheld", "failed", "cancelled"]


class Asked(BaseModel):
    """A body or a query: what is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class About(BaseModel):
    """What is possible here; a why is empty where the thing is possible."""

    version: str
    keyed: Annotated[bool, Field(description="whether requests need an API key")]
    manages_models: Annotated[bool, Field(description="whether models may be loaded, unloaded, retired and restored")]
    why_no_catalogue: str
    why_no_fits: str
    max_upload_bytes: int
    suffixes_read: list[str]
    suffixes_written: list[str]


class ClassCount(BaseModel):
    """A class, and how many cases it has."""

    label: Label
    count: int


class DatasetShape(BaseModel):
    """How large a dataset is, and what its channels are."""

    n_cases: int
    n_test: int
    n_channels: int
    n_timepoints: int
    shortest: int
    n_missing: int
    n_synthetic: int
    irregular: Annotated[bool, Field(description="whether series have times of their own")]
    channel_names: list[str] | None = None
    units: list[str | None] | None = None
    sampling_interval: Any = None


class StoredDataset(BaseModel):
    """A version of a dataset of the catalogue; `statistics` and `versions` where it is asked for alone."""

    id: Id
    name: str
    version: int
    kind: Kind
    source: dict[str, Any]
    parents: list[Id]
    shape: DatasetShape
    classes: list[ClassCount]
    notes: list[str]
    tags: list[str]
    sha256: str
    suffix: str
    n_bytes: int
    owner: str
    created: Moment
    deleted: Moment | None = None
    statistics: Any = None
    versions: list[Any] | None = None


class DatasetListing(BaseModel):
    """One page of the catalogue, newest first."""

    datasets: list[StoredDataset]
    total: int


class DatasetQuery(Asked):
    """Which datasets are listed."""

    search: Annotated[str, Field(description="a part of the name or of a tag")] = ""
    tag: str = ""
    kind: str = ""
    deleted: bool = False
    limit: Annotated[int, Field(ge=1)] = 50
    offset: Annotated[int, Field(ge=0)] = 0


class NewDataset(Asked):
    """An upload with the settings to read it by, or a generator with its options, and the name to keep it under."""

    name: str
    upload: Id | None = None
    settings: dict[str, Any] | None = None
    generator: str | None = None
    options: dict[str, Any] | None = None
    tags: list[str] | None = None


class DatasetChange(Asked):
    """What is to be another."""

    name: str | None = None
    tags: list[str] | None = None


class Deleted(BaseModel):
    """Until when a dataset that was put aside can be restored."""

    restorable_until: Moment


class SeriesQuery(Asked):
    """Which series of a dataset are shown."""

    offset: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1)] = 50
    label: str = ""
    part: Literal["train", "test"] | None = None
    timepoints: Annotated[
        int, Field(ge=0, description="longer series are thinned to about so many timepoints; 0: none is")
    ] = 5000


class StoredSeries(BaseModel):
    """Some series of a dataset; `index` is the place of each in it, `step` the timepoints that one of the answer stands
    for. Fewer come than were asked for where they are long: go on behind the last."""

    series: Series
    labels: list[Label] | None = None
    groups: list[Label | None] | None = None
    index: list[int]
    synthetic: list[bool] | None = None
    sample_weight: list[float] | None = None
    step: float
    total: int


class MapQuery(Asked):
    """By which method, and which dataset lies beside."""

    method: Literal["pca", "tsne"] = "pca"
    beside: Id | None = None


class DatasetMap(BaseModel):
    """Series of a dataset in two dimensions."""

    points: Annotated[list[Numbers], Field(description="[n][2]")]
    labels: list[Label] | None = None
    index: list[int]
    synthetic: list[bool] | None = None
    beside: list[bool]
    method: str


class FileQuery(Asked):
    """The format of a download by its suffix, left out: the one that the dataset came in; whether tables are long, an
    instant a row; and one partition alone, where not all: both come as a .zip of two files."""

    suffix: str = ""
    long: bool = False
    part: Literal["train", "test"] | None = None


class Cutting(Asked):
    """Windows of `window` timepoints, `stride` apart, kept under a name."""

    window: Annotated[int, Field(ge=1)]
    stride: Annotated[int | None, Field(ge=1, description="left out: the window")] = None
    name: str | None = None
    tags: list[str] | None = None


class UploadQuery(Asked):
    """The file's name, whose suffix says what it is."""

    filename: str


class UploadColumn(BaseModel):
    """A column of an uploaded table, and what it is taken for."""

    name: str
    examples: list[str]
    role: str | None = None
    count: Annotated[int, Field(description="columns that this stands for: all timepoints are one entry")] = 1


class UploadPreview(BaseModel):
    """What reading an upload gave, and some series of each class."""

    read: str
    notes: list[str]
    shape: DatasetShape
    classes: list[ClassCount]
    series: Series
    labels: list[Label] | None = None
    step: Annotated[float, Field(description="timepoints that one of the preview stands for")] = 1


class UploadRefusal(BaseModel):
    """Why an upload cannot be read, with file and row where they are known."""

    message: str
    file: str | None = None
    row: int | None = None


class StoredUpload(BaseModel):
    """A file that came, as its settings have it read."""

    id: Id
    filename: str
    n_bytes: int
    settings: dict[str, Any]
    columns: list[UploadColumn] | None = None
    preview: UploadPreview | None = None
    refusal: UploadRefusal | None = None


class ReaderSettings(Asked):
    """Settings of readers: label, group, id, time, value, ignore, format, layout, key, window, stride and so on."""

    settings: dict[str, Any]


class Option(BaseModel):
    """One thing to choose, its bounds and its help."""

    name: str
    kind: Literal["integer", "number", "boolean", "text", "choice"]
    default: Any = None
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    choices: list[Any] | None = None
    words: Annotated[list[str] | None, Field(description="texts that a number may be instead")] = None
    several: Annotated[bool, Field(description="whether it is a list of such values")] = False
    help: str


class GeneratorCard(BaseModel):
    """A generator of datasets."""

    name: str
    summary: str
    options: list[Option]


class GeneratorListing(BaseModel):
    """Every generator."""

    generators: list[GeneratorCard]


class GeneratorTrial(Asked):
    """Options to try, and how many cases to see of them."""

    options: dict[str, Any] | None = None
    n_cases: Annotated[int, Field(ge=1, le=20)] | None = None


class GeneratedSeries(BaseModel):
    """What a generator makes of some options; `step` as that of a dataset's series."""

    series: Series
    labels: list[Label] | None = None
    step: float


class WantedAugmentation(Asked):
    """The fields of `/augment` but its data, and the name to keep the result under."""

    model: str
    strategy: Annotated[Any, Field(description='"balance", {"factor": f ≥ 1} or {"counts": {label: total}}')] = None
    per_class: Annotated[
        int | None, Field(ge=1, description="a total for every class, in place of a strategy; none is made smaller")
    ] = None
    policy: str | None = None
    seed: Annotated[int, Field(ge=0)] | None = None
    expansion: float | None = None
    lower: Any = None
    upper: Any = None
    non_negative: bool | None = None
    start_value: Any = None
    end_value: Any = None
    monotone: str | None = None
    sum: Any = None
    name: Annotated[str | None, Field(description="left out: it is named after the dataset")] = None


class SampleWeights(BaseModel):
    """What a case weighs when a classifier is fitted."""

    real: float
    synthetic: float


class Augmented(BaseModel):
    """The new dataset, and what `/augment` says of the series made."""

    dataset: StoredDataset
    n_made: int
    seed: int
    policy: str
    report: dict[str, Any]
    advice: dict[str, Any]
    usage: Any
    overlap: Any = None
    note: str | None = None
    sample_weight: SampleWeights


class StoredVersion(BaseModel):
    """A version of a model as it lies in the repository; `reason` is why it is not in service, where it is not."""

    version: int
    created: Moment
    in_service: bool
    reason: str
    dataset: str
    labelled: bool
    classes: list[dict[str, Any]]
    series: dict[str, Any]
    graphs: list[str]
    metrics: dict[str, Any]
    provenance: dict[str, Any]
    n_bytes: int


class StoredModel(BaseModel):
    """Every version of a model, newest first, and those that were retired."""

    name: str
    versions: list[StoredVersion]
    retired: list[StoredVersion]


class LatentMapQuery(Asked):
    """Whose series are mapped, and by which version of the model; the newest where none is named."""

    dataset: Id | None = None
    version: Annotated[int, Field(ge=1)] | None = None


class Ellipse(BaseModel):
    """A component of a class's mixture, seen on the plane; `weight` is its share of its class."""

    class_label: Annotated[Label, Field(alias="class")]
    class_index: int
    weight: float
    centre: Annotated[Numbers, Field(description="[2]")]
    covariance: Annotated[list[Numbers], Field(description="[2][2]")]


class LatentMap(BaseModel):
    """The plane on which codes vary most: the code at (x, y) is mean + x · axes[0] + y · axes[1]."""

    model: str
    version: int
    mean: Annotated[Numbers, Field(description="[latent_dim]")]
    axes: Annotated[list[Numbers], Field(description="[2][latent_dim], of length 1 and at right angles")]
    spread: Annotated[Numbers, Field(description="[2], the standard deviation of the codes along each axis")]
    explained: Annotated[Numbers, Field(description="[2], the share of their variance along each axis")]
    points: Annotated[list[Numbers], Field(description="[n][2]")]
    latent: Annotated[list[Numbers], Field(description="[n][latent_dim]")]
    labels: Annotated[list[Label] | None, Field(description="null where there are none")] = None
    index: Annotated[list[int] | None, Field(description="places in the dataset; null where codes were drawn")] = None
    classes: list[Label]
    ellipses: list[Ellipse]
    drawn: Annotated[bool, Field(description="whether the codes were drawn from the mixture")]
    note: str | None = None


class FitOptions(BaseModel):
    """What a fit can be told: its families by their kind, each with its options, and the options of all fits."""

    kinds: dict[str, list[GeneratorCard]]
    options: list[Option]


class NewFit(Asked):
    """Which dataset to fit, the bundle's name, and flags of `fit.py` with their values."""

    dataset: Id
    name: str
    options: dict[str, Any] | None = None


class FitProgress(BaseModel):
    """How far a fit is; `share` is of all, 0 … 1."""

    stage: str
    step: int | None = None
    steps: int | None = None
    share: float | None = None
    seconds_left: float | None = None


class StoredFit(BaseModel):
    """A fit that was asked for, and how it stands."""

    id: Id
    state: State
    name: str
    dataset: str
    options: dict[str, Any]
    owner: str
    attempts: int
    progress: FitProgress | None = None
    result: dict[str, Any] | None = None
    reason: str | None = None
    created: Moment
    started: Moment | None = None
    ended: Moment | None = None


class FitListing(BaseModel):
    """Some fits, newest first."""

    fits: list[StoredFit]
    total: int


class FitQuery(Asked):
    """Which fits are listed."""

    state: str = ""
    limit: Annotated[int, Field(ge=1)] = 50
    offset: Annotated[int, Field(ge=0)] = 0
