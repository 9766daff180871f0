"""Messages as plain values, by their descriptors: the fields of a request, and an answer's values in a message.

Nothing here knows an operation. What `seriesmith.proto` adds to protobuf's own types is told apart by type:
`Array` is a float32 array, `Doubles` a float64 one, `Labels` are labels, repeated `ClassCount` is a count by label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import prod
from typing import Any

import numpy as np
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from bundle.errors import InvalidRequest
from bundle.showing import show
from service.answers import Label, Labels
from service.bounds import Bounds
from service.grpc.scanning import require_few
from service.inference.tensors import is_possible


def parse_message(kind: type[Message], body: bytes, bounds: Bounds) -> dict[str, Any]:
    """Parse a message of type `kind` and return its fields that are set. Raises `InvalidRequest` or `TooLarge`."""
    require_few(body, kind.DESCRIPTOR, bounds)
    message = kind()
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        name = kind.DESCRIPTOR.full_name
        raise InvalidRequest(f"the message is no {name}; its .proto is served by reflection.") from error
    return _read_fields(message)


def _read_fields(message: Message) -> dict[str, Any]:
    return {field.name: _read_field(field, value) for field, value in message.ListFields()}


def _read_field(field: FieldDescriptor, value: Any) -> Any:
    kind = field.message_type
    if kind is None:
        return list(value) if field.is_repeated else value
    read: Callable[[str, Any], Any] = _READERS.get(kind.name, _read_nested)
    return read(field.name, value)


def _read_nested(name: str, value: Message) -> dict[str, Any]:
    return _read_fields(value)


def _read_array(name: str, array: Any, dtype: str = "<f4", size: str = "four bytes, a float32,") -> np.ndarray:
    """Return `array.values` in the shape `array.shape`. Raises `InvalidRequest`."""
    shape, values = tuple(array.shape), array.values
    if not is_possible(shape) or np.dtype(dtype).itemsize * prod(shape) != len(values) or not shape:
        raise InvalidRequest(
            f"{name} has the shape {show(list(shape))} and {len(values)} bytes of values; send {size} "
            "for each value of a shape of at most 8 axes.",
            name,
        )
    return np.frombuffer(values, dtype).reshape(shape)


def _read_doubles(name: str, array: Any) -> np.ndarray:
    """See `_read_array`."""
    return _read_array(name, array, "<f8", "eight bytes, a float64,")


def _read_labels(name: str, labels: Any) -> list[Label]:
    """Raises `InvalidRequest`."""
    if labels.text and labels.number:
        raise InvalidRequest(f"{name} has both 'text' and 'number'; send one of them.", name)
    return list(labels.text or labels.number)


def _read_counts(name: str, counts: Iterable[Any]) -> dict[str, int]:
    """Raises `InvalidRequest`."""
    by_label: dict[str, int] = {}
    for one in counts:
        if one.class_label in by_label:
            raise InvalidRequest(
                f"{name} names the class {show(one.class_label)} twice; send one count for each.", name
            )
        by_label[one.class_label] = one.count
    return by_label


_READERS: dict[str, Callable[[str, Any], Any]] = {
    "Array": _read_array,
    "Doubles": _read_doubles,
    "Labels": _read_labels,
    "ClassCount": _read_counts,
}


def fill(message: Message, values: Mapping[str, Any]) -> None:
    """Set fields to values of an answer; a value that is None is left out."""
    fields = message.DESCRIPTOR.fields_by_name
    for name, value in values.items():
        if value is not None:
            _write(message, fields[name], value)


def _write(message: Message, field: FieldDescriptor, value: Any) -> None:
    kind = field.message_type
    if kind is None:
        if field.is_repeated:
            getattr(message, field.name).extend(value.tolist())
        else:
            setattr(message, field.name, value)
        return
    write: Callable[[Any, Any], None] = _WRITERS.get(kind.name, _write_nested)
    write(getattr(message, field.name), value)


def _write_nested(target: Any, value: Any) -> None:
    if isinstance(value, Mapping):
        _write_map(target, value)
    else:
        target.SetInParent()  # a value of zeros is there all the same
        fill(target, vars(value))


def _write_map(target: Any, value: Mapping[str, Any]) -> None:
    for key, item in value.items():
        if hasattr(item, "__dataclass_fields__"):
            fill(target[key], vars(item))
        else:
            target[key] = item


def _write_array(target: Any, array: np.ndarray) -> None:
    target.shape.extend(array.shape)
    target.values = np.ascontiguousarray(array, "<f4").tobytes()


def _write_indices(target: Any, array: np.ndarray) -> None:
    target.shape.extend(array.shape)
    target.values.extend(array.reshape(-1).tolist())


def _write_labels(target: Any, labels: Labels | list[Label]) -> None:
    classes, listed = (labels.classes, labels.to_list()) if isinstance(labels, Labels) else (labels, labels)
    if all(isinstance(label, int) for label in classes):
        target.number.extend(listed)
    else:
        target.text.extend(map(str, listed))


_WRITERS: dict[str, Callable[[Any, Any], None]] = {
    "Array": _write_array,
    "Indices": _write_indices,
    "Labels": _write_labels,
}
