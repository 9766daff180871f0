"""Distances between what two sets have on average: values, autocorrelation, spectrum. 0 is the same; less is better."""

from __future__ import annotations

import numpy as np
from scipy.stats import wasserstein_distance

LEAST_POWER = 1e-6


def compute_marginal_distance(made: np.ndarray, real: np.ndarray) -> float:
    """Wasserstein-1 distance of all values, standardised units, mean over the channels.

    Both `[n_cases, n_channels, n_timepoints]`. Source: Villani, 2009; one-dimensional, by quantiles.
    """
    pairs = zip(made.swapaxes(0, 1), real.swapaxes(0, 1), strict=True)
    return float(np.mean([wasserstein_distance(one.ravel(), other.ravel()) for one, other in pairs]))


def compute_autocorrelation_distance(made: np.ndarray, real: np.ndarray) -> float:
    """Mean absolute difference, over channels and lags up to half the length, of the mean autocorrelation, 0 … 2.

    Source: the ACF score of Wiese et al., Quant GANs, 2020, as a mean instead of a norm.
    """
    n_lags = max(1, real.shape[2] // 2)
    difference = compute_autocorrelation(made, n_lags).mean(axis=0) - compute_autocorrelation(real, n_lags).mean(axis=0)
    return float(np.abs(difference).mean())


def compute_spectrum_distance(made: np.ndarray, real: np.ndarray) -> float:
    """Root mean squared difference over the frequencies of the mean log power spectra, decibels, mean over channels.

    Source: the log-spectral distance of Gray & Markel, 1976. Each series is taken without its mean, so that the level
    has no say; power below a millionth of the real channel's mean counts as silence.
    """
    one, other = compute_power_spectrum(made), compute_power_spectrum(real)
    silence = LEAST_POWER * other.mean(axis=(0, 2), keepdims=True) + np.finfo(float).tiny
    decibels = [10 * np.log10(power + silence).mean(axis=0) for power in (one, other)]
    return float(np.sqrt(np.square(decibels[0] - decibels[1]).mean(axis=1)).mean())


def compute_autocorrelation(series: np.ndarray, n_lags: int) -> np.ndarray:
    """Of each series around its own mean at lags 1 … n_lags, `[n_cases, n_channels, n_lags]`; 0 of a constant one."""
    n_timepoints = series.shape[2]
    centred = series.astype(np.float64) - series.mean(axis=2, keepdims=True)
    power = np.abs(np.fft.rfft(centred, 2 * n_timepoints, axis=2)) ** 2
    covariance = np.fft.irfft(power, 2 * n_timepoints, axis=2)
    variance = covariance[..., :1]
    correlation: np.ndarray = covariance[..., 1 : n_lags + 1] / np.where(variance > 1e-12, variance, np.inf)
    return correlation


def compute_power_spectrum(series: np.ndarray) -> np.ndarray:
    """Periodogram of each series around its own mean, `[n_cases, n_channels, n_timepoints // 2]`, from 1 cycle on."""
    centred = series.astype(np.float64) - series.mean(axis=2, keepdims=True)
    power: np.ndarray = np.abs(np.fft.rfft(centred, axis=2))[..., 1:] ** 2 / series.shape[2]
    return power
