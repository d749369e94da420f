"""Time out of poverty after a crossing, and when exits happen (model page, section 6).

A crossing is the first month t >= 1 with m12(t) >= 1; tracked households are poor at t = 0, so it is the start of a
spell out of poverty. The spell ends in the first later month with m12 < 1, or is censored at the horizon T, or in the
last month of the household (`until`), where a successor takes over its row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from povsim.errors import PovsimError
from povsim.measures.exits import FOLLOW_UP, M12_LINE, Flags, Floats, Months, last_months

REENTRY_MONTHS: Final = 36
CURVE_MONTHS: Final = 60
EXIT_MONTHS: Final[tuple[int, ...]] = (12, 36, 60, 96)


@dataclass(frozen=True)
class Spells:
    """First spell out of poverty of each household; arrays [n] or [arms, n].

    `crossing`: month of the first crossing, 0 if never. `months`: from crossing to the first month back in poverty, or to the
    last month under observation if none was seen. `ended`: true if the household was seen back in poverty; false is censored,
    or never crossed.
    """

    crossing: npt.NDArray[np.int64]
    months: npt.NDArray[np.int64]
    ended: npt.NDArray[np.bool_]


def first_spells(flags: Flags, until: npt.ArrayLike | None = None) -> Spells:
    """The first spell out of poverty of each household.

    `flags` uint8 [T, n] or [arms, T, n], index t - 1 holding month t; bit 0 is read. `until` [n] last month of each household
    (default T).
    """
    given = np.asarray(flags)
    *several, T, n = given.shape
    last = np.full(n, T, np.int64) if until is None else last_months(until, T, n).astype(np.int64)
    arms = np.ascontiguousarray(given.reshape(-1, T, n))
    crossing, months = np.zeros((2, arms.shape[0], n), np.int64)
    ended = np.zeros(crossing.shape, np.bool_)
    _first_spells(arms, last, crossing, months, ended)
    return Spells(crossing.reshape(*several, n), months.reshape(*several, n), ended.reshape(*several, n))


@njit(nogil=True, cache=True)
def _first_spells(flags, last, crossing, months, ended):
    """Fill crossing, months, ended [arms, n] from flags uint8 [arms, T, n]; `last` [n] last month of each household."""
    arms, T, n = flags.shape
    for a in range(arms):
        for t in range(1, T + 1):
            for j in range(n):
                if t > last[j] or ended[a, j]:
                    continue
                above = flags[a, t - 1, j] & M12_LINE != 0
                if crossing[a, j] == 0:
                    crossing[a, j] = t if above else 0
                else:
                    months[a, j] = t - crossing[a, j]
                    ended[a, j] = not above


@dataclass(frozen=True)
class Survival:
    """A Kaplan-Meier curve at whole months 0..m.

    `survival` [m + 1]: share whose spell has lasted longer than k months. `variance` [m + 1] of that share. `at_risk`
    and `events` [m + 1]: weighted numbers under observation just before month k and ending in it. `followed`: last
    month at which somebody was still under observation; later entries of survival and variance are NaN unless the curve
    has reached 0, since nobody was there to see them.
    """

    survival: Floats
    variance: Floats
    at_risk: Floats
    events: Floats
    followed: int


def kaplan_meier(
    months: npt.ArrayLike, ended: npt.ArrayLike, weight: npt.ArrayLike | None = None, upto: int = CURVE_MONTHS
) -> Survival:
    """Weighted Kaplan-Meier estimate of spells counted in whole months.

    `months` [n] length or time to censoring (0 or more), `ended` [n] true where the end was seen, `weight` [n] (default
    1). A spell censored in month k is at risk in month k. E. L. Kaplan and P. Meier, JASA 53, 1958:

        S(k) = prod_{j <= k} (1 - h_j),   h_j = weighted ends in j / weighted at risk in j

    Variance after M. Greenwood (1926) with the risk set counted by its effective size M_j = (sum w)^2 / sum w^2, as in
    J. Xie and C. Liu, Statistics in Medicine 24, 2005; with equal weights M_j is the number at risk and this is
    Greenwood's formula:

        Var S(k) = S(k)^2 sum_{j <= k} h_j / ((1 - h_j) M_j)

    Weights are survey weights: multiplying all of them by a constant changes neither S nor its variance.
    """
    length = np.asarray(months, dtype=np.int64)
    seen = np.asarray(ended, dtype=np.bool_)
    w = np.ones(length.shape) if weight is None else np.asarray(weight, dtype=np.float64)
    if length.ndim != 1 or not length.shape == seen.shape == w.shape:
        raise PovsimError(
            f"months, ended and weight must be one-dimensional and alike; given {length.shape}, {seen.shape}, {w.shape}."
        )
    if length.size and (length.min() < 0 or not np.isfinite(w).all() or w.min() < 0.0):
        raise PovsimError("A spell has a negative length, or a weight that is negative or not a number.")
    keep = w > 0.0
    length, seen, w = length[keep], seen[keep], w[keep]

    bins = max(upto, int(length.max(initial=0))) + 1
    at_risk = _from_here_on(np.bincount(length, weights=w, minlength=bins))
    squares = _from_here_on(np.bincount(length, weights=w * w, minlength=bins))
    everyone_ends = _from_here_on(np.bincount(length, weights=~seen, minlength=bins)) == 0.0
    events = np.bincount(length[seen], weights=w[seen], minlength=bins)

    hazard = np.divide(events, at_risk, out=np.zeros(bins), where=at_risk > 0.0)
    # The last month in which all who are left end is certain; sums of weights may miss 1 by rounding.
    last_of_all = everyone_ends & (np.arange(bins) == (length.max() if length.size else -1))
    hazard[last_of_all] = 1.0
    survival = np.cumprod(1.0 - hazard)
    effective = np.divide(at_risk**2, squares, out=np.zeros(bins), where=squares > 0.0)
    denominator = (1.0 - hazard) * effective
    terms = np.divide(hazard, denominator, out=np.zeros(bins), where=denominator > 0.0)
    variance = survival**2 * np.cumsum(terms)

    followed = int(length.max(initial=-1))
    unseen = (np.arange(bins) > followed) & (survival > 0.0)
    survival[unseen] = np.nan
    variance[unseen] = np.nan
    stop = upto + 1
    return Survival(survival[:stop], variance[:stop], at_risk[:stop], events[:stop], min(followed, upto))


def reentry(
    flags: Flags, weight: Floats, within: int = REENTRY_MONTHS, until: npt.ArrayLike | None = None
) -> tuple[float | None, str | None]:
    """Share of first crossings followed by m12 < 1 within `within` months, and a reason where it is null.

    Kaplan-Meier. `flags` uint8 [T, n] of one arm, `weight` [n], `until` as in `first_spells`. Crossings too near the horizon
    are censored, not left out.
    """
    curve = survival_of_exits(flags, weight, within, until)
    value = float(curve.survival[within])
    if np.isfinite(value):
        return 1.0 - value, None
    if curve.followed < 0:
        return None, "no household of the group crosses the line"
    return None, f"no crossing is followed for {within} months (the longest for {curve.followed})"


def survival_of_exits(flags: Flags, weight: Floats, upto: int = CURVE_MONTHS, until: npt.ArrayLike | None = None) -> Survival:
    """Share still out of poverty 0..`upto` months after the first crossing.

    `flags` uint8 [T, n] of one arm, `weight` [n], `until` as in `first_spells`.
    """
    spells = first_spells(flags, until)
    crossed = spells.crossing > 0
    return kaplan_meier(spells.months[crossed], spells.ended[crossed], np.asarray(weight)[crossed], upto)


def cumulative_exit_share(tau: Months, weight: Floats, T: int, months: Sequence[int] = EXIT_MONTHS) -> dict[int, float | None]:
    """Weighted share of households whose first exit begins in month m or earlier, for each m of `months`.

    `tau` [n] from `first_exit`, 0 for none; `weight` [n]. None for months after the window, T - 60, which were not
    fully observed.
    """
    w = np.asarray(weight, dtype=np.float64)
    total = float(w.sum())
    if not total > 0.0:
        raise PovsimError("The group holds no household, so it has no share of exits.")
    month = np.asarray(tau)
    return {m: float(w[(month > 0) & (month <= m)].sum()) / total if m <= T - FOLLOW_UP else None for m in months}


def _from_here_on(counts: npt.NDArray[np.float64]) -> Floats:
    """Sum of each entry and all later ones."""
    return np.asarray(counts[::-1].cumsum()[::-1], dtype=np.float64)
