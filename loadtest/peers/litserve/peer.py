"""LitServe, batching, over JSON."""

from loadtest.server import Server
from loadtest.wires.plain_json import make_plain_json

SERVER = Server(
    name="LitServe",
    command=("{bin}/python", "-m", "loadtest.peers.litserve.app", "{http}", "0.001", "1"),
    ready="/health",
    wires=(make_plain_json("/classify"),),
    setting="max_batch_size 64, batch_timeout 1 ms, fast_queue, uvloop, httptools",
)
