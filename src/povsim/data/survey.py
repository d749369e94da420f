"""Weighted estimates of a survey and their errors, by Taylor linearisation over strata and primary sampling units.

With-replacement approximation: only the variation of totals of primary sampling units within strata counts, which errs on the
side of caution where the first stage is a large share of all units. C. J. Skinner in Skinner, Holt and Smith, Analysis of
Complex Surveys, 1989; K. M. Wolter, Introduction to Variance Estimation, 2nd ed., 2007, ch. 6.

For a mean R of y over a domain with weights w the linearised value of a row is z = w (y - R) / sum w, 0 outside the domain;
the variance is sum over strata h of n_h / (n_h - 1) sum over units c of (t_hc - mean of t_h)^2, t_hc = sum of z in unit c.
Degrees of freedom: units less strata. A stratum of a single unit shows no variation between units: see `SINGLE`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from povsim.errors import PovsimError

__all__ = ["SINGLE", "Design", "Estimate", "contrast", "fgt", "mean", "ratio", "total"]

SINGLE = ("certainty", "centred", "nothing")
"""What a stratum of one unit adds to the variance.

certainty: the unit was chosen for sure, so its rows are the units drawn; centred: its distance from the mean of all units,
which errs upwards; nothing: too small a variance, for comparison with programs that do so.
"""

Floats = npt.NDArray[np.float64]
LEVELS = (0.95, 0.90)


@dataclass(frozen=True, slots=True)
class Design:
    """Weights [n], strata [n] and primary sampling units [n] (identifiers of any kind; a unit is one within its stratum)."""

    weight: npt.NDArray[Any]
    stratum: npt.NDArray[Any] | None = None
    cluster: npt.NDArray[Any] | None = None
    single: str = "certainty"


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate with its error: `se`, `low95`, `high95`, `low90`, `high90` are None with a `reason` where there is none.

    `df` degrees of freedom, `rows` of the domain, `psus` and `strata` of the design, `single`: strata of one unit.
    """

    value: float
    se: float | None
    low95: float | None
    high95: float | None
    low90: float | None
    high90: float | None
    df: int
    rows: int
    psus: int
    strata: int
    single: tuple[str, ...] = ()
    reason: str | None = None


def mean(y: npt.ArrayLike, design: Design, domain: npt.ArrayLike | None = None) -> Estimate:
    """Weighted mean of y [n], over the rows where `domain` [n] is true; rows outside it still shape strata and units."""
    value, w, inside = _given(y, design, domain)
    weight = float(w[inside].sum())
    centre = float((w * value)[inside].sum()) / weight
    return _estimate(centre, np.where(inside, w * (value - centre), 0.0) / weight, design, inside)


def total(y: npt.ArrayLike, design: Design, domain: npt.ArrayLike | None = None) -> Estimate:
    """Weighted total of y [n] in the units of y."""
    value, w, inside = _given(y, design, domain)
    z = np.where(inside, w * value, 0.0)
    return _estimate(float(z.sum()), z, design, inside)


def ratio(y: npt.ArrayLike, x: npt.ArrayLike, design: Design, domain: npt.ArrayLike | None = None) -> Estimate:
    """Ratio of the weighted totals of y and x [n]."""
    value, w, inside = _given(y, design, domain)
    below = _given(x, design, domain)[0]
    under = float((w * below)[inside].sum())
    if under == 0.0:
        raise PovsimError("A ratio is asked whose lower total is 0.")
    r = float((w * value)[inside].sum()) / under
    return _estimate(r, np.where(inside, w * (value - r * below), 0.0) / under, design, inside)


def fgt(x: npt.ArrayLike, alpha: int, design: Design, domain: npt.ArrayLike | None = None, line: float = 1.0) -> Estimate:
    """Poverty measure P_alpha (0 to 1) of spending x [n] in the unit of `line`; exactly at the line is not poor.

    The line is taken as known, as BPS takes it.
    """
    if alpha not in (0, 1, 2):
        raise PovsimError(f"P_alpha with alpha = {alpha}; accepted are 0, 1 and 2.")
    spent = np.asarray(x, dtype=np.float64)
    gap = np.clip((line - spent) / line, 0.0, None)
    return mean(np.where(spent < line, gap**alpha, 0.0), design, domain)


