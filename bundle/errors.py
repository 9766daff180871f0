"""Every refusal of Seriesmith, each with its HTTP status and its gRPC code."""

from __future__ import annotations

from typing import ClassVar


class SeriesmithError(Exception):
    """Base of the tree. `message` is a full sentence for the user; `field` names the part of the request at fault."""

    code: ClassVar[str] = "internal"
    http_status: ClassVar[int] = 500
    grpc_code: ClassVar[str] = "INTERNAL"

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class InvalidRequest(SeriesmithError):
    """The request cannot be understood or breaks a rule; sending it again unchanged will fail again."""

    code, http_status, grpc_code = "invalid_request", 400, "INVALID_ARGUMENT"


class Unauthenticated(SeriesmithError):
    """The API key is missing or wrong."""

    code, http_status, grpc_code = "unauthenticated", 401, "UNAUTHENTICATED"
    as_password = False
    """Whether the key may come as a password too, from a browser."""


class Forbidden(SeriesmithError):
    """The API key is known, and its roles do not allow this."""

    code, http_status, grpc_code = "forbidden", 403, "PERMISSION_DENIED"


class NotFound(SeriesmithError):
    """No such path, model or version."""

    code, http_status, grpc_code = "not_found", 404, "NOT_FOUND"


class MethodNotAllowed(SeriesmithError):
    """The path exists, and answers another HTTP method: `allow`."""

    code, http_status, grpc_code = "method_not_allowed", 405, "UNIMPLEMENTED"

    def __init__(self, message: str, allow: str) -> None:
        super().__init__(message)
        self.allow = allow


class RequestTimeout(SeriesmithError):
    """The request did not arrive whole in time."""

    code, http_status, grpc_code = "request_timeout", 408, "DEADLINE_EXCEEDED"


class TooLarge(SeriesmithError):
    """More bytes or rows than one request may carry."""

    code, http_status, grpc_code = "too_large", 413, "RESOURCE_EXHAUSTED"


class UnsupportedMediaType(SeriesmithError):
    """The body is not in a format that this path reads."""

    code, http_status, grpc_code = "unsupported_media_type", 415, "INVALID_ARGUMENT"


class Unsupported(SeriesmithError):
    """The model lacks the graph that the operation needs."""

    code, http_status, grpc_code = "unsupported_operation", 422, "FAILED_PRECONDITION"


class Overloaded(SeriesmithError):
    """The queue is full; the same request may succeed a moment later."""

    code, http_status, grpc_code = "overloaded", 429, "RESOURCE_EXHAUSTED"

    def __init__(self, message: str, field: str | None = None, retry_after: float = 1.0) -> None:
        super().__init__(message, field)
        self.retry_after = retry_after
        """Seconds after which it may succeed."""


class HeadTooLarge(SeriesmithError):
    """More bytes of request line and headers than a request may have."""

    code, http_status, grpc_code = "head_too_large", 431, "RESOURCE_EXHAUSTED"


class NotImplementedHere(SeriesmithError):
    """A part of HTTP that this server does without: a method, a transfer coding."""

    code, http_status, grpc_code = "not_implemented", 501, "UNIMPLEMENTED"


class Unavailable(SeriesmithError):
    """The server is starting or stopping."""

    code, http_status, grpc_code = "unavailable", 503, "UNAVAILABLE"


class VersionNotSupported(SeriesmithError):
    """A version of HTTP that this server does not speak."""

    code, http_status, grpc_code = "version_not_supported", 505, "UNIMPLEMENTED"


class DeadlineExceeded(SeriesmithError):
    """The answer was not ready in time."""

    code, http_status, grpc_code = "deadline_exceeded", 504, "DEADLINE_EXCEEDED"


class BundleError(SeriesmithError):
    """A bundle on disk is not what its manifest says, or cannot be read."""

    code = "invalid_bundle"
