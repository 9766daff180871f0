"""The schema of an object, and what it finds; an object without a schema is refused, and so is an unknown field."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import jsonschema
import kubernetes_validate
from kubernetes_validate import SchemaNotFoundError
from pydantic import ValidationError

from scripts.manifests import kserve_models

Manifest = dict[str, Any]
OPERATORS = {
    "monitoring.coreos.com": "cloudcoil.models.prometheus_operator",
    "cert-manager.io": "cloudcoil.models.cert_manager",
}
"""Packages of pydantic models, made from the custom resource definitions of each."""


def list_faults(manifest: Manifest) -> list[str]:
    """Return what is wrong with an object, a line each; none where it is good."""
    group = manifest.get("apiVersion", "").partition("/")[0]
    if group in OPERATORS:
        return _compare(manifest, _hold_to_operator)
    if group == "serving.kserve.io":
        return kserve_models.list_faults(manifest)
    return _compare(manifest, _hold_to_kubernetes)


def _compare(manifest: Manifest, hold: Callable[[Manifest], None]) -> list[str]:
    try:
        hold(manifest)
    except ValidationError as error:
        return [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
    except jsonschema.ValidationError as error:
        return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}"]
    except (SchemaNotFoundError, AttributeError, ModuleNotFoundError):
        return [f"no schema is known of {manifest.get('apiVersion')}, {manifest.get('kind')}"]
    return []


def _hold_to_kubernetes(manifest: Manifest) -> None:
    kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def _hold_to_operator(manifest: Manifest) -> None:
    group, _, version = manifest["apiVersion"].partition("/")
    model = getattr(importlib.import_module(f"{OPERATORS[group]}.{version}"), manifest["kind"])
    model.model_validate(manifest, extra="forbid")
