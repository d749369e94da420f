"""The paths of a forecast: growth drawn from its past, headcounts lived, what would be published, and the references."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor as Pool
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from povsim import parameters
from povsim.config import Scenario
from povsim.config.forecast import ForecastKeys
from povsim.draws import DrawKey, Stream, normals, uniforms
from povsim.errors import PovsimError
from povsim.experiments import archive
from povsim.experiments.forecast_draws import Law, national_growth, noise
from povsim.experiments.forecast_history import logit, logit_error, published, share_of
from povsim.experiments.growth_map import GrowthMap
from povsim.experiments.replicate import live_arms
from povsim.experiments.runs import Source, replicate_of
from povsim.model.arm import Arm

Floats = NDArray[np.float64]
BASE_YEAR, BASE_MONTH = 2025, 3
"""Month 0: the round that the population is fitted to."""
BASELINE_DRAWS = 400
FIRST_YEARS = 500
"""Alternative from which the growth of each year of a forecast is drawn."""
SERIES = ("headcount", "published")
"""What the survey inside the model sees, and what BPS is forecast to print."""


@archive.stored
@dataclass
class Headcounts:
    """Observed headcount of one replicate: before, mean of the year before the branch; path [arm, month 0..T]."""

    before: float
    path: Floats


def anchored(scenario: Scenario) -> bool:
    """Whether the forecast is of the nation whose rate is published."""
    return scenario.population.kind == "indonesia" and scenario.population.provinces is None


def growth_paths(scenario: Scenario, variant: str, one: GrowthMap | None) -> tuple[Floats, Floats]:
    """Mean growth of each replicate [replicate], and how growth of each year differs from it [replicate, year].

    Without a map both are what the scenario says: the differences are 0.
    """
    years = scenario.horizon_months // 12
    if one is None:
        g_w = parameters.values(variant, None, scenario.overrides())["g_w"]
        return np.full(scenario.replicates, g_w), np.zeros((scenario.replicates, years))
    law = Law.of(national_growth(published(), one))
    key, ids = DrawKey(scenario.seed, 0), np.arange(scenario.replicates, dtype=np.uint64)
    z = normals(key, Stream.FORECAST, ids, BASE_YEAR, 0)[:, 0]
    u = uniforms(key, Stream.FORECAST, ids, BASE_YEAR, 1)[:, 0]
    mean, sd = law.mean_and_sd(z, u)
    by_four = [normals(key, Stream.FORECAST, ids, BASE_YEAR, FIRST_YEARS + k) for k in range(-(-years // 4))]
    return mean, sd[:, None] * np.concatenate(by_four, axis=1)[:, :years]


def with_growth(scenario: Scenario, variant: str, mean: float, by_year: Floats) -> Scenario:
    """The scenario of one replicate: mean growth as g_w, what the years add to it as the path of the economy.

    What of the mean is beyond the values that the register accepts is in the path, too.
    """
    low, high = parameters.entry("g_w").widest
    g_w = min(max(float(mean), low), high)
    path = np.cumsum(np.repeat((by_year + mean - g_w) / 12, 12))
    if not path.any():
        return scenario
    others = tuple((symbol, value) for symbol, value in scenario.parameters if symbol != "g_w")  # what a draw said of it
    own = replace(scenario, economy=replace(scenario.economy, g_w=g_w), parameters=others)
    b_M = parameters.values(variant, None, own.overrides())["b_M"]
    fail_if_the_economy_moves_nothing(b_M)
    return replace(own, economy=replace(own.economy, macro=tuple((path / b_M).tolist())))


def fail_if_the_economy_moves_nothing(b_M: float) -> None:
    """Incomes that do not follow the economy cannot have its path."""
    if b_M <= 0:
        raise PovsimError(
            "parameters.b_M = 0: incomes do not follow the economy, so growth by year cannot. Add growth=register."
        )


def live_headcounts(source: Source, arms: Sequence[Arm], *, pool: Pool | None, threads: int) -> Headcounts:
    """Work of a job: burn in, live the arms, keep the observed headcount."""
    replicate = replicate_of(source, pool, threads)
    live_arms(replicate, source.scenario, source.variant, arms, pool, threads)
    before = replicate.year_before["figures"][("Indonesia", "all", "headcount")]
    return Headcounts(before, np.stack([replicate.outcomes[arm.name].poverty[:, 0, 0] for arm in arms]))


def as_printed(scenario: Scenario, keys: ForecastKeys, numbers: Sequence[int], lived: Sequence[Headcounts]) -> Floats | None:
    """What would be published [replicate, arm, month], None where nothing is: the base rate moved by the change of log odds."""
    if not anchored(scenario):
        return None
    months = lived[0].path.shape[1]
    x = logit(np.clip(np.stack([one.path for one in lived]), 1e-9, 1 - 1e-9))
    before = logit(np.clip(np.array([one.before for one in lived]), 1e-9, 1 - 1e-9))
    start, after = _survey(scenario, keys, np.asarray(numbers, np.uint64), months)
    return share_of(start[:, None, None] + x - before[:, None, None] + after[:, None, :])


def base_rate() -> tuple[float, float]:
    """Published rate of the base month, and the standard error of a simple random sample."""
    history = published()
    at = history.national_years.index(BASE_YEAR)
    return float(history.national[at]), float(history.national_se[at])


def _survey(scenario: Scenario, keys: ForecastKeys, ids: NDArray[np.uint64], months: int) -> tuple[Floats, Floats]:
    """Log odds of the true rate of the base month [draw], and error of each month's round, log odds [draw, month]."""
    rate, simple = base_rate()
    known = published()
    around = noise(known, keys.sampling_share)
    ratio = float(np.sqrt((around.sampling**2).sum() / (logit_error(*known.at(known.years[-1])) ** 2).sum()))
    sd = ratio * float(logit_error(np.array(rate), np.array(simple)))
    key = DrawKey(scenario.seed, 0)
    start = logit(np.array(rate)) + sd * normals(key, Stream.FORECAST, ids, BASE_YEAR, 2)[:, 0]
    rounds = [normals(key, Stream.FORECAST, ids, BASE_YEAR, 2 * FIRST_YEARS + k) for k in range(-(-months // 4))]
    return start, sd * np.concatenate(rounds, axis=1)[:, :months]


def baselines(scenario: Scenario, keys: ForecastKeys) -> pl.DataFrame:
    """Draws of no change and of drift for the nation, a row a forecaster, draw and month.

    Spreads are those of yearly changes, drawn from their posterior, and add up over the years as the model's do: for seven
    years ahead the series has two separate changes, too few to read errors of that length from.
    """
    months, ids = scenario.horizon_months + 1, np.arange(BASELINE_DRAWS, dtype=np.uint64)
    start, after = _survey(scenario, keys, ids, months)
    law = Law.of(np.diff(logit(published().national)))
    key = DrawKey(scenario.seed, 0)
    u = uniforms(key, Stream.FORECAST, ids, BASE_YEAR, 1)[:, 0]
    mean, sd = law.mean_and_sd(normals(key, Stream.FORECAST, ids, BASE_YEAR, 0)[:, 0], u)
    years = -(-months // 12)
    by_four = [normals(key, Stream.FORECAST, ids, BASE_YEAR, FIRST_YEARS + k) for k in range(-(-years // 4))]
    z = np.concatenate(by_four, axis=1)[:, :years]
    walk = np.concatenate([np.zeros((ids.size, 1)), np.cumsum(np.repeat(z / 12, 12, axis=1), axis=1)], axis=1)[:, :months]
    t = np.arange(months) / 12
    drawn = {
        "no_change": start[:, None] + law.sd_about_none(u)[:, None] * walk,
        "drift": start[:, None] + mean[:, None] * t + sd[:, None] * walk,
    }
    return pl.concat(
        pl.DataFrame(
            {
                "forecaster": name, "draw": np.repeat(ids, months), "month": np.tile(np.arange(months), ids.size),
                "published": share_of(x + after).ravel(),
            }
        )
        for name, x in drawn.items()
    )  # fmt: skip


def bands(draws: pl.DataFrame) -> pl.DataFrame:
    """Mean, median and central 80 and 95 % bands over replicates, a row a variant, arm, month and series."""
    long = draws.unpivot(SERIES, index=["variant", "arm", "replicate", "month"], variable_name="series", value_name="value")
    ends = {"low95": 0.025, "low80": 0.1, "median": 0.5, "high80": 0.9, "high95": 0.975}
    return (
        long.drop_nulls("value")
        .group_by("variant", "arm", "month", "series", maintain_order=True)
        .agg(
            pl.len().alias("replicates"),
            pl.col("value").mean().alias("mean"),
            *(pl.col("value").quantile(q, "linear").alias(name) for name, q in ends.items()),
        )
        .sort("variant", "arm", "series", "month")
    )


def growth_table(growth: dict[str, tuple[Floats, Floats]]) -> pl.DataFrame:
    return pl.concat(
        pl.DataFrame(
            {
                "variant": variant, "replicate": np.repeat(np.arange(mean.size), by_year.shape[1]),
                "year": np.tile(np.arange(1, by_year.shape[1] + 1), mean.size), "g_w": (mean[:, None] + by_year).ravel(),
            }
        )
        for variant, (mean, by_year) in growth.items()
    )  # fmt: skip
