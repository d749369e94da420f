"""Estimates of many pilots at once, from means of villages: difference of two arms, stepped wedge, event study.

Arrays are [pilot, village(, wave)]. A village without a household of the kind has weight 0. Standard errors are clustered by
village; t has one degree of freedom less than villages.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from povsim.errors import PovsimError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimates:
    """Effect and standard error of each pilot, NaN where a pilot has none, and degrees of freedom of t, all [pilot]."""

    effect: Floats
    se: Floats
    df: Floats

    def found(self, alpha: float) -> NDArray[np.bool_]:
        """Whether the two-sided test finds an effect; never where the standard error is 0 or missing."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((self.se > 0) & (np.abs(self.effect) > stdtrit(self.df, 1 - alpha / 2) * self.se))

    def inside(self, truth: Floats | float, level: float = 0.95) -> NDArray[np.bool_]:
        """Whether the interval of `level` holds the truth."""
        half = stdtrit(self.df, 0.5 + level / 2) * self.se
        return np.asarray(np.abs(self.effect - truth) <= half)


def two_arms(y: Floats, n: Floats, treated: NDArray[np.bool_]) -> Estimates:
    """Difference of the arms, weighted by households; `least_squares` of `measures.clustered` with CR1, pilot by pilot.

    y [pilot, village] means (any number where n is 0), n [pilot, village] households, treated [village].
    """
    y = np.where(n > 0, y, 0.0)
    effect, squares = np.zeros(len(y)), np.zeros(len(y))
    for sign, arm in ((1.0, treated), (-1.0, ~treated)):
        w = n[:, arm]
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = (w * y[:, arm]).sum(axis=1) / w.sum(axis=1)
            squares += ((w * (y[:, arm] - mean[:, None])) ** 2).sum(axis=1) / w.sum(axis=1) ** 2
        effect += sign * mean
    villages = (n > 0).sum(axis=1).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        se = np.sqrt(squares * villages / (villages - 2))
    return Estimates(effect, np.where(villages > 2, se, np.nan), np.maximum(villages - 1, 1))


def two_way(y: Floats, n: Floats, treated: Floats) -> Estimates:
    """Coefficient of `treated` [village, wave] with a constant for each village and each wave, villages weighted by n.

    y [pilot, village, wave], n [pilot, village] households at all waves. Errors clustered by village, times G/(G - 1).
    """
    y = np.where((n > 0)[..., None], y, 0.0)
    total = n.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        x = _without_waves(np.broadcast_to(treated, y.shape) - treated.mean(axis=1)[None, :, None], n, total)
        e = _without_waves(y - y.mean(axis=2, keepdims=True), n, total)
        bottom = np.einsum("pv,pvt->p", n, x**2)
        effect = np.einsum("pv,pvt->p", n, x * e) / bottom
        rest = e - effect[:, None, None] * x
        scores = n * (x * rest).sum(axis=2)
        villages = (n > 0).sum(axis=1).astype(float)
        se = np.sqrt((scores**2).sum(axis=1) * villages / (villages - 1)) / bottom
    return Estimates(effect, se, np.maximum(villages - 1, 1))


def _without_waves(y: Floats, n: Floats, total: Floats) -> Floats:
    mean = np.einsum("pv,pvt->pt", n, y) / total[:, None]
    out: Floats = y - mean[:, None, :]
    return out


def event_study(y: Floats, n: Floats, start: NDArray[np.int64]) -> tuple[Estimates, list[tuple[int, int]]]:
    """Mean effect over groups and waves since their start, against villages that have not begun by then.

    B. Callaway, P. Sant'Anna, Journal of Econometrics 225 (2021), without covariates, groups and waves weighted alike: for a
    group that begins after wave g - 1 and a wave t >= g, its change since g - 1 less that of villages that have not begun at t.
    y [pilot, village, wave], n [pilot, village]; start [village]: first wave at which it is treated, waves or more: never.
    Also returns the (group, wave) pairs that are averaged. Raises PovsimError where a group has no wave before it begins, or
    no group has villages to be held against.
    """
    waves = y.shape[2]
    fail_if_begun_before_the_first_wave(start)
    groups = [int(g) for g in np.unique(start) if g < waves]
    pairs = [(g, t) for g in groups for t in range(g, waves) if (start > t).any()]
    fail_if_nothing_can_be_compared(pairs)
    load = np.zeros(y.shape)  # of each village and wave in the estimate
    y = np.where((n > 0)[..., None], y, 0.0)
    for g, t in pairs:
        for sign, rows in ((1.0, start == g), (-1.0, start > t)):
            share = n[:, rows] / n[:, rows].sum(axis=1, keepdims=True)
            load[:, rows, t] += sign * share / len(pairs)
            load[:, rows, g - 1] -= sign * share / len(pairs)
    effect = (load * y).sum(axis=(1, 2))
    spread = np.zeros(len(y))
    for g in np.unique(start):  # villages of a group differ in their own paths alone
        rows = start == g
        w = n[:, rows]
        path = y[:, rows] - np.einsum("pv,pvt->pt", w, y[:, rows])[:, None] / w.sum(axis=1)[:, None, None]
        own = (load[:, rows] * path).sum(axis=2)
        count = (w > 0).sum(axis=1)
        spread += (own**2).sum(axis=1) * count / np.maximum(count - 1, 1)
    villages = (n > 0).sum(axis=1).astype(float)
    return Estimates(effect, np.sqrt(spread), np.maximum(villages - 1, 1)), pairs


def fail_if_begun_before_the_first_wave(start: NDArray[np.int64]) -> None:
    """A group that is treated from the first wave on has no wave before, from which its change could be counted."""
    early = int((start < 1).sum())
    if early:
        raise PovsimError(
            f"An event study got {early} villages that begin at the first wave (start below 1): they have no wave before. "
            "Leave them out, or survey once before anybody begins."
        )


def fail_if_nothing_can_be_compared(pairs: list[tuple[int, int]]) -> None:
    """No group begins while others have not begun."""
    if not pairs:
        raise PovsimError(
            "An event study needs a wave in which some villages have begun and others have not. Let villages begin in turn."
        )


def intra_cluster_correlation(y: Floats, squares: Floats, n: Floats, arm: NDArray[np.int64]) -> tuple[float, float]:
    """ICC and variance of a household within arms, by analysis of variance (A. Donner, Int. Stat. Review 54, 1986).

    y [group] means of a village in an arm, squares [group] means of squares, n [group] households, arm [group]. The variance is
    between + within villages. (nan, 0) where nothing varies. It may be a little below 0 by chance.
    """
    kept = n > 0
    y, squares, n, arm = y[kept], squares[kept], n[kept], arm[kept]
    if not n.size:
        return float("nan"), 0.0
    arms = np.unique(arm)
    total = np.bincount(arm, weights=n)
    mean = np.bincount(arm, weights=n * y)[arm] / total[arm]
    within = float((n * np.maximum(squares - y**2, 0.0)).sum() / max(1.0, n.sum() - n.size))
    between = float((n * (y - mean) ** 2).sum() / max(1, n.size - arms.size))
    squared = np.bincount(arm, weights=n**2)[arms] / total[arms]
    typical = float((n.sum() - squared.sum()) / max(1, n.size - arms.size))
    among = (between - within) / typical
    if within + among <= 0:
        return float("nan"), 0.0
    return among / (among + within), among + within
