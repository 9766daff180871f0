"""Losses that several families use, each a function of tensors and a number `[]` to minimise."""

from __future__ import annotations

import torch
from sklearn.cluster import KMeans
from torch import Tensor, nn
from torch.nn import functional


def compute_error(reconstruction: Tensor, series: Tensor, counted: Tensor | None) -> Tensor:
    """Mean squared error, of what is filled or padded none, `counted` being 0 there and 1 elsewhere."""
    if counted is None:
        return functional.mse_loss(reconstruction, series)
    return ((reconstruction - series).square() * counted).sum() / counted.sum()


def compute_divergence(mean: Tensor, log_variance: Tensor, free_bits: float = 0.0) -> Tensor:
    """Kullback-Leibler divergence of posteriors `[n, latent_dim]` from the standard normal (Kingma & Welling, 2014).

    Summed over the latent, averaged over the batch, in nats. Each dimension costs at least `free_bits` nats, so that
    nothing is gained by using it less (Kingma et al., 2016, equation 15).
    """
    each = mean**2 + log_variance.exp() - 1 - log_variance
    if free_bits:
        return (0.5 * each).mean(dim=0).clamp_min(free_bits).sum()
    return 0.5 * each.sum(dim=1).mean()


def compute_warm_up(progress: float, share: float) -> float:
    """The factor that rises from 0 to 1 over the first `share` of the steps; `progress` is 0 … 1 of them."""
    return min(1.0, progress / share) if share else 1.0


def compute_contrastive_loss(latent: Tensor, class_index: Tensor, margin: float) -> Tensor:
    """Contrastive loss (Hadsell, Chopra & LeCun, 2006) over all pairs of a batch `[n, latent_dim]`.

    Codes of one class are drawn together, and codes of two classes apart until their distance is `margin`.
    """
    squared = (latent[:, None] - latent[None]).square().sum(dim=2)
    distance = (squared + 1e-12).sqrt()
    same = class_index[:, None] == class_index[None]
    return torch.where(same, squared, functional.relu(margin - distance).square()).mean()


class ClusteringLoss(nn.Module):
    """The clustering loss of DEC (Xie, Girshick & Farhadi, 2016) beside reconstruction, as in IDEC (Guo et al., 2017).

    Each code belongs to each centre by Student's t of its distance. The loss is the divergence of these shares from
    sharper ones, squared and made even over the centres of a batch. It takes no labels, so it forms clusters in
    unlabelled data too, where losses by class have nothing to say.
    """

    begun: Tensor

    def __init__(self, n_clusters: int, latent_dim: int) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.zeros(n_clusters, latent_dim))
        self.register_buffer("begun", torch.tensor(False))

    @torch.no_grad()
    def begin(self, latent: Tensor, seed: int) -> None:
        """Put the centres where k-means finds them among codes `[n, latent_dim]`; fewer codes than centres repeat."""
        n_centres = len(self.centres)
        found = KMeans(min(n_centres, len(latent)), n_init=4, random_state=seed).fit(latent.cpu().numpy())
        self.centres.copy_(torch.as_tensor(found.cluster_centers_).repeat(n_centres, 1)[:n_centres])
        self.begun.fill_(True)

    def forward(self, latent: Tensor) -> Tensor:
        """The loss of codes `[n, latent_dim]`."""
        affinity = 1 / (1 + (latent[:, None] - self.centres[None]).square().sum(dim=2))
        share = affinity / affinity.sum(dim=1, keepdim=True)
        sharp = share.detach().square() / share.detach().sum(dim=0)
        sharp = sharp / sharp.sum(dim=1, keepdim=True)
        return functional.kl_div(share.log(), sharp, reduction="batchmean")
