"""Calls over gRPC: the messages of `seriesmith.v1`, and what a status says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seriesmith.answers import Advice, ClassReport, Fields, LabelArray, read_advice, to_label_array
from seriesmith.errors import SeriesmithClientError, Unexpected, Unsupported, build_error
from seriesmith.operations import Call
from seriesmith.protobuf import decode_message, encode_message
from seriesmith.schema import read_messages, read_package

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


def find_method(call: Call) -> str:
    """Return the path of the gRPC method. Raises `Unsupported`."""
    if f"{call.operation.title()}Request" not in read_messages():
        raise Unsupported("the cards of models are to be had over HTTP alone; ask Client('http://…').")
    return f"/{read_package()}.Seriesmith/{call.operation.title()}{'Stream' if call.parts else ''}"


def encode_request(call: Call) -> bytes:
    """Encode a call as its request message."""
    values = dict(call.fields)
    if call.series is not None:
        values["series"] = {"shape": call.series.shape, "values": call.series.reshape(-1).view(np.uint8).data}
    if "counts" in values:
        values["counts"] = _encode_counts(values["counts"])
    if "labels" in values:
        labels = values["labels"]
        numbers = all(isinstance(label, int) for label in labels)
        values["labels"] = {"number": labels} if numbers else {"text": [str(label) for label in labels]}
    if "strategy" in values:
        values["strategy"] = _encode_strategy(values["strategy"])
    return encode_message(f"{call.operation.title()}Request", values)


def _encode_strategy(strategy: Any) -> dict[str, Any] | None:
    if strategy == "balance":
        return None
    if isinstance(strategy, str):
        raise build_error("invalid_request", f'strategy is {strategy!r:.80}; of texts there is "balance".', "strategy")
    return {"counts": _encode_counts(strategy["counts"])} if "counts" in strategy else dict(strategy)


def _encode_counts(counts: dict[str, int]) -> list[dict[str, Any]]:
    return [{"class_label": label, "count": count} for label, count in counts.items()]


def decode_fields(call: Call, message: bytes) -> Fields:
    """Decode the fields of an answer, or of a part; absent fields are left out. Raises `Unexpected`."""
    name = f"{call.operation.title()}Answer"
    try:
        values = decode_message(name, message)
        kinds = {field.name: field.kind for field in read_messages()[name]}
        read = {field: READ.get(kinds[field], _keep)(value) for field, value in values.items()}
    except (ValueError, TypeError) as error:
        raise Unexpected(f"the answer cannot be read: {error}. Is the server as old as the client?") from error
    head = () if values["model"] else ("model", "version", "seed", "policy")
    return {field: value for field, value in read.items() if value is not None and field not in head}


def _decode_array(value: dict[str, Any] | None) -> NDArray[np.float32] | None:
    return None if value is None else np.frombuffer(value["values"], "<f4").reshape(value["shape"]).copy()


def _decode_labels(value: dict[str, Any] | None) -> LabelArray | None:
    return None if value is None else to_label_array(value["text"] or value["number"])


def _decode_flags(value: list[bool]) -> NDArray[np.bool_] | None:
    return np.array(value, bool) if value else None


def _keep(value: Any) -> Any:
    """Return the value; None, to be left out, where it is empty."""
    return value if value != {} else None


def _decode_report(value: dict[str, dict[str, Any]]) -> dict[str, ClassReport] | None:
    return {label: ClassReport(**said) for label, said in value.items()} or None


def _decode_advice(value: dict[str, Any] | None) -> Advice | None:
    return None if value is None else read_advice(value)


READ: dict[str, Callable[[Any], Any]] = {
    "Array": _decode_array,
    "Labels": _decode_labels,
    "bool": _decode_flags,
    "Advice": _decode_advice,
    "AugmentAnswer.report": _decode_report,
}


def read_error(
    status: str, details: str, trailers: dict[str, str | bytes], begun: bool = False
) -> SeriesmithClientError:
    """Read the error in the status and trailers of a call; `begun` says that a part of the answer came before."""
    code, field = (_decode_text(trailers.get(f"seriesmith-{name}")) for name in ("code", "field"))
    if code is not None:
        return build_error(code, details, field, trailers.get("retry-after"))
    code = "interrupted" if begun and status == "UNAVAILABLE" else CODES.get(status, "internal")
    return build_error(code, f"{status}: {details or 'no more was said'}. {ADVICE.get(code, '')}".strip())


def _decode_text(value: str | bytes | None) -> str | None:
    return value.decode() if isinstance(value, bytes) else value
