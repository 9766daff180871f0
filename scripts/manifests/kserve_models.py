"""KServe's objects against the models of its Python package, every field by name and type.

The package's own import brings its server and all that it needs; only its `models` are imported, beside an empty
`kserve`. Their fields of Kubernetes' types are read with the models of the package `kubernetes`.
"""

from __future__ import annotations

import importlib
import re
import sys
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any

PLAIN: dict[str, tuple[type, ...]] = {"str": (str,), "bool": (bool,), "int": (int,), "float": (float, int)}
OPEN = {"object", "datetime", "IntOrString", "ResourceQuantity"}
"""Types that any plain value may have."""


def list_faults(manifest: dict[str, Any]) -> list[str]:
    """Return what is wrong with an object of KServe, a line each; none where it is good."""
    version = manifest["apiVersion"].partition("/")[2]
    name = f"{version.capitalize()}{manifest.get('kind')}"
    if _find_model(name) is None:
        return [f"no schema is known of {manifest['apiVersion']}, {manifest.get('kind')}"]
    return _read(manifest, name, "")


def _read(value: Any, kind: str, place: str) -> list[str]:
    """Hold a value to a type as models write it: `str`, `list[V1EnvVar]`, `dict(str, str)` or `Dict[str, str]`."""
    if listed := re.fullmatch(r"[Ll]ist\[(.+)\]", kind):
        if not isinstance(value, list):
            return [f"{place}: a list is expected, not {value!r}"]
        return [fault for k, item in enumerate(value) for fault in _read(item, listed[1], f"{place}[{k}]")]
    if mapped := re.fullmatch(r"[Dd]ict[(\[]str, (.+)[)\]]", kind):
        if not isinstance(value, dict):
            return [f"{place}: a mapping is expected, not {value!r}"]
        return [fault for name, item in value.items() for fault in _read(item, mapped[1], f"{place}.{name}")]
    if kind in PLAIN:
        good = isinstance(value, PLAIN[kind]) and (kind == "bool" or not isinstance(value, bool))
        return [] if good else [f"{place}: {kind} is expected, not {value!r}"]
    return [] if kind in OPEN else _read_model(value, kind, place)


def _read_model(value: Any, kind: str, place: str) -> list[str]:
    model = _find_model(kind)
    if model is None:
        return [f"{place}: no model is known of {kind}"]
    if not isinstance(value, dict):
        return [f"{place}: {kind} is expected, not {value!r}"]
    fields = {written: model.openapi_types[name] for name, written in model.attribute_map.items()}
    faults = [f"{place}.{name}: no field of {kind}" for name in value if name not in fields]
    for name in value.keys() & fields.keys():
        faults += _read(value[name], fields[name], f"{place}.{name}")
    return faults or _construct(model, value, kind, place)


def _construct(model: Any, value: dict[str, Any], kind: str, place: str) -> list[str]:
    """What is required and missing, the models say when they are made."""
    names = {written: name for name, written in model.attribute_map.items()}
    try:
        model(**{names[written]: item for written, item in value.items()})
    except ValueError as error:
        return [f"{place}: {kind}: {error}"]
    return []


def _find_model(name: str) -> Any:
    for package in (_import_models(), importlib.import_module("kubernetes.client")):
        if hasattr(package, name):
            return getattr(package, name)
    return None


def _import_models() -> ModuleType:
    if "kserve" not in sys.modules:
        found = PathFinder.find_spec("kserve")
        if found is None or found.submodule_search_locations is None:
            raise ModuleNotFoundError("KServe's package is not installed; `make deploy-check` does that.")
        empty = ModuleType("kserve")
        empty.__path__ = list(found.submodule_search_locations)
        sys.modules["kserve"] = empty
    return importlib.import_module("kserve.models")
