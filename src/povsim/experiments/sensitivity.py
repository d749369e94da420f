"""`povsim sensitivity`: which parameters a contrast rests on, where it changes its sign, and what would be worth knowing.

Screening over all parameters, then Sobol's indices over those that moved the contrast most; the points of the second design
also say where the first arm beats the second, and what it would be worth to know each parameter before choosing between them.
Parameters that were screened out stay at their values there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np
import polars as pl

from povsim import parameters
from povsim.config import Scenario
from povsim.config.sensitivity import Sensitivity, sensitivity_from
from povsim.draws import DrawKey
from povsim.errors import PovsimError
from povsim.experiments import discovery
from povsim.experiments.design_points import (
    HIGHEST,
    LOWEST,
    STEP,
    STEP_OF_MARGINS,
    Lived,
    Question,
    count_of_margins,
    live,
)
from povsim.experiments.executor import Executor, Progress
from povsim.experiments.found import Found
from povsim.experiments.parameter_draws import drawn_symbols
from povsim.experiments.sensitivity_indices import Index, morris, morris_design, ranked, sobol, sobol_design
from povsim.experiments.value_of_information import value_of_information

DESIGNS: Final = 900_000
"""Replicate of the keys of designs: no sample has this number."""


def keys_of(scenario: Scenario) -> Sensitivity:
    """The command's own keys, from the scenario that carries them."""
    return sensitivity_from(json.loads(scenario.own))


def symbols_of(scenario: Scenario, keys: Sensitivity) -> tuple[str, ...]:
    """Parameters that are asked about."""
    possible = drawn_symbols(scenario)
    return tuple(possible) if keys.among is None else tuple(s for s in possible if s in keys.among)


def fail_if_it_cannot_be_asked(scenario: Scenario) -> None:
    """Arms that are not run, and keys of a comparison that this command does not read."""
    keys = keys_of(scenario)
    for name in keys.contrast:
        if name not in scenario.arm_names:
            raise PovsimError(
                f"contrast: there is no arm '{name}' here. Known: {', '.join(scenario.arm_names)}. Define others under "
                "arm_definitions and name them in arms."
            )
    by_name = {arm.name: arm for arm in scenario.arms}
    for name in keys.contrast:
        of = by_name[name].of
        if of is not None and of not in by_name:
            raise PovsimError(f"contrast: '{name}' costs what '{of}' costs, which is not among the arms. Add it to arms.")
    given = {by_name[name].cooperative for name in keys.contrast} - {None}
    if len(given) > 1:
        raise PovsimError(
            f"contrast: {' and '.join(keys.contrast)} have cooperatives of different scenarios. Give two arms with one "
            "scenario, or one of them without new cooperatives."
        )
    for key in ("futures", "assumptions", "ledger", "break_even", "checkpoints", "branch_from"):
        if getattr(scenario, key):
            raise PovsimError(f"{key} is not for povsim sensitivity, which lives many sets of parameters. Leave it out.")
    if scenario.uncertainty != "point":
        raise PovsimError("uncertainty: povsim sensitivity varies the parameters over their priors by itself. Leave it out.")
    if len(symbols_of(scenario, keys)) < 2:
        raise PovsimError("among: fewer than two of these parameters are left to vary, as the run sets the others. Add some.")


