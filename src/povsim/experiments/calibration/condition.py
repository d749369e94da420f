"""The posterior given one data set, from a table of simulated pilots.

Statistics are first summed up into one number a parameter, what a regression on all of them expects it to be (P. Fearnhead and
D. Prangle, Journal of the Royal Statistical Society B 74, 2012); the nearest simulations are kept, and moved along a local
regression to where they would have left the data (`povsim.experiments.calibration.adjust`). All in normal scores of the prior.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from povsim.errors import PovsimError
from povsim.experiments.calibration.adjust import adjusted, nearness, slopes
from povsim.experiments.calibration.posterior import Course, Posterior, effective_size
from povsim.experiments.calibration.prior import Prior, scores, uniforms_of
from povsim.experiments.calibration.table import Table

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
KEPT = 0.2
"""Share of the table that is kept. The regression does the rest: with a tenth as much the check of 300 repetitions is noisier
and no less biased."""
LEAST_KEPT = 200
USABLE = 0.9
"""A statistic that more than a tenth of the simulations lack is left out."""
CLIP = 6.0
"""Statistics farther out than so many robust standard deviations are taken as that: a regression is no place for outliers."""


@dataclass(frozen=True)
class Summaries:
    """From statistics [n, k] to one number a parameter [n, p], in units of what it leaves open.

    used [k]; middle, spread [used]; matrix [2 x used, p].
    """

    used: Bools
    middle: Floats
    spread: Floats
    matrix: Floats
    residual: Floats

    def __call__(self, statistics: Floats) -> Floats:
        return _features(statistics[:, self.used], self.middle, self.spread) @ self.matrix / self.residual


def _features(statistics: Floats, middle: Floats, spread: Floats) -> Floats:
    x = np.clip(np.nan_to_num((statistics - middle) / spread), -CLIP, CLIP)  # what is missing counts as the middle
    return np.hstack([x, x**2])


def summaries_of(table: Table, which: Bools) -> Summaries:
    """The regression of the table's draws on the statistics `which` [k]. Raises PovsimError where none can be used."""
    share = np.isfinite(table.statistics).mean(axis=0)
    used = which & (share >= USABLE)
    statistics = table.statistics[:, used]
    middle = np.nanmedian(statistics, axis=0) if used.any() else np.zeros(0)
    spread = 1.4826 * np.nanmedian(np.abs(statistics - middle), axis=0) if used.any() else np.zeros(0)
    flat = spread <= 0
    used = used.copy()
    used[np.flatnonzero(used)[flat]] = False
    fail_if_nothing_to_compare(used)
    middle, spread = middle[~flat], spread[~flat]
    z = scores(table.u)
    x = _features(table.statistics[:, used], middle, spread)
    with threadpool_limits(1):
        _, matrix = slopes(x, z, np.ones(len(x)))
        rest = z - x @ matrix
    return Summaries(used, middle, spread, matrix, rest.std(axis=0))


def fail_if_nothing_to_compare(used: Bools) -> None:
    """No statistic that both the data and the simulations have."""
    if not used.any():
        raise PovsimError(
            "The data leave no statistic that the simulated pilots have too. Give a survey with at least one wave of "
            "spending in two or more villages."
        )


def conditioned(table: Table, prior: Prior, observed: Floats, summaries: Summaries | None = None) -> Posterior:
    """The posterior given the statistics `observed` [k] (nan: not observed, not used)."""
    how = summaries_of(table, np.isfinite(observed)) if summaries is None else summaries
    with threadpool_limits(1):  # sums in one order, whatever the number of cores
        x, target = how(table.statistics), how(observed[None])[0]
        far = np.sqrt(((x - target) ** 2).mean(axis=1))
        keep = min(len(far), max(LEAST_KEPT, int(KEPT * len(far))))
        at = np.sort(np.argsort(far, kind="stable")[:keep])
        weights = nearness(far[at], float(np.nextafter(far[at].max(), np.inf)))
        z = adjusted(scores(table.u[at]), x[at], target, weights)
    course = Course((), (), (float(far[at].max()),), (), effective_size(weights), len(far), 0)
    return Posterior(prior, uniforms_of(z), weights / weights.sum(), table.names, table.statistics[at], course)


def recovered(table: Table, which: Bools) -> Floats:
    """How well a pilot of this design tells each parameter apart, before any data are seen: correlation [p] of what the
    statistics expect with the truth, in halves of the table that the regression has not seen."""
    found = np.zeros((len(table.u), table.u.shape[1]))
    half = np.arange(len(table.u)) % 2 == 0
    for rows in (half, ~half):
        how = summaries_of(table.rows(rows), which)
        found[~rows] = how(table.statistics[~rows]) * how.residual
    z = scores(table.u)
    a, b = found - found.mean(axis=0), z - z.mean(axis=0)
    scale = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    return np.divide((a * b).sum(axis=0), scale, out=np.zeros(z.shape[1]), where=scale > 0)
