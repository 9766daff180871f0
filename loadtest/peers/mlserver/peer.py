"""MLServer, batching, over the Open Inference Protocol: JSON and gRPC."""

from loadtest.server import Server
from loadtest.wires.protocol import make_protocol_json
from loadtest.wires.protocol_grpc import make_model_infer

MODEL = "classifier"

SERVER = Server(
    name="MLServer",
    command=("{bin}/mlserver", "start", "{home}"),
    environment={
        "PYTHONPATH": ".",
        "MLSERVER_HOST": "127.0.0.1",
        "MLSERVER_HTTP_PORT": "{http}",
        "MLSERVER_GRPC_PORT": "{grpc}",
        "MLSERVER_METRICS_PORT": "{metrics}",
        "MLSERVER_METRICS_DIR": "{home}/metrics",
        "MLSERVER_ENVIRONMENTS_DIR": "{home}/environments",
        "MLSERVER_DEBUG": "false",
        "MLSERVER_GZIP_ENABLED": "false",
        "MLSERVER_PARALLEL_WORKERS": "0",
        "MLSERVER_MODEL_NAME": MODEL,
        "MLSERVER_MODEL_IMPLEMENTATION": "loadtest.peers.mlserver.app.Classifier",
        "MLSERVER_MODEL_MAX_BATCH_SIZE": "64",
        "MLSERVER_MODEL_MAX_BATCH_TIME": "0.001",
    },
    ready=f"/v2/models/{MODEL}/ready",
    wires=(make_protocol_json(MODEL), make_model_infer(MODEL)),
    setting="max_batch_size 64, max_batch_time 1 ms, parallel_workers 0, uvloop",
)
