"""BentoML's own settings on our paths: CORS and the access log as it has them; those that do nothing here are named.

The one place that reads BentoML's configuration, which has no public way in.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware

from service.http.exchange import Response

logger = logging.getLogger("bentoml.seriesmith")
access_logger = logging.getLogger("bentoml.access")

WITHOUT_EFFECT: dict[str, Any] = {
    "traffic.max_concurrency": None,
    "http.response.trace_id": False,
    "tracing.exporter_type": None,
    "tracing.sample_rate": None,
    "metrics.namespace": "bentoml_service",
    "metrics.duration.buckets": None,
    "grpc.max_concurrent_streams": None,
    "grpc.maximum_concurrent_rpcs": None,
    "grpc.max_message_length": -1,
    "grpc.reflection.enabled": False,
    "grpc.channelz.enabled": False,
}
"""Settings that do nothing for our paths, and their defaults."""


class Cors:
    """Cross-origin requests, decided by the middleware that BentoML uses."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._rules = CORSMiddleware(_no_application, **options)

    def answer_preflight(self, method: str, headers: dict[bytes, bytes]) -> Response | None:
        """Return the answer to a browser's preflight request; None where the request is no preflight."""
        if method != "OPTIONS" or b"origin" not in headers or b"access-control-request-method" not in headers:
            return None
        response = self._rules.preflight_response(Headers(raw=list(headers.items())))
        more = tuple(
            (name, value) for name, value in response.raw_headers if name not in (b"content-type", b"content-length")
        )
        return Response(bytes(response.body), b"text/plain; charset=utf-8", response.status_code, more)

    def add_to(
        self, more: tuple[tuple[bytes, bytes], ...], headers: dict[bytes, bytes]
    ) -> tuple[tuple[bytes, bytes], ...]:
        """Add to an answer's headers those that let a page of another origin read it."""
        origin = headers.get(b"origin")
        if origin is None:
            return more
        rules = self._rules
        added = {name.lower(): value for name, value in rules.simple_headers.items()}
        anyone = rules.allow_all_origins and b"cookie" not in headers
        if not anyone and rules.is_allowed_origin(origin.decode("latin-1")):
            added["access-control-allow-origin"] = origin.decode("latin-1")
            added["vary"] = "Origin"
        return (*more, *((name.encode(), value.encode("latin-1")) for name, value in added.items()))


async def _no_application(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("only the rules are used")


class AccessLog:
    """A line for every request, written as BentoML writes its own."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._skipped = tuple(options["skip_paths"])

    def write(
        self,
        client: str,
        request: tuple[str, str, str, dict[bytes, bytes]],
        response: tuple[int, bytes, int | None],
        seconds: float,
    ) -> None:
        """Write a line. `request`: scheme, method, path and headers; `response`: status, media type and length."""
        scheme, method, path, headers = request
        if path.startswith(self._skipped):
            return
        status, media_type, length = response
        asked, answered = [f"scheme={scheme}", f"method={method}", f"path={_shown(path)}"], [f"status={status}"]
        if self._options["request_content_type"]:
            asked.append(f"type={_shown(headers.get(b'content-type', b'').decode('latin-1'))}")
        if self._options["request_content_length"]:
            asked.append(f"length={headers.get(b'content-length', b'').decode('latin-1')}")
        if self._options["response_content_type"]:
            answered.append(f"type={media_type.decode('latin-1')}")
        if self._options["response_content_length"]:
            answered.append(f"length={'' if length is None else length}")
        access_logger.info("%s (%s) (%s) %.3fms", client, ",".join(asked), ",".join(answered), seconds * 1000)


def _shown(text: str) -> str:
    """Make text printable and shorten it, so that a client can neither forge nor flood the lines of the log."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:200])


@dataclass(frozen=True)
class BentomlSettings:
    """The parts of BentoML's configuration that act on our paths; None where one is not configured."""

    cors: Cors | None = None
    access_log: AccessLog | None = None


def read_settings(name: str, timeout_seconds: float) -> BentomlSettings:
    """Read the configuration of a service, and log one warning that lists settings without effect."""
    try:
        from bentoml._internal.configuration.containers import BentoMLContainer

        configured: dict[str, Any] = BentoMLContainer.config.services[name].get()
        cors: dict[str, Any] = BentoMLContainer.access_control_options.get()
        settings = BentomlSettings(
            Cors(cors) if configured["http"]["cors"]["enabled"] else None,
            AccessLog(configured["logging"]["access"]) if configured["logging"]["access"]["enabled"] else None,
        )
    except (ImportError, AttributeError, KeyError, TypeError) as error:
        logger.warning("BentoML's settings cannot be read, so that CORS and access log are off on our paths: %s", error)
        return BentomlSettings()
    if idle := find_without_effect(configured, timeout_seconds):
        logger.warning(
            "of BentoML's settings these act on its own paths alone, not on Seriesmith's: %s.", ", ".join(idle)
        )
    return settings


def find_without_effect(configured: Mapping[str, Any], timeout_seconds: float) -> list[str]:
    """Return the settings that differ from their defaults and have no effect on our paths."""
    found = [path for path, usual in WITHOUT_EFFECT.items() if _look_up(configured, path) not in (None, usual)]
    if _look_up(configured, "traffic.timeout") not in (None, timeout_seconds):
        found.append("traffic.timeout (use SERIESMITH_TIMEOUT_SECONDS)")
    return found


def _look_up(configured: Mapping[str, Any], path: str) -> Any:
    value: Any = configured
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
