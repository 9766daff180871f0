"""Trained weights, kept beside the graphs as plain arrays, so that a later fit can start from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from models.errors import BundleError

FILE = "weights.npz"


def weight_arrays(modules: dict[str, nn.Module | None]) -> dict[str, np.ndarray]:
    """Arrays keyed `<module>.<parameter>`."""
    return {
        f"{prefix}.{name}": tensor.numpy()
        for prefix, module in modules.items()
        if module is not None
        for name, tensor in module.state_dict().items()
    }


def load_weights(bundle: Path, prefix: str, module: nn.Module, required: bool = True) -> bool:
    """Put a bundle's weights into `module`; whether they fitted.

    Raises `BundleError` when they are missing or of other shapes and `required`.
    """
    try:
        with np.load(bundle / FILE, allow_pickle=False) as archive:
            start = len(prefix) + 1
            found = {name[start:]: archive[name] for name in archive.files if name.startswith(f"{prefix}.")}
    except OSError as error:
        raise BundleError(f"--from {bundle} is not a bundle: it has no readable {FILE}.") from error
    wanted = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    given = {name: array.shape for name, array in found.items()}
    if wanted != given:
        if not required:
            return False
        differing = sorted(name for name in wanted.keys() | given.keys() if wanted.get(name) != given.get(name))
        raise BundleError(
            f"--from {bundle}: its {prefix} has other shapes than this configuration and dataset need (first: "
            f"{differing[0]}, {given.get(differing[0])} there, {wanted.get(differing[0])} here); use the same family, "
            "latent_dim, channels and length, or leave --from out."
        )
    module.load_state_dict({name: torch.as_tensor(array) for name, array in found.items()})
    return True
