"""Serves bundles: operations decide, transports translate."""
