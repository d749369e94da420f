"""What the data tell: how far each posterior is narrower than its prior, and which parameters it leaves where they were."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from povsim.draws import DrawKey
from povsim.experiments.calibration.posterior import Posterior, effective_size

Floats = NDArray[np.float64]
LEAST = 0.2
"""Contraction below which a parameter is called not identified and keeps its prior."""
LEAST_CORRELATION = 0.5
"""Correlation of truth and posterior mean over simulated data sets that a parameter needs to be called identified."""


@dataclass(frozen=True)
class Identified:
    """A parameter before and after. contraction: 1 - variance of the posterior over that of the prior, with its
    Monte-Carlo standard error (of normal draws); needed: to be called identified, `LEAST` or, with few draws, twice the
    standard error of a parameter that is where it was; most_with: the parameter that it goes with most in the posterior,
    and correlation: how (None: there is no other); recovered: the least correlation of truth and posterior mean that a
    check would find, with 95 %, over simulated data sets (None: not asked)."""

    symbol: str
    prior_mean: float
    prior_sd: float
    mean: float
    sd: float
    low90: float
    high90: float
    contraction: float
    contraction_se: float
    needed: float
    most_with: str | None
    correlation: float | None
    recovered: float | None = None

    @property
    def identified(self) -> bool:
        """Whether these data tell enough to leave the prior, and such data tell the parameter at all.

        The contraction alone can be luck: of parameters that no statistic tells, some contract in every fit.
        """
        return self.contraction >= self.needed and (self.recovered is None or self.recovered >= LEAST_CORRELATION)


def identify(posterior: Posterior, recovered: Floats | None = None) -> list[Identified]:
    """A row for each parameter, in its order. `recovered` [p]: of a check, nan where it cannot say, which is taken as not."""
    prior_mean, prior_variance = posterior.prior.moments
    mean, variance = posterior.mean(), posterior.variance()
    low, high = posterior.quantile(0.05), posterior.quantile(0.95)
    correlation = posterior.correlation()
    size = effective_size(posterior.weights)
    rows = []
    for j, symbol in enumerate(posterior.prior.symbols):
        others = np.abs(correlation[j])
        others[j] = -1.0
        at = int(np.argmax(others)) if posterior.prior.p > 1 else None
        rows.append(
            Identified(
                symbol,
                float(prior_mean[j]),
                float(np.sqrt(prior_variance[j])),
                float(mean[j]),
                float(np.sqrt(variance[j])),
                float(low[j]),
                float(high[j]),
                float(1 - variance[j] / prior_variance[j]),
                float(variance[j] / prior_variance[j] * np.sqrt(2 / size)),
                max(LEAST, 2 * float(np.sqrt(2 / size))),
                None if at is None else posterior.prior.symbols[at],
                None if at is None else float(correlation[j, at]),
                None if recovered is None else float(np.nan_to_num(recovered[j], nan=-1.0)),
            )
        )
    return rows


def with_prior_where_not_identified(posterior: Posterior, rows: list[Identified], key: DrawKey) -> Posterior:
    """The posterior whose parameters that are not identified are drawn from their prior again, independent of the others."""
    again = np.array([not row.identified for row in rows])
    fresh = posterior.prior.draws(key, len(posterior.u))
    return replace(posterior, u=np.where(again, fresh, posterior.u))