def run(scenario: Scenario, progress: Progress) -> Found:
    """Screen, take apart, look for a box and value what could be known; per variant. Raises PovsimError where the points of
    a variant say nothing."""
    began = time.perf_counter()
    keys = keys_of(scenario)
    symbols = symbols_of(scenario, keys)
    key = DrawKey(scenario.seed, DESIGNS)
    failures: list[str] = []
    variants: dict[str, Any] = {}
    rows: list[pl.DataFrame] = []
    first = morris_design(symbols, keys.trajectories, key)
    kept = min(keys.keep, len(symbols))
    with Executor.of(scenario) as executor:
        for variant in scenario.variants:
            question = Question(scenario, variant, keys.contrast, keys.outcome, symbols)
            steps = STEP * len(first) + STEP_OF_MARGINS * count_of_margins(question, first)
            with progress(f"Screening {len(symbols)} parameters, {variant}", steps) as bar:
                screened = live(question, first, executor, bar.advance, failures)
            screening = _or_fail(lambda q=screened: morris(symbols, first, q.values, keys.resamples, key), variant, failures)
            chosen = tuple(one.symbol for one in screening.mu_star[:kept])
            narrower = Question(scenario, variant, keys.contrast, keys.outcome, chosen)
            second = sobol_design(chosen, keys.base_samples, key)
            steps = STEP * len(second) + STEP_OF_MARGINS * count_of_margins(narrower, second)
            with progress(f"Taking the contrast apart, {variant}", steps) as bar:
                lived = live(narrower, second, executor, bar.advance, failures)
            variants[variant] = {
                "screening": {
                    "trajectories": screening.trajectories,
                    "points": len(first),
                    "margins_held": int(screened.held.sum()),
                    "mu_star": [_row(i, sigma=screening.sigma[i.symbol], mu=screening.mu[i.symbol]) for i in screening.mu_star],
                    "kept": list(chosen),
                    "as_large": _as_large(screening.mu_star, kept),
                },
                **_second(narrower, lived, keys, key),
            }
            rows += [_points(variant, "screening", question, screened), _points(variant, "sobol", narrower, lived)]
        found = executor.found
    summary = {
        "command": "sensitivity",
        "schema": 1,
        "seed": scenario.seed,
        "replicates": scenario.replicates,
        "horizon_months": scenario.horizon_months,
        "definition": {"b": scenario.exit.b, "W": scenario.exit.W, "window": list(scenario.window)},
        "population": {
            "kind": scenario.population.kind,
            "villages": scenario.population.villages,
            "households_per_village": scenario.population.households_per_village,
            "provinces": list(scenario.population.provinces or ()) or None,
        },
        "scenario": {"cooperative": scenario.cooperative, "equal_money": scenario.equal_money},
        "targets": [name for name in keys.contrast if name in scenario.targets()],
        "contrast": {"arm": keys.contrast[0], "against": keys.contrast[1], "group": "structural", "outcome": keys.outcome},
        "quantiles": [LOWEST, HIGHEST],
        "parameters": len(symbols),
        "variants": variants,
        "reasons": {},
        "notes": [],
    }
    tables = {"points": pl.concat(rows), "indices": _indices(variants)}
    return Found(summary, tables, failures, {"lived_s": time.perf_counter() - began}, found)


