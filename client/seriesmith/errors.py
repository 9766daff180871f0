"""Whatever keeps a call from its answer; each class is named, and has the code, that the server knows it by."""

from __future__ import annotations

from typing import ClassVar


class SeriesmithClientError(Exception):
    """Base of the tree. `message` is a full sentence that says what to do, `field` the part of the request at fault."""

    code: ClassVar[str] = "internal"
    passing: ClassVar[bool] = False
    """Whether the same request may succeed a moment later."""

    def __init__(self, message: str, field: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message, self.field = message, field
        self.retry_after = retry_after
        """Seconds that the server wants to be left alone."""
        self.request_id = ""
        """By which the server's log knows the request, where it told."""


class InvalidRequest(SeriesmithClientError):
    """The request breaks a rule; sent again unchanged, it fails again."""

    code = "invalid_request"


class Unauthenticated(SeriesmithClientError):
    """The API key is missing or wrong: give the client `api_key`."""

    code = "unauthenticated"


class Forbidden(SeriesmithClientError):
    """The API key's roles do not allow this."""

    code = "forbidden"


class NotFound(SeriesmithClientError):
    """No such model, version or path."""

    code = "not_found"


class MethodNotAllowed(SeriesmithClientError):
    """The path answers another HTTP method."""

    code = "method_not_allowed"


class RequestTimeout(SeriesmithClientError):
    """The request did not reach the server whole in time."""

    code = "request_timeout"


class TooLarge(SeriesmithClientError):
    """More bytes or series than one request may carry."""

    code = "too_large"


class UnsupportedMediaType(SeriesmithClientError):
    """The server reads another format."""

    code = "unsupported_media_type"


class Unsupported(SeriesmithClientError):
    """The model, or the way to it, lacks what the operation needs."""

    code = "unsupported_operation"


class Overloaded(SeriesmithClientError):
    """The server's queue was full, at every attempt."""

    code, passing = "overloaded", True


class HeadTooLarge(SeriesmithClientError):
    """More bytes of headers than the server takes."""

    code = "head_too_large"


class NotImplementedHere(SeriesmithClientError):
    """The server does without this part of HTTP."""

    code = "not_implemented"


class VersionNotSupported(SeriesmithClientError):
    """The server speaks another version of HTTP."""

    code = "version_not_supported"


class Unavailable(SeriesmithClientError):
    """The server was starting or stopping, at every attempt."""

    code, passing = "unavailable", True


class DeadlineExceeded(SeriesmithClientError):
    """No answer in time, whether the server's or the client's."""

    code = "deadline_exceeded"


class Unreachable(SeriesmithClientError):
    """No connection, at every attempt."""

    code, passing = "unreachable", True


class Interrupted(SeriesmithClientError):
    """The connection ended before the answer was whole. Not tried again: the server may be at work on it."""

    code = "interrupted"


class Unexpected(SeriesmithClientError):
    """What answered is no Seriesmith, or one of another time."""

    code = "unexpected"


ERRORS = {error.code: error for error in SeriesmithClientError.__subclasses__()}


def build_error(
    code: str, message: str, field: str | None = None, retry_after: str | bytes | None = None
) -> SeriesmithClientError:
    """Build the error of a code, or the base class for an unknown one. `retry_after`: seconds; dates are ignored."""
    try:
        seconds = None if retry_after is None else max(0.0, float(retry_after))
    except ValueError:
        seconds = None
    return ERRORS.get(code, SeriesmithClientError)(message, field, seconds)
