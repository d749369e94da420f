"""What a year of growth does to a poverty rate in the model: an emulator made from model runs.

A sample of the nation lives its burn-in with earning capacity shifted, so that it begins at rates from a few percent to a
third; then it lives four years under several rates of growth. The change of the log odds of the observed headcount from the
second year to the third, and from the third to the fourth, is fitted by least squares:

    change(x, g) = a(x) + b(x) g,   a and b quadratic in the log odds x before

The first year is left out: growth was there before any origin, too, and its first months only fill the buffers. What the fit
leaves over is in its table.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor as Pool
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from povsim import parameters
from povsim.config import Scenario
from povsim.draws import DrawKey
from povsim.errors import PovsimError
from povsim.experiments import archive
from povsim.experiments.executor import Job
from povsim.experiments.forecast_history import logit
from povsim.experiments.replicate import TODAYS_AID, live_to_the_branch
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.model.state import State
from povsim.population.columns import LIFE, PLACE
from povsim.population.fitted import fitted_table
from povsim.population.nation import cells_of, nation
from povsim.population.sample import draw_sample
from povsim.population.strata import draw_villages

Floats = NDArray[np.float64]
SHIFTS = (-0.75, -0.5, -0.25, 0.0, 0.25, 0.45)
"""Shifts of the location of log earning capacity."""
GROWTHS = (-0.04, -0.02, 0.0, 0.02, 0.04)
"""Growth of earning capacity relative to the line, per year."""
YEARS = 4


@archive.stored
@dataclass
class Grown:
    """Observed headcount, mean of each year [growth, YEARS]."""

    rate: Floats


@dataclass(frozen=True)
class GrowthMap:
    """The fitted change of log odds: a, b coefficients of 1, x, x^2; sd: what the fit leaves over, log odds."""

    a: tuple[float, float, float]
    b: tuple[float, float, float]
    sd: float

    def change(self, x: Floats, g: Floats) -> Floats:
        """Change of the log odds x in a year of growth g."""
        return np.asarray(_poly(self.a, x) + _poly(self.b, x) * g, np.float64)

    def growth(self, x: Floats, change: Floats) -> Floats:
        """Growth that changes the log odds x by `change` in a year."""
        return np.asarray((change - _poly(self.a, x)) / _poly(self.b, x), np.float64)


def jobs(scenario: Scenario, variant: str) -> list[Job]:
    """Runs of the map: a job a replicate and shift, at least one replicate and at most four."""
    lived = scenario.lived()
    numbers = range(min(4, scenario.replicates))
    return [
        Job(f"map of {variant}, replicate {number}, shift {shift:+g}", live_shifted, (lived, variant, number, shift, GROWTHS))
        for number in numbers
        for shift in SHIFTS
    ]


def live_shifted(
    scenario: Scenario, variant: str, number: int, shift: float, growths: Sequence[float], *, pool: Pool | None, threads: int
) -> Grown:
    """Work of a job: one burn-in with log earning capacity moved by `shift`, then the years under each growth."""
    p = parameters.values(variant, None, scenario.overrides())
    key, population = DrawKey(scenario.seed, number), scenario.population
    cells = cells_of(population.kind, population.provinces)
    drawn = draw_villages(cells, population.villages, key)
    fitted = fitted_table(population.kind, variant, cells).with_columns(mu=pl.col("mu") + shift)
    sample = draw_sample(cells, drawn, population.households_per_village, p, fitted, key)
    state = State.first(sample, -scenario.burn_in_months)
    live_to_the_branch(sample, state, scenario, variant, p, key, pool, threads)
    weight = sample.place[PLACE.weight]
    persons = float(weight @ np.bincount(sample.village, weights=sample.life[LIFE.h] * sample.life[LIFE.size]))
    rates = []
    for growth in growths:
        country = Country(
            sample, state.branch(1), [Arm("aid", p | {"g_w": growth}, TODAYS_AID)], variant, key,
            months=12 * YEARS, nation=nation(), interactions=scenario.interactions, pool=pool, threads=threads,
        )  # fmt: skip
        poor = country.run().poverty[0, :, :, 0] @ weight / persons
        rates.append(poor.reshape(YEARS, 12).mean(axis=1))
        country.release()
    return Grown(np.array(rates))


def fit(found: Sequence[Grown], growths: Sequence[float] = GROWTHS) -> GrowthMap:
    """The map that these runs give. Raises PovsimError where they do not determine it."""
    x, g, change = (np.concatenate(parts) for parts in zip(*(_points(one, growths) for one in found), strict=True))
    terms = np.stack([np.ones_like(x), x, x**2, g, x * g, x**2 * g], axis=1)
    fail_if_not_determined(terms)
    solved = np.linalg.lstsq(terms, change, rcond=None)[0]
    left = change - terms @ solved
    sd = float(np.sqrt((left**2).sum() / max(1, x.size - terms.shape[1])))
    a0, a1, a2, b0, b1, b2 = solved.tolist()
    return GrowthMap((a0, a1, a2), (b0, b1, b2), sd)


def fail_if_not_determined(terms: Floats) -> None:
    """Fewer points than coefficients, or all at one rate."""
    if np.linalg.matrix_rank(terms) < terms.shape[1]:
        raise PovsimError("Too few runs were lived to say what growth does to a poverty rate. Give more villages.")


def _points(lived: Grown, growths: Sequence[float]) -> tuple[Floats, Floats, Floats]:
    """Log odds before, growth and change, of the second and third year of every run that has poor and others in each."""
    rate = lived.rate
    usable = ((rate > 0) & (rate < 1)).all(axis=1)
    x = logit(rate[usable])
    before, after = x[:, 1:-1], x[:, 2:]
    g = np.repeat(np.asarray(growths, np.float64)[usable][:, None], before.shape[1], axis=1)
    return before.ravel(), g.ravel(), (after - before).ravel()


def _poly(c: tuple[float, float, float], x: Floats) -> Floats:
    return np.asarray(c[0] + c[1] * x + c[2] * x**2, np.float64)
