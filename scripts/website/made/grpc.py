"""The gRPC API, from the .proto files."""

from __future__ import annotations

import re

from scripts.website.sources import ROOT
from scripts.website.tables import as_code, make_table

PROTO = ROOT / "service" / "proto"
RPC = re.compile(r"((?:^ *//[^\n]*\n)*)^ *rpc (\w+)\(([\w.]+)\) returns \((stream )?([\w.]+)\)", re.MULTILINE)

PAGE = """# gRPC API

Port 3001 unless set otherwise. `seriesmith.v1.Seriesmith` is typed; `inference.GRPCInferenceService` is the
[Open Inference Protocol](../service/inference/README.md), for a stock `tritonclient`; `grpc.health.v1` and reflection
are served too. Messages have the fields of the [HTTP API](http/operations.md), by the same names.

## seriesmith.v1.Seriesmith

{typed}

````protobuf
{typed_proto}
````

## inference.GRPCInferenceService

{inference}

````protobuf
{inference_proto}
````
"""


def make_pages() -> dict[str, str]:
    """Make the page of both services."""
    typed, inference = ((PROTO / f"{name}.proto").read_text() for name in ("seriesmith", "open_inference"))
    return {
        "reference/grpc.md": PAGE.format(
            typed=_list_calls(typed), typed_proto=typed, inference=_list_calls(inference), inference_proto=inference
        )
    }


def _list_calls(proto: str) -> str:
    rows = [
        (as_code(name), as_code(taken), f"{'a stream of ' if stream else ''}`{answered}`", _read_comment(comment))
        for comment, name, taken, stream, answered in RPC.findall(proto)
    ]
    return make_table(("call", "takes", "answers", "what it does"), rows)


def _read_comment(comment: str) -> str:
    return " ".join(line.strip().removeprefix("//").strip() for line in comment.splitlines())
