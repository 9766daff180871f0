"""The Open Inference Protocol, version 2: every operation of every bundle is a model named `<bundle>.<operation>`."""
