"""Simulation-based calibration: is the truth where the posterior says it is (S. Talts and others, arXiv:1804.06788, 2018).

Truths are drawn from the prior, a data set is simulated from each and fitted as real data would be. If the posteriors are
right, the share of posterior weight below the truth is uniform, parameter by parameter, and an interval of 90 % holds the
truth 90 times in 100. The first generation of a fit hangs on no data, so all repetitions share its simulations in the store.
Where a simulation is dear, those of one table are both: each in turn is the data, and the others fit it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.draws import DrawKey
from povsim.experiments.archive import stored
from povsim.experiments.calibration.abc import Settings, Simulations, fit, prior_table
from povsim.experiments.calibration.condition import CHECKED, correlations, lowest_seen_again
from povsim.experiments.calibration.identify import LEAST, LEAST_CORRELATION
from povsim.experiments.calibration.keyed import Purpose, table
from povsim.experiments.calibration.posterior import Posterior, effective_size
from povsim.experiments.calibration.prior import Prior
from povsim.experiments.calibration.problem import LOTS, Problem, Simulator, simulated, with_errors
from povsim.experiments.calibration.uniformity import band, outside
from povsim.experiments.executor import Executor

Floats = NDArray[np.float64]
TRUTHS = 900
"""Generation whose lots are those of simulated data; fits have fewer generations."""
LEVEL = 0.90
FEWEST = 20
"""Data sets below which a check says nothing."""
LACKS = "data set {}: a statistic cannot be had"


@stored
@dataclass(frozen=True)
class Repetitions:
    """What became of the data sets that could be fitted: [r, p] each, by repetition and parameter.

    pit: posterior weight below the truth; truth, mean: values; contraction; low, high: ends of the 90 % interval of the values;
    lost: reasons why others could not be fitted.
    """

    symbols: tuple[str, ...]
    pit: Floats
    truth: Floats
    mean: Floats
    contraction: Floats
    low: Floats
    high: Floats
    lost: list[str]

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Whether the truth is in the 90 % interval [r, p]."""
        return (self.low <= self.truth) & (self.truth <= self.high)


def repetitions(
    fitted: Simulator,
    prior: Prior,
    n: int,
    settings: Settings,
    key: DrawKey,
    executor: Executor,
    *,
    truth: tuple[Simulator, Prior] | None = None,
    errors: Mapping[str, float] | None = None,
    advance: Callable[[float], Any] = lambda size: None,
) -> Repetitions:
    """Simulate n data sets with truths from the prior, and fit each. `truth`: another simulator and prior that the data come
    from (another variant), of the same parameters; errors: of the statistics, added to data and fits alike."""
    maker, own = (fitted, prior) if truth is None else truth
    if own.symbols != prior.symbols:
        raise ValueError("data and fit need the same parameters")
    u = own.draws(key, n)
    lots = TRUTHS * LOTS + np.arange(n)
    failures: list[str] = []
    blank = Problem(own, maker, dict.fromkeys(maker.statistics, 0.0), errors or {}, key)
    clean = simulated(blank, u, lots, executor, advance, failures)
    data = with_errors(blank, clean, lots)
    shared = None
    if settings.waves == 0:
        every = Problem(prior, fitted, blank.targets, errors or {}, key)
        shared = prior_table(every, executor, settings, advance, failures)
    rows: list[tuple[Floats, ...]] = []
    for r in range(n):
        if not np.isfinite(data[r]).all():
            failures.append(LACKS.format(r))
            continue
        targets = dict(zip(maker.statistics, data[r].tolist(), strict=True))
        problem = Problem(prior, fitted, targets, errors or {}, key)
        try:
            found = fit(problem, executor, settings, advance, prior_simulations=shared)
        except ValueError as reason:
            failures.append(f"data set {r}: {reason}")
            continue
        rows.append(repetition(found, own.values(u[r : r + 1])[0], u[r], _ties(key, r, prior.p)))
    return _collected(prior.symbols, rows, failures)


def left_out(problem: Problem, lived: Simulations, settings: Settings, executor: Executor) -> Repetitions:
    """Each simulation of a table of draws from the prior taken for data, with the errors of the problem, and fitted by all
    others as the last step of a fit does it: the nearest `settings.keep` are kept and adjusted. Nothing is simulated; the
    targets of the problem are not used. Simulations without a statistic are data to none, and are named in `lost`.
    """
    data = with_errors(problem, lived.statistics, lived.lots)
    n = len(data)
    rows: list[tuple[Floats, ...]] = []
    lost: list[str] = []
    for r in range(n):
        if not np.isfinite(data[r]).all():
            lost.append(LACKS.format(r))
            continue
        one = replace(problem, targets=dict(zip(problem.names, data[r].tolist(), strict=True)))
        others = lived.rows(np.delete(np.arange(n), r))
        found = fit(one, executor, cheap(settings, n - 1), prior_simulations=others)
        truth = problem.prior.values(lived.u[r : r + 1])[0]
        rows.append(repetition(found, truth, lived.u[r], _ties(problem.key, r, problem.prior.p)))
    return _collected(problem.prior.symbols, rows, lost)


def recovered(found: Repetitions) -> Floats:
    """The least correlation of truth and posterior mean [p] that a check of `CHECKED` data sets would find, with 95 % for all.

    nan where fewer than `FEWEST` could be fitted.
    """
    n = len(found.pit)
    if n < FEWEST:
        return np.full(len(found.symbols), np.nan)
    return lowest_seen_again(correlations(found.truth, found.mean), n, CHECKED, len(found.symbols))


