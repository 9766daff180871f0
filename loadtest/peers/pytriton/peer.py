"""PyTriton, batching, over the Open Inference Protocol: JSON, binary tensors and gRPC."""

from loadtest.server import Server
from loadtest.wires.protocol import make_protocol_binary, make_protocol_json
from loadtest.wires.protocol_grpc import make_model_infer

MODEL = "classifier"

SERVER = Server(
    name="PyTriton",
    command=("{bin}/python", "-m", "loadtest.peers.pytriton.app", "{http}", "{grpc}", "{metrics}", "{home}"),
    ready=f"/v2/models/{MODEL}/ready",
    wires=(make_protocol_json(MODEL), make_protocol_binary(MODEL), make_model_infer(MODEL)),
    setting="max_batch_size 64, no queue delay",
)
