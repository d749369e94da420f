"""Proposals of a generation: normal steps from the kept draws, all in the region that history matching left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from povsim.draws import DrawKey
from povsim.experiments.calibration.history import Region
from povsim.experiments.calibration.keyed import Purpose, normal_table, table
from povsim.experiments.calibration.posterior import effective_size
from povsim.experiments.calibration.prior import uniforms_of

Floats = NDArray[np.float64]
WIDER = 1.2
"""Variance of a step over what keeps the variance of the kept draws: what is proposed has longer tails than what is kept."""
ROUNDS = 40
MOST_DIRECTIONS = 4
LEAST_TOLD = 0.5
"""Share of the prior's variance along a direction that a linear posterior would take away, for steps to go along it."""


@dataclass(frozen=True)
class Kernel:
    """Normal steps from the kept draws along the directions in which statistics move, and the prior across them.

    Along the directions it is a mixture of normals around the kept draws, drawn in towards their mean so that the mixture has
    their variance and not more (J. Liu and M. West, in: Sequential Monte Carlo Methods in Practice, 2001). A kernel in all
    directions, of twice the covariance (Beaumont and others 2009), makes a mixture of three times it: in 22 dimensions the
    weights of 500 draws from it are worth a handful of draws, and parameters that no statistic hangs on seem identified.
    """

    basis: Floats
    """Orthonormal directions [p, r]."""
    centres: Floats
    """[n, r]."""
    shares: Floats
    """[n], they add up to 1."""
    root: Floats
    """Lower Cholesky factor of the covariance of a step [r, r]."""

    @classmethod
    def of(cls, z: Floats, weights: Floats, basis: Floats) -> Self:
        """The kernel around weighted draws z [n, p]."""
        r = basis.shape[1]
        shares = weights / weights.sum()
        y = z @ basis
        mean = shares @ y
        gap = y - mean
        covariance = (gap * shares[:, None]).T @ gap + 1e-6 * np.eye(r)
        size = effective_size(weights)
        h2 = min(0.9, (4 / (size * (r + 2))) ** (2 / (r + 4)))  # Silverman's width for normal kernels
        return cls(basis, mean + np.sqrt(1 - h2) * gap, shares, np.linalg.cholesky(WIDER * h2 * covariance))

    def log_density(self, z: Floats) -> Floats:
        """Log of the density at z [n, p], without the constant (2 pi)^(-p/2), which the prior's lacks too."""
        from scipy.linalg import solve_triangular

        y = z @ self.basis
        across = -0.5 * ((z**2).sum(axis=1) - (y**2).sum(axis=1))
        if not y.shape[1]:
            return np.asarray(across)
        scaled = solve_triangular(self.root, y.T, lower=True).T
        centres = solve_triangular(self.root, self.centres.T, lower=True).T
        square = ((scaled[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
        with np.errstate(divide="ignore"):
            along = logsumexp(-0.5 * square + np.log(self.shares), axis=1) - np.log(np.diag(self.root)).sum()
        return np.asarray(across + along)

    def drawn(self, at: NDArray[np.int64], step: Floats) -> Floats:
        """Draws z [n, p] from the normals `step` [n, r + p] around the centres `at` [n]."""
        r = self.basis.shape[1]
        free = step[:, r:]
        return (self.centres[at] + step[:, :r] @ self.root.T - free @ self.basis) @ self.basis.T + free


def directions(z: Floats, statistics: Floats) -> Floats:
    """Orthonormal directions [p, r] of z along which the statistics [n, k] move most: all where there are few parameters, else
    at most MOST_DIRECTIONS, by a regression of the statistics on z [n, p], in units of what it leaves."""
    p = z.shape[1]
    if p <= MOST_DIRECTIONS:
        return np.eye(p)
    n = len(z)
    x, s = z - z.mean(axis=0), statistics - statistics.mean(axis=0)
    slope = np.linalg.solve(x.T @ x + np.eye(p), x.T @ s)
    rest = s - x @ slope
    freedom = max(1, n - p)
    left = rest.T @ rest / freedom
    left = left + 1e-6 * np.trace(left) / len(left) * np.eye(len(left))
    whitened = np.linalg.solve(np.linalg.cholesky(left), slope.T)
    _, size, across = np.linalg.svd(whitened, full_matrices=False)
    told = size**2 / (1 + size**2)
    return across[: int((told[:MOST_DIRECTIONS] > LEAST_TOLD).sum())].T


@dataclass(frozen=True)
class Proposed:
    """Draws z [n, p] and the share of all that were tried which lay in the region."""

    z: Floats
    share: float


class Mixture:
    """What all generations were drawn from together: the prior in the region (`first` draws), and kernels in the region."""

    def __init__(self, first: int, region_share: float) -> None:
        self._first, self._region_share = first, region_share
        self._kernels: list[tuple[Kernel, Proposed]] = []

    def add(self, kernel: Kernel, drawn: Proposed) -> None:
        """One more generation."""
        self._kernels.append((kernel, drawn))

    def weights(self, z: Floats) -> Floats:
        """Density of the prior over that of the mixture at z [n, p], both of the region; at most all draws over the first."""
        total = self._first + sum(len(drawn.z) for _, drawn in self._kernels)
        log_prior = -0.5 * (z**2).sum(axis=1) - float(np.log(self._region_share))
        terms = [log_prior + np.log(self._first / total)]
        for kernel, drawn in self._kernels:
            terms.append(kernel.log_density(z) + float(np.log(len(drawn.z) / total / drawn.share)))
        return np.asarray(np.exp(log_prior - logsumexp(np.array(terms), axis=0)))


def proposals(kernel: Kernel, region: Region, key: DrawKey, generation: int, n: int) -> Proposed:
    """The first n draws from the kernel that lie in the region; fewer where ROUNDS x n tries hold no more."""
    p = kernel.basis.shape[0]
    edges = np.cumsum(kernel.shares) / kernel.shares.sum()
    found: list[Floats] = []
    tried = inside = 0
    for number in range(ROUNDS):
        rows = number * n + np.arange(n)
        at = np.searchsorted(edges, table(key, Purpose.PARENT, generation, rows, 1)[:, 0], side="right")
        step = normal_table(key, Purpose.STEP, generation, rows, kernel.basis.shape[1] + p)
        z = kernel.drawn(np.minimum(at, len(edges) - 1), step)
        left = z[region.inside(uniforms_of(z))]
        found.append(left)
        tried, inside = tried + n, inside + len(left)
        if inside >= n:
            break
    return Proposed(np.concatenate(found)[:n], inside / tried)
