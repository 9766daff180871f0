"""Writes what follows from the operations of the service: `seriesmith.proto`, its stubs, and the client's methods."""
