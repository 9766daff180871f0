"""Datasets in, bundles out."""

import bundle  # noqa: F401 (it keeps onnxruntime from reporting, whichever library imports that first)
