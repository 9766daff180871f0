"""What was measured, as it is shipped: uplifts beside features by dataset, and the forecast that was fitted to them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bundle.evidence import Interval
from training.advising.model import Forecast

FILE = Path(__file__).with_name("evidence.json")


@dataclass(frozen=True)
class Measurement:
    """What `auto` brought to a dataset, the mean of `n_seeds`, in points of balanced accuracy.

    uplift: to `fit`'s own classifier. beside: to classifiers trained on real and synthetic cases together; None where
    not measured. level: which of the training cases were kept. features: see `compute_features`.
    """

    dataset: str
    level: str
    n_seeds: int
    uplift: float
    beside: float | None
    features: dict[str, float]


@dataclass(frozen=True)
class Evidence:
    """Measurements and forecast.

    error, error_of_mean: mean absolute, in points, on datasets left out, of the forecast and of the mean of the others.
    won: by how much the forecast is nearer, with its interval over datasets.
    """

    measurements: tuple[Measurement, ...]
    forecast: Forecast
    error: float
    error_of_mean: float
    won: Interval

    @property
    def is_forecast_better(self) -> bool:
        """Whether the forecast is nearer than the mean beyond chance."""
        return self.won.low > 0

    @cached_property
    def datasets(self) -> list[str]:
        """Names, each once."""
        return sorted({one.dataset for one in self.measurements})

    def predict(self, features: dict[str, float]) -> float:
        """The forecast for a dataset, in points."""
        names = self.measurements[0].features
        return float(self.forecast.predict(np.array([[features[name] for name in names]]))[0])


def write_evidence(evidence: Evidence, file: Path) -> None:
    """As JSON, a measurement a line."""
    forecast = {name: np.round(value, 6).tolist() for name, value in asdict(evidence.forecast).items()}
    own = {"error": evidence.error, "error_of_mean": evidence.error_of_mean, "won": evidence.won.model_dump()}
    lines = ",\n".join(json.dumps(asdict(one)) for one in evidence.measurements)
    head = json.dumps({"forecast": forecast, **own})[:-1]
    file.write_text(f'{head},\n"measurements": [\n{lines}\n]}}\n')


def read_evidence(file: Path = FILE) -> Evidence:
    """What `write_evidence` wrote."""
    record: dict[str, Any] = json.loads(file.read_text())
    forecast = record["forecast"]
    arrays = {name: np.array(forecast[name]) for name in ("mean", "scale", "weights")}
    return Evidence(
        measurements=tuple(Measurement(**one) for one in record["measurements"]),
        forecast=Forecast(**arrays, intercept=float(forecast["intercept"])),
        error=record["error"],
        error_of_mean=record["error_of_mean"],
        won=Interval.model_validate(record["won"]),
    )
