"""gRPC: the same operations as over HTTP, typed, on a port of their own."""
