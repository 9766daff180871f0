from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Array(_message.Message):
    __slots__ = ("shape", "values")
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    shape: _containers.RepeatedScalarFieldContainer[int]
    values: bytes
    def __init__(self, shape: _Optional[_Iterable[int]] = ..., values: _Optional[bytes] = ...) -> None: ...

class Doubles(_message.Message):
    __slots__ = ("shape", "values")
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    shape: _containers.RepeatedScalarFieldContainer[int]
    values: bytes
    def __init__(self, shape: _Optional[_Iterable[int]] = ..., values: _Optional[bytes] = ...) -> None: ...

class Indices(_message.Message):
    __slots__ = ("shape", "values")
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    shape: _containers.RepeatedScalarFieldContainer[int]
    values: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, shape: _Optional[_Iterable[int]] = ..., values: _Optional[_Iterable[int]] = ...) -> None: ...

class Labels(_message.Message):
    __slots__ = ("text", "number")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    text: _containers.RepeatedScalarFieldContainer[str]
    number: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, text: _Optional[_Iterable[str]] = ..., number: _Optional[_Iterable[int]] = ...) -> None: ...

class ClassCount(_message.Message):
    __slots__ = ("class_label", "count")
    CLASS_LABEL_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    class_label: str
    count: int
    def __init__(self, class_label: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class Strategy(_message.Message):
    __slots__ = ("factor", "counts")
    FACTOR_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    factor: float
    counts: _containers.RepeatedCompositeFieldContainer[ClassCount]
    def __init__(self, factor: _Optional[float] = ..., counts: _Optional[_Iterable[_Union[ClassCount, _Mapping]]] = ...) -> None: ...

class AugmentRequest(_message.Message):
    __slots__ = ("model", "series", "labels", "strategy", "seed", "expansion", "include_original", "policy", "lower", "upper", "non_negative", "start_value", "end_value", "monotone", "sum")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    EXPANSION_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_ORIGINAL_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    LOWER_FIELD_NUMBER: _ClassVar[int]
    UPPER_FIELD_NUMBER: _ClassVar[int]
    NON_NEGATIVE_FIELD_NUMBER: _ClassVar[int]
    START_VALUE_FIELD_NUMBER: _ClassVar[int]
    END_VALUE_FIELD_NUMBER: _ClassVar[int]
    MONOTONE_FIELD_NUMBER: _ClassVar[int]
    SUM_FIELD_NUMBER: _ClassVar[int]
    model: str
    series: Array
    labels: Labels
    strategy: Strategy
    seed: int
    expansion: float
    include_original: bool
    policy: str
    lower: Array
    upper: Array
    non_negative: bool
    start_value: Array
    end_value: Array
    monotone: str
    sum: Array
    def __init__(self, model: _Optional[str] = ..., series: _Optional[_Union[Array, _Mapping]] = ..., labels: _Optional[_Union[Labels, _Mapping]] = ..., strategy: _Optional[_Union[Strategy, _Mapping]] = ..., seed: _Optional[int] = ..., expansion: _Optional[float] = ..., include_original: _Optional[bool] = ..., policy: _Optional[str] = ..., lower: _Optional[_Union[Array, _Mapping]] = ..., upper: _Optional[_Union[Array, _Mapping]] = ..., non_negative: _Optional[bool] = ..., start_value: _Optional[_Union[Array, _Mapping]] = ..., end_value: _Optional[_Union[Array, _Mapping]] = ..., monotone: _Optional[str] = ..., sum: _Optional[_Union[Array, _Mapping]] = ...) -> None: ...

class Interval(_message.Message):
    __slots__ = ("mean", "low", "high")
    MEAN_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    mean: float
    low: float
    high: float
    def __init__(self, mean: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ...) -> None: ...

class KindAdvice(_message.Message):
    __slots__ = ("verdict", "message", "mean", "low", "high", "free", "free_mean")
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    FREE_FIELD_NUMBER: _ClassVar[int]
    FREE_MEAN_FIELD_NUMBER: _ClassVar[int]
    verdict: str
    message: str
    mean: float
    low: float
    high: float
    free: str
    free_mean: float
    def __init__(self, verdict: _Optional[str] = ..., message: _Optional[str] = ..., mean: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ..., free: _Optional[str] = ..., free_mean: _Optional[float] = ...) -> None: ...

class Advice(_message.Message):
    __slots__ = ("use", "message", "uplift", "metric", "judges")
    class JudgesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: KindAdvice
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[KindAdvice, _Mapping]] = ...) -> None: ...
    USE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    UPLIFT_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    JUDGES_FIELD_NUMBER: _ClassVar[int]
    use: bool
    message: str
    uplift: Interval
    metric: str
    judges: _containers.MessageMap[str, KindAdvice]
    def __init__(self, use: _Optional[bool] = ..., message: _Optional[str] = ..., uplift: _Optional[_Union[Interval, _Mapping]] = ..., metric: _Optional[str] = ..., judges: _Optional[_Mapping[str, KindAdvice]] = ...) -> None: ...

