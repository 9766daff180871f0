"""A registry of MLflow: a bundle is a registered model's version, its files the artifacts of a run.

MLflow numbers versions itself; a tag says which version of the bundle one is. What has no such tag is somebody else's
model, and is left alone.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from bundle.errors import BundleError, NotFound, SeriesmithError, Unsupported
from bundle.manifest import NAME_PATTERN, VERSION_PATTERN, Manifest, read_manifest
from bundle.reading import MOST_BYTES
from bundle.registry import Key, Listed, Stored, Unreachable
from bundle.registry.address import hide_password
from bundle.registry.fetching import MANIFEST

EXPERIMENT = "seriesmith"
FOLDER = "bundle"
"""Of the run's artifacts."""

VERSION, RETIRED = "seriesmith.version", "seriesmith.retired"
"""Tags of a model's version."""

DEFAULTS = {
    # Else it tries for minutes to reach a server that is not there.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
}
"""MLflow's own settings, where the environment does not say otherwise."""

for _variable, _text in DEFAULTS.items():  # some are read when it is imported
    os.environ.setdefault(_variable, _text)

import mlflow  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402

PAGE = 200
"""Models, or versions, that MLflow is asked for at a time."""


class MlflowRegistry:
    """See `Registry`."""

    def __init__(self, uri: str | None) -> None:
        self._client = MlflowClient(uri, uri)
        self.place = "mlflow+" + hide_password(self._client.tracking_uri)
        self._versions: dict[Key, Any] = {}
        self._uris: dict[Key, str] = {}
        self._files: dict[Key, dict[str, int]] = {}

    def look(self) -> dict[str, Listed]:
        """See `Registry`."""
        with self._explain():
            models = [each for each in _page(self._client.search_registered_models) if _is_name(each.name)]
            self._uris, self._files = {}, {}
            self._versions = {key: each for model in models for key, each in self._find_versions(model.name)}
        listed = {model.name: self._list(model) for model in models}
        return {name: each for name, each in listed.items() if each.versions}

    def _find_versions(self, name: str) -> Iterator[tuple[Key, Any]]:
        """The versions of a model that are bundles, the latest registered last."""
        found = _page(self._client.search_model_versions, filter_string=f"name='{name}'")
        for each in sorted(found, key=lambda each: int(each.version)):
            if each.status == "READY" and re.fullmatch(VERSION_PATTERN, each.tags.get(VERSION, "")):
                yield (name, int(each.tags[VERSION])), each

    def _list(self, model: Any) -> Listed:
        versions = {key[1]: each for key, each in self._versions.items() if key[0] == model.name}
        retired = frozenset(version for version, each in versions.items() if RETIRED in each.tags)
        ours = {str(each.version): version for version, each in versions.items()}
        aliases = {alias: ours[str(of)] for alias, of in model.aliases.items() if str(of) in ours}
        return Listed(frozenset(versions), retired=retired, aliases=aliases)

    @contextmanager
    def open(self, key: Key, file: str) -> Iterator[BinaryIO]:
        """See `Registry`. A file is downloaded whole, once MLflow has said that it is not too large."""
        if (n_bytes := self._list_files(key).get(file)) is None:
            raise FileNotFoundError(file)
        if n_bytes > MOST_BYTES:
            raise BundleError(f"{file} has {n_bytes} bytes; a bundle may have {MOST_BYTES}.")
        with tempfile.TemporaryDirectory(prefix="seriesmith-") as folder:
            with self._explain():
                path = mlflow.artifacts.download_artifacts(
                    artifact_uri=f"{self._find_uri(key)}/{file}",
                    dst_path=folder,
                    tracking_uri=self._client.tracking_uri,
                )
            with Path(path).open("rb") as source:
                yield source

    def measure(self, key: Key) -> Stored:
        """See `Registry`."""
        written = datetime.fromtimestamp(self._find(key).creation_timestamp / 1000, UTC)
        return Stored(sum(self._list_files(key).values()), written)

    def add(self, key: Key, directory: Path, files: Sequence[str]) -> None:
        """See `Registry`."""
        manifest = read_manifest((directory / MANIFEST).read_bytes())
        with self._explain():
            run = self._client.create_run(self._find_experiment(), run_name=f"{key[0]}/{key[1]}").info
            try:
                for file in files:
                    self._client.log_artifact(run.run_id, str(directory / file), FOLDER)
                if manifest.metrics.accuracy is not None:
                    self._client.log_metric(run.run_id, "accuracy", manifest.metrics.accuracy)
                self._register(key, run, manifest)
            except BaseException:
                with suppress(Exception):
                    self._client.set_terminated(run.run_id, "FAILED")
                raise
            self._client.set_terminated(run.run_id)
        self.look()

    def _register(self, key: Key, run: Any, manifest: Manifest) -> None:
        try:
            self._client.create_registered_model(key[0])
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        self._client.create_model_version(
            key[0],
            f"{run.artifact_uri}/{FOLDER}",
            run.run_id,
            tags={VERSION: str(key[1]), "seriesmith.dataset": manifest.provenance.dataset},
            description=f"Version {key[1]} of Seriesmith's bundle {key[0]}.",
        )

    def _find_experiment(self) -> str:
        found = self._client.get_experiment_by_name(EXPERIMENT)
        if found is not None:
            return str(found.experiment_id)
        place = None
        if self._client.tracking_uri.startswith("sqlite:///"):  # else ./mlruns, wherever the command runs
            place = (Path(self._client.tracking_uri.removeprefix("sqlite:///")).resolve().parent / "files").as_uri()
        return str(self._client.create_experiment(EXPERIMENT, artifact_location=place))

    def retire(self, key: Key) -> None:
        """See `Registry`."""
        with self._explain():
            self._client.set_model_version_tag(key[0], self._find(key).version, RETIRED, "true")

    def restore(self, key: Key) -> None:
        """See `Registry`."""
        if RETIRED in self._find(key).tags:
            with self._explain():
                self._client.delete_model_version_tag(key[0], self._find(key).version, RETIRED)

    def remove(self, key: Key) -> None:
        """See `Registry`. The run with the files goes too, for good once `mlflow gc` has run."""
        version = self._find(key)
        with self._explain():
            self._client.delete_model_version(key[0], version.version)
            if version.run_id:
                self._client.delete_run(version.run_id)

    def set_alias(self, key: Key, alias: str) -> None:
        """See `Registry`."""
        with self._explain():
            self._client.set_registered_model_alias(key[0], alias, self._find(key).version)

    def _find(self, key: Key) -> Any:
        """MLflow's version that is a bundle. Raises `NotFound`."""
        if key not in self._versions:
            self.look()
        if key not in self._versions:
            raise NotFound(f"there is no version {key[1]} of {key[0]!r} in {self.place}.", "version")
        return self._versions[key]

    def _find_uri(self, key: Key) -> str:
        if key not in self._uris:
            self._uris[key] = self._client.get_model_version_download_uri(key[0], self._find(key).version)
        return self._uris[key]

    def _list_files(self, key: Key) -> dict[str, int]:
        """Bytes by file of a bundle; none where it is not there."""
        if key not in self._files:
            with suppress(NotFound), self._explain():
                listed = mlflow.artifacts.list_artifacts(
                    artifact_uri=self._find_uri(key), tracking_uri=self._client.tracking_uri
                )
                self._files[key] = {each.path.rpartition("/")[2]: each.file_size or 0 for each in listed}
        return self._files.get(key, {})

    @contextmanager
    def _explain(self) -> Iterator[None]:
        """Have MLflow's errors be ours."""
        try:
            yield
        except (FileNotFoundError, SeriesmithError):
            raise
        except Exception as error:
            words = hide_password(str(error) or type(error).__name__).strip(". ")[:300]
            if getattr(error, "error_code", "") in ("PERMISSION_DENIED", "INVALID_PARAMETER_VALUE"):
                raise Unsupported(f"{self.place} refuses: {words}.") from error
            raise Unreachable(f"{self.place} does not answer: {words}.") from error


def open_url(url: str) -> MlflowRegistry:
    """Open `mlflow:`, which the environment says (MLFLOW_TRACKING_URI), or `mlflow+` and a tracking URI of MLflow's."""
    uri = url.removeprefix("mlflow:").removeprefix("mlflow+")
    return MlflowRegistry(uri or None)


def _page(search: Callable[..., Any], **arguments: Any) -> Iterator[Any]:
    """Yield all that a search finds, page by page."""
    token = None
    while True:
        found = search(max_results=PAGE, page_token=token, **arguments)
        yield from found
        if not (token := found.token):
            return


def _is_name(name: str) -> bool:
    return re.fullmatch(NAME_PATTERN, name) is not None
