"""Generates Gaussian processes of scikit-learn's kernels; classes differ in the length scale.

Kernels as in Rasmussen & Williams, Gaussian Processes for Machine Learning, 2006, chapter 4.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from training.data.generated import ContrastSettings, make_partitions
from training.data.raw import Partitions
from training.settings import Bounds

JITTER = 1e-9
"""Of the variance, added on the diagonal, so that a covariance of lower rank has a Cholesky factor."""

Kernel = Literal["constant", "exponential", "squared_exponential", "rational_quadratic", "linear", "matern", "periodic"]


@dataclass(frozen=True)
class Settings(ContrastSettings):
    """Gaussian processes; the length scale of each class (periodic: the period) is that of the last over `contrast`,
    the standard deviation of a constant is that of the last times it."""

    kernel: Kernel = "squared_exponential"
    """Covariance of two timepoints by their distance (constant: always the same; linear: by their product)."""
    n_timepoints: Annotated[int, Bounds(ge=8, le=4096)] = 128
    """Timepoints of a series before any are left out."""
    length_scale: Annotated[float, Bounds(gt=0)] = 8.0
    """Timepoints over which values of the first class are alike."""
    variance: Annotated[float, Bounds(gt=0)] = 1.0
    """Variance of a value; linear: at the length scale from the first timepoint."""
    nu: Annotated[float, Bounds(gt=0)] = 1.5
    """Smoothness of the Matérn kernel: 0.5 is the exponential one, 1.5 and 2.5 can be derived once and twice."""
    alpha: Annotated[float, Bounds(gt=0)] = 1.0
    """Mixture of length scales in the rational quadratic kernel: large values are the squared exponential."""
    period: Annotated[float, Bounds(ge=2)] = 48.0
    """Period of the periodic kernel in the first class, in timepoints."""
    noise: Annotated[float, Bounds(ge=0)] = 0.0
    """Standard deviation of white noise on top."""


def generate(settings: Settings) -> Partitions:
    """Training and test cases `[n_cases, n_channels, n_timepoints]`."""

    def draw(class_index: int, n_cases: int, random: np.random.Generator) -> NDArray[np.float64]:
        covariance = compute_covariance(settings, class_index)
        jitter = JITTER * covariance.diagonal().max() * np.eye(len(covariance))
        factor = np.linalg.cholesky(covariance + jitter)
        shape = (n_cases, settings.n_channels, settings.n_timepoints)
        return random.standard_normal(shape) @ factor.T + random.normal(0, settings.noise, shape)

    return make_partitions(settings, draw)


def warm_up() -> None:
    """Import what takes a second, before many processes are forked that draw."""
    importlib.import_module("sklearn.gaussian_process.kernels")


def compute_covariance(settings: Settings, class_index: int) -> NDArray[np.float64]:
    """The covariance of a class without noise, `[n_timepoints, n_timepoints]`."""
    from sklearn.gaussian_process import kernels  # takes a second, and only what draws a process needs it

    scale, period = settings.scale(class_index), settings.period / settings.length_scale
    times = np.arange(settings.n_timepoints)[:, None] * scale / settings.length_scale
    made = {
        "constant": kernels.ConstantKernel(scale**2),
        "exponential": kernels.Matern(nu=0.5),
        "squared_exponential": kernels.RBF(),
        "rational_quadratic": kernels.RationalQuadratic(alpha=settings.alpha),
        "linear": kernels.DotProduct(sigma_0=0.0),
        "matern": kernels.Matern(nu=settings.nu),
        "periodic": kernels.ExpSineSquared(length_scale=2 * np.pi / period, periodicity=period),
    }
    covariance: NDArray[np.float64] = settings.variance * made[settings.kernel](times)
    return covariance