class Use(_message.Message):
    __slots__ = ("weight", "how")
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    HOW_FIELD_NUMBER: _ClassVar[int]
    weight: float
    how: str
    def __init__(self, weight: _Optional[float] = ..., how: _Optional[str] = ...) -> None: ...

class Usage(_message.Message):
    __slots__ = ("deep_network", "random_convolutions", "nearest_neighbours", "features_and_trees")
    DEEP_NETWORK_FIELD_NUMBER: _ClassVar[int]
    RANDOM_CONVOLUTIONS_FIELD_NUMBER: _ClassVar[int]
    NEAREST_NEIGHBOURS_FIELD_NUMBER: _ClassVar[int]
    FEATURES_AND_TREES_FIELD_NUMBER: _ClassVar[int]
    deep_network: Use
    random_convolutions: Use
    nearest_neighbours: Use
    features_and_trees: Use
    def __init__(self, deep_network: _Optional[_Union[Use, _Mapping]] = ..., random_convolutions: _Optional[_Union[Use, _Mapping]] = ..., nearest_neighbours: _Optional[_Union[Use, _Mapping]] = ..., features_and_trees: _Optional[_Union[Use, _Mapping]] = ...) -> None: ...

class ClassReport(_message.Message):
    __slots__ = ("had", "made", "acceptance", "fallbacks", "distance", "made_by", "weight")
    HAD_FIELD_NUMBER: _ClassVar[int]
    MADE_FIELD_NUMBER: _ClassVar[int]
    ACCEPTANCE_FIELD_NUMBER: _ClassVar[int]
    FALLBACKS_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_FIELD_NUMBER: _ClassVar[int]
    MADE_BY_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    had: int
    made: int
    acceptance: float
    fallbacks: int
    distance: float
    made_by: str
    weight: float
    def __init__(self, had: _Optional[int] = ..., made: _Optional[int] = ..., acceptance: _Optional[float] = ..., fallbacks: _Optional[int] = ..., distance: _Optional[float] = ..., made_by: _Optional[str] = ..., weight: _Optional[float] = ...) -> None: ...

class TrainingOverlap(_message.Message):
    __slots__ = ("share", "low", "high", "partial", "message")
    SHARE_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    PARTIAL_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    share: float
    low: float
    high: float
    partial: bool
    message: str
    def __init__(self, share: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ..., partial: _Optional[bool] = ..., message: _Optional[str] = ...) -> None: ...

