"""In which order villages have their turn: one function a kind of rollout, from what a planner can see.

Every order ends in the lot of the village, so that it is complete and does not depend on row numbers. What is seen: published
figures of districts, local potential, market access, the place of a village's cooperative in the ministry's record, the
registry of families, and which cooperatives of this rollout trade, have stopped or are gone. Nothing of the households'
true consumption is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from povsim.config.rollout import Rollout

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]
TRADING, DORMANT, DISSOLVED = 4, 5, 6
LOOK_BACK_MONTHS = 12
"""A cooperative is judged by `adaptive` when it is this old."""
FEWEST_JUDGED = 3
"""A province pauses only if at least so many simulated cooperatives in it have traded."""


@dataclass(frozen=True)
class Seen:
    """What the rollout office sees when it decides, one entry a village [V] unless said otherwise.

    month: first of the year; villages: real villages; lot, own_lot: two independent uniforms; headcount: published, of the
    district, percent; low10, low20: share of families in the lowest decile, the lowest two deciles of the registry; Z,
    access: 0 to 1; quality: of the management at hand; recorded: status in the ministry's record, 0 to 4; district,
    province, cell: numbers of groups; names: district names by number; since: month in which the village began, 0 not yet;
    status: of its cooperative; traded: whether that has traded.
    """

    month: int
    villages: Floats
    lot: Floats
    own_lot: Floats
    headcount: Floats
    low10: Floats
    low20: Floats
    Z: Floats
    access: Floats
    quality: Floats
    recorded: Floats
    district: Rows
    province: Rows
    cell: Rows
    names: tuple[str, ...]
    since: Rows
    status: Floats
    traded: Flags


def order_of(rollout: Rollout, seen: Seen) -> Rows:
    """Rows that may start this year and have not yet, first to last."""
    keys, may = ORDERS[rollout.kind](rollout, seen)
    waiting = np.nonzero((seen.since == 0) & may)[0]
    # lexsort: the last key counts first; the lot settles ties
    return waiting[np.lexsort((seen.lot[waiting], *(key[waiting] for key in reversed(keys))))]


def percentile(x: Floats, weight: Floats) -> Floats:
    """Share of the weight that lies below each value, half of the ties: 0 to 1."""
    value, at = np.unique(x, return_inverse=True)
    mass = np.bincount(at, weights=weight, minlength=value.size)
    return np.asarray(((np.cumsum(mass) - mass / 2) / mass.sum())[at])


def share_in_group(group: Rows, has: Floats, weight: Floats) -> Floats:
    """Weighted mean of `has` over each village's group; 0 where the group weighs nothing [V]."""
    total = np.bincount(group, weights=weight)
    mean = np.divide(np.bincount(group, weights=weight * has), total, out=np.zeros_like(total), where=total > 0)
    return np.asarray(mean[group])


def progress_in_group(group: Rows, lot: Floats, weight: Floats) -> Floats:
    """Share of its group's weight that comes before the middle of each village when the group is taken by lot [V]."""
    order = np.lexsort((lot, group))
    running = np.cumsum(weight[order]) - weight[order] / 2
    first = np.concatenate([[True], np.diff(group[order]) != 0])
    before = np.where(first, running - weight[order] / 2, 0.0)
    start = np.maximum.accumulate(before)
    total = np.bincount(group, weights=weight)
    out = np.empty_like(lot)
    out[order] = (running - start) / total[group[order]]
    return out


Ordered = tuple[list[Floats], Flags]


def _everywhere(seen: Seen) -> Flags:
    return np.ones(seen.lot.size, np.bool_)


def _all(rollout: Rollout, seen: Seen) -> Ordered:
    return [], seen.lot < rollout.coverage


def _phased(rollout: Rollout, seen: Seen) -> Ordered:
    return [], _everywhere(seen)


def _random(rollout: Rollout, seen: Seen) -> Ordered:
    return [seen.own_lot], _everywhere(seen)


def _poorest(rollout: Rollout, seen: Seen) -> Ordered:
    return [-seen.headcount, seen.district.astype(float), -seen.low20], _everywhere(seen)


def _extreme(rollout: Rollout, seen: Seen) -> Ordered:
    return [-seen.low10], _everywhere(seen)


def _potential(rollout: Rollout, seen: Seen) -> Ordered:
    return [-seen.Z], _everywhere(seen)


def _readiness(rollout: Rollout, seen: Seen) -> Ordered:
    ranks = [percentile(x, seen.villages) for x in (seen.recorded, seen.quality, seen.access)]
    return [-np.mean(ranks, axis=0)], _everywhere(seen)


def _near(rollout: Rollout, seen: Seen) -> Ordered:
    """Where a cooperative trades, then provinces by the share of villages with one that does: in the first year by the record,
    later by those of this rollout (and the record where it has not come).

    Provinces and not districts: a sample holds about one village of a district, and where it holds several these are large
    villages, so that districts by the sampled share would mean large villages first.
    """
    trades = np.where(seen.since > 0, seen.status == TRADING, seen.recorded == TRADING).astype(float)
    return [-trades, -share_in_group(seen.province, trades, seen.villages)], _everywhere(seen)


def _balanced(rollout: Rollout, seen: Seen) -> Ordered:
    return [progress_in_group(seen.cell, seen.lot, seen.villages)], _everywhere(seen)


def _adaptive(rollout: Rollout, seen: Seen) -> Ordered:
    """Provinces by the share of cooperatives, a year old or more, that trade; where too many of those that traded have stopped
    the province pauses this year. A province without any is judged as the mean of all, so that it is not left out."""
    judged = (seen.since > 0) & (seen.month - seen.since >= LOOK_BACK_MONTHS)
    weight = seen.villages * judged
    if not judged.any():
        return [progress_in_group(seen.cell, seen.lot, seen.villages)], _everywhere(seen)
    trades = (seen.status == TRADING).astype(float)
    mean = float(weight @ trades / weight.sum())
    known = np.bincount(seen.province, weights=judged)[seen.province] > 0
    share = np.where(known, share_in_group(seen.province, trades, weight), mean)
    stopped = ((seen.status == DORMANT) | (seen.status == DISSOLVED)) & seen.traded
    of_traded = share_in_group(seen.province, stopped.astype(float), seen.villages * (judged & seen.traded))
    enough = np.bincount(seen.province, weights=judged & seen.traded)[seen.province] >= FEWEST_JUDGED
    return [-share], ~(enough & (of_traded > rollout.pause_above))


def _file(rollout: Rollout, seen: Seen) -> Ordered:
    place = {name: float(at) for at, name in enumerate(rollout.districts)}
    at = np.array([place.get(name, np.inf) for name in seen.names])[seen.district]
    return [at], np.isfinite(at)


ORDERS: dict[str, Callable[[Rollout, Seen], Ordered]] = {
    "all": _all,
    "phased": _phased,
    "poorest_first": _poorest,
    "extreme_poverty_first": _extreme,
    "local_potential_first": _potential,
    "readiness_first": _readiness,
    "near_existing": _near,
    "balanced": _balanced,
    "random": _random,
    "adaptive": _adaptive,
    "file": _file,
}
"""Keys to sort by (the first counts most, smallest first) and who may start this year, by kind."""
