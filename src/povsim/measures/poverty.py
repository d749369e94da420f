"""Poverty and inequality of a weighted population at one moment (model page, section 6).

Consumption is in poverty lines of the household (per head over per head, so household and person read the same number).
Weights say whose number it is: household weights, or household weight times size for persons.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from povsim.errors import PovsimError
from povsim.measures.exits import Floats
from povsim.population.columns import TIE


class Headcount(NamedTuple):
    """Share of households, and of persons, below the line (0 to 1)."""

    households: float
    persons: float


def fgt(x: npt.ArrayLike, weight: npt.ArrayLike, alpha: int, line: float = 1.0) -> float:
    """Poverty measure P_alpha: headcount (0), poverty gap (1), squared gap (2); each 0 to 1.

    `x`, `weight` [n]. Exactly at the line is not poor. J. Foster, J. Greer and E. Thorbecke, Econometrica 52, 1984.
    """
    if alpha not in (0, 1, 2):
        raise PovsimError(f"P_alpha with alpha = {alpha}; accepted are 0, 1 and 2.")
    value, w = _values(x, weight)
    poor = value < line - TIE
    gap = (line - value[poor]) / line
    return float((w[poor] * gap**alpha).sum() / w.sum())


def fgt_of_households(x: Floats) -> Floats:
    """Headcount, gap and squared gap of each household, means over its months: `x` [months, n], returns [3, n]."""
    out = np.zeros((3, x.shape[1]))
    _add_months(x, out)
    return out / x.shape[0]


@njit(nogil=True, cache=True)
def _add_months(x, out):
    for t in range(x.shape[0]):
        for i in range(x.shape[1]):
            gap = max(0.0, 1.0 - x[t, i])
            out[0, i] += 1.0 if x[t, i] < 1.0 else 0.0
            out[1, i] += gap
            out[2, i] += gap * gap


def headcount(x: npt.ArrayLike, weight: npt.ArrayLike, persons: npt.ArrayLike, line: float = 1.0) -> Headcount:
    """Share below the line, of households (`weight` [n]) and of persons (weight times household size `persons` [n])."""
    w = np.asarray(weight, dtype=np.float64)
    return Headcount(fgt(x, w, 0, line), fgt(x, w * np.asarray(persons, dtype=np.float64), 0, line))


def gini(x: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """Gini coefficient of non-negative `x` [n] with weights [n]: twice the area between Lorenz curve and diagonal.

    A household of weight k counts as k households of weight 1. F. A. Cowell, Measuring Inequality, 3rd ed., 2011.
    """
    value, w = _values(x, weight)
    if value.min() < 0.0:
        raise PovsimError(f"A Gini coefficient of consumption needs values of 0 or more; the least given is {value.min():g}.")
    order = np.argsort(value, kind="stable")
    value, w = value[order], w[order]
    amount = w * value
    total = amount.sum()
    if not total > 0.0:
        raise PovsimError("A Gini coefficient needs a positive total; every value given is 0.")
    through = amount.cumsum()
    return float(1.0 - (w * (2.0 * through - amount)).sum() / (w.sum() * total))


def quantile(x: npt.ArrayLike, weight: npt.ArrayLike, q: npt.ArrayLike) -> Floats:
    """Weighted quantiles: the least value with at least a share q of the weight at or below it.

    `x`, `weight` [n], `q` scalar or [k] in 0..1; returns the shape of q. The inverse of the weighted distribution
    function (type 1 of R. J. Hyndman and Y. Fan, American Statistician 50, 1996), so it is always one of the values.
    """
    value, w = _values(x, weight)
    share = np.asarray(q, dtype=np.float64)
    if not ((share >= 0.0) & (share <= 1.0)).all():
        raise PovsimError("A quantile is asked at a share outside 0 to 1.")
    value, w = value[w > 0.0], w[w > 0.0]
    order = np.argsort(value, kind="stable")
    reached = w[order].cumsum()
    at = np.searchsorted(reached, (share - TIE) * reached[-1], side="left")
    return np.asarray(value[order][np.minimum(at, value.size - 1)], dtype=np.float64)


def _values(x: npt.ArrayLike, weight: npt.ArrayLike | None) -> tuple[Floats, Floats]:
    value = np.asarray(x, dtype=np.float64)
    w = np.ones(value.shape) if weight is None else np.asarray(weight, dtype=np.float64)
    if value.ndim != 1 or value.shape != w.shape:
        raise PovsimError(f"Values and weights must be one-dimensional and alike; given {value.shape} and {w.shape}.")
    if not (np.isfinite(value).all() and np.isfinite(w).all()):
        raise PovsimError("Values or weights hold entries that are not finite numbers.")
    if not w.size or w.min() < 0.0 or not w.sum() > 0.0:
        raise PovsimError("Weights must be 0 or more and not all 0; a group without households has no poverty rate.")
    return value, w