class AugmentAnswer(_message.Message):
    __slots__ = ("model", "version", "seed", "series", "labels", "synthetic", "report", "n_cases", "policy", "advice", "lengths", "note", "mean_move", "largest_move", "sample_weight", "usage", "overlap")
    class ReportEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: ClassReport
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[ClassReport, _Mapping]] = ...) -> None: ...
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    SYNTHETIC_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    N_CASES_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    ADVICE_FIELD_NUMBER: _ClassVar[int]
    LENGTHS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    MEAN_MOVE_FIELD_NUMBER: _ClassVar[int]
    LARGEST_MOVE_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    OVERLAP_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: int
    seed: int
    series: Array
    labels: Labels
    synthetic: _containers.RepeatedScalarFieldContainer[bool]
    report: _containers.MessageMap[str, ClassReport]
    n_cases: int
    policy: str
    advice: Advice
    lengths: _containers.RepeatedScalarFieldContainer[int]
    note: str
    mean_move: Array
    largest_move: Array
    sample_weight: Array
    usage: Usage
    overlap: TrainingOverlap
    def __init__(self, model: _Optional[str] = ..., version: _Optional[int] = ..., seed: _Optional[int] = ..., series: _Optional[_Union[Array, _Mapping]] = ..., labels: _Optional[_Union[Labels, _Mapping]] = ..., synthetic: _Optional[_Iterable[bool]] = ..., report: _Optional[_Mapping[str, ClassReport]] = ..., n_cases: _Optional[int] = ..., policy: _Optional[str] = ..., advice: _Optional[_Union[Advice, _Mapping]] = ..., lengths: _Optional[_Iterable[int]] = ..., note: _Optional[str] = ..., mean_move: _Optional[_Union[Array, _Mapping]] = ..., largest_move: _Optional[_Union[Array, _Mapping]] = ..., sample_weight: _Optional[_Union[Array, _Mapping]] = ..., usage: _Optional[_Union[Usage, _Mapping]] = ..., overlap: _Optional[_Union[TrainingOverlap, _Mapping]] = ...) -> None: ...

class BlendRequest(_message.Message):
    __slots__ = ("model", "lower", "upper", "non_negative", "start_value", "end_value", "monotone", "sum", "start_labels", "end_labels", "steps", "seed")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    LOWER_FIELD_NUMBER: _ClassVar[int]
    UPPER_FIELD_NUMBER: _ClassVar[int]
    NON_NEGATIVE_FIELD_NUMBER: _ClassVar[int]
    START_VALUE_FIELD_NUMBER: _ClassVar[int]
    END_VALUE_FIELD_NUMBER: _ClassVar[int]
    MONOTONE_FIELD_NUMBER: _ClassVar[int]
    SUM_FIELD_NUMBER: _ClassVar[int]
    START_LABELS_FIELD_NUMBER: _ClassVar[int]
    END_LABELS_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    model: str
    lower: Array
    upper: Array
    non_negative: bool
    start_value: Array
    end_value: Array
    monotone: str
    sum: Array
    start_labels: Labels
    end_labels: Labels
    steps: int
    seed: int
    def __init__(self, model: _Optional[str] = ..., lower: _Optional[_Union[Array, _Mapping]] = ..., upper: _Optional[_Union[Array, _Mapping]] = ..., non_negative: _Optional[bool] = ..., start_value: _Optional[_Union[Array, _Mapping]] = ..., end_value: _Optional[_Union[Array, _Mapping]] = ..., monotone: _Optional[str] = ..., sum: _Optional[_Union[Array, _Mapping]] = ..., start_labels: _Optional[_Union[Labels, _Mapping]] = ..., end_labels: _Optional[_Union[Labels, _Mapping]] = ..., steps: _Optional[int] = ..., seed: _Optional[int] = ...) -> None: ...

class BlendAnswer(_message.Message):
    __slots__ = ("model", "version", "series", "position", "way", "seed", "lengths", "mean_move", "largest_move")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    WAY_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    LENGTHS_FIELD_NUMBER: _ClassVar[int]
    MEAN_MOVE_FIELD_NUMBER: _ClassVar[int]
    LARGEST_MOVE_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: int
    series: Array
    position: Array
    way: _containers.RepeatedScalarFieldContainer[int]
    seed: int
    lengths: _containers.RepeatedScalarFieldContainer[int]
    mean_move: Array
    largest_move: Array
    def __init__(self, model: _Optional[str] = ..., version: _Optional[int] = ..., series: _Optional[_Union[Array, _Mapping]] = ..., position: _Optional[_Union[Array, _Mapping]] = ..., way: _Optional[_Iterable[int]] = ..., seed: _Optional[int] = ..., lengths: _Optional[_Iterable[int]] = ..., mean_move: _Optional[_Union[Array, _Mapping]] = ..., largest_move: _Optional[_Union[Array, _Mapping]] = ...) -> None: ...

