"""Losses that several families use: each is least where its paper says."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from training.learning.losses import (
    ClusteringLoss,
    compute_contrastive_loss,
    compute_divergence,
    compute_warm_up,
)

GENERATOR = torch.Generator().manual_seed(0)
MEAN, LOG_VARIANCE = torch.randn(2, 7, 3, generator=GENERATOR)
CLASS_INDEX = torch.tensor([0, 0, 0, 1, 1, 1, 1])


def test_the_divergence_is_that_of_normal_distributions_in_nats() -> None:
    each = kl_divergence(Normal(MEAN, (0.5 * LOG_VARIANCE).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(compute_divergence(MEAN, LOG_VARIANCE), each.sum(dim=1).mean())


def test_a_dimension_that_holds_less_than_the_free_bits_costs_them_and_pulls_nothing() -> None:
    mean = torch.full((7, 3), 0.1, requires_grad=True)
    divergence = compute_divergence(mean, torch.zeros(7, 3), free_bits=0.5)
    divergence.backward()
    assert float(divergence.detach()) == pytest.approx(1.5) and mean.grad is not None and not mean.grad.any()
    full = compute_divergence(5 + MEAN, LOG_VARIANCE)
    torch.testing.assert_close(compute_divergence(5 + MEAN, LOG_VARIANCE, free_bits=0.5), full)


def test_the_contrastive_loss_is_nothing_where_classes_are_points_a_margin_apart() -> None:
    latent = 2.0 * CLASS_INDEX[:, None].float()
    assert float(compute_contrastive_loss(latent, CLASS_INDEX, margin=2.0)) == pytest.approx(0, abs=1e-6)
    assert float(compute_contrastive_loss(latent, CLASS_INDEX, margin=3.0)) == pytest.approx(24 / 49, abs=1e-4)
    assert float(compute_contrastive_loss(latent, 1 - CLASS_INDEX // 9, margin=2.0)) == pytest.approx(4 * 24 / 49)


def test_clusters_begin_where_the_codes_lie_and_learning_draws_the_codes_to_them() -> None:
    blobs = 6.0 * CLASS_INDEX[:, None] + 0.5 * torch.randn(7, 3, generator=GENERATOR)
    clustering = ClusteringLoss(2, 3)
    clustering.begin(blobs, seed=0)
    centres = torch.stack([blobs[index == CLASS_INDEX].mean(dim=0) for index in (0, 1)])
    torch.testing.assert_close(clustering.centres.detach().sort(dim=0).values, centres.sort(dim=0).values)
    codes = (0.7 * blobs + 0.3 * blobs.mean(dim=0)).requires_grad_()
    before = clustering(codes)
    [pull] = torch.autograd.grad(before, codes)
    assert clustering(codes - 0.5 * pull).detach() < before.detach()


def test_more_clusters_than_codes_begin_all_the_same() -> None:
    clustering = ClusteringLoss(5, 3)
    clustering.begin(MEAN[:2], seed=0)
    assert torch.isfinite(clustering(MEAN)) and clustering.begun


def test_the_warm_up_rises_to_one_and_stays() -> None:
    assert [compute_warm_up(progress, 0.5) for progress in (0.0, 0.25, 0.5, 0.9)] == [0.0, 0.5, 1.0, 1.0]
    assert compute_warm_up(0.0, 0.0) == 1.0
