"""The posterior given one data set, from a table of simulated pilots.

Statistics are first summed up into one number a parameter, what a regression on all of them expects it to be (P. Fearnhead and
D. Prangle, Journal of the Royal Statistical Society B 74, 2012); the nearest simulations are kept, and moved along a local
regression to where they would have left the data (`povsim.experiments.calibration.adjust`). All in normal scores of the prior.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
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
TRIED, FEWEST_TRIED = 2_000, 20
"""Pilots of the table that are fitted to see how well such pilots tell parameters apart: many, so that hardly any luck of
theirs is in the answer; fewer than `FEWEST_TRIED` say nothing."""
BLOCKS = 4
"""Parts in which they leave the table, so that each is fitted by nearly all of it."""
CHECKED = 300
"""Pilots of a check by which a claim of identification has to stand (`experiments/calibration_check`)."""
CLIP = 6.0
"""Statistics farther out than so many robust standard deviations are taken as that: a regression is no place for outliers."""


@dataclass(frozen=True)
class Fold:
    """Part `rows` [n] of the table, and the way from statistics [n, k] to one number a parameter [n, p] that the other part
    teaches, in units of what it leaves open here: a regression looks better than it is where it was made.

    used [k]; middle, spread [used]; matrix [2 x used, p]; residual [p]; numbers [rows, p] of its own part.
    """

    rows: Bools
    used: Bools
    middle: Floats
    spread: Floats
    matrix: Floats
    residual: Floats
    numbers: Floats

    def __call__(self, statistics: Floats) -> Floats:
        """Numbers to compare [n, p]."""
        return _features(statistics[:, self.used], self.middle, self.spread) @ self.matrix / self.residual


def _features(statistics: Floats, middle: Floats, spread: Floats) -> Floats:
    x = np.clip(np.nan_to_num((statistics - middle) / spread), -CLIP, CLIP)  # what is missing counts as the middle
    return np.hstack([x, x**2])


def folds_of(table: Table, which: Bools) -> tuple[Fold, ...]:
    """Both halves of the table, each with the regression of the other one's draws on the statistics `which` [k].

    Raises PovsimError where no statistic can be used.
    """
    share = np.isfinite(table.statistics).mean(axis=0)
    used = which & (share >= USABLE)
    fail_if_nothing_to_compare(used)
    middle = np.nanmedian(table.statistics[:, used], axis=0)
    spread = 1.4826 * np.nanmedian(np.abs(table.statistics[:, used] - middle), axis=0)
    used[np.flatnonzero(used)[spread <= 0]] = False
    fail_if_nothing_to_compare(used)
    middle, spread = middle[spread > 0], spread[spread > 0]
    z, x = scores(table.u), _features(table.statistics[:, used], middle, spread)
    half = np.arange(len(x)) % 2 == 0
    found = []
    with threadpool_limits(1):  # sums in one order, whatever the number of cores
        for rows in (half, ~half):
            _, matrix = slopes(x[~rows], z[~rows], np.ones(int((~rows).sum())))
            rest = z[rows] - x[rows] @ matrix
            residual = rest.std(axis=0)
            found.append(Fold(rows, used, middle, spread, matrix, residual, x[rows] @ matrix / residual))
    return tuple(found)


def fail_if_nothing_to_compare(used: Bools) -> None:
    """No statistic that both the data and the simulations have."""
    if not used.any():
        raise PovsimError(
            "The data leave no statistic that the simulated pilots have too. Give a survey with at least one wave of "
            "spending in two or more villages."
        )


def conditioned(table: Table, prior: Prior, observed: Floats, folds: Sequence[Fold] | None = None) -> Posterior:
    """The posterior given the statistics `observed` [k] (nan: not observed, not used); half of its weight from each fold."""
    with threadpool_limits(1):
        return _conditioned(table, prior, observed, folds or folds_of(table, np.isfinite(observed)))


def _conditioned(table: Table, prior: Prior, observed: Floats, folds: Sequence[Fold]) -> Posterior:
    parts = [_of_fold(table, fold, observed) for fold in folds]
    u, rows = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    weights = np.concatenate([part[2] for part in parts]) / len(parts)
    farthest = tuple(part[3] for part in parts)
    course = Course((), (), farthest, (), effective_size(weights), len(table.u), 0)
    return Posterior(prior, u, weights, table.names, table.statistics[rows], course)


def _of_fold(table: Table, fold: Fold, observed: Floats) -> tuple[Floats, NDArray[np.int64], Floats, float]:
    """Uniforms, rows of the table, weights that add up to 1, distance of the farthest that is kept."""
    of_fold = np.flatnonzero(fold.rows)
    x, target = fold.numbers, fold(observed[None])[0]
    far = np.sqrt(((x - target) ** 2).mean(axis=1))
    keep = min(len(far), max(LEAST_KEPT, int(KEPT * len(far))))
    near = np.sort(np.argsort(far, kind="stable")[:keep])
    weights = nearness(far[near], float(np.nextafter(far[near].max(), np.inf)))
    weights = weights / weights.sum()
    z = adjusted(scores(table.u[of_fold[near]]), x[near], target, weights)
    wider = np.sqrt(1 + 1 / effective_size(weights))  # the mean of what the regression leaves is an estimate
    centre = weights @ z
    return uniforms_of(centre + wider * (z - centre)), of_fold[near], weights, float(far[near].max())


def recovered(table: Table, which: Bools, prior: Prior) -> Floats:
    """How well a pilot of this design tells each parameter apart, before any data are seen: what a check of `CHECKED` fresh
    pilots would find at least, for all parameters at once with 95 %, as correlation of truth and posterior mean [p].

    `TRIED` pilots of the table are each fitted by a table without them. Their correlation is an estimate, and so is that of a
    check: the lower end of the one-sided prediction interval (R. A. Fisher's z) holds the error of both, at level 1 - .05/p,
    since what is claimed is claimed of every parameter called identified. nan where the table is too small to say.
    """
    n = len(table.u)
    tried = np.unique(np.linspace(0, n - 1, min(TRIED, n)).astype(np.int64))
    if tried.size < FEWEST_TRIED or n < BLOCKS * FEWEST_TRIED:
        return np.full(table.u.shape[1], np.nan)
    means = np.empty((tried.size, table.u.shape[1]))
    for block in range(BLOCKS):
        mine = np.arange(tried.size) % BLOCKS == block
        rest = table.rows(np.setdiff1d(np.arange(n), tried[mine]))
        folds = folds_of(rest, which)
        with threadpool_limits(1):
            for at in np.flatnonzero(mine):
                posterior = _conditioned(rest, prior, np.where(which, table.statistics[tried[at]], np.nan), folds)
                means[at] = posterior.weights @ prior.about(posterior.u)
    return lowest_seen_again(correlations(prior.values(table.u[tried]), means), tried.size, CHECKED, prior.p)


def correlations(truth: Floats, mean: Floats) -> Floats:
    """Correlation of truths and posterior means [n, p], column by column [p]; 0 where one does not vary."""
    a, b = mean - mean.mean(axis=0), truth - truth.mean(axis=0)
    scale = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    return np.divide((a * b).sum(axis=0), scale, out=np.zeros(truth.shape[1]), where=scale > 0)


def lowest_seen_again(correlation: Floats, n: int, again: int, together: int = 1) -> Floats:
    """What correlations found over `n` pairs will be at least over `again` further pairs (more than 3 of each), so many of them
    `together` with 95 % (C. E. Bonferroni)."""
    z = np.arctanh(np.clip(correlation, -1 + 1e-9, 1 - 1e-9))
    return np.asarray(np.tanh(z - ndtri(1 - 0.05 / together) * np.sqrt(1 / (n - 3) + 1 / (again - 3))))
