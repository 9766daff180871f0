"""Keras fits on the batches, epoch by epoch, with their weights."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")
keras: Any = pytest.importorskip("keras")

from seriesmith.keras import Batches  # noqa: E402 (Keras reads its backend when it is imported)
from tests.service.bundles import Labelled  # noqa: E402
from tests.service.server import Server  # noqa: E402


@pytest.fixture
def batches(server: Server, cases: Labelled) -> Batches:
    """Ten cases in four epochs of three batches."""
    return Batches(
        server.url, cases.series[:10], cases.labels[:10], "sines", epochs=4, finish=0.25, batch_size=4, pool=9
    )


def test_an_epoch_is_a_pass_and_the_last_ones_are_of_real_cases(batches: Batches):
    sizes = []
    for _ in range(4):
        sizes.append([len(batches[place][0]) for place in range(len(batches))])
        batches.on_epoch_end()
    assert sizes == [[8, 8, 8]] * 3 + [[4, 4, 4]]


def test_series_have_their_channels_last_and_weights_beside_them(batches: Batches):
    series, class_index, weight = batches[0]
    drawn = batches.mixing.draw(0)
    assert series.shape == (8, 64, 2) and np.array_equal(series.transpose(0, 2, 1), drawn.series)
    assert np.array_equal(class_index, drawn.class_index) and np.array_equal(weight, drawn.sample_weight)


def test_a_network_fits_on_them(batches: Batches):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    network = keras.Sequential([layers.Conv1D(8, 5), layers.GlobalAveragePooling1D(), layers.Dense(3)])
    seen: list[int] = []
    network.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    epochs = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    history = network.fit(batches, epochs=4, verbose=0, callbacks=[epochs])
    assert seen == [0, 1, 2, 3] and np.isfinite(history.history["loss"]).all()
    assert len(batches[0][0]) == 4  # four epochs on, real cases alone
