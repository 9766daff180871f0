"""BentoML's own settings on our paths: CORS and the access log as it has them; those that do nothing here are named.

The one place that reads BentoML's configuration, which has no public way in.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware

from service.http.exchange import Response

logger = logging.getLogger("bentoml.seriesmith")
access_logger = logging.getLogger("bentoml.access")

WITHOUT_EFFECT = (
    "threads",
    "max_runner_connections",
    "runner_connection",
    "runner_probe",
    "replicate_process",
    "extra_ports",
    "traffic",
    "metrics",
    "logging.access.format",
    "http.proxy_port",
    "http.response",
    "grpc",
    "monitoring",
    "tracing",
)
"""Settings, and sections of them, that do nothing for our paths,"""

ACTING = ("metrics.namespace", "traffic.timeout")
"""but for these."""

USUAL: dict[str, Any] = {
    "threads": 1,
    "max_runner_connections": 16,
    "runner_connection.max_requests": 100,
    "runner_connection.max_age": 300.0,
    "runner_probe.enabled": True,
    "runner_probe.timeout": 1,
    "runner_probe.period": 10,
    "replicate_process": False,
    "metrics.enabled": False,
    "logging.access.format.trace_id": "032x",
    "logging.access.format.span_id": "016x",
    "http.proxy_port": 8000,
    "http.response.trace_id": False,
    "grpc.host": "0.0.0.0",
    "grpc.port": 3000,
    "grpc.max_message_length": -1,
    "grpc.reflection.enabled": False,
    "grpc.channelz.enabled": False,
    "grpc.metrics.host": "0.0.0.0",
    "grpc.metrics.port": 3001,
    "monitoring.enabled": True,
    "monitoring.type": "default",
    "monitoring.options.log_path": "monitoring",
    "tracing.jaeger.protocol": "thrift",
}
"""Their defaults, where those are not null."""

NAMESPACE = "bentoml_service"
"""Before the names of BentoML's metrics."""


METRIC = re.compile("[a-zA-Z_:][a-zA-Z0-9_:]*")
"""What Prometheus takes for a name."""


class Cors:
    """Cross-origin requests, decided by the middleware that BentoML uses."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._rules = CORSMiddleware(_answer_nothing, **options)

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


async def _answer_nothing(scope: Any, receive: Any, send: Any) -> None:
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
        asked, answered = (
            [f"scheme={scheme}", f"method={method}", f"path={_make_printable(path)}"],
            [f"status={status}"],
        )
        if self._options["request_content_type"]:
            asked.append(f"type={_make_printable(headers.get(b'content-type', b'').decode('latin-1'))}")
        if self._options["request_content_length"]:
            asked.append(f"length={headers.get(b'content-length', b'').decode('latin-1')}")
        if self._options["response_content_type"]:
            answered.append(f"type={media_type.decode('latin-1')}")
        if self._options["response_content_length"]:
            answered.append(f"length={'' if length is None else length}")
        access_logger.info("%s (%s) (%s) %.3fms", client, ",".join(asked), ",".join(answered), seconds * 1000)


def _make_printable(text: str) -> str:
    """Make text printable and shorten it, so that a client can neither forge nor flood the lines of the log."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:200])


@dataclass(frozen=True)
class BentomlSettings:
    """The parts of BentoML's configuration that act on our paths; None where one is not configured."""

    cors: Cors | None = None
    access_log: AccessLog | None = None
    namespace: str = NAMESPACE


def read_settings(name: str, timeout_seconds: float) -> BentomlSettings:
    """Read the configuration of a service, and log one warning that lists settings without effect."""
    try:
        from bentoml._internal.configuration.containers import BentoMLContainer

        configured: dict[str, Any] = BentoMLContainer.config.services[name].get()
        cors: dict[str, Any] = BentoMLContainer.access_control_options.get()
        settings = BentomlSettings(
            Cors(cors) if configured["http"]["cors"]["enabled"] else None,
            AccessLog(configured["logging"]["access"]) if configured["logging"]["access"]["enabled"] else None,
            _read_namespace(configured),
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
    found = [
        path
        for path, value in list_leaves(configured)
        if is_without_effect(path) and value is not None and value != USUAL.get(path)
    ]
    traffic = configured.get("traffic") or {}
    if traffic.get("timeout") not in (None, timeout_seconds):
        found.append("traffic.timeout (use SERIESMITH_TIMEOUT_SECONDS)")
    return found


def is_without_effect(path: str) -> bool:
    """Whether a setting does nothing for our paths."""
    return path not in ACTING and any(path == one or path.startswith(f"{one}.") for one in WITHOUT_EFFECT)


def list_leaves(configured: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Every setting by its path."""
    for name, value in configured.items():
        if isinstance(value, Mapping):
            yield from list_leaves(value, f"{before}{name}.")
        else:
            yield before + name, value


def _read_namespace(configured: Mapping[str, Any]) -> str:
    namespace = str(configured["metrics"]["namespace"])
    if METRIC.fullmatch(namespace):
        return namespace
    logger.warning("metrics.namespace is %r, which begins no metric's name; it is %s.", namespace[:80], NAMESPACE)
    return NAMESPACE