class ClassifyRequest(_message.Message):
    __slots__ = ("model", "series", "times")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    WITH_FIELD_NUMBER: _ClassVar[int]
    TIMES_FIELD_NUMBER: _ClassVar[int]
    model: str
    series: Array
    times: Doubles
    def __init__(self, model: _Optional[str] = ..., series: _Optional[_Union[Array, _Mapping]] = ..., times: _Optional[_Union[Doubles, _Mapping]] = ..., **kwargs) -> None: ...

class ClassifyAnswer(_message.Message):
    __slots__ = ("model", "version", "labels", "probabilities", "classes", "typicality", "note")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    PROBABILITIES_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    TYPICALITY_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: int
    labels: Labels
    probabilities: Array
    classes: Labels
    typicality: Array
    note: str
    def __init__(self, model: _Optional[str] = ..., version: _Optional[int] = ..., labels: _Optional[_Union[Labels, _Mapping]] = ..., probabilities: _Optional[_Union[Array, _Mapping]] = ..., classes: _Optional[_Union[Labels, _Mapping]] = ..., typicality: _Optional[_Union[Array, _Mapping]] = ..., note: _Optional[str] = ...) -> None: ...

class CompleteRequest(_message.Message):
    __slots__ = ("model", "series", "times", "labels", "n_timepoints", "n", "coverage", "seed")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    TIMES_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    N_TIMEPOINTS_FIELD_NUMBER: _ClassVar[int]
    N_FIELD_NUMBER: _ClassVar[int]
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    model: str
    series: Array
    times: Doubles
    labels: Labels
    n_timepoints: int
    n: int
    coverage: float
    seed: int
    def __init__(self, model: _Optional[str] = ..., series: _Optional[_Union[Array, _Mapping]] = ..., times: _Optional[_Union[Doubles, _Mapping]] = ..., labels: _Optional[_Union[Labels, _Mapping]] = ..., n_timepoints: _Optional[int] = ..., n: _Optional[int] = ..., coverage: _Optional[float] = ..., seed: _Optional[int] = ...) -> None: ...

class CompleteAnswer(_message.Message):
    __slots__ = ("model", "version", "series", "lower", "upper", "completions", "labels", "probabilities", "classes", "seed", "lengths")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    LOWER_FIELD_NUMBER: _ClassVar[int]
    UPPER_FIELD_NUMBER: _ClassVar[int]
    COMPLETIONS_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    PROBABILITIES_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    LENGTHS_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: int
    series: Array
    lower: Array
    upper: Array
    completions: Array
    labels: Labels
    probabilities: Array
    classes: Labels
    seed: int
    lengths: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, model: _Optional[str] = ..., version: _Optional[int] = ..., series: _Optional[_Union[Array, _Mapping]] = ..., lower: _Optional[_Union[Array, _Mapping]] = ..., upper: _Optional[_Union[Array, _Mapping]] = ..., completions: _Optional[_Union[Array, _Mapping]] = ..., labels: _Optional[_Union[Labels, _Mapping]] = ..., probabilities: _Optional[_Union[Array, _Mapping]] = ..., classes: _Optional[_Union[Labels, _Mapping]] = ..., seed: _Optional[int] = ..., lengths: _Optional[_Iterable[int]] = ...) -> None: ...