def _second(question: Question, lived: Lived, keys: Sensitivity, key: DrawKey) -> dict[str, Any]:
    """What the points of the second design say."""
    symbols = question.symbols
    known = lived.known
    # the first and the last point of a row of the design share nothing; those between repeat their coordinates
    place = np.arange(len(lived.points)) % (len(symbols) + 2)
    alone = known & lived.held & ((place == 0) | (place == len(symbols) + 1))
    gain, points = lived.values[alone], lived.points[alone]
    rows = (np.arange(len(lived.points)) // (len(symbols) + 2))[alone]
    out: dict[str, Any] = {
        "points": len(lived.points),
        "lived": int(known.sum()),
        "margins_held": int(lived.held.sum()),
        "independent": int(alone.sum()),
        "mean": float(gain.mean()) if gain.size else None,
        "share_positive": float((gain > 0).mean()) if gain.size else None,
        "sobol": None,
        "value": None,
        "reasons": {},
    }
    try:
        indices = sobol(symbols, lived.values, keys.resamples, key)
        out["sobol"] = {
            "first": [_row(i) for i in indices.first],
            "total": [_row(i) for i in indices.total],
            "sd": float(np.sqrt(indices.variance)),
            "base": indices.base,
        }
    except ValueError as reason:
        out["reasons"]["sobol"] = str(reason)
    values = np.array([list(question.values(point).values()) for point in points]).reshape(-1, len(symbols))
    out["discovery"] = discovery.box_of(symbols, values, gain)
    try:
        out["value"] = _values(symbols, points, gain, rows, keys, key)
    except ValueError as reason:
        out["reasons"]["value"] = str(reason)
    return out


def _values(
    symbols: Sequence[str], points: np.ndarray, gain: np.ndarray, rows: np.ndarray, keys: Sensitivity, key: DrawKey
) -> dict[str, Any]:
    """EVPPI of each parameter, of each group of the register with two or more of them, and of all."""
    register = parameters.register()
    groups: dict[str, list[str]] = {}
    for symbol in symbols:
        groups.setdefault(register[symbol].group, []).append(symbol)
    several = {group: own for group, own in groups.items() if 1 < len(own) < len(symbols)}
    sets = [*([s] for s in symbols), *several.values(), list(symbols)]
    found = value_of_information(sets, list(symbols), points, gain, rows, keys.resamples, key)
    single = ranked([Index(v.symbols[0], v.value, v.low, v.high) for v in found[: len(symbols)]])
    named = zip(several, found[len(symbols) : -1], strict=True)
    return {
        "unit": "gain of the contrast",
        "parameters": [_row(i) for i in single],
        "groups": [
            {"group": group, "symbols": list(v.symbols), "value": v.value, "low": v.low, "high": v.high} for group, v in named
        ],
        "all": {"symbols": list(found[-1].symbols), "value": found[-1].value, "low": found[-1].low, "high": found[-1].high},
        "better_now": bool(gain.mean() > 0),
    }


def _as_large(found: Sequence[Index], kept: int) -> list[str]:
    """Parameters that were left out though their interval reaches that of the last one kept."""
    return [one.symbol for one in found[kept:] if one.high > 0 and one.high >= found[kept - 1].low]


def _row(index: Index, **more: float) -> dict[str, Any]:
    register = parameters.register()
    return {**asdict(index), "tied": list(index.tied), "grade": register[index.symbol].grade, **more}


def _or_fail(work: Any, variant: str, failures: Sequence[str]) -> Any:
    try:
        return work()
    except ValueError as reason:
        first = f" The first failure: {failures[0]}." if failures else ""
        raise PovsimError(f"Screening of variant {variant} says nothing: {reason}.{first}") from reason


def _points(variant: str, design: str, question: Question, lived: Lived) -> pl.DataFrame:
    count = len(question.symbols)
    order = np.repeat(np.arange(len(lived.points)), count)
    values = np.concatenate([list(question.values(point).values()) for point in lived.points])
    return pl.DataFrame({
        "variant": [variant] * order.size,
        "design": [design] * order.size,
        "point": order,
        "symbol": list(question.symbols) * len(lived.points),
        "quantile": (LOWEST + (HIGHEST - LOWEST) * lived.points).ravel(),
        "value": values,
        "contrast": np.repeat(lived.values, count),
        "margins_held": np.repeat(lived.held, count),
    }).with_columns(pl.col("contrast").fill_nan(None))  # fmt: skip


def _indices(variants: dict[str, Any]) -> pl.DataFrame:
    rows = []
    for variant, block in variants.items():
        parts = {"mu_star": block["screening"]["mu_star"]}
        parts |= {name: block["sobol"][name] for name in ("first", "total")} if block["sobol"] else {}
        parts |= {"evppi": block["value"]["parameters"]} if block["value"] else {}
        for name, found in parts.items():
            rows += [
                {
                    "variant": variant, "index": name, "symbol": one["symbol"], "grade": one["grade"], "value": one["value"],
                    "low95": one["low"], "high95": one["high"], "rank": one["rank"],
                }
                for one in found
            ]  # fmt: skip
    return pl.DataFrame(rows)
