"""The Open Inference Protocol, version 2: every operation of every bundle is a model named `<bundle>.<operation>`."""

EXTENSIONS = ["binary_tensor_data", "model_repository", "model_configuration", "statistics"]
"""Of the protocol, which this server has."""

LACKS = f"is of an extension that this server lacks; it has: {', '.join(EXTENSIONS)}."
"""What is said of all others."""