class DecodeRequest(_message.Message):
    __slots__ = ("model", "latent", "texture", "labels", "seed", "lower", "upper", "non_negative", "start_value", "end_value", "monotone", "sum")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    LATENT_FIELD_NUMBER: _ClassVar[int]
    TEXTURE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    WITH_FIELD_NUMBER: _ClassVar[int]
    LOWER_FIELD_NUMBER: _ClassVar[int]
    UPPER_FIELD_NUMBER: _ClassVar[int]
    NON_NEGATIVE_FIELD_NUMBER: _ClassVar[int]
    START_VALUE_FIELD_NUMBER: _ClassVar[int]
    END_VALUE_FIELD_NUMBER: _ClassVar[int]
    MONOTONE_FIELD_NUMBER: _ClassVar[int]
    SUM_FIELD_NUMBER: _ClassVar[int]
    model: str
    latent: Array
    texture: bool
    labels: Labels
    seed: int
    lower: Array
    upper: Array
    non_negative: bool
    start_value: Array
    end_value: Array
    monotone: str
    sum: Array
    def __init__(self, model: _Optional[str] = ..., latent: _Optional[_Union[Array, _Mapping]] = ..., texture: _Optional[bool] = ..., labels: _Optional[_Union[Labels, _Mapping]] = ..., seed: _Optional[int] = ..., lower: _Optional[_Union[Array, _Mapping]] = ..., upper: _Optional[_Union[Array, _Mapping]] = ..., non_negative: _Optional[bool] = ..., start_value: _Optional[_Union[Array, _Mapping]] = ..., end_value: _Optional[_Union[Array, _Mapping]] = ..., monotone: _Optional[str] = ..., sum: _Optional[_Union[Array, _Mapping]] = ..., **kwargs) -> None: ...

class DecodeAnswer(_message.Message):
    __slots__ = ("model", "version", "series", "log_density", "typicality", "seed", "lengths", "mean_move", "largest_move")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    LOG_DENSITY_FIELD_NUMBER: _ClassVar[int]
    TYPICALITY_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    LENGTHS_FIELD_NUMBER: _ClassVar[int]
    MEAN_MOVE_FIELD_NUMBER: _ClassVar[int]
    LARGEST_MOVE_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: int
    series: Array
    log_density: Array
    typicality: Array
    seed: int
    lengths: _containers.RepeatedScalarFieldContainer[int]
    mean_move: Array
    largest_move: Array
    def __init__(self, model: _Optional[str] = ..., version: _Optional[int] = ..., series: _Optional[_Union[Array, _Mapping]] = ..., log_density: _Optional[_Union[Array, _Mapping]] = ..., typicality: _Optional[_Union[Array, _Mapping]] = ..., seed: _Optional[int] = ..., lengths: _Optional[_Iterable[int]] = ..., mean_move: _Optional[_Union[Array, _Mapping]] = ..., largest_move: _Optional[_Union[Array, _Mapping]] = ...) -> None: ...

class EncodeRequest(_message.Message):
    __slots__ = ("model", "series", "times")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    TIMES_FIELD_NUMBER: _ClassVar[int]
    WITH_FIELD_NUMBER: _ClassVar[int]
    model: str
    series: Array
    times: Doubles
    def __init__(self, model: _Optional[str] = ..., series: _Optional[_Union[Array, _Mapping]] = ..., times: _Optional[_Union[Doubles, _Mapping]] = ..., **kwargs) -> None: ...

class EncodeAnswer(_message.Message):
    __slots__ = ("model", "version", "posterior_mean", "posterior_log_variance", "note", "cluster", "cluster_probability", "typicality")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    POSTERIOR_MEAN_FIELD_NUMBER: _ClassVar[int]
    POSTERIOR_LOG_VARIANCE_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    TYPICALITY_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: int
    posterior_mean: Array
    posterior_log_variance: Array
    note: str
    cluster: _containers.RepeatedScalarFieldContainer[int]
    cluster_probability: Array
    typicality: Array
    def __init__(self, model: _Optional[str] = ..., version: _Optional[int] = ..., posterior_mean: _Optional[_Union[Array, _Mapping]] = ..., posterior_log_variance: _Optional[_Union[Array, _Mapping]] = ..., note: _Optional[str] = ..., cluster: _Optional[_Iterable[int]] = ..., cluster_probability: _Optional[_Union[Array, _Mapping]] = ..., typicality: _Optional[_Union[Array, _Mapping]] = ...) -> None: ...

