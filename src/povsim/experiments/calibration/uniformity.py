"""A simultaneous band for the distribution of values that ought to be uniform (T. Saeilynoja, P.-C. Buerkner and A. Vehtari,
Statistics and Computing 32, 2022): all of it holds them at once with the probability asked for, without a draw."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom  # type: ignore[attr-defined]  # made when scipy is imported

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
POINTS = 100


@cache
def band(n: int, level: float = 0.95, points: int = POINTS) -> tuple[Ints, Ints, Floats]:
    """Lowest and highest count of n values at or below each of the points 1/points .. 1 - 1/points, and these points.

    Pointwise binomial intervals, all of the probability at which they hold together with probability `level` or just above.
    """
    at = np.arange(1, points) / points
    narrow, wide = 0.0, 1 - level  # gamma: probability outside a pointwise interval; outside all of them is more
    for _ in range(40):
        gamma = (narrow + wide) / 2
        if _holds(n, at, *_pointwise(n, at, gamma)) >= level:
            narrow = gamma
        else:
            wide = gamma
    return (*_pointwise(n, at, narrow), at)


def holds(n: int, level: float = 0.95, points: int = POINTS) -> float:
    """Probability with which the band holds n uniform values, exactly."""
    low, high, at = band(n, level, points)
    return _holds(n, at, low, high)


def outside(values: Floats, low: Ints, high: Ints, points: Floats) -> float:
    """By how much the distribution of the values leaves the band most, as a share of them; 0 where it stays inside."""
    counts = np.searchsorted(np.sort(values), points, side="right")
    worst = np.maximum(low - counts, counts - high).max()
    return max(0.0, float(worst) / len(values))


def _pointwise(n: int, at: Floats, gamma: float) -> tuple[Ints, Ints]:
    low = binom.ppf(gamma / 2, n, at)
    high = binom.ppf(1 - gamma / 2, n, at)
    return np.maximum(low, 0).astype(np.int64), high.astype(np.int64)


def _holds(n: int, at: Floats, low: Ints, high: Ints) -> float:
    """Probability that the counts of n uniforms stay within [low, high] at every point: from one point to the next, each value
    that is still above falls below with the same probability, so the count is a Markov chain."""
    state = np.zeros(n + 1)
    state[0] = 1.0
    before, counts = 0.0, np.arange(n + 1)
    for x, least, most in zip(at, low, high, strict=True):
        step = (x - before) / (1 - before)
        reached = np.flatnonzero(state > 0)
        to = counts[least : most + 1]
        moves = binom.pmf(to[None, :] - reached[:, None], n - reached[:, None], step)
        after = np.zeros(n + 1)
        after[least : most + 1] = state[reached] @ moves
        state, before = after, x
    return float(state.sum())
