"""BentoML with `batchable=True`, over JSON."""

from loadtest.server import Server
from loadtest.wires.plain_json import make_plain_json

SERVER = Server(
    name="BentoML batchable",
    command=(
        "{bin}/bentoml",
        "serve",
        "loadtest.peers.bentoml.app:Classifier",
        "--host",
        "127.0.0.1",
        "--port",
        "{http}",
    ),
    environment={"BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": "{home}/bentoml"},
    ready="/readyz",
    wires=(make_plain_json("/classify"),),
    setting="max_batch_size 64, uvloop, httptools",
)
