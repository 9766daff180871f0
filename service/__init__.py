"""Serves bundles: operations decide, transports translate."""

VERSION = "0.1.0"
"""Of the package, as pyproject.toml has it."""
