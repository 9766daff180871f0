"""mosec, batching, over JSON and octets."""

from loadtest.server import Server
from loadtest.wires.octets import make_bare_octets
from loadtest.wires.plain_json import make_plain_json

SERVER = Server(
    name="mosec",
    command=(
        "{bin}/python", "-m", "loadtest.peers.mosec.app",
        "--address", "127.0.0.1", "--port", "{http}", "--path", "{home}/ipc", "--log-level", "warning",
    ),
    ready="/",
    wires=(make_plain_json("/classify"), make_bare_octets("/octets", n_classes=2)),
    setting="max_batch_size 64, max_wait_time 1 ms, orjson",
)  # fmt: skip
