"""What a model bundle is, and how it runs: numpy and onnxruntime alone."""
