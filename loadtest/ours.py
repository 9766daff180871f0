"""Our server as the benchmark runs it, over every wire."""

from __future__ import annotations

from loadtest.server import Server
from loadtest.wire import Wire
from loadtest.wires.arrow import make_arrow
from loadtest.wires.octets import make_octets
from loadtest.wires.plain_json import make_plain_json
from loadtest.wires.protocol import make_protocol_binary, make_protocol_json
from loadtest.wires.protocol_grpc import make_model_infer

BUNDLE = "gunpoint"
MODEL = f"{BUNDLE}.classify"
WIRES = (
    make_plain_json("/classify", model=BUNDLE),
    make_octets("/classify", model=BUNDLE),
    make_arrow("/classify", model=BUNDLE),
    make_protocol_json(MODEL),
    make_protocol_binary(MODEL),
    make_model_infer(MODEL),
)


def describe_ours(
    name: str = "Seriesmith",
    target: str = "service.app:Seriesmith",
    wires: tuple[Wire, ...] = WIRES,
    **settings: int,
) -> Server:
    """One worker with one onnxruntime thread unless `settings`, SERIESMITH_… variables in lower case, say otherwise."""
    chosen = {"workers": 1, "threads": 1, **settings}
    return Server(
        name=name,
        command=("{bin}/python", "-m", "bentoml", "serve", target, "--host", "127.0.0.1", "--port", "{http}"),
        environment={
            "BENTOML_DO_NOT_TRACK": "True",
            "BENTOML_HOME": "{home}/bentoml",
            "SERIESMITH_GRPC_PORT": "{grpc}",
            **{f"SERIESMITH_{setting.upper()}": str(value) for setting, value in chosen.items()},
        },
        ready="/readyz",
        wires=wires,
        setting=", ".join(f"{setting} {value}" for setting, value in chosen.items()),
    )
