"""Opens a registry by its URL, and says what to install where that needs a package that is not there."""

from __future__ import annotations

import importlib
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bundle.errors import InvalidRequest, Unsupported
from bundle.registry import Registry
from bundle.registry.address import hide_password, is_url
from bundle.registry.folder import FolderRegistry

MLFLOW = "mlflow"

EXTRAS = {"s3": "s3", "s3a": "s3", MLFLOW: MLFLOW, "models": MLFLOW}
"""Extras of this package, by scheme; fsspec's errors name the packages of other file systems."""


def open_registry(url: str) -> Registry:
    """Open a registry by a URL without a choice, or a folder's path. Nothing is asked of it yet.

    Raises `Unsupported` where a package is missing, `InvalidRequest` for a URL that cannot be one.
    """
    scheme = url.partition(":")[0]
    if not is_url(url):
        return FolderRegistry(Path(url))
    if scheme == "file":
        return FolderRegistry(Path(unquote(urlsplit(url).path)))
    kind = MLFLOW if scheme.partition("+")[0] == MLFLOW else "files"
    try:
        registry: Registry = importlib.import_module(f"bundle.registry.{kind}").open_url(url)
    except ImportError as error:
        raise Unsupported(_say_missing(url, scheme, error)) from error
    except ValueError as error:
        raise InvalidRequest(f"{hide_password(url)} is no registry: {error}") from error
    return registry


def _say_missing(url: str, scheme: str, error: ImportError) -> str:
    extra = EXTRAS.get(scheme.partition("+")[0])
    install = f": pip install 'seriesmith[{extra}]'" if extra else "."
    return f"{hide_password(url)} needs a package that is not here ({str(error).strip('. ')}){install}"
