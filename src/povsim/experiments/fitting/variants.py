"""The fit of each variant: posterior, what it identifies, and what it says of the patterns that it was fitted to."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from povsim import parameters
from povsim.config import Scenario
from povsim.config.fit import FitKeys, fit_from
from povsim.draws import DrawKey
from povsim.errors import PovsimError
from povsim.experiments.calibration import (
    Identified,
    Posterior,
    Problem,
    Settings,
    Simulator,
    fit,
    identify,
    register_prior,
    with_prior_where_not_identified,
)
from povsim.experiments.calibration.abc import prior_table
from povsim.experiments.calibration.problem import LOTS
from povsim.experiments.calibration.sbc import left_out, recovered
from povsim.experiments.executor import Executor, Progress
from povsim.experiments.fitting.goals import Goal, goals
from povsim.experiments.fitting.symbols import FITTED
from povsim.experiments.fitting.work import HELD, SHIFTS, pattern_statistics
from povsim.experiments.fitting.written import draws_hash, make_default
from povsim.experiments.found import Found

Floats = NDArray[np.float64]
PREDICTIVE = 800
"""Generation whose lots are those of the draws that are written; fits have fewer generations."""
LEVELS = {"low95": 0.025, "low80": 0.1, "median": 0.5, "high80": 0.9, "high95": 0.975}
QUANTILES = {"u05": 0.05, "u25": 0.25, "u50": 0.5, "u75": 0.75, "u95": 0.95}


@dataclass(frozen=True)
class VariantFit:
    """A fit of one variant. draws: those that are written; shifts [n, 4]; statistics of them by name [n]."""

    variant: str
    posterior: Posterior
    rows: list[Identified]
    draws: Posterior
    shifts: Floats
    statistics: dict[str, Floats]
    put_aside: int


def run(scenario: Scenario, progress: Progress) -> Found:
    """Fit every variant of the scenario, whose own keys are those of `povsim fit`."""
    keys = keys_of(scenario)
    symbols = symbols_of(scenario, keys)
    targets = goals(keys.patterns)
    failures: list[str] = []
    timings: dict[str, float] = {}
    fits: list[VariantFit] = []
    with Executor.of(scenario) as executor:
        for variant in scenario.variants:
            began = time.perf_counter()
            steps = settings_of(keys).most + keys.fit.draws
            with progress(f"Fitting {variant} (compiling first, if this is the first run)", steps) as bar:
                fits.append(one_variant(scenario, keys, variant, symbols, targets, executor, bar.advance, failures))
            timings[f"{variant}_s"] = time.perf_counter() - began
        found = executor.found
    tables = {
        "posterior": posterior_table(fits, symbols),
        "identification": identification_table(fits),
        "predictive": predictive_table(fits, targets),
        "statistics": statistics_table(fits, targets),
    }
    summary = summary_of(scenario, keys, symbols, fits, tables)
    if keys.commit:
        make_default(tables["posterior"], summary)
    return Found(summary, tables, failures, timings, found)


def keys_of(scenario: Scenario) -> FitKeys:
    """The keys of the command."""
    return fit_from(scenario.resolved())


def symbols_of(scenario: Scenario, keys: FitKeys) -> tuple[str, ...]:
    """Symbols that are fitted: those asked for, else those of the project that the user did not set."""
    given = scenario.overrides()
    if keys.symbols is None:
        return tuple(symbol for symbol in FITTED if symbol not in given)
    fail_if_set_and_fitted(keys.symbols, given)
    return keys.symbols


def fail_if_set_and_fitted(symbols: tuple[str, ...], given: dict[str, float]) -> None:
    """A parameter that is both fitted and set."""
    for symbol in symbols:
        if symbol in given:
            raise PovsimError(
                f"'{symbol}' is among symbols=[...] to fit, and set to {given[symbol]:g}. Leave it out of one of the two."
            )


def settings_of(keys: FitKeys) -> Settings:
    """The engine's settings."""
    e = keys.fit
    return Settings(
        design=e.design, waves=e.waves, cut=e.cut, first=e.first, generations=e.generations, proposals=e.proposals, keep=e.keep
    )


def one_variant(
    scenario: Scenario,
    keys: FitKeys,
    variant: str,
    symbols: tuple[str, ...],
    targets: tuple[Goal, ...],
    executor: Executor,
    advance: Callable[[float], Any],
    failures: list[str],
) -> VariantFit:
    """History matching, generations, identification; then the draws, each simulated once more with its margins held."""
    problem = problem_of(scenario, keys, variant, symbols, targets)
    key, prior, simulator, names = problem.key, problem.prior, problem.simulator, problem.names
    try:
        settings = settings_of(keys)
        first = prior_table(problem, executor, settings, advance, failures)
        posterior = fit(problem, executor, settings, advance, failures, first)
    except ValueError as reason:
        raise PovsimError(
            f"Variant {variant} cannot be fitted: {reason}. With many values no shift keeps the published margins, and small "
            "samples lack some statistics: raise fit.design and fit.first, or fit.villages."
        ) from reason
    check = left_out(problem, first, settings, executor)
    rows = identify(posterior, recovered(check))
    drawn = with_prior_where_not_identified(posterior.resampled(keys.fit.draws, key), rows, key)
    jobs = [simulator.job(prior.mapping(u), PREDICTIVE * LOTS + n) for n, u in enumerate(drawn.u)]
    lived = executor.map(jobs, advance, failures)
    held = np.array([found is not None and found[HELD] == 1.0 for found in lived], np.bool_)
    fail_if_no_draw_holds(variant, held)
    kept = [found for found, holds in zip(lived, held, strict=True) if holds and found is not None]
    shifts = np.array([[found[name] for name in SHIFTS] for found in kept], np.float64)
    statistics = {name: np.array([_number(found.get(name)) for found in kept]) for name in names}
    draws = Posterior(
        prior, drawn.u[held], np.full(int(held.sum()), 1 / held.sum()), drawn.names, drawn.statistics[held], drawn.course
    )
    return VariantFit(variant, posterior, rows, draws, shifts, statistics, int((~held).sum()))


