"""Runs a bundle: its ONNX sessions, and what it can do."""