def _ties(key: DrawKey, r: int, p: int) -> Floats:
    """Uniforms [p] that break ties of data set r."""
    return table(key, Purpose.PRIOR, 1, np.array([r]), p)[0]


def _collected(symbols: tuple[str, ...], rows: Sequence[tuple[Floats, ...]], failures: Sequence[str]) -> Repetitions:
    """What `repetition` gave of each data set, by kind."""
    by_kind = np.array(rows, np.float64).reshape(-1, 6, len(symbols)).transpose(1, 0, 2)
    pit, truth, mean, contraction, low, high = by_kind
    return Repetitions(symbols, pit, truth, mean, contraction, low, high, list(dict.fromkeys(failures)))


def repetition(posterior: Posterior, truth: Floats, u: Floats, ties: Floats) -> tuple[Floats, ...]:
    """The rows of one data set: pit, truth, mean, contraction, low, high; [p] each. `ties`: uniforms [p].

    Values that are whole numbers are compared by their uniforms where truth and fit have one prior.
    """
    values = posterior.values
    same = np.array_equal(posterior.prior.values(u[None, :])[0], truth)
    below, equal = (posterior.u < u, posterior.u == u) if same else (values < truth, values == truth)
    pit = share_below(posterior.weights, below, equal, ties)
    mean = posterior.mean()
    variance = posterior.variance()
    prior_variance = posterior.prior.moments[1]
    tail = (1 - LEVEL) / 2
    return pit, truth, mean, 1 - variance / prior_variance, posterior.quantile(tail), posterior.quantile(1 - tail)


def share_below(weights: Floats, below: NDArray[np.bool_], equal: NDArray[np.bool_], ties: Floats) -> Floats:
    """Weight [p] below the truth among the draws and the truth itself, which weighs as much as a draw: uniform where the truth
    is one of them, as a rank among equally weighted draws is."""
    one = 1 / effective_size(weights)
    return np.asarray((weights @ below + ties * (weights @ equal + one)) / (1 + one))


def table_of(found: Repetitions, level: float = 0.95) -> list[dict[str, Any]]:
    """A row for each parameter: what the check of calibration says of it.

    inside: no count leaves the simultaneous band of the level; identified: mean contraction of `LEAST` or more; holds: inside,
    and, where identified, correlated with the truth at `LEAST_CORRELATION` or more. Null where fewer than 20 could be fitted.
    """
    n = len(found.pit)
    low, high, points = band(n, level) if n >= FEWEST else (None, None, None)
    rows: list[dict[str, Any]] = []
    for j, symbol in enumerate(found.symbols):
        row: dict[str, Any] = {"symbol": symbol, "repetitions": n}
        if low is None or high is None or points is None:
            empty = ("inside", "farthest", "contraction", "identified", "correlation", "coverage", "coverage_se", "holds")
            rows.append(row | dict.fromkeys(empty) | {"reason": f"needs {FEWEST} repetitions, {n} could be fitted"})
            continue
        far = outside(found.pit[:, j], low, high, points)
        contraction = float(found.contraction[:, j].mean())
        varies = found.truth[:, j].std() > 0 and found.mean[:, j].std() > 0
        correlation = float(np.corrcoef(found.truth[:, j], found.mean[:, j])[0, 1]) if varies else None
        covered = float(found.covered[:, j].mean())
        identified = contraction >= LEAST
        row |= {
            "inside": far <= 0,
            "farthest": far,
            "contraction": contraction,
            "identified": identified,
            "correlation": correlation,
            "coverage": covered,
            "coverage_se": float(np.sqrt(covered * (1 - covered) / n)),
            "holds": far <= 0 and (not identified or (correlation is not None and correlation >= LEAST_CORRELATION)),
            "reason": None,
        }
        rows.append(row)
    return rows


def pooled_coverage(found: Repetitions) -> tuple[float, float]:
    """Share of all 90 % intervals that hold their truth, and its standard error, clustered by data set: intervals of one data
    set miss together."""
    by_pilot = found.covered.mean(axis=1)
    return float(by_pilot.mean()), float(by_pilot.std(ddof=1) / np.sqrt(len(by_pilot)))


def across(
    worlds: Sequence[tuple[str, Simulator, Prior]],
    n: int,
    settings: Settings,
    key: DrawKey,
    executor: Executor,
    errors: Mapping[str, float] | None = None,
) -> list[dict[str, Any]]:
    """Truth in one world (variant), fit in each: rows of coverage, mean error and correlation by parameter. Both worlds have
    the same data sets' truths, as quantiles of their own priors."""
    rows: list[dict[str, Any]] = []
    for made_in, maker, own in worlds:
        for fitted_in, fitted, prior in worlds:
            found = repetitions(fitted, prior, n, settings, key, executor, truth=(maker, own), errors=errors)
            for j, symbol in enumerate(found.symbols):
                error = found.mean[:, j] - found.truth[:, j]
                both = found.truth[:, j].std() > 0 and found.mean[:, j].std() > 0
                rows.append(
                    {
                        "truth_in": made_in,
                        "fitted_in": fitted_in,
                        "symbol": symbol,
                        "repetitions": len(found.pit),
                        "coverage": float(found.covered[:, j].mean()) if len(error) else None,
                        "mean_error": float(error.mean()) if len(error) else None,
                        "root_mean_square_error": float(np.sqrt((error**2).mean())) if len(error) else None,
                        "correlation": float(np.corrcoef(found.truth[:, j], found.mean[:, j])[0, 1]) if both else None,
                    }
                )
    return rows


def cheap(settings: Settings, first: int) -> Settings:
    """Settings in which all simulations are draws from the prior, which all repetitions share."""
    return replace(settings, waves=0, first=first, generations=0)
