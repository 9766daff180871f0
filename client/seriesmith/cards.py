"""What is said of the models that are served. Over HTTP alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from seriesmith.calls import Call
from seriesmith.errors import Unexpected
from seriesmith.reading import Fields, to_label_array


@dataclass(frozen=True, eq=False)
class ModelCard:
    """A model that is served: its newest version, and the `versions` that `model="name/version"` may name.

    `card` is all that the server says of it, metrics and what was learned of each class among it.
    """

    name: str
    version: int
    versions: list[int]
    classes: NDArray[Any]
    n_channels: int
    n_timepoints: int
    latent_dim: int | None
    card: dict[str, Any] = field(repr=False)


def models() -> Call[list[ModelCard]]:
    """The cards of all models that are served. Over HTTP alone."""
    return Call("models", lambda page: [read_card(card) for card in page["models"]], page=True)


def model(name: str) -> Call[ModelCard]:
    """The card of one model. Over HTTP alone."""
    return Call(f"models/{name}", read_card, page=True)


def read_card(card: Fields) -> ModelCard:
    """Build a model's card from the JSON of `GET /models`. Raises `Unexpected`."""
    try:
        return ModelCard(
            card["name"],
            card["version"],
            card["versions"],
            to_label_array([known["label"] for known in card["classes"]]),
            card["series"]["n_channels"],
            card["series"]["n_timepoints"],
            card["latent_dim"],
            card,
        )
    except (KeyError, TypeError) as error:
        raise Unexpected(f"the card of a model lacks {error}. Is the server as new as the client?") from error
