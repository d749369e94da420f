"""`povsim calibrate`: which parameters the data of a pilot are compatible with, in each variant, and what that predicts."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from povsim import parameters
from povsim.config import Scenario
from povsim.config.calibrate import EXAMPLE, CalibrateKeys, calibrate_from, files_of
from povsim.data.aggregate import read_aggregate
from povsim.data.cooperatives import read_cooperatives
from povsim.data.panel import read_panel
from povsim.draws import DrawKey
from povsim.errors import PovsimError
from povsim.experiments.calibration.foresight import scored
from povsim.experiments.calibration.learnt import OF_THE_PILOT, prior_for, symbols_for
from povsim.experiments.calibration.observed import Observed, observed, with_worth
from povsim.experiments.calibration.pilot import OFFSET, Design, design_scenario, kept_ground, simulate
from povsim.experiments.calibration.series import Series, series_of
from povsim.experiments.calibration.series_lived import DRAWS, GROWTH, LOTS
from povsim.experiments.calibration.statistics import summary as summary_of
from povsim.experiments.calibration.survey_design import rates
from povsim.experiments.calibration.table import Question, draws_of
from povsim.experiments.calibration.variant_fit import (
    Fitted,
    HeldOut,
    compared,
    energy_of,
    fit_variant,
    forecasts,
    held_out,
    on_one_scale,
)
from povsim.experiments.executor import Executor, Progress
from povsim.experiments.found import Found
from povsim.experiments.runs import Source
from povsim.population.columns import PLACE

POSTERIOR = "posterior"


def run(scenario: Scenario, progress: Progress) -> Found:
    """Read, simulate, condition, check."""
    keys = calibrate_from(json.loads(scenario.own))
    began = time.perf_counter()
    seen, reading = read(scenario, keys)
    series = read_series(scenario, keys, seen, reading)
    read_s = time.perf_counter() - began
    with Executor.of(scenario) as executor:
        found = calibrated(scenario, keys, seen, executor, progress, series)
    found.summary["data"] |= reading
    found.timings["read_s"] = read_s
    return found


def read(scenario: Scenario, keys: CalibrateKeys) -> tuple[Observed, dict[str, Any]]:
    """The pilot in the files, and what reading them left out."""
    if keys.data == EXAMPLE:
        return example(scenario)
    panel = read_panel(files_of(keys.data), keys.mapping, drop_bad_rows=True)
    reports = None
    left_out = {"panel": panel.dropped.height}
    if keys.cooperatives is not None:
        villages = sorted(panel.frame["village"].drop_nulls().unique().to_list())
        read_reports = read_cooperatives(files_of(keys.cooperatives), keys.cooperatives_mapping, drop_bad_rows=True)
        reports = read_reports.expected.filter(pl.col("reported") | pl.col("status").is_not_null())
        reports = reports.filter(pl.col("village").is_in(villages))
        left_out["cooperatives"] = read_reports.dropped.height
    starts = None if keys.starts is None else date(int(keys.starts[:4]), int(keys.starts[5:]), 1)
    given = " ".join(str(file) for file in files_of(keys.data))
    lost = panel.dropped.height
    seen = observed(panel.frame, reports, scenario.cooperative, starts, village_households(scenario), lost, given)
    facts = {
        "rows_left_out": left_out,
        "lines": panel.lines.series,
        "lines_grade": panel.lines.grade,
        "sha256": panel.sha256,
    }
    return seen, facts


def read_series(scenario: Scenario, keys: CalibrateKeys, seen: Observed, reading: dict[str, Any]) -> Series | None:
    """The rounds of the published series that the pilot's villages live through; None where none is given."""
    if keys.aggregate is None:
        return None
    read = read_aggregate(files_of(keys.aggregate), keys.aggregate_mapping, drop_bad_rows=True)
    reading["rows_left_out"]["aggregate"] = read.dropped.height
    return series_of(read.frame, scenario, seen.month_0, seen.design.months, keys.aggregate)


def village_households(scenario: Scenario) -> float:
    """Households of a village of the population, on average: what turns members and sales into shares and sales a household."""
    sample = Source.of(scenario, scenario.variants[0], 0).sample
    return float(np.average(sample.place[PLACE.households], weights=sample.place[PLACE.weight]))


EXAMPLE_DESIGN = Design(40, 25, (0, 12, 24), start=(0.6, 0.2, 0.1, 0.1), reports=24, lost=(0.05, 0.05))
EXAMPLE_NUMBER = 30_000_000


