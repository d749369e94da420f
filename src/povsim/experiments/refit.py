"""Margins held for a draw of the parameters: the shift of earning capacity with which F1 and F2 still hold.

The committed table of the population is fitted at the register's values; with other values the headcount at the end of the
burn-in moves. Here a control loop finds four shifts (location and spread of ln w0, rural and urban) that are added to the
table. It works in the burn-in of one small national sample, always the same, and asks of a draw what the same sample shows at
the register's values: what the sample adds by chance is on both sides, and the register's own shift is exactly 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor as Pool
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from povsim import parameters
from povsim.config.shift import NO_SHIFT, Shift
from povsim.draws import DrawKey
from povsim.experiments import archive
from povsim.experiments.population_check import observed_consumption
from povsim.experiments.replicate import TODAYS_AID
from povsim.measures.poverty import gini
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.model.state import State
from povsim.population.columns import LIFE
from povsim.population.fitted import fitted_table
from povsim.population.nation import cells_of, nation
from povsim.population.sample import Sample, draw_sample
from povsim.population.strata import draw_villages

__all__ = ["NO_SHIFT", "Margins", "Refit", "Shift", "refit"]

Floats = NDArray[np.float64]
SEED = 20250303
"""Seed of the sample of the refit; no experiment and no fit uses it."""
VILLAGES, HOUSEHOLDS, BURN_IN = 200, 50, 120
ROUNDS = 5
"""Burn-ins lived for one draw, at most."""
SLOPE = np.array([1.1, 1.1, 0.7, 0.7])
"""First guess of how much ln consumption at the line (rural, urban) moves with mu, and the Gini with sg."""
SLOPES = np.array([[0.5, 0.5, 0.2, 0.2], [1.8, 1.8, 1.2, 1.2]])
"""Least and largest slope that the loop believes when it learns it from its last two steps."""
FARTHEST = np.array([1.0, 1.0, 0.6, 0.6])
"""Largest shift that is tried."""
CLOSE = np.array([0.0005, 0.0005, 0.001, 0.001])
"""Distance of headcount (rural, urban) and Gini (rural, urban) at which the loop stops, shares of 1."""
HELD = np.array([0.004, 0.004, 0.008, 0.008])
"""Distance at which the margins still count as held."""

archive.stored(Shift)


@dataclass(frozen=True)
class Margins:
    """What the sample shows at the end of a burn-in: observed consumption [12, H] and its margins by area (rural, urban).

    headcount: share of persons, mean of twelve months; gini: of expenditure per head.
    """

    consumption: Floats
    persons: Floats
    urban: NDArray[np.bool_]
    headcount: Floats
    gini: Floats

    def log_quantile(self, share: Floats) -> Floats:
        """ln of the consumption below which the given share of rural and of urban persons lies [2]."""
        return np.array([_log_quantile(*self._area(k), share[k]) for k in (0, 1)])

    def _area(self, urban: int) -> tuple[Floats, Floats]:
        rows = self.urban == bool(urban)
        return self.consumption[:, rows].ravel(), np.tile(self.persons[rows], self.consumption.shape[0])


@archive.stored
@dataclass(frozen=True)
class Refit:
    """The shift of a draw, and how far its margins are then from those of the register.

    off [4]: headcount rural, urban and Gini rural, urban, shares of 1.
    """

    shift: Shift
    off: Floats

    @property
    def holds(self) -> bool:
        """Whether the margins are close enough to go on with; some draws cannot be brought there."""
        return bool((np.abs(self.off) <= HELD).all())


def refit(variant: str, values: Mapping[str, float], *, pool: Pool | None = None, threads: int = 1) -> Refit:
    """The shift with which the margins of the nation hold at `values` (by symbol; what is left out is the register's).

    Values that no household of the burn-in feels, and the register's own, give exactly 0.
    """
    p = parameters.values(variant, None, values)
    known = _at_the_register(variant)
    at, slope = np.zeros(4), SLOPE
    before, apart_before = at, np.zeros(4)
    best, least = at, np.full(4, np.inf)
    for _ in range(ROUNDS):
        found = margins_of(variant, p, Shift(*at.tolist()), pool, threads)
        off = np.concatenate([found.headcount - known.headcount, found.gini - known.gini])
        if np.abs(off / CLOSE).sum() < np.abs(least / CLOSE).sum():
            best, least = at, off
        if (np.abs(off) <= CLOSE).all():
            break
        apart = np.concatenate([found.log_quantile(known.headcount) - known.log_quantile(known.headcount), off[2:]])
        moved = at - before
        slope = np.where(moved != 0, np.clip((apart - apart_before) / np.where(moved != 0, moved, 1), *SLOPES), slope)
        before, apart_before, at = at, apart, np.clip(at - apart / slope, -FARTHEST, FARTHEST)
    return Refit(Shift(*best.tolist()), least)


@cache
def _at_the_register(variant: str) -> Margins:
    return margins_of(variant, parameters.values(variant), NO_SHIFT)


def margins_of(variant: str, p: Mapping[str, float], shift: Shift, pool: Pool | None = None, threads: int = 1) -> Margins:
    """Live the burn-in of the refit's own sample with today's aid, and read its margins off the last twelve months."""
    key = DrawKey(SEED, 0)
    cells = cells_of("indonesia")
    drawn = draw_villages(cells, VILLAGES, key)
    sample = draw_sample(cells, drawn, HOUSEHOLDS, p, fitted_table("indonesia", variant, cells, shift), key)
    state = State.first(sample, -BURN_IN)
    country = Country(
        sample, state, [Arm("aid", p, TODAYS_AID)], variant, key,
        months=BURN_IN, nation=nation(), record=False, pool=pool, threads=threads,
    )  # fmt: skip
    country.run()
    country.release()
    return _read(sample, state, p["sigma_me"], key)


def _read(sample: Sample, state: State, sigma_me: float, key: DrawKey) -> Margins:
    c = observed_consumption(sample, state, sigma_me, key, range(state.t - 11, state.t + 1))
    persons, urban = sample.persons, sample.urban
    poor = (c < 1).mean(axis=0)
    per_head = c * (state.life[LIFE.line] / state.life[LIFE.size])
    rates, ginis = [], []
    for rows in (~urban, urban):
        rates.append(float(np.average(poor[rows], weights=persons[rows])))
        ginis.append(gini(per_head[:, rows].ravel(), np.tile(persons[rows], c.shape[0])))
    return Margins(c, persons, urban, np.array(rates), np.array(ginis))


def _log_quantile(x: Floats, weight: Floats, share: float) -> float:
    order = np.argsort(x, kind="stable")
    reached = np.cumsum(weight[order])
    at = (reached - 0.5 * weight[order]) / reached[-1]
    return float(np.log(np.interp(share, at, x[order])))
