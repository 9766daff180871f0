"""Requests that cannot be answered, over every endpoint and wire, each with its status and words that it must hear."""

from __future__ import annotations

from tests.service.bad_input.bad import Bad
from tests.service.bad_input.inference_json import list_inference_binary, list_inference_json, list_paths
from tests.service.bad_input.json_bodies import list_bodies, list_fields, list_generating, list_series
from tests.service.bad_input.octets_and_arrow import (
    build_tensors,
    list_arrow,
    list_codings,
    list_octets,
    write_arrow_stream,
)
from tests.service.bad_input.over_grpc import list_inference_grpc, list_typed

__all__ = ["Bad", "build_tensors", "list_cases", "write_arrow_stream"]


def list_cases() -> list[Bad]:
    """All of them."""
    makers = (
        list_bodies,
        list_fields,
        list_series,
        list_generating,
        list_octets,
        list_arrow,
        list_codings,
        list_inference_json,
        list_inference_binary,
        list_paths,
        list_typed,
        list_inference_grpc,
    )
    return [bad for maker in makers for bad in maker()]