class InterpolateRequest(_message.Message):
    __slots__ = ("model", "start_series", "start_latent", "start_labels", "end_series", "end_latent", "end_labels", "method", "steps", "ends", "lower", "upper", "non_negative", "start_value", "end_value", "monotone", "sum")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    START_SERIES_FIELD_NUMBER: _ClassVar[int]
    START_LATENT_FIELD_NUMBER: _ClassVar[int]
    START_LABELS_FIELD_NUMBER: _ClassVar[int]
    END_SERIES_FIELD_NUMBER: _ClassVar[int]
    END_LATENT_FIELD_NUMBER: _ClassVar[int]
    END_LABELS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    ENDS_FIELD_NUMBER: _ClassVar[int]
    LOWER_FIELD_NUMBER: _ClassVar[int]
    UPPER_FIELD_NUMBER: _ClassVar[int]
    NON_NEGATIVE_FIELD_NUMBER: _ClassVar[int]
    START_VALUE_FIELD_NUMBER: _ClassVar[int]
    END_VALUE_FIELD_NUMBER: _ClassVar[int]
    MONOTONE_FIELD_NUMBER: _ClassVar[int]
    SUM_FIELD_NUMBER: _ClassVar[int]
    model: str
    start_series: Array
    start_latent: Array
    start_labels: Labels
    end_series: Array
    end_latent: Array
    end_labels: Labels
    method: str
    steps: int
    ends: str
    lower: Array
    upper: Array
    non_negative: bool
    start_value: Array
    end_value: Array
    monotone: str
    sum: Array
    def __init__(self, model: _Optional[str] = ..., start_series: _Optional[_Union[Array, _Mapping]] = ..., start_latent: _Optional[_Union[Array, _Mapping]] = ..., start_labels: _Optional[_Union[Labels, _Mapping]] = ..., end_series: _Optional[_Union[Array, _Mapping]] = ..., end_latent: _Optional[_Union[Array, _Mapping]] = ..., end_labels: _Optional[_Union[Labels, _Mapping]] = ..., method: _Optional[str] = ..., steps: _Optional[int] = ..., ends: _Optional[str] = ..., lower: _Optional[_Union[Array, _Mapping]] = ..., upper: _Optional[_Union[Array, _Mapping]] = ..., non_negative: _Optional[bool] = ..., start_value: _Optional[_Union[Array, _Mapping]] = ..., end_value: _Optional[_Union[Array, _Mapping]] = ..., monotone: _Optional[str] = ..., sum: _Optional[_Union[Array, _Mapping]] = ...) -> None: ...

class InterpolateAnswer(_message.Message):
    __slots__ = ("model", "version", "series", "latent", "position", "way", "lengths", "note", "mean_move", "largest_move")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    LATENT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    WAY_FIELD_NUMBER: _ClassVar[int]
    LENGTHS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    MEAN_MOVE_FIELD_NUMBER: _ClassVar[int]
    LARGEST_MOVE_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: int
    series: Array
    latent: Array
    position: Array
    way: _containers.RepeatedScalarFieldContainer[int]
    lengths: _containers.RepeatedScalarFieldContainer[int]
    note: str
    mean_move: Array
    largest_move: Array
    def __init__(self, model: _Optional[str] = ..., version: _Optional[int] = ..., series: _Optional[_Union[Array, _Mapping]] = ..., latent: _Optional[_Union[Array, _Mapping]] = ..., position: _Optional[_Union[Array, _Mapping]] = ..., way: _Optional[_Iterable[int]] = ..., lengths: _Optional[_Iterable[int]] = ..., note: _Optional[str] = ..., mean_move: _Optional[_Union[Array, _Mapping]] = ..., largest_move: _Optional[_Union[Array, _Mapping]] = ...) -> None: ...

class NeighboursRequest(_message.Message):
    __slots__ = ("model", "series", "times", "latent", "k")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    TIMES_FIELD_NUMBER: _ClassVar[int]
    LATENT_FIELD_NUMBER: _ClassVar[int]
    K_FIELD_NUMBER: _ClassVar[int]
    model: str
    series: Array
    times: Doubles
    latent: Array
    k: int
    def __init__(self, model: _Optional[str] = ..., series: _Optional[_Union[Array, _Mapping]] = ..., times: _Optional[_Union[Doubles, _Mapping]] = ..., latent: _Optional[_Union[Array, _Mapping]] = ..., k: _Optional[int] = ...) -> None: ...

