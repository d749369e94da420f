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


@dataclass(frozen=True)
class Kernel:
    """A mixture of normals around the kept draws z [n, p], drawn in towards their mean so that the mixture has their variance
    and not more (J. Liu and M. West, in: Sequential Monte Carlo Methods in Practice, 2001).

    Steps of twice the covariance (Beaumont and others 2009) make a mixture of three times it: in 18 dimensions the weights
    of draws from it are worth 1 draw in 200.
    """

    centres: Floats
    shares: Floats
    root: Floats
    """Lower Cholesky factor of the covariance of a step [p, p]."""

    @classmethod
    def of(cls, z: Floats, weights: Floats) -> Self:
        """The kernel around weighted draws."""
        p = z.shape[1]
        shares = weights / weights.sum()
        mean = shares @ z
        gap = z - mean
        covariance = (gap * shares[:, None]).T @ gap + 1e-6 * np.eye(p)
        size = effective_size(weights)
        h2 = min(0.9, (4 / (size * (p + 2))) ** (2 / (p + 4)))  # Silverman's width for normal kernels
        centres = mean + np.sqrt(1 - h2) * gap
        return cls(centres, shares, np.linalg.cholesky(WIDER * h2 * covariance))

    def log_density(self, z: Floats) -> Floats:
        """Log of the density at z [n, p], without the constant (2 pi)^(-p/2), which the prior's lacks too."""
        from scipy.linalg import solve_triangular

        scaled = solve_triangular(self.root, z.T, lower=True).T
        centres = solve_triangular(self.root, self.centres.T, lower=True).T
        square = ((scaled[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
        with np.errstate(divide="ignore"):
            return np.asarray(logsumexp(-0.5 * square + np.log(self.shares), axis=1)) - float(np.log(np.diag(self.root)).sum())


@dataclass(frozen=True)
class Proposed:
    """Draws z [n, p] and the share of all that were tried which lay in the region."""

    z: Floats
    share: float


def proposals(kernel: Kernel, region: Region, key: DrawKey, generation: int, n: int) -> Proposed:
    """The first n draws from the kernel that lie in the region; fewer where ROUNDS x n tries hold no more."""
    p = kernel.centres.shape[1]
    edges = np.cumsum(kernel.shares) / kernel.shares.sum()
    found: list[Floats] = []
    tried = inside = 0
    for number in range(ROUNDS):
        rows = number * n + np.arange(n)
        at = np.searchsorted(edges, table(key, Purpose.PARENT, generation, rows, 1)[:, 0], side="right")
        step = normal_table(key, Purpose.STEP, generation, rows, p)
        z = kernel.centres[np.minimum(at, len(edges) - 1)] + step @ kernel.root.T
        left = z[region.inside(uniforms_of(z))]
        found.append(left)
        tried, inside = tried + n, inside + len(left)
        if inside >= n:
            break
    return Proposed(np.concatenate(found)[:n], inside / tried)
