"""What an operation is called in `seriesmith.proto`: `nearest_cases` is the rpc `NearestCases`."""

from __future__ import annotations

REQUEST, ANSWER, STREAM = "Request", "Answer", "Stream"


def name_rpc(operation: str) -> str:
    """Name the rpc of an operation."""
    return "".join(word.title() for word in operation.split("_"))


def name_message(operation: str, part: str) -> str:
    """Name the message of an operation's request or answer."""
    return name_rpc(operation) + part
