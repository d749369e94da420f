"""What a calibration leaves: weighted draws, and how they were come by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from povsim.draws import DrawKey
from povsim.experiments.calibration.keyed import Purpose, systematic, table
from povsim.experiments.calibration.prior import Prior

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Course:
    """How a fit went. left: share of the prior that each wave of history matching left; cuts: its implausibility;
    thresholds: distance of the farthest kept simulation, by generation; accepted: share of a generation's new simulations that
    were nearer; effective: effective number of kept simulations; simulations: lived in all; failed: without a statistic."""

    left: tuple[float, ...]
    cuts: tuple[float, ...]
    thresholds: tuple[float, ...]
    accepted: tuple[float, ...]
    effective: float
    simulations: int
    failed: int


@dataclass(frozen=True)
class Posterior:
    """Draws u [n, p] in (0, 1) of the prior's uniforms, weights [n] that add up to 1, statistics [n, k] of the simulations
    that they come from, without errors (after a regression adjustment these belong to the draws before it)."""

    prior: Prior
    u: Floats
    weights: Floats
    names: tuple[str, ...]
    statistics: Floats
    course: Course

    @cached_property
    def values(self) -> Floats:
        """Values [n, p]."""
        return self.prior.values(self.u)

    def mean(self) -> Floats:
        """Posterior means of the values [p]."""
        return self.weights @ self.values

    def variance(self) -> Floats:
        """Posterior variances of the values [p]."""
        values = self.values
        return self.weights @ (values - self.weights @ values) ** 2

    def correlation(self) -> Floats:
        """Posterior correlations of the values [p, p]; 0 beside 1 where one does not vary."""
        values = self.values - self.mean()
        covariance = (values * self.weights[:, None]).T @ values
        sd = np.sqrt(np.diag(covariance))
        scaled = np.divide(covariance, np.outer(sd, sd), out=np.zeros_like(covariance), where=np.outer(sd, sd) > 0)
        np.fill_diagonal(scaled, 1.0)
        return scaled

    def quantile(self, level: float) -> Floats:
        """Weighted quantiles of the values [p]; those at level and 1 - level leave the same number of draws outside."""
        above = level > 0.5
        values, out = -self.values if above else self.values, np.empty(self.prior.p)
        for j in range(self.prior.p):
            order = np.argsort(values[:, j], kind="stable")
            reached = np.cumsum(self.weights[order])
            at = int(np.searchsorted(reached, 1 - level if above else level))
            out[j] = values[order[min(at, len(order) - 1)], j]
        return -out if above else out

    def resampled(self, n: int, key: DrawKey) -> Posterior:
        """`n` equally weighted draws, by a systematic draw from these."""
        start = float(table(key, Purpose.RESAMPLE, 0, np.zeros(1, np.int64), 1)[0, 0])
        rows = systematic(self.weights, n, start)
        return replace(self, u=self.u[rows], weights=np.full(n, 1 / n), statistics=self.statistics[rows])


def effective_size(weights: Floats) -> float:
    """(sum w)^2 / sum w^2: as many equally weighted draws would say as much."""
    total = float(weights.sum())
    return total**2 / float((weights**2).sum()) if total > 0 else 0.0
