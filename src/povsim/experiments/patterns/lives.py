"""The small national sample that the patterns are simulated on, and how it is lived: burn-in, then years that can be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor as Pool
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from povsim import parameters
from povsim.config.shift import Shift
from povsim.draws import DrawKey
from povsim.experiments.population_check import observed_consumption
from povsim.experiments.replicate import TODAYS_AID
from povsim.measures.poverty import quantile
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.model.state import State
from povsim.population.fitted import fitted_table
from povsim.population.nation import cells_of, nation
from povsim.population.sample import Sample, draw_sample
from povsim.population.strata import draw_villages

Floats = NDArray[np.float64]
SEED = 20250304
"""Seed of the patterns where none is given; no experiment, fit or refit uses it."""
VILLAGES, HOUSEHOLDS, BURN_IN = 100, 50, 120
SLOPE = 1.1
"""Rise of ln consumption at the line for a rise of ln w0 by one."""


@dataclass(frozen=True)
class Size:
    """Villages, households a village, months of burn-in."""

    villages: int = VILLAGES
    households: int = HOUSEHOLDS
    burn_in: int = BURN_IN


SMALL = Size()


@dataclass
class Base:
    """A draw at the end of its burn-in. p: complete set of parameters by symbol; shift: of the population, as asked."""

    variant: str
    values: Mapping[str, float]
    p: dict[str, float]
    shift: Shift
    size: Size
    key: DrawKey
    sample: Sample
    state: State
    pool: Pool | None = None
    threads: int = 1

    @property
    def persons(self) -> Floats:
        """Persons of the nation that each household stands for [H]."""
        return self.sample.persons

    @property
    def households(self) -> Floats:
        """Households of the nation that each household stands for [H]."""
        return self.sample.weight

    def observed(self, state: State, months: Sequence[int], arm: int = 0) -> Floats:
        """Consumption of `months` of the last year as a survey sees it, L [months, H], equation (21)."""
        one = state if arm == 0 else replace(state, home=state.home[arm : arm + 1])
        return observed_consumption(self.sample, one, self.p["sigma_me"], self.key, months)

    def country(self, state: State, arms: Sequence[Arm], months: int, *, record: bool = False) -> Country:
        """A country of arms that lives on from `state`, which it changes."""
        return Country(
            self.sample, state, arms, self.variant, self.key,
            months=months, nation=nation(), record=record, pool=self.pool, threads=self.threads,
        )  # fmt: skip

    def aid(self, **changes: float) -> Arm:
        """Today's aid and no cooperative, with other values of some parameters."""
        return Arm("aid", self.p | changes, TODAYS_AID)

    def moved(self, by: float) -> Base:
        """The same households with ln w0 lower or higher by `by`, at the end of a burn-in of their own."""
        s = self.shift
        away = Shift(s.mu_rural + by, s.mu_urban + by, s.sg_rural, s.sg_urban)
        return begin(self.variant, self.values, away, self.key, self.size, self.pool, self.threads)


def begin(
    variant: str,
    values: Mapping[str, float],
    shift: Shift,
    key: DrawKey,
    size: Size = SMALL,
    pool: Pool | None = None,
    threads: int = 1,
) -> Base:
    """Draw the sample and live its burn-in with today's aid. `values` by symbol; what is left out is the register's."""
    p = parameters.values(variant, None, values)
    cells = cells_of("indonesia")
    drawn = draw_villages(cells, size.villages, key)
    sample = draw_sample(cells, drawn, size.households, p, fitted_table("indonesia", variant, cells, shift), key)
    state = State.first(sample, -size.burn_in)
    base = Base(variant, values, p, shift, size, key, sample, state, pool, threads)
    country = base.country(state, [base.aid()], size.burn_in)
    country.run()
    country.release()
    return base


def years_of(base: Base, years: int, **changes: float) -> list[Floats]:
    """Observed consumption of each year [12, H] from month 1 on, today's aid going on, with `changes` of parameters."""
    state = base.state.branch(1)
    country = base.country(state, [base.aid(**changes)], 12 * years)
    seen = []
    for year in range(1, years + 1):
        country.live_to(12 * year)
        seen.append(base.observed(state, range(12 * year - 11, 12 * year + 1)))
    country.release()
    return seen


def level_of(base: Base, share: float) -> float:
    """First guess of how far ln w0 must move for a headcount of persons of `share`, log points."""
    t = base.state.t
    c = base.observed(base.state, range(t - 11, t + 1))
    at_share = float(quantile(c.ravel(), np.tile(base.persons, c.shape[0]), share))
    return -float(np.log(at_share)) / SLOPE


def rate(poor: NDArray[np.bool_], weight: Floats) -> float:
    """Share of the weight of those of whom `poor` [months, H] is true, mean over the months."""
    return float(poor.mean(axis=0) @ weight / weight.sum())