def example(scenario: Scenario) -> tuple[Observed, dict[str, Any]]:
    """A simulated pilot, its truth drawn from the priors of the first variant."""
    variant, design = scenario.variants[0], EXAMPLE_DESIGN
    question = Question(design_scenario(scenario, design), design, variant, symbols_for(design))
    prior = prior_for(question.symbols, variant, design.cooperative)
    truth = prior.mapping(draws_of(question, 1, generation=2)[0])
    ground = kept_ground(question.scenario, variant, question.grounds)
    pilot = simulate(ground, design, variant, truth, DrawKey(scenario.seed, OFFSET + EXAMPLE_NUMBER))
    seen = with_worth(pilot, design.cooperative, design.start, date(2025, 6, 1))
    return seen, {
        "rows_left_out": {},
        "lines": None,
        "lines_grade": None,
        "sha256": None,
        "truth": {"variant": variant, **truth},
    }


def calibrated(
    scenario: Scenario,
    keys: CalibrateKeys,
    seen: Observed,
    executor: Executor,
    progress: Progress,
    series: Series | None = None,
) -> Found:
    """The posterior of each variant given a pilot and, where there is one, a published series; its checks and scores."""
    failures: list[str] = []
    timings: dict[str, float] = {}
    symbols = symbols_of(scenario, keys, seen.design)
    if series is not None:
        symbols = fail_if_growth_is_not_asked_about(symbols, scenario, keys)
    fail_if_cooperatives_are_asked_about(symbols, seen.design)
    observed_by_name = summary_of(seen.pilot)
    fits: dict[str, Fitted] = {}
    size = len(scenario.variants) * (
        keys.pilots
        + keys.checks * (1 + (len(seen.design.waves) > 1) + forecasts(keys, seen.design))
        + (0 if series is None else LOTS * DRAWS)
    )
    began = time.perf_counter()
    with progress("Simulated pilots", size) as bar:
        for variant in scenario.variants:
            question = Question(design_scenario(scenario, seen.design), seen.design, variant, symbols)
            one = fit_variant(question, observed_by_name, keys, executor, bar.advance, failures, series)
            if one is not None:
                fits[variant] = one
    timings["pilots_s"] = time.perf_counter() - began
    fail_if_nothing_could_be_fitted(fits, failures)
    on_one_scale(fits)
    waves = {variant: held_out(fit, observed_by_name, len(seen.design.waves)) for variant, fit in fits.items()}
    summary = _summary(scenario, keys, seen, fits, waves, series)
    return Found(summary, _tables(scenario, keys, seen, fits, waves), failures, timings, executor.found)


def symbols_of(scenario: Scenario, keys: CalibrateKeys, design: Design) -> tuple[str, ...]:
    """What is fitted: as asked, else what such a pilot teaches and the user did not set; always what is of the pilot alone."""
    usual = symbols_for(design)
    if keys.fitted is None:
        return tuple(s for s in usual if s not in scenario.overrides())
    fail_if_set_and_fitted(scenario, keys.fitted)
    return (*keys.fitted, *(s for s in usual if s in OF_THE_PILOT and s not in keys.fitted))


def fail_if_growth_is_not_asked_about(symbols: tuple[str, ...], scenario: Scenario, keys: CalibrateKeys) -> tuple[str, ...]:
    """A series tells of growth, so growth is fitted; returns the symbols with it."""
    if GROWTH in scenario.overrides() or (keys.fitted is not None and GROWTH not in keys.fitted):
        raise PovsimError(
            f"aggregate = {keys.aggregate} tells of growth ({GROWTH}), which is not fitted. Leave aggregate out, or let "
            f"{GROWTH} be fitted: no parameters.{GROWTH}, and {GROWTH} among fitted where that is given."
        )
    return symbols if GROWTH in symbols else (GROWTH, *symbols)


def fail_if_set_and_fitted(scenario: Scenario, fitted: Sequence[str]) -> None:
    """A value that the user set cannot be learnt."""
    for symbol in fitted:
        if symbol in scenario.overrides():
            raise PovsimError(
                f"fitted names {symbol}, whose value is set, too (parameters.{symbol}). Leave one of the two out."
            )


def fail_if_cooperatives_are_asked_about(symbols: Sequence[str], design: Design) -> None:
    """Parameters of cooperatives, where no village has one."""
    groups = {s: parameters.entry(s).group for s in symbols if s not in OF_THE_PILOT}
    asked = [s for s, group in groups.items() if group in ("funnel", "membership", "trade", "governance")]
    if asked and design.treated == 0:
        raise PovsimError(
            f"fitted names {', '.join(asked)}, but no village of the data has a cooperative. Give cooperatives=FILE, a column "
            "'treated', or leave them out."
        )


