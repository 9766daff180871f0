"""PyTorch's loaders take the batches, with any number of workers."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from seriesmith.torch import Batches
from tests.service.bundles import Labelled
from tests.service.server import Server

OPTIONS = {"batch_size": 4, "pool": 9, "seed": 3}


@pytest.fixture(scope="module")
def batches(server: Server, cases: Labelled) -> Batches:
    """Seven steps."""
    return Batches(server.url, cases.series[:10], cases.labels[:10], "sines", n_steps=7, **OPTIONS)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_gives_the_steps_in_order(batches: Batches, workers: int):
    loader = DataLoader(batches, batch_size=None, num_workers=workers)
    found = list(loader)
    assert len(loader) == len(found) == 7
    for step, batch in enumerate(found):
        assert [part.tolist() for part in batch] == [part.tolist() for part in batches.mixing.draw(step)]


def test_without_steps_there_is_no_end_and_no_length(server: Server, cases: Labelled):
    endless = Batches(server.url, cases.series[:10], cases.labels[:10], "sines", **OPTIONS)
    assert len(list(itertools.islice(endless, 40))) == 40
    with pytest.raises(TypeError, match="have no end"):
        len(endless)


def test_a_network_learns_from_them(batches: Batches, cases: Labelled):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv1d(2, 8, 5), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 3))
    before = [parameter.clone() for parameter in network.parameters()]
    optimiser = torch.optim.Adam(network.parameters())
    for series, class_index, weight in batches:
        loss = (weight * nn.functional.cross_entropy(network(series), class_index, reduction="none")).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert not any(map(torch.equal, before, network.parameters()))
