"""A client in Python: numpy in, numpy out, over HTTP or gRPC. It runs with numpy, and httpx or grpcio, alone.

    with Client("http://localhost:3000") as client:  # or grpc://localhost:3001
        answer = client.augment(series, labels, model="gunpoint", seed=1)

`AsyncClient` has the same methods, to be awaited. `Sampler` drops into a pipeline of imbalanced-learn, and
`CollectionSampler` in where one of aeon's samplers was.
"""

from seriesmith.answers import (
    Advice,
    AugmentAnswer,
    ClassifyAnswer,
    ClassReport,
    EncodeAnswer,
    Interval,
    ModelCard,
    ReconstructAnswer,
    SampleAnswer,
)
from seriesmith.asynchronous import AsyncClient
from seriesmith.blocking import Client
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
from seriesmith.sampler import CollectionSampler, Sampler

__all__ = [
    "Advice",
    "AsyncClient",
    "AugmentAnswer",
    "ClassReport",
    "ClassifyAnswer",
    "Client",
    "CollectionSampler",
    "DeadlineExceeded",
    "EncodeAnswer",
    "Forbidden",
    "HeadTooLarge",
    "Interrupted",
    "Interval",
    "InvalidRequest",
    "MethodNotAllowed",
    "ModelCard",
    "NotFound",
    "NotImplementedHere",
    "Overloaded",
    "ReconstructAnswer",
    "RequestTimeout",
    "SampleAnswer",
    "Sampler",
    "SeriesmithClientError",
    "TooLarge",
    "Unauthenticated",
    "Unavailable",
    "Unexpected",
    "Unreachable",
    "Unsupported",
    "UnsupportedMediaType",
    "VersionNotSupported",
]
