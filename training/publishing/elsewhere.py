"""Where a fit was told so, its bundle goes to a registry too, numbered after and judged beside what is there."""

from __future__ import annotations

from pathlib import Path

from bundle.errors import BundleError, SeriesmithError
from bundle.registry import Registry
from bundle.registry.moving import pull_newest, push
from bundle.registry.opening import open_registry


def join_registry(url: str, name: str, root: Path) -> Registry:
    """Open a registry, and have `root` hold what answers there under `name`. Raises a `SeriesmithError`."""
    registry = open_registry(url)
    pull_newest(registry, name, root)
    return registry


def push_published(registry: Registry, directory: Path) -> str:
    """Add a bundle that was published at `directory`, and return the sentence that says so. Raises `BundleError`."""
    try:
        push(registry, directory)
    except SeriesmithError as error:
        name = "/".join(directory.parts[-2:])
        raise BundleError(
            f"{name} is published in {directory}, and not in {registry.place}: {error.message} `seriesmith models push "
            f"{name} --to URL` adds it."
        ) from error
    return f"pushed to {registry.place}"