def problem_of(scenario: Scenario, keys: FitKeys, variant: str, symbols: tuple[str, ...], targets: tuple[Goal, ...]) -> Problem:
    """What is fitted to what in a variant."""
    args = (variant, scenario.overrides(), keys.patterns, scenario.seed, keys.fit.villages, keys.fit.households)
    names = tuple(goal.statistic for goal in targets)
    simulator = Simulator(pattern_statistics, args, names, f"variant {variant}, simulation")
    values, errors = {g.statistic: g.target for g in targets}, {g.statistic: g.error for g in targets}
    return Problem(register_prior(symbols, variant), simulator, values, errors, DrawKey(scenario.seed, 0))


def fail_if_no_draw_holds(variant: str, held: NDArray[np.bool_]) -> None:
    """No draw with which the published margins hold."""
    if not held.any():
        raise PovsimError(
            f"No draw of the fitted parameters keeps the published headcount and Gini in variant {variant}. Fit fewer "
            "parameters (symbols=[...]), or raise fit.draws."
        )


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)


def posterior_table(fits: list[VariantFit], symbols: tuple[str, ...]) -> pl.DataFrame:
    """The draws: variant, draw, a column a symbol, and the shift of the population that keeps the margins."""
    frames = []
    for found in fits:
        values = found.draws.values
        columns = {symbol: values[:, j] for j, symbol in enumerate(symbols)}
        shifts = {name: found.shifts[:, j] for j, name in enumerate(SHIFTS)}
        draws = {"variant": [found.variant] * len(values), "draw": np.arange(len(values))}
        frames.append(pl.DataFrame({**draws, **columns, **shifts}))
    return pl.concat(frames)


def identification_table(fits: list[VariantFit]) -> pl.DataFrame:
    """A row a variant and parameter: prior and posterior, contraction, and the posterior's quantiles as those of the prior."""
    rows = []
    for found in fits:
        for j, row in enumerate(found.rows):
            u, weights = found.posterior.u[:, j], found.posterior.weights
            places = {name: weighted_quantile(u, weights, level) for name, level in QUANTILES.items()}
            grade = parameters.entry(row.symbol).grade
            rows.append({"variant": found.variant, **asdict(row), "identified": row.identified, "grade": grade, **places})
    return pl.DataFrame(rows)


def predictive_table(fits: list[VariantFit], targets: tuple[Goal, ...]) -> pl.DataFrame:
    """A row a variant and statistic: target, tolerance, bands of what the draws simulate.

    inside: the target lies in the 80 % band, or the median within the tolerance; null where draws gave no number.
    """
    rows: list[dict[str, Any]] = []
    for found in fits:
        for goal in targets:
            values = found.statistics[goal.statistic]
            fine = values[np.isfinite(values)]
            bands: dict[str, float | None] = dict.fromkeys(LEVELS)
            inside = None
            if fine.size:
                bands = {name: float(np.quantile(fine, level)) for name, level in LEVELS.items()}
                low, high, median = bands["low80"], bands["high80"], bands["median"]
                assert low is not None and high is not None and median is not None
                inside = low <= goal.target <= high or abs(median - goal.target) <= goal.tolerance
            reason = None if fine.size else "no draw gave a number"
            rows.append(
                {"variant": found.variant, **asdict(goal), **bands, "draws": fine.size, "inside": inside, "reason": reason}
            )
    return pl.DataFrame(rows, infer_schema_length=None)


def statistics_table(fits: list[VariantFit], targets: tuple[Goal, ...]) -> pl.DataFrame:
    """A row a variant and draw: the statistics that it simulates."""
    frames = []
    for found in fits:
        columns = {goal.statistic: found.statistics[goal.statistic] for goal in targets}
        n = len(found.draws.u)
        frames.append(pl.DataFrame({"variant": [found.variant] * n, "draw": np.arange(n), **columns}))
    return pl.concat(frames).fill_nan(None)


def weighted_quantile(x: Floats, weights: Floats, level: float) -> float:
    """Smallest x at or below which the share `level` of the weights lies."""
    order = np.argsort(x, kind="stable")
    reached = np.cumsum(weights[order])
    return float(x[order][min(int(np.searchsorted(reached, level * reached[-1])), len(x) - 1)])


def summary_of(
    scenario: Scenario, keys: FitKeys, symbols: tuple[str, ...], fits: list[VariantFit], tables: dict[str, pl.DataFrame]
) -> dict[str, Any]:
    """The content of summary.json, without sentences."""
    return {
        "schema": 1,
        "command": "fit",
        "seed": scenario.seed,
        "symbols": list(symbols),
        "patterns_fitted": list(keys.patterns),
        "effort": asdict(keys.fit),
        "variants": {found.variant: variant_summary(found) for found in fits},
        "patterns": tables["predictive"].to_dicts(),
        "posterior_sha256": draws_hash(tables["posterior"]),
        "committed": keys.commit,
        "reasons": {},
    }


def variant_summary(found: VariantFit) -> dict[str, Any]:
    """What a variant's fit came to."""
    return {
        "course": asdict(found.posterior.course),
        "identified": [row.symbol for row in found.rows if row.identified],
        "not_identified": [row.symbol for row in found.rows if not row.identified],
        "parameters": [asdict(row) | {"identified": row.identified} for row in found.rows],
        "draws": len(found.draws.u),
        "put_aside": found.put_aside,
    }
