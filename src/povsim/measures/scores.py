"""Scores of forecasts against what came: the whole predictive distribution, its median and its bands.

Draws stand on the last axis. All scores are in the unit of the forecast; smaller is better but for coverage.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from povsim.errors import PovsimError

Floats = NDArray[np.float64]


def crps(draws: ArrayLike, observed: ArrayLike) -> Floats:
    """Continuous ranked probability score of an ensemble `draws` [..., m] against `observed` [...], the fair form.

    mean |X - y| - sum over pairs |X_i - X_j| / (2 m (m - 1)): its expectation is the score of the distribution that the draws
    are from, whatever m (C. A. T. Ferro, Quarterly Journal of the Royal Meteorological Society 140, 2014). Needs m >= 2.
    """
    x = np.sort(np.asarray(draws, np.float64), axis=-1)
    m = x.shape[-1]
    fail_if_no_ensemble(m)
    off = np.abs(x - np.asarray(observed, np.float64)[..., None]).mean(axis=-1)
    rank = 2.0 * np.arange(1, m + 1) - m - 1  # sum over pairs of |x_i - x_j| = 2 sum of rank x, x in order
    return np.asarray(off - (x * rank).sum(axis=-1) / (m * (m - 1)), np.float64)


def band(draws: ArrayLike, share: float) -> tuple[Floats, Floats]:
    """Ends of the central band that holds `share` of the draws [..., m]."""
    low, high = np.quantile(np.asarray(draws, np.float64), [(1 - share) / 2, (1 + share) / 2], axis=-1)
    return low, high


def covered(draws: ArrayLike, observed: ArrayLike, share: float) -> NDArray[np.bool_]:
    """Whether what was observed lies in the central band of the draws [..., m]."""
    low, high = band(draws, share)
    y = np.asarray(observed, np.float64)
    return np.asarray((low <= y) & (y <= high))


def fail_if_no_ensemble(m: int) -> None:
    """A single draw is no distribution."""
    if m < 2:
        raise PovsimError(f"A predictive distribution of {m} draw cannot be scored by CRPS. Give two or more.")
