"""Calls over gRPC: the messages of `seriesmith.v1`, and what a status says.

Nothing here knows an operation: a value becomes a message, and back, by the descriptors of the message's fields.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from seriesmith.calls import Call
from seriesmith.errors import InvalidRequest, SeriesmithClientError, Unexpected, Unsupported, build_error
from seriesmith.reading import Fields
from seriesmith.v1 import seriesmith_pb2

SERVICE = seriesmith_pb2.DESCRIPTOR.services_by_name["Seriesmith"]

CODES = {
    "INVALID_ARGUMENT": "invalid_request",
    "UNAUTHENTICATED": "unauthenticated",
    "NOT_FOUND": "not_found",
    "RESOURCE_EXHAUSTED": "too_large",
    "FAILED_PRECONDITION": "unsupported_operation",
    "UNAVAILABLE": "unreachable",
    "DEADLINE_EXCEEDED": "deadline_exceeded",
    "CANCELLED": "interrupted",
    "UNIMPLEMENTED": "unexpected",
}
"""What a status says that comes without the trailer `seriesmith-code`: from gRPC itself, or something on the way."""

ADVICE = {
    "unreachable": "Check the URL, and that the server runs.",
    "interrupted": "Ask again, with the same seed for the same series.",
    "deadline_exceeded": "Send fewer series, or give the client a longer timeout.",
    "unexpected": "Is there a Seriesmith of this age behind the URL?",
}


def find_method(call: Call[Any]) -> str:
    """Return the path of the gRPC method. Raises `Unsupported`."""
    if call.page:
        raise Unsupported("cards of models and fits are to be had over HTTP alone; ask Client('http://…').")
    return f"/{SERVICE.full_name}/{_name_rpc(call)}{'Stream' if call.parts else ''}"


def _name_rpc(call: Call[Any]) -> str:
    return "".join(word.title() for word in call.operation.split("_"))


@functools.cache
def _find_class(rpc: str, answer: bool) -> type[Message]:
    method = SERVICE.methods_by_name[rpc]
    found: type[Message] = GetMessageClass(method.output_type if answer else method.input_type)
    return found


def encode_request(call: Call[Any]) -> bytes:
    """Encode a call as its request message. Raises `InvalidRequest` for a value that its field cannot hold."""
    message = _find_class(_name_rpc(call), False)()
    given = call.fields if call.series is None else {**call.fields, "series": call.series}
    for name, value in given.items():
        try:
            _fill_field(message, message.DESCRIPTOR.fields_by_name[name], value)
        except (TypeError, ValueError) as error:
            raise InvalidRequest(f"{name} is {value!r:.80}, which is no value for it: {error}.", name) from error
    return bytes(message.SerializeToString())


def _fill_field(message: Message, field: FieldDescriptor, value: Any) -> None:
    kind = field.message_type
    if kind is None and not field.is_repeated:
        setattr(message, field.name, value)
    elif kind is None:
        getattr(message, field.name).extend(value)
    else:
        fill = FILL.get(kind.name, _fill_nested)
        fill(getattr(message, field.name), value)


def _fill_array(target: Any, array: np.ndarray | list[float | None]) -> None:
    """None in a list is NaN."""
    array = array if isinstance(array, np.ndarray) else np.array(array, np.float64)
    target.shape.extend(array.shape)
    target.values = array.astype("<f4", copy=False).tobytes()


def _fill_doubles(target: Any, rows: list[list[float]]) -> None:
    """NaN behind the shorter rows."""
    whole = np.full((len(rows), max(map(len, rows), default=0)), np.nan)
    for place, row in enumerate(rows):
        whole[place, : len(row)] = row
    target.shape.extend(whole.shape)
    target.values = whole.astype("<f8", copy=False).tobytes()


def _fill_labels(target: Any, labels: list[str | int]) -> None:
    if all(isinstance(label, int) for label in labels):
        target.number.extend(labels)
    else:
        target.text.extend(map(str, labels))


def _fill_counts(target: Any, counts: Mapping[str, int]) -> None:
    for label, count in counts.items():
        target.add(class_label=label, count=count)


def _fill_nested(target: Any, values: Any) -> None:
    if not isinstance(values, Mapping):
        raise TypeError(f"{type(values).__name__} where one of {', '.join(target.DESCRIPTOR.fields_by_name)} belongs")
    target.SetInParent()
    for name, value in values.items():
        _fill_field(target, target.DESCRIPTOR.fields_by_name[name], value)


FILL: dict[str, Callable[[Any, Any], None]] = {
    "Array": _fill_array,
    "Doubles": _fill_doubles,
    "Labels": _fill_labels,
    "ClassCount": _fill_counts,
}


def decode_fields(call: Call[Any], encoded: bytes) -> Fields:
    """Decode the fields of an answer, or of a part; absent fields are left out. Raises `Unexpected`."""
    try:
        message = _find_class(_name_rpc(call), True).FromString(encoded)
        return _read_fields(message, bool(getattr(message, "model", True)))
    except (DecodeError, ValueError, TypeError) as error:
        raise Unexpected(f"the answer cannot be read: {error}. Is the server as old as the client?") from error


def _read_fields(message: Message, with_defaults: bool = True) -> Fields:
    """Read the fields of a message. A single value of 0 or "" is no different on the wire from one that is not there:
    `with_defaults` says whether those belong to it."""
    found: Fields = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.is_repeated:
            if value:
                found[field.name] = _read_repeated(field, value)
        elif message.HasField(field.name) if field.has_presence else with_defaults or value:
            found[field.name] = value if field.message_type is None else _read_message(field.message_type.name, value)
    return found


def _read_repeated(field: FieldDescriptor, value: Any) -> Any:
    kind = field.message_type
    if kind is None:
        return list(value) if field.type == FieldDescriptor.TYPE_STRING else np.array(value, DTYPES[field.type])
    of_entry = kind.fields_by_name["value"].message_type
    return dict(value) if of_entry is None else {key: _read_message(of_entry.name, one) for key, one in value.items()}


DTYPES = {FieldDescriptor.TYPE_BOOL: np.bool_, FieldDescriptor.TYPE_INT64: np.int64}


def _read_message(name: str, value: Any) -> Any:
    if name == "Array":
        return np.frombuffer(value.values, "<f4").reshape(tuple(value.shape)).copy()
    if name == "Indices":
        return np.array(value.values, np.int64).reshape(tuple(value.shape))
    if name == "Labels":
        return list(value.text or value.number)
    return _read_fields(value)


def read_error(
    status: str, details: str, trailers: dict[str, str | bytes], begun: bool = False
) -> SeriesmithClientError:
    """Read the error in the status and trailers of a call; `begun` says that a part of the answer came before."""
    code, field = (_decode_text(trailers.get(f"seriesmith-{name}")) for name in ("code", "field"))
    if code is not None:
        error = build_error(code, details, field, trailers.get("retry-after"))
    else:
        code = "interrupted" if begun and status == "UNAVAILABLE" else CODES.get(status, "internal")
        error = build_error(code, f"{status}: {details or 'no more was said'}. {ADVICE.get(code, '')}".strip())
    error.request_id = _decode_text(trailers.get("x-request-id")) or ""
    return error


def _decode_text(value: str | bytes | None) -> str | None:
    return value.decode() if isinstance(value, bytes) else value
