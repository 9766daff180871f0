"""Every setting of a deployment, read from the environment in this one place."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from math import inf
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

from models.repository import SHIPPED
from models.sessions import Device

PREFIX = "SERIESMITH_"


@dataclass(frozen=True)
class Settings:
    """Set a field with the environment variable SERIESMITH_<FIELD>."""

    models: Path = SHIPPED
    """The repository to serve."""
    device: Device = "auto"
    """Where graphs run: auto takes a GPU when onnxruntime finds one."""
    threads: int = 0
    """Threads of one graph call; 0: the cores, divided by the workers."""
    workers: int = 0
    """Server processes, each with every model and an event loop of its own; 0: one for every four cores."""
    max_rows: int = 10_000
    """Most series that one request may send, or ask for in one piece."""
    max_stream_rows: int = 10_000_000
    """Most series that a streamed answer may have."""
    max_body_bytes: int = 128 * 2**20
    """Largest request body."""
    max_held_bytes: int = 512 * 2**20
    """Most bytes that a worker holds of request bodies and of answers not read yet, over both transports; what would
    exceed it is refused with 429 at once."""
    max_connections: int = 4096
    """Most connections of a worker, over both transports; fewer where the system allows fewer open files."""
    head_seconds: float = 10.0
    """How long a request's headers may take to arrive; on gRPC, a connection's first frames."""
    body_seconds: float = 60.0
    """How long a request's body may take to arrive."""
    write_seconds: float = 30.0
    """How long a client may leave an answer unread before it is cut off."""
    idle_seconds: float = 300.0
    """How long a gRPC connection may stay open without a call."""
    batch_rows: int = 0
    """Most series of small requests that share a graph call; 0: 32 on a CPU (more are no faster there, and while some
    are computed others are read and written), 256 on a GPU."""
    queue_rows: int = 40_000
    """Most series waiting; what would exceed it is refused with 429 at once."""
    timeout_seconds: float = 60.0
    """When an answer is not ready by then, the request ends with 504."""
    drain_seconds: float = 0.0
    """After SIGTERM: how long requests are still taken while readiness says no, so that balancers turn away."""
    refresh_seconds: float = 0.5
    """How often the repository is looked at for new versions."""
    keep_versions: int = 3
    """Newest versions of a model that are served; each can be addressed as name/version."""
    load_seconds: float = 60.0
    """How long a bundle may take to be read, verified and warmed up; one that takes longer is refused."""
    max_bundle_bytes: int = 2**30
    """Most bytes that the files of one bundle may have together; larger ones are refused unread."""
    trial_bytes: int = 0
    """When above 0, a bundle is first loaded and run in a process of its own, which may take so much memory, and is
    refused when that dies; it takes a second or two more for each. For bundles from strangers: 2147483648 or so."""
    trusted_keys: str = ""
    """A file of public keys (see models/signing.py); when set, only bundles that one of them signed are served."""
    front_door: Literal["private", "public"] = "private"
    """How our paths get before BentoML's: see service/front_door.py."""
    grpc_host: str = "127.0.0.1"
    """Where gRPC is served; 0.0.0.0: on every interface, as bentoml's --host for HTTP."""
    grpc_port: int = 3001
    """The port of gRPC; 0: none."""
    api_key: str = ""
    """When set, requests need `Authorization: Bearer <key>`."""

    @property
    def processes(self) -> int:
        """`workers`, or what this machine's cores suggest: small requests keep an event loop and half as much of graph
        calls busy, and a large one is shared by the threads of its worker."""
        return self.workers or max(1, _cores() // 4)

    @property
    def threads_per_call(self) -> int:
        """`threads`, or the share of this machine's cores that one worker has."""
        return self.threads or max(1, _cores() // self.processes)

    def rows(self, whole: bool) -> int:
        """Most series that an answer may have, in one piece or streamed."""
        return self.max_rows if whole else max(self.max_rows, self.max_stream_rows)

    @classmethod
    def from_environment(cls, environment: dict[str, str] | None = None) -> Settings:
        """Read and check. Raises `ValueError` that names the variable."""
        source = dict(os.environ) if environment is None else environment
        hints = get_type_hints(cls)
        known = {PREFIX + field.name.upper() for field in fields(cls)}
        if unknown := sorted(name for name in source if name.startswith(PREFIX) and name not in known):
            raise ValueError(f"{unknown[0]} is no setting; there are: {', '.join(sorted(known))}.")
        given = {
            field.name: _parsed(PREFIX + field.name.upper(), source[PREFIX + field.name.upper()], hints[field.name])
            for field in fields(cls)
            if source.get(PREFIX + field.name.upper(), "") != ""
        }
        settings = cls(**given)
        for name in (
            "max_rows",
            "max_stream_rows",
            "keep_versions",
            "max_body_bytes",
            "max_held_bytes",
            "max_connections",
            "max_bundle_bytes",
        ):
            if getattr(settings, name) < 1:
                raise ValueError(f"{PREFIX}{name.upper()} is {getattr(settings, name)}; it must be at least 1.")
        for name in (
            "timeout_seconds",
            "refresh_seconds",
            "load_seconds",
            "head_seconds",
            "body_seconds",
            "write_seconds",
            "idle_seconds",
        ):
            if not 0 < getattr(settings, name) < inf:
                raise ValueError(f"{PREFIX}{name.upper()} is {getattr(settings, name)}; it must be a number above 0.")
        if not 0 <= settings.grpc_port < 2**16:
            raise ValueError(f"{PREFIX}GRPC_PORT is {settings.grpc_port}; it must be from 0, for none, to 65535.")
        for name in ("workers", "threads", "batch_rows", "drain_seconds", "trial_bytes"):
            if not 0 <= getattr(settings, name) < inf:
                raise ValueError(f"{PREFIX}{name.upper()} is {getattr(settings, name)}; it must be at least 0.")
        if settings.queue_rows < settings.max_rows:
            raise ValueError(
                f"{PREFIX}QUEUE_ROWS ({settings.queue_rows}) must be at least {PREFIX}MAX_ROWS ({settings.max_rows}), "
                "or the largest allowed request could never be queued."
            )
        return settings


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _parsed(variable: str, text: str, kind: Any) -> Any:
    choices = get_args(kind)
    if choices:
        if text not in choices:
            raise ValueError(f"{variable} is {text!r}; it must be one of: {', '.join(choices)}.")
        return text
    try:
        return kind(text)
    except ValueError as error:
        raise ValueError(f"{variable} is {text!r}; it must be of type {kind.__name__}.") from error
