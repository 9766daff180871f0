"""What the graphs of a bundle must take and give, by role, as `models/README.md` has it."""

from __future__ import annotations

from dataclasses import dataclass

from bundle.generation.generate import list_noise
from bundle.manifest import Manifest, Tensor

Tensors = dict[str, tuple[str, tuple[str | int, ...]]]
"""By name: dtype and shape; "n" is the batch axis."""

ROWS: tuple[str | int, ...] = ("n",)


@dataclass(frozen=True)
class Expected:
    """Inputs, outputs and overridable initializers of one graph."""

    inputs: Tensors
    outputs: Tensors
    overridable: Tensors


def list_expected_signatures(manifest: Manifest) -> dict[str, Expected]:
    """Return the expected signature of each role that a bundle of this manifest may have a graph for.

    How many components the mixture has, what noise a texture and a generator take, and what parameters a density has
    that stands without a mixture is the bundle's own: it is taken as it says.
    """
    shape, n_classes = manifest.series, len(manifest.classes)
    latent_dim = 1 if manifest.latent is None else manifest.latent.latent_dim
    series: Tensors = {"series": ("float32", ("n", shape.n_channels, shape.n_timepoints))}
    latent: Tensors = {"latent": ("float32", ("n", latent_dim))}
    densities: Tensors = {"class_log_density": ("float32", ("n", n_classes))}
    classes: Tensors = {"class_index": ("int64", ROWS)}
    textured: Tensors = {"textured_series": series["series"]}
    probabilities: Tensors = {"class_probabilities": ("float32", ("n", n_classes))}
    posterior: Tensors = {name: latent["latent"] for name in ("posterior_mean", "posterior_log_variance")}
    drawn: Tensors = {
        **classes,
        "component_uniform": ("float32", ROWS),
        "noise": latent["latent"],
        "expansion": ("float32", ()),
    }
    parameters = _list_parameters(manifest, latent_dim)
    density = {name: card for name, card in parameters.items() if name != "covariance_factors"}
    if manifest.mixture is None:
        density = _list_overridable(manifest, "density")
    return {
        "encoder": Expected(series, posterior, {}),
        "decoder": Expected(latent, series, {}),
        "mixture": Expected(drawn, latent | densities, parameters),
        "density": Expected(latent, densities, density),
        "classifier": Expected(series, probabilities, {}),
        "screener": Expected(series, probabilities, {}),
        "texture": _expect_texture(manifest, series | classes, textured),
        "blend": Expected(
            classes | {"end_class_index": ("int64", ROWS), "position": ("float32", ROWS)} | _expect_noise(manifest),
            series,
            _list_overridable(manifest, "blend"),
        ),
        "generate": Expected(classes | _expect_noise(manifest), series, _list_overridable(manifest, "generate")),
    }


def _list_overridable(manifest: Manifest, role: str) -> Tensors:
    graph = manifest.graphs.get(role)
    return {} if graph is None else {card.name: (card.dtype, tuple(card.shape)) for card in graph.overridable}


def _expect_noise(manifest: Manifest) -> Tensors:
    """Expect `noise`, and the further inputs that the manifest names, of float32 with a batch axis."""
    sizes = {card.name: tuple(card.shape[1:]) for card in list_noise(manifest)}
    return {name: ("float32", ("n", *width)) for name, width in ({"noise": ()} | sizes).items()}


def _list_parameters(manifest: Manifest, latent_dim: int) -> Tensors:
    """Return the mixture's parameters, with as many components as the manifest says of `weights`."""
    weights = _find_card(manifest, "mixture", "overridable", "weights")
    n_components = weights.shape[1] if weights is not None and len(weights.shape) == 2 else 1
    shape = (len(manifest.classes), n_components, latent_dim)
    square = ("float32", (*shape, latent_dim))
    return {
        "weights": ("float32", shape[:2]),
        "means": ("float32", shape),
        "covariance_factors": square,
        "precision_factors": square,
    }


def _expect_texture(manifest: Manifest, given: Tensors, textured: Tensors) -> Expected:
    noise = "residual_noise" if manifest.texture_steps is None else "state"
    card = _find_card(manifest, "texture", "inputs", noise)
    sizes = [size for size in card.shape[1:] if isinstance(size, int) and size > 0] if card is not None else []
    state: Tensors = {noise: ("float32", ("n", *sizes))}
    if manifest.texture_steps is None:
        return Expected(given | state, textured, {})
    scalars: Tensors = {"time": ("float32", ()), "duration": ("float32", ())}
    return Expected(given | state | scalars, {"next_state": state[noise]} | textured, {})


def _find_card(manifest: Manifest, graph: str, kind: str, name: str) -> Tensor | None:
    """Return the manifest's entry of one tensor; None where there is none."""
    cards: list[Tensor] = [
        tensor
        for known, listed in manifest.graphs.items()
        if known == graph
        for tensor in getattr(listed, kind)
        if tensor.name == name
    ]
    return cards[0] if cards else None
