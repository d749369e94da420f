"""The fit of the population: earning capacity by cell so that observed poverty reproduces the published margins.

A control loop in the burn-in itself. Each year the location `mu` of every cell (district by area) moves by the distance of
its observed poverty quantile from the line, the spread `sg` of rural and urban by the distance of the Gini, and the
compression `sk` of every province by the distance of P1/P0. Then the assets settle without adjustment, the law of first
assets is read off, and the loop runs again from it. The result is a table with a row a cell, committed with the project;
the same seed gives the same table, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from povsim import evidence, parameters
from povsim.draws import DrawKey
from povsim.experiments.population_check import observed_consumption
from povsim.experiments.replicate import TODAYS_AID
from povsim.measures.poverty import gini
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.model.state import State
from povsim.population.columns import HOME, LIFE
from povsim.population.fitted import LIMITS
from povsim.population.nation import nation
from povsim.population.sample import Sample, draw_sample
from povsim.population.strata import draw_villages

Floats = NDArray[np.float64]

FIT_SEED = 20250301
"""Seed of the fit's own run; experiments use other seeds."""
START = {"rural": (0.29, 0.64), "urban": (0.45, 0.91)}
LAW = ("K_const", "K_w", "K_a", "K_sd")
FIRST_LAW = (0.9, 0.8, 1.2, 0.8)
DECIMALS = 5
LEAST_GAIN, LAST_GAIN = 0.3, 0.7


@dataclass(frozen=True)
class Effort:
    """How long the fit runs: years of yearly adjustment, then rounds that start anew from the law of first assets, live the
    burn-in of an experiment and adjust once at its end; size of the sample."""

    adjusting: int = 24
    rounds: int = 3
    burn_in: int = 10
    per_district: int = 50
    households: int = 50


def first_guess(cells: pl.DataFrame, p: dict[str, float]) -> pl.DataFrame:
    """Table of the fit before any adjustment: cell_id, mu, sg, sk and the law of first assets."""
    urban = pl.col("area") == "urban"
    mu, sg = (pl.when(urban).then(START["urban"][k]).otherwise(START["rural"][k]) for k in (0, 1))
    law = {name: pl.lit(value) for name, value in zip(LAW, FIRST_LAW, strict=True)}
    return cells.select("cell_id", mu=mu, sg=sg, sk=pl.lit(p["sk"]), **law)


@dataclass
class Margins:
    """Published margins of the cells: headcount to meet [cell], P1/P0 by province [cell], Gini of rural and urban [2]."""

    headcount: Floats
    gap_ratio: Floats
    province: NDArray[np.int64]
    urban: NDArray[np.bool_]
    gini: Floats


def margins(cells: pl.DataFrame) -> Margins:
    """Margins of Indonesia from the evidence tables."""
    profile = evidence.load("province_profile_2025")
    ratio = dict(zip(profile["province"], profile["p1_pct"] / profile["p0_pct"], strict=True))
    names = {name: k for k, name in enumerate(profile["province"])}
    provinces = cells["province"].to_list()
    return Margins(
        cells["p0_pct"].to_numpy() / 100,
        np.array([ratio[name] for name in provinces]),
        np.array([names[name] for name in provinces]),
        (cells["area"] == "urban").to_numpy(),
        np.array([evidence.fact("gini_rural_2025_03").value, evidence.fact("gini_urban_2025_03").value]),
    )


def cell_quantiles(c: Floats, weight: Floats, cell: NDArray[np.int64], at: Floats) -> Floats:
    """Person-weighted quantile of `c` [months, H] in every cell at its own rate `at` [cells]; households in cell order."""
    out = np.ones(at.size)
    edges = np.searchsorted(cell, np.arange(at.size + 1))
    for k in range(at.size):
        lo, hi = edges[k], edges[k + 1]
        if hi > lo:
            values = c[:, lo:hi].ravel()
            order = np.argsort(values, kind="stable")
            weights = np.tile(weight[lo:hi], c.shape[0])[order]
            share = np.cumsum(weights)
            out[k] = np.interp(at[k], (share - 0.5 * weights) / share[-1], values[order])
    return out


