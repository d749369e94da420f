"""How much of a number's spread parameters make and how much luck: one-way random effects over draws and replicates.

Each draw of the parameters is lived in R replicates that share nothing but the parameters. With MB the mean square between
draws and MW the one within, MW estimates the variance of luck (of one replicate of this size) and (MB - MW)/R that of the
parameters. Intervals: exact F for the share (S. R. Searle, G. Casella, C. E. McCulloch, Variance Components, 1992, section
3.6), chi-square for luck, Williams-Tukey for the parameters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, fdtri, ndtri

Floats = NDArray[np.float64]
NO_SPREAD = 1e-12
POINTS = 4096


@dataclass(frozen=True)
class Split:
    """Parts of the spread of a number over draws, with 95 % intervals (None: cannot be told).

    sd_parameter: what parameters make; sd_luck: what one replicate makes by chance; share_parameter: of the variance of one
    replicate, 0 to 1; mean, and its standard error over draws.
    """

    mean: float
    se: float
    sd_parameter: float
    sd_parameter_low: float | None
    sd_parameter_high: float | None
    sd_luck: float
    sd_luck_low: float | None
    sd_luck_high: float | None
    share_parameter: float | None
    share_low: float | None
    share_high: float | None
    draws: int
    replicates_per_draw: int

    def half(self, level: float) -> float:
        """Half the interval that covers the number with both the parameters and the luck of these runs uncertain.

        The true parameters are one more draw. Its distance from the mean of the draws is z1 sd_parameter + z2 se, in which
        both spreads are replaced by their generalised pivots (K. Krishnamoorthy, T. Mathew, Statistical Tolerance Regions,
        2009, ch. 5), so that the interval also covers not knowing how large they are.
        """
        z1, z2, between_by, within_by = _pivots(self.draws, self.replicates_per_draw)
        between = self.se**2 * self.draws * self.replicates_per_draw * between_by
        within = self.sd_luck**2 * within_by
        parameter = np.sqrt(np.maximum(0.0, between - within) / self.replicates_per_draw)
        se = np.sqrt(between / self.replicates_per_draw / self.draws)
        return float(np.quantile(np.abs(z1 * parameter + z2 * se), level))


@cache
def _pivots(draws: int, each: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Two normals, and what the mean squares between and within draws are multiplied by, over points that fill their space."""
    from scipy.stats import qmc

    u = (qmc.Sobol(4, scramble=False).random(POINTS) + 0.5 / POINTS).T
    free, rest = draws - 1, draws * (each - 1)
    return ndtri(u[0]), ndtri(u[1]), free / chdtri(free, u[2]), rest / chdtri(rest, u[3])


def split_of(values: Floats, level: float = 0.95) -> Split:
    """The split of `values` [draw, replicate], two or more of each."""
    draws, each = values.shape
    if draws < 2 or each < 2:
        raise ValueError(f"a split needs two draws of two replicates or more, given {draws} of {each}")
    means = values.mean(axis=1)
    between = each * float(means.var(ddof=1))
    within = float(values.var(axis=1, ddof=1).mean())
    between, within = (0.0 if x <= NO_SPREAD**2 else x for x in (between, within))
    free, rest = draws - 1, draws * (each - 1)
    tail = (1 - level) / 2
    parameter = max(0.0, (between - within) / each)
    share = parameter / (parameter + within) if parameter + within > 0 else None
    low_f, high_f = float(fdtri(free, rest, tail)), float(fdtri(free, rest, 1 - tail))
    ends: list[float | None] = [None, None]
    sds: list[float | None] = [None, None]
    if within > 0:
        ratios = [max(0.0, (between / within / f - 1) / each) for f in (high_f, low_f)]
        ends = [ratio / (1 + ratio) for ratio in ratios]
    if between > 0:
        pairs = ((tail, high_f), (1 - tail, low_f))  # chdtri takes the upper tail
        sds = [math.sqrt(max(0.0, free * (between - within * f) / (each * float(chdtri(free, p))))) for p, f in pairs]
    luck = [math.sqrt(rest * within / float(chdtri(rest, p))) for p in (tail, 1 - tail)]
    return Split(
        float(values.mean()), math.sqrt(between / each / draws), math.sqrt(parameter), sds[0], sds[1],
        math.sqrt(within), luck[0], luck[1], share, ends[0], ends[1], draws, each,
    )  # fmt: skip


@dataclass(frozen=True)
class Correlation:
    """Spearman's rank correlation of a symbol with a number over draws, and its interval."""

    symbol: str
    rho: float
    low: float
    high: float

    @property
    def least(self) -> float:
        """The least size that the interval allows, 0 where it holds 0."""
        return max(0.0, self.low, -self.high)

    @property
    def most(self) -> float:
        """The greatest size that it allows."""
        return max(abs(self.low), abs(self.high))


def rank_correlations(symbols: list[str], values: Floats, numbers: Floats, level: float = 0.95) -> list[Correlation]:
    """Rank correlations of `values` [draw, symbol] with `numbers` [draw], the largest first; intervals hold together.

    Fisher's z with the error of D. G. Bonett and T. A. Wright (Psychometrika 65, 2000); Bonferroni over the symbols.
    Symbols that do not vary, and all where the number does not, are left out. Needs five draws or more.
    """
    draws = numbers.size
    if draws < 5:
        return []
    y = _ranks(numbers)
    if y.std() == 0:
        return []
    z = float(ndtri(1 - (1 - level) / (2 * max(1, len(symbols)))))
    found = []
    for k, symbol in enumerate(symbols):
        x = _ranks(values[:, k])
        if x.std() == 0:
            continue
        rho = float(np.clip(np.corrcoef(x, y)[0, 1], -1 + 1e-9, 1 - 1e-9))
        half = z * math.sqrt((1 + rho**2 / 2) / (draws - 3))
        found.append(Correlation(symbol, rho, math.tanh(math.atanh(rho) - half), math.tanh(math.atanh(rho) + half)))
    return sorted(found, key=lambda c: (-abs(c.rho), c.symbol))


def _ranks(values: Floats) -> Floats:
    """Ranks from 1, ties sharing their mean."""
    _, back, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[back], np.float64)
