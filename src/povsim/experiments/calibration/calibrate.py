"""`povsim calibrate`: which parameters the data of a pilot are compatible with, in each variant, and what that predicts."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from povsim import parameters
from povsim.config import Scenario
from povsim.config.calibrate import EXAMPLE, CalibrateKeys, calibrate_from, files_of
from povsim.data.cooperatives import read_cooperatives
from povsim.data.panel import read_panel
from povsim.draws import DrawKey
from povsim.errors import PovsimError
from povsim.experiments.calibration import checks
from povsim.experiments.calibration.ahead import forecast_rows
from povsim.experiments.calibration.condition import conditioned, recovered
from povsim.experiments.calibration.identify import LEAST, Identified, identify
from povsim.experiments.calibration.learnt import OF_THE_PILOT, prior_for, symbols_for
from povsim.experiments.calibration.observed import Observed, observed
from povsim.experiments.calibration.pilot import OFFSET, Design, design_scenario, kept_ground, simulate
from povsim.experiments.calibration.posterior import Posterior
from povsim.experiments.calibration.prior import Prior
from povsim.experiments.calibration.statistics import summary as summary_of
from povsim.experiments.calibration.table import Question, Table, draws_of, simulated
from povsim.experiments.executor import Advance, Executor, Progress
from povsim.experiments.found import Found
from povsim.experiments.runs import Source
from povsim.population.columns import PLACE

Floats = NDArray[np.float64]
LEAST_CORRELATION = 0.5
"""Correlation of truth and expectation over pilots of this design below which a parameter is not called identified."""
PREDICTED, HELD_OUT = 10_000_000, 20_000_000
"""First numbers of pilots simulated from the posterior, and from the posterior without the last wave."""
POSTERIOR = "posterior"


@dataclass
class Fitted:
    """One variant: posterior, what of it is identified, predicted statistics, score of the wave held out."""

    prior: Prior
    posterior: Posterior
    rows: list[Identified]
    recovered: Floats
    predicted: Table
    checks: list[dict[str, Any]] = field(default_factory=list)
    held_out: Table | None = None
    scale: Floats = field(default_factory=lambda: np.zeros(0))
    beyond: list[str] = field(default_factory=list)
    """Statistics of the data outside of everything that was simulated from the prior."""
    coming: list[dict[str, Any]] = field(default_factory=list)
    """Forecast of the coming years by arm."""

    def identified(self) -> NDArray[np.bool_]:
        """Parameters [p] that the data narrow, and that pilots of this design tell apart."""
        narrowed = np.array([row.contraction >= LEAST for row in self.rows])
        return narrowed & (self.recovered >= LEAST_CORRELATION)

    def kept(self, n: int, seed: int) -> Floats:
        """Uniforms [n, p] of equally weighted draws; what is not identified is drawn from its prior, apart from the others."""
        key = DrawKey(seed, 0)
        return np.where(self.identified(), self.posterior.resampled(n, key).u, self.prior.draws(key, n, generation=1))


def run(scenario: Scenario, progress: Progress) -> Found:
    """Read, simulate, condition, check."""
    keys = calibrate_from(json.loads(scenario.own))
    began = time.perf_counter()
    seen, reading = read(scenario, keys)
    read_s = time.perf_counter() - began
    with Executor.of(scenario) as executor:
        found = calibrated(scenario, keys, seen, executor, progress)
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
    seen = Observed(pilot, design, date(2025, 6, 1), ())
    return seen, {
        "rows_left_out": {},
        "lines": None,
        "lines_grade": None,
        "sha256": None,
        "truth": {"variant": variant, **truth},
    }


def calibrated(scenario: Scenario, keys: CalibrateKeys, seen: Observed, executor: Executor, progress: Progress) -> Found:
    """The posterior of each variant given a pilot, its checks and scores."""
    failures: list[str] = []
    timings: dict[str, float] = {}
    symbols = symbols_of(scenario, keys, seen.design)
    fail_if_cooperatives_are_asked_about(symbols, seen.design)
    observed_by_name = summary_of(seen.pilot)
    fits: dict[str, Fitted] = {}
    size = len(scenario.variants) * (
        keys.pilots + keys.checks * (1 + (len(seen.design.waves) > 1) + forecasts(keys, seen.design))
    )
    began = time.perf_counter()
    with progress("Simulated pilots", size) as bar:
        for variant in scenario.variants:
            question = Question(design_scenario(scenario, seen.design), seen.design, variant, symbols)
            one = fit_variant(question, observed_by_name, keys, executor, bar.advance, failures)
            if one is not None:
                fits[variant] = one
    timings["pilots_s"] = time.perf_counter() - began
    fail_if_nothing_could_be_fitted(fits, failures)
    _score(fits, observed_by_name, len(seen.design.waves))
    summary = _summary(scenario, keys, seen, fits)
    return Found(summary, _tables(scenario, keys, fits), failures, timings, executor.found)


def symbols_of(scenario: Scenario, keys: CalibrateKeys, design: Design) -> tuple[str, ...]:
    """What is fitted: as asked, else what such a pilot teaches and the user did not set; always what is of the pilot alone."""
    usual = symbols_for(design)
    if keys.fitted is None:
        return tuple(s for s in usual if s not in scenario.overrides())
    fail_if_set_and_fitted(scenario, keys.fitted)
    return (*keys.fitted, *(s for s in usual if s in OF_THE_PILOT and s not in keys.fitted))


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


def fit_variant(
    question: Question,
    observed_by_name: dict[str, float],
    keys: CalibrateKeys,
    executor: Executor,
    advance: Advance,
    failures: list[str],
) -> Fitted | None:
    """Posterior of a variant, pilots predicted from it, and from the posterior that has not seen the last wave."""
    prior = prior_for(question.symbols, question.variant, question.design.cooperative)
    table = simulated(question, draws_of(question, keys.pilots), 0, executor, advance, failures)
    if len(table.u) < keys.pilots // 2:
        return None
    target = as_row(observed_by_name, table.names)
    posterior = conditioned(table, prior, target)
    key = DrawKey(question.scenario.seed, 0)
    lived = posterior.resampled(keys.checks, key).u
    predicted = _aligned(simulated(question, lived, PREDICTED, executor, advance, failures), table.names)
    fitted = Fitted(
        prior,
        posterior,
        identify(posterior),
        recovered(table, np.isfinite(target), prior),
        predicted,
        checks.predictive_rows(table.names, target, predicted.statistics),
        scale=np.nanstd(table.statistics, axis=0),
        beyond=beyond(table, target),
    )
    if len(question.design.waves) > 1:
        last = checks.of_last_wave(table.names, len(question.design.waves))
        before = conditioned(table, prior, np.where(last, np.nan, target))
        lived = before.resampled(keys.checks, key).u
        fitted.held_out = _aligned(simulated(question, lived, HELD_OUT, executor, advance, failures), table.names)
    if forecasts(keys, question.design):
        fitted.coming = forecast_rows(
            question, fitted.kept(keys.checks, question.scenario.seed), keys.ahead_years, executor, advance, failures
        )
    return fitted


def forecasts(keys: CalibrateKeys, design: Design) -> bool:
    """Whether there are arms and years to forecast."""
    return keys.ahead_years > 0 and design.treated > 0


def beyond(table: Table, target: Floats) -> list[str]:
    """Statistics of the data that lie below or above all of the table."""
    with np.errstate(invalid="ignore"):
        out = (target < np.nanmin(table.statistics, axis=0)) | (target > np.nanmax(table.statistics, axis=0))
    return [name for name, yes in zip(table.names, out, strict=True) if yes]


def _aligned(table: Table, names: tuple[str, ...]) -> Table:
    """The same with columns in the order of `names`; a table without rows stays without."""
    if not len(table.u):
        return Table(table.u, np.zeros((0, len(names))), names)
    return Table(table.u, table.statistics[:, [table.names.index(name) for name in names]], names)


def as_row(found: dict[str, float], names: tuple[str, ...]) -> Floats:
    """Statistics in the order of `names`; nan for what is missing."""
    return np.array([found.get(name, np.nan) for name in names])


def _score(fits: dict[str, Fitted], observed_by_name: dict[str, float], waves: int) -> None:
    """One scale for all variants, so that their scores can be compared."""
    scale = np.mean([fit.scale for fit in fits.values()], axis=0)
    for fit in fits.values():
        fit.scale = scale
        if fit.held_out is not None and not len(fit.held_out.u):
            fit.held_out = None


def score_of(fit: Fitted, observed_by_name: dict[str, float], waves: int) -> float | None:
    """Energy score of the last wave given those before it; None where there is only one."""
    if fit.held_out is None:
        return None
    names = fit.held_out.names
    last = checks.of_last_wave(names, waves)
    target = as_row(observed_by_name, names)
    value = checks.energy_score(fit.held_out.statistics[:, last], target[last], fit.scale[last])
    return None if np.isnan(value) else value


def _summary(scenario: Scenario, keys: CalibrateKeys, seen: Observed, fits: dict[str, Fitted]) -> dict[str, Any]:
    pilot, found = seen.pilot, summary_of(seen.pilot)
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
            "energy_score": score_of(fit, found, len(pilot.waves)),
            "coming": [row for row in fit.coming if row["measure"] == "poor"],
            "effective": fit.posterior.course.effective,
            "simulations": fit.posterior.course.simulations,
            "reasons": {} if len(pilot.waves) > 1 else {"energy_score": "one wave: nothing to hold out"},
        }
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
        },
        "design": asdict(seen.design),
        "pilots": keys.pilots,
        "variants": variants,
        "posterior": f"tables/{POSTERIOR}.parquet",
        "reasons": {},
    }


def _tables(scenario: Scenario, keys: CalibrateKeys, fits: dict[str, Fitted]) -> dict[str, pl.DataFrame]:
    draws, own, rows, bands, coming = [], [], [], [], []
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
    tables = {"forecast": pl.DataFrame(coming)} if coming else {}
    return tables | {
        POSTERIOR: pl.concat(draws),
        "pilot_level": pl.concat(own),
        "identified": pl.DataFrame(rows, infer_schema_length=None),
        "predictive": pl.DataFrame(bands, infer_schema_length=None),
    }
