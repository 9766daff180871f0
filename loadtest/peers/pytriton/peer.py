"""PyTriton, batching, over the Open Inference Protocol: JSON, binary tensors and gRPC."""

from loadtest.server import Server
from loadtest.wires.protocol import protocol_binary, protocol_json
from loadtest.wires.protocol_grpc import model_infer

MODEL = "classifier"

SERVER = Server(
    name="PyTriton",
    command=("{bin}/python", "-m", "loadtest.peers.pytriton.app", "{http}", "{grpc}", "{metrics}", "{home}"),
    ready=f"/v2/models/{MODEL}/ready",
    wires=(protocol_json(MODEL), protocol_binary(MODEL), model_infer(MODEL)),
    setting="max_batch_size 64, no queue delay",
)
