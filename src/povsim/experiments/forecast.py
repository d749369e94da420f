"""`povsim forecast`: the headcount of the coming years by arm, a back-test on the published series, or a score.

The forecast is of the figure that BPS will print: the published rate of the base month, moved by the change of log odds that
the model lives through from there, with sampling error at both ends. Growth is drawn from what it was since 2010.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import Executor as Pool
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from povsim import parameters
from povsim.config import Scenario
from povsim.config.forecast import ForecastKeys, forecast_from
from povsim.draws import DrawKey, Stream, normals, uniforms
from povsim.errors import PovsimError
from povsim.experiments import archive, forecast_backtest, forecast_score
from povsim.experiments.comparison import model_arm
from povsim.experiments.executor import Advance, Executor, Job, Progress
from povsim.experiments.forecast_draws import Law, national_growth, noise
from povsim.experiments.forecast_history import logit, logit_error, published, share_of
from povsim.experiments.growth_map import GrowthMap
from povsim.experiments.growth_map import jobs as map_jobs
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


@dataclass
class Found:
    """`summary` (content of summary.json without sentences), tidy `tables`, a line a failed run, seconds by stage."""

    summary: dict[str, Any]
    tables: dict[str, pl.DataFrame]
    failures: list[str] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    found: int = 0
    """Runs that were in the store."""


@archive.stored
@dataclass
class Headcounts:
    """Observed headcount of one replicate: before, mean of the year before the branch; path [arm, month 0..T]."""

    before: float
    path: Floats


def keys_of(scenario: Scenario) -> ForecastKeys:
    """The keys of this command that the scenario carries."""
    return forecast_from(json.loads(scenario.own))


def run(scenario: Scenario, progress: Progress) -> Found:
    """Whichever of the three the keys ask for. Raises PovsimError where every run of a variant failed."""
    keys = keys_of(scenario)
    if keys.score is not None:
        summary, tables = forecast_score.score(Path(keys.score), Path(str(keys.data)), keys.scored_arm)
        return Found(_head("score", scenario) | summary, tables)
    return backtest(scenario, keys, progress) if keys.backtest else forecast(scenario, keys, progress)


def backtest(scenario: Scenario, keys: ForecastKeys, progress: Progress) -> Found:
    """Maps of growth from model runs, forecasts from every origin, scores."""
    began, failures = time.perf_counter(), list[str]()
    steps = sum(len(map_jobs(scenario, variant)) for variant in scenario.variants)
    with Executor.of(scenario) as executor, progress("Living the map of growth (compiling first, if need be)", steps) as bar:
        maps, runs = forecast_backtest.maps_of(scenario, executor, bar.advance, failures)
    lived = time.perf_counter()
    table = forecast_backtest.forecasts(keys, scenario.seed, maps)
    scores = forecast_backtest.scores(table)
    differences = forecast_backtest.differences(table, DrawKey(scenario.seed, 0), keys.bootstrap)
    summary = _head("backtest", scenario) | {
        "origins": sorted(set(table["origin"].to_list())),
        "horizons": sorted(set(table["ahead"].to_list())),
        "provinces": table["province"].n_unique(),
        "sampling_share": keys.sampling_share,
        "maps": {variant: {"a": list(one.a), "b": list(one.b), "sd": one.sd} for variant, one in maps.items()},
        "scores": scores,
        "differences": differences,
    }
    tables = {
        "backtest": table, "scores": pl.DataFrame(scores), "differences": pl.DataFrame(differences, infer_schema_length=None),
        "growth_map": runs,
    }  # fmt: skip
    timings = {"map_s": lived - began, "scores_s": time.perf_counter() - lived}
    return Found(summary, tables, failures, timings, executor.found)


def fail_if_growth_is_given_twice(scenario: Scenario, keys: ForecastKeys) -> None:
    """A growth that is drawn, and one that is set."""
    given = [name for name, _ in scenario.parameters if name == "g_w"]
    given = [f"parameters.{name}" for name in given]
    given += ["economy.g_w"] if scenario.economy.g_w is not None else []
    given += ["economy.macro"] if any(scenario.economy.macro) else []
    if keys.growth == "history" and not keys.backtest and keys.score is None and given:
        raise PovsimError(f"growth = history draws growth from its past, and {given[0]} is set too. Add growth=register.")


def fail_if_arms_need_a_comparison(scenario: Scenario) -> None:
    """Arms of equal cost are solved for by povsim compare."""
    twins = [arm.name for arm in scenario.arms if arm.of is not None]
    if twins:
        raise PovsimError(f"arms: '{twins[0]}' is an arm of equal cost, which povsim compare solves for. Leave it out.")


def fail_if_nothing_is_distributed(scenario: Scenario) -> None:
    """One replicate has no band."""
    if scenario.replicates < 2:
        raise PovsimError("replicates = 1: a forecast is a band over replicates. Give replicates=40, or 2 at least.")


def forecast(scenario: Scenario, keys: ForecastKeys, progress: Progress) -> Found:
    """The headcount by arm and month, over replicates that differ in growth, sample and shocks."""
    began, failures, rows = time.perf_counter(), list[str](), list[pl.DataFrame]()
    steps = float(len(scenario.variants) * scenario.replicates)
    if keys.growth == "history":
        steps += sum(len(map_jobs(scenario, variant)) for variant in scenario.variants)
    with Executor.of(scenario) as executor, progress("Forecasting (compiling first, if need be)", steps) as bar:
        maps: dict[str, GrowthMap] = {}
        if keys.growth == "history":
            maps, _ = forecast_backtest.maps_of(scenario, executor, bar.advance, failures)
        growth = {variant: growth_paths(scenario, variant, maps.get(variant)) for variant in scenario.variants}
        for variant in scenario.variants:
            rows.append(_lived(scenario, keys, variant, growth[variant], executor, bar.advance, failures))
    draws = pl.concat(rows)
    tables = {"draws": draws, "bands": bands(draws), "growth": _growth_table(growth)}
    if anchored(scenario):
        tables["baselines"] = baselines(scenario, keys)
    summary = _head("forecast", scenario) | {
        "arms": list(scenario.arm_names),
        "growth": keys.growth,
        "anchored": anchored(scenario),
        "base": f"{BASE_YEAR}-{BASE_MONTH:02d}",
        "base_headcount": _base()[0] if anchored(scenario) else None,
        "variants": {variant: _block(tables["bands"], variant, scenario) for variant in scenario.variants},
        "scores": None,
        "reasons": {"scores": "nothing was observed yet: povsim forecast score=DIR data=FILE scores this folder later"},
    }
    return Found(summary, tables, failures, {"arms_lived_s": time.perf_counter() - began}, executor.found)


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
    """The scenario of one replicate: mean growth as g_w, what the years add to it as the path of the economy."""
    b_M = parameters.values(variant, None, scenario.overrides())["b_M"]
    path = np.cumsum(np.repeat(by_year / 12, 12))
    if not path.any():
        return scenario
    fail_if_the_economy_moves_nothing(b_M)
    economy = replace(scenario.economy, g_w=float(mean), macro=tuple((path / b_M).tolist()))
    return replace(scenario, economy=economy)


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


def _lived(
    scenario: Scenario,
    keys: ForecastKeys,
    variant: str,
    growth: tuple[Floats, Floats],
    executor: Executor,
    advance: Advance,
    failures: list[str],
) -> pl.DataFrame:
    jobs = []
    for number in range(scenario.replicates):
        one = with_growth(scenario, variant, growth[0][number], growth[1][number])
        arms = tuple(model_arm(one, variant, spec) for spec in scenario.arms)
        source = Source.of(one, variant, number)
        jobs.append(Job(source.name, live_headcounts, (source, arms)))
    found = [(n, lived) for n, lived in enumerate(executor.map(jobs, advance, failures)) if lived is not None]
    if len(found) < 2:
        raise PovsimError(f"Fewer than two replicates of variant {variant} were lived. {failures[0] if failures else ''}")
    printed = _printed(scenario, keys, [n for n, _ in found], [lived for _, lived in found])
    tables = []
    for at, (number, lived) in enumerate(found):
        for a, name in enumerate(scenario.arm_names):
            tables.append(
                pl.DataFrame(
                    {
                        "variant": variant, "arm": name, "replicate": number, "month": range(lived.path.shape[1]),
                        "headcount": lived.path[a], "published": None if printed is None else printed[at, a],
                    },
                    schema_overrides={"published": pl.Float64},
                )
            )  # fmt: skip
    return pl.concat(tables)


def _printed(scenario: Scenario, keys: ForecastKeys, numbers: Sequence[int], lived: Sequence[Headcounts]) -> Floats | None:
    """What would be published [replicate, arm, month], None where nothing is: the base rate moved by the change of log odds."""
    if not anchored(scenario):
        return None
    months = lived[0].path.shape[1]
    x = logit(np.clip(np.stack([one.path for one in lived]), 1e-9, 1 - 1e-9))
    before = logit(np.clip(np.array([one.before for one in lived]), 1e-9, 1 - 1e-9))
    start, after = _survey(scenario, keys, np.asarray(numbers, np.uint64), months)
    return share_of(start[:, None, None] + x - before[:, None, None] + after[:, None, :])


def _base() -> tuple[float, float]:
    """Published rate of the base month, and the standard error of a simple random sample."""
    history = published()
    at = history.national_years.index(BASE_YEAR)
    return float(history.national[at]), float(history.national_se[at])


def _survey(scenario: Scenario, keys: ForecastKeys, ids: NDArray[np.uint64], months: int) -> tuple[Floats, Floats]:
    """Log odds of the true rate of the base month [draw], and error of each month's round, log odds [draw, month]."""
    rate, simple = _base()
    known = published()
    around = noise(known, keys.sampling_share)
    ratio = float(np.sqrt((around.sampling**2).sum() / (logit_error(*known.at(known.years[-1])) ** 2).sum()))
    sd = ratio * float(logit_error(np.array(rate), np.array(simple)))
    key = DrawKey(scenario.seed, 0)
    start = logit(np.array(rate)) + sd * normals(key, Stream.FORECAST, ids, BASE_YEAR, 2)[:, 0]
    rounds = [normals(key, Stream.FORECAST, ids, BASE_YEAR, 2 * FIRST_YEARS + k) for k in range(-(-months // 4))]
    return start, sd * np.concatenate(rounds, axis=1)[:, :months]


def baselines(scenario: Scenario, keys: ForecastKeys) -> pl.DataFrame:
    """Draws of no change and of drift for the nation, a row a forecaster, draw and month."""
    months, ids = scenario.horizon_months + 1, np.arange(BASELINE_DRAWS, dtype=np.uint64)
    start, after = _survey(scenario, keys, ids, months)
    law = Law.of(np.diff(logit(published().national)))
    key = DrawKey(scenario.seed, 0)
    mean, sd = law.mean_and_sd(
        normals(key, Stream.FORECAST, ids, BASE_YEAR, 0)[:, 0], uniforms(key, Stream.FORECAST, ids, BASE_YEAR, 1)[:, 0]
    )
    years = -(-months // 12)
    by_four = [normals(key, Stream.FORECAST, ids, BASE_YEAR, FIRST_YEARS + k) for k in range(-(-years // 4))]
    z = np.concatenate(by_four, axis=1)[:, :years]
    walk = np.concatenate([np.zeros((ids.size, 1)), np.cumsum(np.repeat(z / 12, 12, axis=1), axis=1)], axis=1)[:, :months]
    t = np.arange(months) / 12
    drawn = {"no_change": start[:, None] + law.rms * walk, "drift": start[:, None] + mean[:, None] * t + sd[:, None] * walk}
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


def _growth_table(growth: dict[str, tuple[Floats, Floats]]) -> pl.DataFrame:
    return pl.concat(
        pl.DataFrame(
            {
                "variant": variant, "replicate": np.repeat(np.arange(mean.size), by_year.shape[1]),
                "year": np.tile(np.arange(1, by_year.shape[1] + 1), mean.size), "g_w": (mean[:, None] + by_year).ravel(),
            }
        )
        for variant, (mean, by_year) in growth.items()
    )  # fmt: skip


def _block(table: pl.DataFrame, variant: str, scenario: Scenario) -> dict[str, Any]:
    names = ("mean", "low80", "high80", "low95", "high95")
    out: dict[str, Any] = {}
    for arm in scenario.arm_names:
        one = table.filter((pl.col("variant") == variant) & (pl.col("arm") == arm))
        out[arm] = {
            series: {name: part[name].to_list() for name in names}
            if (part := one.filter(pl.col("series") == series)).height
            else None
            for series in SERIES
        }
    return {"arms": out}


def _head(asked: str, scenario: Scenario) -> dict[str, Any]:
    population = scenario.population
    return {
        "schema": 1, "command": "forecast", "asked": asked, "seed": scenario.seed, "replicates": scenario.replicates,
        "horizon_months": scenario.horizon_months, "language": scenario.language,
        "population": {
            "kind": population.kind, "villages": population.villages,
            "households_per_village": population.households_per_village,
            "provinces": None if population.provinces is None else list(population.provinces),
        },
        "reasons": {},
    }  # fmt: skip
