"""Every setting of a deployment, read from the environment in this one place."""

from __future__ import annotations

import difflib
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, fields
from math import inf
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

from bundle.cores import count_cores
from bundle.engine.sessions import Device
from bundle.errors import InvalidRequest
from bundle.registry.address import hide_password, is_url, read_address
from bundle.registry.mirror import find_mirror
from bundle.repository import SHIPPED

PREFIX = "SERIESMITH_"

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "seriesmith"

STUDIO = "SERIESMITH_STUDIO_"
"""The studio reads its own settings (studio/settings.py)."""

BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

LINK = re.compile(r"(tcp|udp|sctp)://\S+:\d+")
"""The address that Kubernetes and Docker put into the environment, for each service that can be reached."""

LINK_NAMES = re.compile(r"\w*(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)")
"""What else they put there, behind the name of the service."""

SUPERVISOR = "_SERIESMITH_SUPERVISOR"
"""Where a worker finds who started it; no setting."""

HOSTS = "_SERIESMITH_HOSTS"
"""Where a worker finds the hosts that HTTP is served on; no setting."""


@dataclass(frozen=True)
class Settings:
    """Set a field with the environment variable SERIESMITH_<FIELD>."""

    models: Path | str = SHIPPED
    """The repository to serve: a folder, or a URL (docs/registry.md)."""
    registry_cache: Path = CACHE
    """The folder in which the bundles of a URL are kept."""
    registry_seconds: float = 30.0
    """How often a URL is looked at for new versions."""
    device: Device = "auto"
    """Where graphs run: auto takes a GPU when onnxruntime finds one."""
    gpu_bytes: int = 0
    """Most bytes of a GPU's memory that a graph of a worker takes; 0: what it needs. Workers take the GPUs in turn."""
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
    """Most bytes that a worker holds of request bodies, and of answers that are made or not read yet, over both
    transports; what would exceed it is refused with 429 at once."""
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
    drain_seconds: float = 1.0
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
    """A file of public keys (see bundle/signing.py); when set, only bundles that one of them signed are served."""
    mount: str = "studio"
    """Packages that add paths of their own, by name, with commas between (service/http/mounting.py); `studio` is
    mounted where it is installed. `none`: no package."""
    front_door: Literal["private", "public"] = "private"
    """How our paths get before BentoML's: see service/front_door.py."""
    grpc: Literal["own", "grpcio"] = "own"
    """Which server speaks gRPC: ours, or grpcio's, slower and otherwise the same."""
    grpc_host: str = "127.0.0.1"
    """Where gRPC is served; 0.0.0.0: on every interface, as bentoml's --host for HTTP; `::` (or [::]): by IPv6 too."""
    grpc_port: int = 3001
    """The port of gRPC; 0: none."""
    grpc_certfile: str = ""
    """A certificate in PEM, with its chain: gRPC speaks TLS. bentoml's --ssl-certfile is HTTP's."""
    grpc_keyfile: str = ""
    """The certificate's key, without a password; empty: it is in the same file."""
    grpc_client_ca: str = ""
    """Certificates in PEM: a client of gRPC needs one that these have signed."""
    api_key: str = ""
    """When set, requests need `Authorization: Bearer <key>`; this one key has every role."""
    keys: Path | None = None
    """A file of several keys with roles and limits (service/keys.py); read again when it changes."""
    manage_models: bool = False
    """Whether models may be loaded and unloaded over the network; where keys are needed, by those with the role."""
    allow_anonymous: bool = False
    """Serve without keys on an address that other machines reach."""
    access_log: Literal["off", "refused", "all"] = "off"
    """Which requests, over both transports, get a line of JSON (service/observing): those refused, or all."""
    drift_rows: int = 10
    """Series of each model, a second, whose typicality is measured beside the requests (service/drift.py); 0: none."""
    slow_seconds: float = 0.0
    """Requests that take longer get a line with where their time went, whatever `access_log` is; 0: none."""
    log_file: Path | None = None
    """The file that these lines are appended to; may be rotated. Empty: standard error."""
    traces: Literal["off", "otlp"] = "off"
    """Send each request's OpenTelemetry spans over OTLP; the variables OTEL_… say where to, and how many."""

    @property
    def repository(self) -> Path:
        """The folder that is served: `models`, or what mirrors it where it is a URL."""
        if isinstance(self.models, Path):
            return self.models
        return find_mirror(self.registry_cache, self.models, self.keep_versions)

    @property
    def processes(self) -> int:
        """`workers`, or what this machine's cores suggest: small requests keep an event loop and half as much of graph
        calls busy, and a large one is shared by the threads of its worker."""
        return self.workers or max(1, count_cores() // 4)

    @property
    def threads_per_call(self) -> int:
        """`threads`, or the share of this machine's cores that one worker has."""
        return self.threads or max(1, count_cores() // self.processes)

    @property
    def observes(self) -> bool:
        """Whether anything is written of single requests."""
        return self.access_log != "off" or self.slow_seconds > 0 or self.traces != "off"

    def choose_max_rows(self, whole: bool) -> int:
        """Return the most series that an answer may have: in one piece where `whole`, else streamed."""
        return self.max_rows if whole else max(self.max_rows, self.max_stream_rows)

    @classmethod
    def from_environment(cls, environment: dict[str, str] | None = None) -> Settings:
        """Read and check the settings. Raises `ValueError` that names the variable."""
        source = dict(os.environ) if environment is None else environment
        hints = get_type_hints(cls)
        texts = {name: source.get(PREFIX + name.upper(), "") for name in hints}
        given = {
            name: _parse(PREFIX + name.upper(), text, hints[name])
            for name, text in texts.items()
            if text != "" and not LINK.fullmatch(text)
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
            "registry_seconds",
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
        for name in ("grpc_keyfile", "grpc_client_ca"):
            if getattr(settings, name) and not settings.grpc_certfile:
                raise ValueError(f"{PREFIX}{name.upper()} is set; it needs {PREFIX}GRPC_CERTFILE beside it.")
        for name in (
            "workers",
            "threads",
            "gpu_bytes",
            "batch_rows",
            "drain_seconds",
            "trial_bytes",
            "drift_rows",
            "slow_seconds",
        ):
            if not 0 <= getattr(settings, name) < inf:
                raise ValueError(f"{PREFIX}{name.upper()} is {getattr(settings, name)}; it must be at least 0.")
        if settings.queue_rows < settings.max_rows:
            raise ValueError(
                f"{PREFIX}QUEUE_ROWS ({settings.queue_rows}) must be at least {PREFIX}MAX_ROWS ({settings.max_rows}), "
                "or the largest allowed request could never be queued."
            )
        if isinstance(settings.models, str):
            _check_address(settings.models)
        return settings


def _check_address(models: str) -> None:
    try:
        read_address(models)
    except InvalidRequest as error:
        raise ValueError(f"{PREFIX}MODELS: {error.message}") from error


def review_environment(environment: dict[str, str] | None = None) -> list[str]:
    """Sentences about variables that look like settings and have no effect."""
    source = dict(os.environ) if environment is None else environment
    known = {PREFIX + field.name.upper() for field in fields(Settings)}
    said = []
    for name, text in sorted(source.items()):
        if not name.startswith(PREFIX) or name.startswith(STUDIO):
            continue
        if name in known and LINK.fullmatch(text):
            said.append(
                f"{name} is {text!r}, as Kubernetes or Docker set it for a service of that name: it is ignored, "
                "and the default taken. Rename the service, or set enableServiceLinks to false, to use the setting."
            )
        elif name not in known and not LINK.fullmatch(text) and not LINK_NAMES.fullmatch(name.removeprefix(PREFIX)):
            near = difflib.get_close_matches(name, known, 1, 0)
            said.append(f"{name} is no setting, and has no effect; did you mean {near[0]}?")
    return said


def require_writable() -> None:
    """Raise `OSError` that names the variable, where BentoML could not write what it must."""
    home = Path(os.environ.get("BENTOML_HOME") or Path.home() / "bentoml")
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        raise OSError(
            f"the folder {str(home)!r} cannot be written to ({error.strerror}); set BENTOML_HOME to one that can, and "
            "TMPDIR too where the temporary folder cannot."
        ) from error
    try:
        with tempfile.TemporaryFile():
            pass
    except OSError as error:
        raise OSError(
            f"there is no folder for temporary files that can be written to ({error.strerror}); set TMPDIR to one."
        ) from error


def quiet_environment() -> dict[str, str]:
    """Return variables that switch BentoML's reporting off, unless the environment asks for it."""
    return {"BENTOML_DO_NOT_TRACK": "True"} | os.environ


def require_models(settings: Settings) -> None:
    """Raise `OSError` where there is no folder of models to serve, or none that can mirror a URL."""
    models = settings.models
    if isinstance(models, str):
        try:
            settings.repository.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=settings.repository):
                return
        except OSError as error:
            raise OSError(
                f"bundles of {hide_password(models)} cannot be kept in {str(settings.registry_cache)!r} "
                f"({error.strerror}); set {PREFIX}REGISTRY_CACHE to a folder that can be written to."
            ) from error
    if not models.is_dir():
        found = "is no folder" if models.exists() else "does not exist"
        raise OSError(f"the folder of models {str(models)!r} {found}; set {PREFIX}MODELS to one that `fit` wrote to.")


@dataclass(frozen=True)
class Supervisor:
    """The process that started this worker, and the folder that its workers share while it lives."""

    pid: int
    folder: Path


def describe_supervisor(pid: int, folder: Path) -> dict[str, str]:
    """Return the environment variables by which workers find their supervisor."""
    return {SUPERVISOR: f"{pid}:{folder}"}


def describe_hosts(hosts: Iterable[str]) -> dict[str, str]:
    """Return the environment variable by which workers know the hosts that HTTP is served on."""
    return {HOSTS: " ".join(hosts)}


def find_hosts() -> tuple[str, ...] | None:
    """Return the hosts that HTTP is served on; None where no supervisor of ours started this process."""
    listed = os.environ.get(HOSTS)
    return None if listed is None else tuple(listed.split())


def find_supervisor() -> Supervisor | None:
    """Return the supervisor that started this process as a worker; None where none did."""
    pid, _, folder = os.environ.get(SUPERVISOR, "").partition(":")
    return Supervisor(int(pid), Path(folder)) if folder else None


def _parse(variable: str, text: str, kind: Any) -> Any:
    if kind is bool:
        if text.lower() not in BOOLEANS:
            raise ValueError(f"{variable} is {text!r}; it must be true or false.")
        return BOOLEANS[text.lower()]
    if kind == (Path | str):
        return text if is_url(text) else Path(text)
    if kind == (Path | None):
        return Path(text)
    choices = get_args(kind)
    if choices:
        if text not in choices:
            raise ValueError(f"{variable} is {text!r}; it must be one of: {', '.join(choices)}.")
        return text
    try:
        return kind(text)
    except ValueError as error:
        raise ValueError(f"{variable} is {text!r}; it must be of type {kind.__name__}.") from error