def by_group(values: Floats, weights: Floats, group: NDArray[np.int64], groups: int) -> Floats:
    """Weighted mean of `values` in each group."""
    total = np.bincount(group, weights=weights, minlength=groups)
    return np.bincount(group, weights=weights * values, minlength=groups) / np.where(total > 0, total, 1)


def adjust(
    table: pl.DataFrame, target: Margins, sample: Sample, state: State, p: dict[str, float], key: DrawKey, gain: float
) -> pl.DataFrame:
    """One step of the control loop; the sample's own traits follow the new table."""
    c = observed_consumption(sample, state, p["sigma_me"], key, (state.t - 9, state.t - 6, state.t - 3, state.t))
    persons = sample.persons
    cell = sample.cell[sample.village]
    quantile = cell_quantiles(c, persons, cell, target.headcount)
    mu = table["mu"].to_numpy() - gain * 0.8 * np.log(np.clip(quantile, 0.3, 3.0))
    expenditure = c[-2:] * (state.life[LIFE.line] / state.life[LIFE.size])
    urban = target.urban[cell]
    sg = table["sg"].to_numpy().copy()
    for k, rows in enumerate((~urban, urban)):
        found = gini(expenditure[:, rows].ravel(), np.tile(persons[rows], 2))
        sg[target.urban == bool(k)] += gain * 1.04 * (target.gini[k] - found)
    province = np.tile(target.province[cell], c.shape[0])
    weights = np.tile(persons, c.shape[0])
    gap = np.maximum(0.0, 1 - c.ravel())
    found_ratio = by_group(gap, weights, province, 38) / np.maximum(
        by_group((gap > 0).astype(float), weights, province, 38), 1e-9
    )
    sk = table["sk"].to_numpy() + gain * 4.0 * (found_ratio[target.province] - target.gap_ratio)
    return table.with_columns(
        mu=pl.Series(mu), sg=pl.Series(np.clip(sg, *LIMITS["sg"])), sk=pl.Series(np.clip(sk, *LIMITS["sk"]))
    )


def follow(table: pl.DataFrame, sample: Sample, state: State, shift: Floats) -> None:
    """Give the living households the table's values; `shift` [cells] is the change of mu since the last call."""
    cell = sample.cell[sample.village]
    state.life[LIFE.mu] += shift[cell]
    state.life[LIFE.sg] = table["sg"].to_numpy()[cell]
    state.life[LIFE.sk] = table["sk"].to_numpy()[cell]


def law_of_assets(table: pl.DataFrame, target: Margins, sample: Sample, state: State) -> pl.DataFrame:
    """ln K on ln w0 and ln a, rural and urban apart: the law of first assets."""
    life, cell = state.life, sample.cell[sample.village]
    z = life[LIFE.z]
    ln_w0 = life[LIFE.mu] + life[LIFE.sg] * np.where(z >= 0, z, (1 - life[LIFE.sk]) * z)
    x = np.stack([np.ones(z.size), ln_w0, life[LIFE.lna]])
    y = np.log(np.maximum(state.home[0, HOME.K], 1e-3))
    columns = np.empty((len(LAW), table.height))
    for area in (False, True):
        rows = target.urban[cell] == area
        w = np.sqrt(sample.weight[rows])
        beta = np.linalg.lstsq((x[:, rows] * w).T, y[rows] * w, rcond=None)[0]
        spread = np.sqrt(np.average((y[rows] - beta @ x[:, rows]) ** 2, weights=w**2))
        columns[:, target.urban == area] = np.array([*beta, spread])[:, None]
    return table.with_columns(**{name: pl.Series(columns[k]) for k, name in enumerate(LAW)})