def contrast(y: npt.ArrayLike, design: Design, first: npt.ArrayLike, second: npt.ArrayLike) -> Estimate:
    """Mean of y over `first` less its mean over `second` [n]; units that hold rows of both carry their covariance."""
    value, w, a = _given(y, design, first)
    other, _, b = _given(y, design, second)
    z = np.zeros(w.size)
    centres = []
    for inside, values, sign in ((a, value, 1.0), (b, other, -1.0)):
        weight = float(w[inside].sum())
        centre = float((w * values)[inside].sum()) / weight
        z += sign * np.where(inside, w * (values - centre), 0.0) / weight
        centres.append(centre)
    return _estimate(centres[0] - centres[1], z, design, a | b)


def _given(y: npt.ArrayLike, design: Design, domain: npt.ArrayLike | None) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    value = np.asarray(y, dtype=np.float64)
    w = np.asarray(design.weight, dtype=np.float64)
    inside = np.ones(value.shape, dtype=np.bool_) if domain is None else np.asarray(domain, dtype=np.bool_)
    for name, part in (("weights", w), ("domain", inside), ("strata", design.stratum), ("units", design.cluster)):
        if part is not None and (np.ndim(part) != 1 or np.shape(part) != value.shape):
            raise PovsimError(
                f"Values and {name} of a survey must be one-dimensional and alike; given {value.shape}, {np.shape(part)}."
            )
    if not np.isfinite(w).all() or (w < 0.0).any():
        raise PovsimError("A survey weight is negative or no finite number. povsim data check lists such rows.")
    if not np.isfinite(value[inside]).all():
        raise PovsimError("Values of a survey hold entries that are no finite numbers. Leave them out through the domain.")
    if not w[inside].sum() > 0.0:
        raise PovsimError("No row of positive weight is in the domain; an empty group has no estimate.")
    return np.where(inside, value, 0.0), w, inside


def _estimate(value: float, z: Floats, design: Design, inside: npt.NDArray[np.bool_]) -> Estimate:
    if design.single not in SINGLE:
        raise PovsimError(f"Strata of one unit are treated as '{design.single}'; accepted: {', '.join(SINGLE)}.")
    names, stratum = _coded(design.stratum, z.size)
    cluster = np.arange(z.size) if design.cluster is None else _coded(design.cluster, z.size)[1]
    totals, of_unit = _totals(z, stratum, cluster)
    psus = totals.size
    many = np.bincount(of_unit, minlength=len(names)) > 1
    single = tuple(str(names[h]) for h in np.flatnonzero(~many))
    variance = 0.0
    if design.single == "centred":
        variance += float(((totals[~many[of_unit]] - totals.mean()) ** 2).sum())
    elif design.single == "certainty" and single:
        alone = ~many[stratum]
        cluster = np.where(alone, int(cluster.max()) + 1 + np.arange(z.size), cluster)
        totals, of_unit = _totals(z, stratum, cluster)
    units = np.bincount(of_unit, minlength=len(names))
    centre = np.bincount(of_unit, weights=totals, minlength=len(names)) / units
    squares = np.bincount(of_unit, weights=(totals - centre[of_unit]) ** 2, minlength=len(names))
    variance += float((units / np.maximum(units - 1.0, 1.0) * squares)[units > 1].sum())
    df = int(psus - len(names))
    rows = int(inside.sum())
    if df < 1:
        why = "every stratum has one primary sampling unit: nothing shows how far units differ"
        return Estimate(value, None, None, None, None, None, df, rows, psus, len(names), single, why)
    se = float(np.sqrt(variance))
    half95, half90 = (float(stdtrit(df, 0.5 + level / 2.0)) * se for level in LEVELS)
    bounds = (value - half95, value + half95, value - half90, value + half90)
    return Estimate(value, se, *bounds, df, rows, psus, len(names), single)


def _totals(z: Floats, stratum: npt.NDArray[Any], cluster: npt.NDArray[Any]) -> tuple[Floats, npt.NDArray[Any]]:
    """Total of z in each unit, and the stratum of each unit."""
    width = int(cluster.max()) + 1
    pair, unit = np.unique(stratum * width + cluster, return_inverse=True)
    return np.bincount(unit, weights=z, minlength=pair.size), pair // width


def _coded(ids: npt.NDArray[Any] | None, rows: int) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    if ids is None:
        return np.array(["all"]), np.zeros(rows, dtype=np.int64)
    names, at = np.unique(np.asarray(ids), return_inverse=True)
    return names, at.astype(np.int64)