class NeighboursAnswer(_message.Message):
    __slots__ = ("model", "version", "index", "distance", "note")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: int
    index: Indices
    distance: Array
    note: str
    def __init__(self, model: _Optional[str] = ..., version: _Optional[int] = ..., index: _Optional[_Union[Indices, _Mapping]] = ..., distance: _Optional[_Union[Array, _Mapping]] = ..., note: _Optional[str] = ...) -> None: ...

class ReconstructRequest(_message.Message):
    __slots__ = ("model", "series", "times")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    WITH_FIELD_NUMBER: _ClassVar[int]
    TIMES_FIELD_NUMBER: _ClassVar[int]
    model: str
    series: Array
    times: Doubles
    def __init__(self, model: _Optional[str] = ..., series: _Optional[_Union[Array, _Mapping]] = ..., times: _Optional[_Union[Doubles, _Mapping]] = ..., **kwargs) -> None: ...

class ReconstructAnswer(_message.Message):
    __slots__ = ("model", "version", "series", "error", "anomaly_score", "is_anomaly", "timepoint_error", "lengths", "note")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    ANOMALY_SCORE_FIELD_NUMBER: _ClassVar[int]
    IS_ANOMALY_FIELD_NUMBER: _ClassVar[int]
    TIMEPOINT_ERROR_FIELD_NUMBER: _ClassVar[int]
    LENGTHS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: int
    series: Array
    error: Array
    anomaly_score: Array
    is_anomaly: _containers.RepeatedScalarFieldContainer[bool]
    timepoint_error: Array
    lengths: _containers.RepeatedScalarFieldContainer[int]
    note: str
    def __init__(self, model: _Optional[str] = ..., version: _Optional[int] = ..., series: _Optional[_Union[Array, _Mapping]] = ..., error: _Optional[_Union[Array, _Mapping]] = ..., anomaly_score: _Optional[_Union[Array, _Mapping]] = ..., is_anomaly: _Optional[_Iterable[bool]] = ..., timepoint_error: _Optional[_Union[Array, _Mapping]] = ..., lengths: _Optional[_Iterable[int]] = ..., note: _Optional[str] = ...) -> None: ...

class SampleRequest(_message.Message):
    __slots__ = ("model", "counts", "n_per_class", "seed", "expansion", "lower", "upper", "non_negative", "start_value", "end_value", "monotone", "sum", "cluster")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    N_PER_CLASS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    EXPANSION_FIELD_NUMBER: _ClassVar[int]
    LOWER_FIELD_NUMBER: _ClassVar[int]
    UPPER_FIELD_NUMBER: _ClassVar[int]
    NON_NEGATIVE_FIELD_NUMBER: _ClassVar[int]
    START_VALUE_FIELD_NUMBER: _ClassVar[int]
    END_VALUE_FIELD_NUMBER: _ClassVar[int]
    MONOTONE_FIELD_NUMBER: _ClassVar[int]
    SUM_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    model: str
    counts: _containers.RepeatedCompositeFieldContainer[ClassCount]
    n_per_class: int
    seed: int
    expansion: float
    lower: Array
    upper: Array
    non_negative: bool
    start_value: Array
    end_value: Array
    monotone: str
    sum: Array
    cluster: int
    def __init__(self, model: _Optional[str] = ..., counts: _Optional[_Iterable[_Union[ClassCount, _Mapping]]] = ..., n_per_class: _Optional[int] = ..., seed: _Optional[int] = ..., expansion: _Optional[float] = ..., lower: _Optional[_Union[Array, _Mapping]] = ..., upper: _Optional[_Union[Array, _Mapping]] = ..., non_negative: _Optional[bool] = ..., start_value: _Optional[_Union[Array, _Mapping]] = ..., end_value: _Optional[_Union[Array, _Mapping]] = ..., monotone: _Optional[str] = ..., sum: _Optional[_Union[Array, _Mapping]] = ..., cluster: _Optional[int] = ...) -> None: ...

