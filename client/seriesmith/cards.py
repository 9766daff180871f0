"""What is said of the models that are served. Over HTTP alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from seriesmith.calls import Call
from seriesmith.errors import Unexpected
from seriesmith.reading import Fields, to_label_array


@dataclass(frozen=True)
class Recall:
    """How many of the `n_cases` measured cases of a class the model gives to it; `low` and `high`: the 95 % interval of
    that share."""

    n_cases: int
    n_correct: int
    low: float
    high: float


@dataclass(frozen=True)
class Accuracy:
    """The `share` of `n_cases` cases, which the model was not trained on, that it classifies rightly.

    `low` and `high`: the 95 % interval. `recall`: by class, its label as text. `cross_validated`: accuracy on training
    cases by models that did not see them. None, or empty, where the fit was made before these were measured.
    """

    share: float
    n_cases: int
    low: float | None
    high: float | None
    recall: dict[str, Recall]
    cross_validated: float | None


@dataclass(frozen=True, eq=False)
class ModelCard:
    """A model that is served: its newest version, and the `versions` that `model="name/version"` may name.

    `accuracy` is None where nothing was held out to measure it on, or there are no labels. `card` is all that the
    server says of it, metrics and what was learned of each class among it.
    """

    name: str
    version: int
    versions: list[int]
    classes: NDArray[Any]
    n_channels: int
    n_timepoints: int
    latent_dim: int | None
    accuracy: Accuracy | None
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
            _read_accuracy(card["metrics"]),
            card,
        )
    except (KeyError, TypeError) as error:
        raise Unexpected(f"the card of a model lacks {error}. Is the server as new as the client?") from error


def _read_accuracy(metrics: Fields) -> Accuracy | None:
    if metrics["accuracy"] is None:
        return None
    interval = metrics.get("accuracy_interval") or {}
    recall = {
        label: Recall(one["n_cases"], one["n_correct"], one["low"], one["high"])
        for label, one in metrics.get("recall", {}).items()
    }
    return Accuracy(
        metrics["accuracy"],
        metrics["n_measured"],
        interval.get("low"),
        interval.get("high"),
        recall,
        _find_cross_validated(metrics.get("uplift")),
    )


def _find_cross_validated(uplift: Fields | None) -> float | None:
    """Find what the folds say of the policy that was chosen, in the last round."""
    if uplift is None:
        return None
    chosen = (uplift["policy"], uplift["rounds"])
    found = [row.get("accuracy") for row in uplift["candidates"] if (row["policy"], row["round"]) == chosen]
    return found[-1] if found else None
