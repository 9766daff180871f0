"""A client in Python: numpy in, numpy out, over HTTP or gRPC. It runs with numpy and httpx alone, gRPC with grpcio
and protobuf.

    with Client("http://localhost:3000") as client:  # or grpc://localhost:3001
        answer = client.augment(series, labels, model="gunpoint", seed=1)

`AsyncClient` has the same methods, to be awaited. `Sampler` drops into a pipeline of imbalanced-learn, and
`CollectionSampler` in where one of aeon's samplers was.
"""

from seriesmith import answers
from seriesmith.answers import *  # noqa: F403 (every operation's answer)
from seriesmith.cards import Accuracy, ModelCard, Recall
from seriesmith.clients import AsyncClient, Client
from seriesmith.datasets import Augmented, Dataset, StoredSeries, Upload
from seriesmith.errors import (
    DeadlineExceeded,
    Forbidden,
    HeadTooLarge,
    Interrupted,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    NotImplementedHere,
    Overloaded,
    RequestTimeout,
    SeriesmithClientError,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unexpected,
    Unreachable,
    Unsupported,
    UnsupportedMediaType,
    VersionNotSupported,
)
from seriesmith.fits import Fit, FitEvent
from seriesmith.leaks import LeakWarning
from seriesmith.sampler import CollectionSampler, Sampler
from seriesmith.time_encoding import encode_time

__all__ = [
    "Accuracy",
    "AsyncClient",
    "Augmented",
    "Client",
    "CollectionSampler",
    "Dataset",
    "DeadlineExceeded",
    "Fit",
    "FitEvent",
    "Forbidden",
    "HeadTooLarge",
    "Interrupted",
    "InvalidRequest",
    "LeakWarning",
    "MethodNotAllowed",
    "ModelCard",
    "NotFound",
    "NotImplementedHere",
    "Overloaded",
    "Recall",
    "RequestTimeout",
    "Sampler",
    "SeriesmithClientError",
    "StoredSeries",
    "TooLarge",
    "Unauthenticated",
    "Unavailable",
    "Unexpected",
    "Unreachable",
    "Unsupported",
    "UnsupportedMediaType",
    "Upload",
    "VersionNotSupported",
    "encode_time",
]
__all__ += answers.__all__