def fail_if_nothing_could_be_fitted(fits: dict[str, Fitted], failures: Sequence[str]) -> None:
    """All simulations failed."""
    if not fits:
        raise PovsimError(f"No variant could be fitted: {failures[0] if failures else 'no simulation was left'}.")


def _summary(
    scenario: Scenario,
    keys: CalibrateKeys,
    seen: Observed,
    fits: dict[str, Fitted],
    waves: dict[str, HeldOut | None],
    series: Series | None,
) -> dict[str, Any]:
    pilot = seen.pilot
    here = np.isfinite(pilot.spending)
    variants: dict[str, Any] = {}
    for variant, fit in fits.items():
        known = fit.identified()
        bands = [row for row in fit.checks if row["low95"] is not None]
        variants[variant] = {
            "parameters": [
                asdict(row)
                | {
                    "identified": bool(yes),
                    "recovered": float(r) if np.isfinite(r) else None,
                    "of_the_pilot": row.symbol in OF_THE_PILOT,
                }
                for row, yes, r in zip(fit.rows, known, fit.recovered, strict=True)
            ],
            "checks": {
                "of": len(bands),
                "inside80": sum(row["inside80"] for row in bands),
                "inside95": sum(row["inside95"] for row in bands),
                "outside": [row["statistic"] for row in bands if not row["inside95"]],
                "beyond": fit.beyond,
            },
            "energy_score": energy_of(waves[variant]),
            "without_series": [asdict(row) for row in fit.without_series if row.symbol == GROWTH],
            "coming": [row for row in fit.coming if row["measure"] == "poor"],
            "effective": fit.posterior.course.effective,
            "simulations": fit.posterior.course.simulations,
            "reasons": {} if len(pilot.waves) > 1 else {"energy_score": "one wave: nothing to hold out"},
        }
    foresight = compared(waves)
    return {
        "schema": 1,
        "command": "calibrate",
        "seed": scenario.seed,
        "population": {"kind": scenario.population.kind, "provinces": scenario.population.provinces},
        "cooperative": scenario.cooperative,
        "data": {
            "file": keys.data,
            "cooperatives": keys.cooperatives,
            "villages": int(pilot.treated.size),
            "treated": int(pilot.treated.sum()),
            "households": int(pilot.village.size),
            "interviews": [int(row.sum()) for row in here],
            "waves": list(pilot.waves),
            "month_0": seen.month_0.isoformat()[:7],
            "report_months": seen.design.reports,
            "worth": asdict(seen.worth),
            "series": None if series is None else asdict(series) | {"file": keys.aggregate},
        },
        "design": asdict(seen.design),
        "pilots": keys.pilots,
        "variants": variants,
        "foresight": None if foresight is None else foresight.plain(),
        "posterior": f"tables/{POSTERIOR}.parquet",
        "reasons": {},
    }


def _tables(
    scenario: Scenario, keys: CalibrateKeys, seen: Observed, fits: dict[str, Fitted], waves: dict[str, HeldOut | None]
) -> dict[str, pl.DataFrame]:
    draws, own, rows, bands, coming, scores = [], [], [], [], [], []
    for variant, fit in fits.items():
        kept = fit.kept(keys.posterior_draws, scenario.seed)
        values = fit.prior.values(kept)
        frame = pl.DataFrame(values, schema=list(fit.prior.symbols), orient="row")
        index = {"variant": [variant] * len(values), "draw": np.arange(len(values))}
        registered = [s for s in fit.prior.symbols if s not in OF_THE_PILOT]
        draws.append(pl.DataFrame(index).hstack(frame.select(registered)))
        own.append(pl.DataFrame(index).hstack(frame.select([s for s in fit.prior.symbols if s in OF_THE_PILOT])))
        rows += [
            {"variant": variant, **asdict(row), "identified": bool(yes), "recovered": float(r) if np.isfinite(r) else None}
            for row, yes, r in zip(fit.rows, fit.identified(), fit.recovered, strict=True)
        ]
        bands += [{"variant": variant, **row} for row in fit.checks]
        coming += [{"variant": variant, **row} for row in fit.coming]
        wave = waves[variant]
        if wave is not None:
            found = scored(wave.names, wave.observed, wave.predicted, wave.scale)
            scores += [{"variant": variant, **row} for row in found]
    more = {"forecast": coming, "scores": scores}
    return {name: pl.DataFrame(table) for name, table in more.items() if table} | {
        "survey": pl.DataFrame(rates(seen.pilot, seen.stratum, seen.unit), infer_schema_length=None),
        POSTERIOR: pl.concat(draws),
        "pilot_level": pl.concat(own),
        "identified": pl.DataFrame(rows, infer_schema_length=None),
        "predictive": pl.DataFrame(bands, infer_schema_length=None),
    }
