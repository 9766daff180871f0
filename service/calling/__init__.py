"""What the client is made of: numpy, and httpx or grpcio for the way; nothing of the server.

`operations` says what can be asked, `persistence` when to ask again; `octets` and `messages` put it on the two wires,
and `over_http` and `over_grpc` carry it, each once blocking and once with asyncio.
"""