@dataclass(frozen=True)
class Closeness:
    """How close the fit's own run with the finished table comes to the published headcounts of persons.

    districts [share]: within max(1 point, 10 % of the rate); provinces [count]: within max(0.4 point, 8 %), of how many.
    """

    districts: float
    provinces: int
    of_provinces: int


class Run:
    """The fit's own run of one variant: its villages, its draws and the burn-in with today's aid."""

    def __init__(self, cells: pl.DataFrame, variant: str, effort: Effort, pool: Executor, threads: int) -> None:
        self.cells, self.variant, self.effort = cells, variant, effort
        self.p, self.key = parameters.values(variant), DrawKey(FIT_SEED, 0)
        self._drawn = draw_villages(cells, 0, self.key, per_district=effort.per_district)
        self._pool, self._threads = pool, threads

    def start(self, table: pl.DataFrame, years: int) -> tuple[Sample, State]:
        """Households by the table, at the beginning of a burn-in of so many years."""
        sample = draw_sample(self.cells, self._drawn, self.effort.households, self.p, table, self.key)
        return sample, State.first(sample, -12 * years)

    def live(self, sample: Sample, state: State, years: int) -> None:
        """Live on, in place."""
        Country(
            sample, state, [Arm("aid", self.p, TODAYS_AID)], self.variant, self.key,
            months=12 * years, nation=nation(), record=False, pool=self._pool, threads=self._threads,
        ).run()  # fmt: skip


def fit(
    cells: pl.DataFrame,
    variant: str,
    effort: Effort = Effort(),
    threads: int = 2,
    advance: Callable[[float], object] = lambda years: None,
) -> tuple[pl.DataFrame, Closeness]:
    """The fitted table of one variant, rounded to five decimals, and how close its own run comes.

    Columns: cell_id, mu, sg, sk, K_const, K_w, K_a, K_sd. `advance` is told the years lived.
    """
    target = margins(cells)
    with ThreadPoolExecutor(threads) as pool:
        run = Run(cells, variant, effort, pool, threads)
        table = first_guess(cells, run.p)
        sample, state = run.start(table, effort.adjusting)
        for year in range(effort.adjusting):
            run.live(sample, state, 1)
            before = table["mu"].to_numpy()
            table = adjust(table, target, sample, state, run.p, run.key, max(LEAST_GAIN, 1 - year / 16))
            follow(table, sample, state, table["mu"].to_numpy() - before)
            advance(1)
        table = law_of_assets(table, target, sample, state)
        for _ in range(effort.rounds):
            sample, state = run.start(table, effort.burn_in)
            run.live(sample, state, effort.burn_in)
            table = adjust(table, target, sample, state, run.p, run.key, LAST_GAIN)
            advance(effort.burn_in)
        table = table.with_columns(pl.all().exclude("cell_id").round(DECIMALS))
        sample, state = run.start(table, effort.burn_in)
        run.live(sample, state, effort.burn_in)
        advance(effort.burn_in)
    return table, closeness(cells, sample, state, run.p, run.key)


def closeness(cells: pl.DataFrame, sample: Sample, state: State, p: dict[str, float], key: DrawKey) -> Closeness:
    """Observed headcount of persons, mean of the last twelve months, against the published one by district and province."""
    c = observed_consumption(sample, state, p["sigma_me"], key, range(state.t - 11, state.t + 1))
    poor = (c < 1).mean(axis=0)
    cell, persons = sample.cell[sample.village], sample.persons
    published = cells["p0_pct"].to_numpy() / 100
    off = []
    for column in ("district_id", "province"):
        names, place = np.unique(cells[column].to_numpy(), return_inverse=True)
        found = by_group(poor, persons, place[cell], names.size)
        known = by_group(published, cells["persons"].to_numpy(), place, names.size)
        off.append((np.abs(found - known), known))
    (district, rate), (province, province_rate) = off
    inside = province <= np.maximum(0.004, 0.08 * province_rate)
    return Closeness(float((district <= np.maximum(0.01, 0.10 * rate)).mean()), int(inside.sum()), inside.size)
