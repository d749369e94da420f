"""`povsim forecast`: the headcount of the coming years by arm, a back-test on the published series, or a score.

The forecast is of the figure that BPS will print: the published rate of the base month, moved by the change of log odds that
the model lives through from there, with sampling error at both ends. Growth is drawn from what it was since 2010.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from povsim.config import Scenario
from povsim.config.forecast import ForecastKeys, forecast_from
from povsim.draws import DrawKey
from povsim.errors import PovsimError
from povsim.experiments import forecast_backtest, forecast_score, uncertain
from povsim.experiments.comparison import model_arm
from povsim.experiments.executor import Advance, Executor, Job, Progress
from povsim.experiments.forecast_paths import (
    BASE_MONTH,
    BASE_YEAR,
    SERIES,
    Floats,
    anchored,
    as_printed,
    bands,
    base_rate,
    baselines,
    growth_paths,
    growth_table,
    live_headcounts,
    with_growth,
)
from povsim.experiments.found import Found
from povsim.experiments.growth_map import GrowthMap
from povsim.experiments.growth_map import jobs as map_jobs
from povsim.experiments.parameter_draws import ParameterDraw, lived_with
from povsim.experiments.runs import Source


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


def fail_if_parameters_are_drawn(scenario: Scenario, keys: ForecastKeys) -> None:
    """A back-test has its map at the values of the parameters, a score lives nothing."""
    if scenario.uncertainty != "point" and (keys.backtest or keys.score is not None):
        raise PovsimError(
            f"uncertainty = {scenario.uncertainty}: a back-test or a score takes every parameter at its value. Leave it out."
        )


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
    scenario = replace(scenario, replicates=max(scenario.replicates, scenario.n_draws or 0))  # each draw is lived
    steps = float(len(scenario.variants) * scenario.replicates)
    if keys.growth == "history":
        steps += sum(len(map_jobs(scenario, variant)) for variant in scenario.variants)
    with Executor.of(scenario) as executor, progress("Forecasting (compiling first, if need be)", steps) as bar:
        maps: dict[str, GrowthMap] = {}
        drawn: dict[str, list[ParameterDraw]] = {}
        if keys.growth == "history":
            maps, _ = forecast_backtest.maps_of(scenario, executor, bar.advance, failures)
        growth = {variant: growth_paths(scenario, variant, maps.get(variant)) for variant in scenario.variants}
        for variant in scenario.variants:
            drawn[variant] = uncertain.draws_of(scenario, variant, executor, bar.advance, failures)
            rows.append(_lived(scenario, keys, variant, growth[variant], drawn[variant], executor, bar.advance, failures))
    draws = pl.concat(rows)
    tables = {"draws": draws, "bands": bands(draws), "growth": growth_table(growth)}
    if anchored(scenario):
        tables["baselines"] = baselines(scenario, keys)
    summary = _head("forecast", scenario) | {
        "arms": list(scenario.arm_names),
        "growth": keys.growth,
        "uncertainty": scenario.uncertainty,
        "draws": {variant: len(found) for variant, found in drawn.items()} if scenario.n_draws else None,
        "anchored": anchored(scenario),
        "base": f"{BASE_YEAR}-{BASE_MONTH:02d}",
        "base_headcount": base_rate()[0] if anchored(scenario) else None,
        "variants": {variant: _block(tables["bands"], variant, scenario) for variant in scenario.variants},
        "scores": None,
        "reasons": {"scores": "nothing was observed yet: povsim forecast score=DIR data=FILE scores this folder later"},
    }
    return Found(summary, tables, failures, {"arms_lived_s": time.perf_counter() - began}, executor.found)


def _lived(
    scenario: Scenario,
    keys: ForecastKeys,
    variant: str,
    growth: tuple[Floats, Floats],
    drawn: Sequence[ParameterDraw],
    executor: Executor,
    advance: Advance,
    failures: list[str],
) -> pl.DataFrame:
    jobs = []
    for number in range(scenario.replicates):
        own = lived_with(scenario, drawn[number % len(drawn)], variant) if drawn else scenario
        one = with_growth(own, variant, growth[0][number], growth[1][number])
        arms = tuple(model_arm(one, variant, spec) for spec in scenario.arms)
        source = Source.of(one, variant, number)
        jobs.append(Job(source.name, live_headcounts, (source, arms)))
    found = [(n, lived) for n, lived in enumerate(executor.map(jobs, advance, failures)) if lived is not None]
    if len(found) < 2:
        raise PovsimError(f"Fewer than two replicates of variant {variant} were lived. {failures[0] if failures else ''}")
    printed = as_printed(scenario, keys, [n for n, _ in found], [lived for _, lived in found])
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
