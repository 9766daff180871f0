"""The model repository extension: lists the models, loads and unloads bundles.

Unloading holds for every worker and through restarts, as a mark in the repository (`bundle/unloading.py`), until the
bundle is loaded again or has a newer version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bundle.engine.bundle import Bundle
from bundle.errors import InvalidRequest, NotFound
from bundle.manifest import NAME_PATTERN
from bundle.showing import show
from service.inference.models import split_name
from service.operations import OPERATIONS
from service.serving import Serving

MOST_CHARACTERS = 200
"""Of a name: it is a directory's."""


def list_models(serving: Serving, ready: bool) -> list[dict[str, str]]:
    """List every model in every version, with the reason where it is not served; with `ready` only those served."""
    repository = serving.repository
    listed = [_list_rows(bundle, key[1]) for key, bundle in sorted(repository.bundles.items())]
    models = [entry for entries in listed for entry in entries]
    if not ready:
        for (name, version), refusal in sorted(repository.refused.items()):
            if (name, version) in repository.bundles:
                continue  # what was loaded from there before is served on
            models += [_build_row(name, operation, version, "UNAVAILABLE", refusal.reason) for operation in OPERATIONS]
    return models


async def load(serving: Serving, name: str, parameters: Iterable[str]) -> None:
    """Load the bundle that `name` names, or of which it names an operation: all are loaded together.

    Parameters that bring another configuration or files are refused. Raises a `SeriesmithError`.
    """
    if brought := sorted(key for key in parameters if key == "config" or key.startswith("file:")):
        raise InvalidRequest(f"{show(brought[0])} came to load with; a bundle is loaded as it was published.")
    await serving.load(_name_bundle(name))


async def unload(serving: Serving, name: str) -> None:
    """Unload the bundle that `name` names, or of which it names an operation. Raises a `SeriesmithError`."""
    await serving.unload(_name_bundle(name))


def _name_bundle(name: str) -> str:
    bundle, operation = split_name(name)
    if operation is None and bundle != name:
        raise NotFound(f"there is no model {show(name, 80)}; it has the operations: {', '.join(OPERATIONS)}.", "model")
    if len(bundle) > MOST_CHARACTERS or re.fullmatch(NAME_PATTERN, bundle) is None:
        raise NotFound(f"{show(bundle, 80)} cannot name a bundle.", "model")
    return bundle


def _list_rows(bundle: Bundle, version: int) -> list[dict[str, str]]:
    name = bundle.manifest.name
    return [
        _build_row(name, operation, version, "READY", "")
        for operation, one in OPERATIONS.items()
        if one.is_offered_by(bundle)
    ]


def _build_row(bundle: str, operation: str, version: int, state: str, reason: str) -> dict[str, str]:
    return {"name": f"{bundle}.{operation}", "version": str(version), "state": state, "reason": reason}
