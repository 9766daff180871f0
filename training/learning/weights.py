"""Trained weights, kept beside the graphs as plain arrays, so that a later fit can start from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from bundle.archives import read_arrays
from bundle.errors import BundleError
from bundle.reading import Folder, Unreadable

FILE = "weights.npz"


def list_weights(modules: dict[str, nn.Module | None]) -> dict[str, np.ndarray]:
    """Arrays keyed `<module>.<parameter>`."""
    return {
        f"{prefix}.{name}": tensor.numpy()
        for prefix, module in modules.items()
        if module is not None
        for name, tensor in module.state_dict().items()
    }


def read_weights(bundle: Path) -> dict[str, np.ndarray]:
    """What `list_weights` made, of the bundle at `bundle`, within the bounds of a bundle's files.

    Raises `BundleError` when it is missing, or no archive of numbers.
    """
    try:
        with Folder(bundle, link=True) as folder:
            return read_arrays(FILE, folder.read(FILE))
    except Unreadable as error:
        raise BundleError(f"--from {bundle} is not a bundle: it has no readable {FILE}.") from error
    except BundleError as error:
        raise BundleError(f"--from {bundle}: {error.message}") from error


def load_weights(
    bundle: Path, arrays: dict[str, np.ndarray], prefix: str, module: nn.Module, required: bool = True
) -> bool:
    """Put those of a bundle's weights, `arrays`, that begin with `prefix` into `module`; whether they fitted.

    Raises `BundleError`, which names `bundle`, when they are of other shapes and `required`.
    """
    start = len(prefix) + 1
    found = {name[start:]: array for name, array in arrays.items() if name.startswith(f"{prefix}.")}
    wanted = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    given = {name: array.shape for name, array in found.items()}
    if wanted != given:
        if not required:
            return False
        differing = sorted(name for name in wanted.keys() | given.keys() if wanted.get(name) != given.get(name))
        raise BundleError(
            f"--from {bundle}: its {prefix} has other shapes than this configuration and dataset need (first: "
            f"{differing[0]:.80}, {given.get(differing[0])} there, {wanted.get(differing[0])} here); use the same "
            "family, latent_dim, channels and length, or leave --from out."
        )
    module.load_state_dict({name: _make_tensor(found[name], like) for name, like in module.state_dict().items()})
    return True


def _make_tensor(array: np.ndarray, like: torch.Tensor) -> torch.Tensor:
    """The array as a tensor of the type of `like`, whatever type and order of bytes it was stored in."""
    with np.errstate(over="ignore"):
        return torch.from_numpy(array.astype(like.numpy().dtype))
