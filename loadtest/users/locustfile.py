"""Load shaped like users: a monitor, a data scientist, a bulk scorer. Locust's page shows them at work.

They ask the server for a model's card first and send what it says fits, so that any bundle will do.
"""
# mypy: disable-error-code="import-not-found, misc, untyped-decorator"
# Locust is in an environment of its own.

from __future__ import annotations

import os
import random
from typing import Any

from locust import FastHttpUser, between, constant_pacing, task

MODEL = os.environ.get("MODEL", "gunpoint")
Series = list[list[float]]


class User(FastHttpUser):
    """Knows the model's card."""

    abstract = True

    def on_start(self) -> None:
        card = self.client.get(f"/models/{MODEL}", name="/models/{name}").json()
        shape = card["series"]
        self.n_channels, self.n_timepoints = shape["n_channels"], shape["n_timepoints"]
        self.labels = [one["label"] for one in card["classes"]]

    def ask(self, operation: str, name: str, **fields: Any) -> None:
        """POST, named in the statistics by what the user wants of it."""
        self.client.post(f"/{operation}", json={"model": MODEL, **fields}, name=f"/{operation}: {name}")

    def draw_walks(self, n_cases: int) -> list[Series]:
        """Random walks of the model's shape."""
        return [[self._draw_walk() for _ in range(self.n_channels)] for _ in range(n_cases)]

    def _draw_walk(self) -> list[float]:
        level, walk = 0.0, []
        for _ in range(self.n_timepoints):
            level += random.gauss(0, 0.2)
            walk.append(level)
        return walk


class Monitor(User):
    """Watches a machine: one series a second, now and then with a question behind it."""

    weight = 20
    wait_time = constant_pacing(1)

    @task(20)
    def classify(self) -> None:
        self.ask("classify", "one", series=self.draw_walks(1))

    @task(2)
    def is_it_usual(self) -> None:
        self.ask("classify", "one, with typicality", series=self.draw_walks(1), **{"with": ["typicality"]})

    @task(1)
    def is_it_anomalous(self) -> None:
        self.ask("reconstruct", "one", series=self.draw_walks(1))


class DataScientist(User):
    """Looks at samples, then balances a data set with a rare class, and thinks in between."""

    weight = 3
    wait_time = between(3, 15)

    @task(3)
    def look(self) -> None:
        self.ask("sample", "10 per class", n_per_class=10, seed=random.randrange(1000))

    @task(2)
    def balance(self) -> None:
        common, *rare = self.labels
        labels = [common] * 40 + [label for label in rare for _ in range(5)]
        self.ask("augment", "a rare class", series=self.draw_walks(len(labels)), labels=labels)

    @task(1)
    def make_many(self) -> None:
        self.ask("sample", "500 per class", n_per_class=500)


class BulkScorer(User):
    """Scores the day's archive in pieces of 1000 series."""

    weight = 1
    wait_time = between(5, 10)

    def on_start(self) -> None:
        super().on_start()
        self.archive = self.draw_walks(1000)

    @task
    def score(self) -> None:
        self.ask("classify", "1000", series=self.archive)
