"""Shares and differences with intervals whose clusters are villages, within strata of districts by urban or rural.

A share is a ratio of two sums over villages, so its variance is that of the village residuals total - share x size around their
mean in each stratum (W. G. Cochran, Sampling Techniques, 3rd ed., 1977, sections 5.3 and 6.4). No finite-population factor is
taken off: villages that are all lived still stand for the shocks that might have come otherwise, and where only some are
lived their drawing is covered too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from povsim.experiments.contrasts import NO_SPREAD

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Strata:
    """Places for which shares are formed, and the strata of villages within them.

    place [V]: number of the place that a village counts in, -1 for none; count: places; stratum [V]: number of the stratum, -1
    where the place is; freedom [count]: villages less strata (0 where a place has a single village).
    """

    place: Codes
    count: int
    stratum: Codes
    freedom: Floats


@dataclass(frozen=True)
class Shares:
    """A share of each place [P], NaN where it has nobody, and its standard error, NaN where a place has a single village."""

    share: Floats
    se: Floats
    freedom: Floats

    def ends(self, level: float) -> tuple[Floats, Floats]:
        """Student t interval of a level such as 0.95 [P], NaN where there is none."""
        half = np.where(self.freedom > 0, stdtrit(np.maximum(self.freedom, 1.0), 0.5 + level / 2), np.nan) * self.se
        return self.share - half, self.share + half


def strata_of(place: Codes, count: int, levels: Sequence[Codes], near: Sequence[Codes] = ()) -> Strata:
    """Strata within places: the finest of `levels` (codes [V], finest first) at which a village is not alone.

    Villages that are alone in their stratum are put together at the next level. One that is left alone at the last joins a
    stratum of its neighbours: the smallest among those of villages with its code in the first of `near` (codes [V], nearest
    first) in which its place has others, else the smallest of its place. A place with one village keeps it alone.
    """
    stratum = np.full(place.size, -1, np.int64)
    open_ = place >= 0
    used = 0
    for codes in (*levels, np.zeros(place.size, np.int64)):
        rows = np.nonzero(open_)[0]
        if rows.size == 0:
            break
        _, code, size = np.unique(np.stack([place[rows], codes[rows]]), axis=1, return_inverse=True, return_counts=True)
        found = size[code] > 1
        stratum[rows[found]] = used + code[found]
        used += size.size
        open_[rows[found]] = False
    for row in np.nonzero(open_)[0].tolist():
        stratum[row] = _neighbour(row, place, near, stratum, used)
        used += 1
    inside = place >= 0
    stratum[inside] = np.unique(stratum[inside], return_inverse=True)[1]
    villages = np.bincount(place[inside], minlength=count)
    first = np.unique(stratum[inside], return_index=True)[1]
    strata = np.bincount(place[inside][first], minlength=count)
    return Strata(place, count, stratum, (villages - strata).astype(np.float64))


def _neighbour(row: int, place: Codes, near: Sequence[Codes], stratum: Codes, new: int) -> int:
    """The stratum that the village `row`, left alone, joins; `new` where its place has no other village."""
    others = (place == place[row]) & (stratum >= 0)
    for codes in near:
        close = others & (codes == codes[row])
        if close.any():
            others = close
            break
    numbers = np.unique(stratum[others])
    sizes = [np.count_nonzero(stratum == number) for number in numbers]
    return int(numbers[np.argmin(sizes)]) if sizes else new


def shares(strata: Strata, total: Floats, size: Floats) -> Shares:
    """Sum of `total` over sum of `size`, both by village [V], in each place."""
    inside = strata.place >= 0
    place, stratum = strata.place[inside], strata.stratum[inside]
    y, w = total[inside], size[inside]
    whole = np.bincount(place, weights=w, minlength=strata.count)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.bincount(place, weights=y, minlength=strata.count) / whole
        residual = y - np.nan_to_num(share)[place] * w
        n = np.bincount(stratum).astype(np.float64)
        centred = residual - (np.bincount(stratum, weights=residual) / n)[stratum]
        factor = np.where(n > 1, n / np.maximum(n - 1, 1), np.nan)
        variance = np.bincount(place, weights=factor[stratum] * centred**2, minlength=strata.count)
        se = np.sqrt(variance) / whole
    return Shares(share, np.where(se <= NO_SPREAD, 0.0, se), strata.freedom)


def totals(strata: Strata, values: Floats) -> Floats:
    """Sum of `values` [V] over the villages of each place."""
    inside = strata.place >= 0
    return np.bincount(strata.place[inside], weights=values[inside], minlength=strata.count)