class SampleAnswer(_message.Message):
    __slots__ = ("model", "version", "seed", "series", "labels", "log_density", "acceptance", "fallbacks", "n_cases", "lengths", "mean_move", "largest_move")
    class AcceptanceEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class FallbacksEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    LOG_DENSITY_FIELD_NUMBER: _ClassVar[int]
    ACCEPTANCE_FIELD_NUMBER: _ClassVar[int]
    FALLBACKS_FIELD_NUMBER: _ClassVar[int]
    N_CASES_FIELD_NUMBER: _ClassVar[int]
    LENGTHS_FIELD_NUMBER: _ClassVar[int]
    MEAN_MOVE_FIELD_NUMBER: _ClassVar[int]
    LARGEST_MOVE_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: int
    seed: int
    series: Array
    labels: Labels
    log_density: Array
    acceptance: _containers.ScalarMap[str, float]
    fallbacks: _containers.ScalarMap[str, int]
    n_cases: int
    lengths: _containers.RepeatedScalarFieldContainer[int]
    mean_move: Array
    largest_move: Array
    def __init__(self, model: _Optional[str] = ..., version: _Optional[int] = ..., seed: _Optional[int] = ..., series: _Optional[_Union[Array, _Mapping]] = ..., labels: _Optional[_Union[Labels, _Mapping]] = ..., log_density: _Optional[_Union[Array, _Mapping]] = ..., acceptance: _Optional[_Mapping[str, float]] = ..., fallbacks: _Optional[_Mapping[str, int]] = ..., n_cases: _Optional[int] = ..., lengths: _Optional[_Iterable[int]] = ..., mean_move: _Optional[_Union[Array, _Mapping]] = ..., largest_move: _Optional[_Union[Array, _Mapping]] = ...) -> None: ...

class TraverseRequest(_message.Message):
    __slots__ = ("model", "series", "times", "latent", "labels", "axes", "low", "high", "steps")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    TIMES_FIELD_NUMBER: _ClassVar[int]
    LATENT_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    AXES_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    model: str
    series: Array
    times: Doubles
    latent: Array
    labels: Labels
    axes: _containers.RepeatedScalarFieldContainer[int]
    low: float
    high: float
    steps: int
    def __init__(self, model: _Optional[str] = ..., series: _Optional[_Union[Array, _Mapping]] = ..., times: _Optional[_Union[Doubles, _Mapping]] = ..., latent: _Optional[_Union[Array, _Mapping]] = ..., labels: _Optional[_Union[Labels, _Mapping]] = ..., axes: _Optional[_Iterable[int]] = ..., low: _Optional[float] = ..., high: _Optional[float] = ..., steps: _Optional[int] = ...) -> None: ...

class TraverseAnswer(_message.Message):
    __slots__ = ("model", "version", "series", "latent", "position", "axis", "centre", "lengths", "note")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    LATENT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    AXIS_FIELD_NUMBER: _ClassVar[int]
    CENTRE_FIELD_NUMBER: _ClassVar[int]
    LENGTHS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: int
    series: Array
    latent: Array
    position: Array
    axis: _containers.RepeatedScalarFieldContainer[int]
    centre: _containers.RepeatedScalarFieldContainer[int]
    lengths: _containers.RepeatedScalarFieldContainer[int]
    note: str
    def __init__(self, model: _Optional[str] = ..., version: _Optional[int] = ..., series: _Optional[_Union[Array, _Mapping]] = ..., latent: _Optional[_Union[Array, _Mapping]] = ..., position: _Optional[_Union[Array, _Mapping]] = ..., axis: _Optional[_Iterable[int]] = ..., centre: _Optional[_Iterable[int]] = ..., lengths: _Optional[_Iterable[int]] = ..., note: _Optional[str] = ...) -> None: ...
