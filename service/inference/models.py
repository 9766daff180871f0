"""The models of the protocol, with their inputs and outputs, found by name and version.

A model is an operation of a bundle, `<bundle>.<operation>`; its versions are the bundle's.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Any

from bundle.engine.bundle import Bundle
from bundle.errors import InvalidRequest, NotFound
from bundle.showing import show
from service.answers import Axes
from service.inference.inputs import Given, Input, list_extras, list_inputs, read_fields
from service.inference.outputs import Output, list_outputs
from service.inference.tensors import Column
from service.operations import OPERATIONS, Operation
from service.operations.contract import StrictRequest
from service.serving import Serving

PLATFORM = "onnx_onnxv1"
REMEMBERED = 256
"""Paths, and per model choices of outputs, that need not be looked up again."""


@dataclass(frozen=True)
class Selection:
    """The outputs that answer a request, and the values of `with` that they need."""

    outputs: tuple[Output, ...]
    wanted: frozenset[str]
    extras: dict[str, list[str]]

    def take_outputs(self, answer: Any) -> list[tuple[Output, Column]]:
        """Return the outputs with their columns of an operation's answer; those that the answer lacks are left out."""
        read = [(output, output.read(answer)) for output in self.outputs]
        return [(output, column) for output, column in read if column is not None]


class Model:
    """An operation of one version of a bundle."""

    def __init__(self, operation: Operation, bundle: Bundle) -> None:
        operation.require(bundle)
        manifest = bundle.manifest
        self.operation, self.manifest = operation, manifest
        self.name, self.version = f"{manifest.name}.{operation.name}", str(manifest.version)
        self._bundle_version = f"{manifest.name}/{manifest.version}"
        self.inputs: list[Input] = [
            one
            for one in list_inputs(operation.request)
            if all(axes.is_present(manifest) for axes in one.tensors.values())
        ]
        outputs = list_outputs(operation.answer)
        self.outputs = {name: output for name, output in outputs.items() if output.axes.is_present(manifest)}
        self._extras = list_extras(operation.request)
        extra = frozenset[str]().union(*self._extras.values())
        usual = tuple(one for name, one in self.outputs.items() if name not in extra and not is_by_class(one.axes))
        self._selections: dict[tuple[str, ...], Selection] = {(): self._make_selection(usual)}

    def select(self, names: tuple[str, ...]) -> Selection:
        """Select the outputs named, or else those of a plain answer that are per case. Raises `InvalidRequest`."""
        selection = self._selections.get(names)
        if selection is None:
            selection = self._choose_outputs(names)
            if len(self._selections) < REMEMBERED:
                self._selections[names] = selection
        return selection

    def _choose_outputs(self, names: tuple[str, ...]) -> Selection:
        outputs = []
        for name in names:
            output = self.outputs.get(name)
            if output is None:
                known = ", ".join(self.outputs)
                raise InvalidRequest(f"{self.name} has no output {show(name)}; there are: {known}.", "outputs")
            outputs.append(output)
        return self._make_selection(tuple(outputs))

    def _make_selection(self, outputs: tuple[Output, ...]) -> Selection:
        fields = frozenset(output.field for output in outputs)
        extras = {field: sorted(fields & names) for field, names in self._extras.items() if fields & names}
        return Selection(outputs, fields, extras)

    def parse(self, given: Given, selection: Selection) -> StrictRequest:
        """Parse the operation's request from tensors by name. Raises `InvalidRequest`."""
        return self.operation.parse(
            {"model": self._bundle_version, **read_fields(self.inputs, given), **selection.extras}
        )

    def describe(self, versions: Iterable[int]) -> dict[str, Any]:
        """Return the protocol's metadata of a model: name, versions, inputs and outputs."""
        inputs = {name: axes for one in self.inputs for name, axes in one.tensors.items()}
        outputs = {name: output.axes for name, output in self.outputs.items()}
        return {
            "name": self.name,
            "versions": [str(version) for version in versions],
            "platform": PLATFORM,
            "inputs": self._describe_tensors(inputs),
            "outputs": self._describe_tensors(outputs),
        }

    def describe_config(self, keep_versions: int) -> dict[str, Any]:
        """What Triton's tools ask of a model before they call it; no axis is a batch's.

        `keep_versions`: how many of the newest versions are served.
        """
        described = self.describe(())
        inputs = [_describe_tensor(one) | {"optional": one["name"] != "series"} for one in described["inputs"]]
        return {
            "name": self.name,
            "platform": PLATFORM,
            "version_policy": {"latest": {"num_versions": keep_versions}},
            "max_batch_size": 0,
            "input": inputs,
            "output": [_describe_tensor(one) for one in described["outputs"]],
        }

    def _describe_tensors(self, tensors: dict[str, Axes]) -> list[dict[str, Any]]:
        return [
            {"name": name, "datatype": axes.datatype, "shape": axes.compute_shape(self.manifest)}
            for name, axes in tensors.items()
        ]


def _describe_tensor(tensor: dict[str, Any]) -> dict[str, Any]:
    return {"name": tensor["name"], "data_type": name_config_type(tensor["datatype"]), "dims": tensor["shape"]}


def name_config_type(datatype: str) -> str:
    """What a configuration calls a datatype."""
    return "TYPE_STRING" if datatype == "BYTES" else f"TYPE_{datatype}"


class Models:
    """The models of what is served now."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        self._repository = serving.repository
        self._found: dict[tuple[str, str], Model] = {}
        self._at: dict[str, Model] = {}

    def recall(self, path: str) -> Model | None:
        """Return the model found for a path before, or None."""
        if self._repository is not self.serving.repository:
            self._repository, self._found, self._at = self.serving.repository, {}, {}
        return self._at.get(path)

    def find(self, name: str, version: str = "", path: str = "") -> Model:
        """Find a model by name, in its newest version where none is given. Raises a `SeriesmithError`.

        `known` finds it under `path` from then on.
        """
        self.recall(path)
        found = self._found.get((name, version))
        if found is None:
            found = self._found[name, version] = self._make(name, version)
        if path and len(self._at) < REMEMBERED:
            self._at[path] = found
        return found

    def _make(self, name: str, version: str) -> Model:
        bundle, operation = split_name(name)
        if operation is None:
            known = ", ".join(OPERATIONS)
            raise NotFound(
                f"{show(name, 80)} is no model; models are named <bundle>.<operation>, with an operation of: {known}.",
                "model",
            )
        found = self._repository.resolve(f"{bundle}/{version}" if version else bundle)
        return Model(operation, found)

    def describe(self, name: str, version: str = "") -> dict[str, Any]:
        """See `Model.describe`."""
        model = self.find(name, version)
        return model.describe(self._repository.list_versions(model.manifest.name))

    def describe_config(self, name: str, version: str = "") -> dict[str, Any]:
        """See `Model.describe_config`."""
        return self.find(name, version).describe_config(self.serving.settings.keep_versions)

    def find_newest(self) -> list[Model]:
        """Every model, of its newest version."""
        repository = self.serving.repository
        bundles = [repository.resolve(name) for name in repository.names]
        found = [(bundle, one) for bundle in bundles for one in OPERATIONS.values() if one.is_offered_by(bundle)]
        return [self.find(f"{bundle.manifest.name}.{one.name}") for bundle, one in found]


def is_by_class(axes: Axes) -> bool:
    """Whether a tensor has a value per class, or per key: a data frame of values per case cannot hold it."""
    return axes.names[0] in ("n_classes", "n_named_classes", "n_keys")


def require_plain(name: str, parameters: Container[str]) -> None:
    """Raise `InvalidRequest` where a tensor's parameters name an extension that this server lacks."""
    for parameter in ("shared_memory_region", "classification"):
        if parameter in parameters:
            raise InvalidRequest(
                f"{show(name)} has the parameter {parameter!r}; this server lacks that extension.", name
            )


def split_name(name: str) -> tuple[str, Operation | None]:
    """Split a model's name into bundle and operation; None where the name ends in no operation."""
    bundle, _, operation = name.partition(".")
    return bundle, OPERATIONS.get(operation)
