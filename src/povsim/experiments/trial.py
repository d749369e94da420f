"""`povsim trial`: a programme as a randomised trial inside the model, with the truth beside what the trial finds."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor as Pool
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from scipy.special import stdtrit

from povsim.config import Scenario
from povsim.config.trial import Trial, trial_from
from povsim.errors import PovsimError
from povsim.experiments import uncertain
from povsim.experiments.executor import Executor, Job, Progress
from povsim.experiments.found import Found
from povsim.experiments.parameter_draws import ParameterDraw, lived_with
from povsim.experiments.runs import Source, replicate_of
from povsim.experiments.trial_effects import OF_QUANTILES, effects, quantile_effects
from povsim.experiments.trial_lived import SHARES, Lived, live_trial

KEY = ("variant", "group", "month", "outcome", "treatment")


def trial_of(scenario: Scenario) -> Trial:
    """The trial of a scenario: the keys of the command alone."""
    return trial_from(json.loads(scenario.own))


def run(scenario: Scenario, progress: Progress) -> Found:
    """Live the trial in every variant and replicate; where parameters are drawn, a replicate lives with one of the draws.

    Raises PovsimError where every replicate of a variant failed.
    """
    trial, began = trial_of(scenario), time.perf_counter()
    failures: list[str] = []
    lived: dict[str, list[dict[str, Any]]] = {}
    draws: dict[str, list[ParameterDraw]] = {}
    replicates = max(scenario.replicates, scenario.n_draws or 0)
    steps = len(scenario.variants) * (replicates + (scenario.uncertainty == "prior") * (scenario.n_draws or 0))
    with (
        Executor.of(scenario) as executor,
        progress("Living the trial (compiling first, if this is the first run)", steps) as bar,
    ):
        for variant in scenario.variants:
            drawn = draws[variant] = uncertain.draws_of(scenario, variant, executor, bar.advance, failures)
            worlds = [lived_with(scenario, draw, variant) for draw in drawn] or [scenario]
            sources = [Source.of(worlds[number % len(worlds)], variant, number) for number in range(replicates)]
            jobs = [Job(source.name, live_one, (source, trial, scenario.payer)) for source in sources]
            found = [one for one in executor.map(jobs, bar.advance, failures) if one is not None]
            fail_if_nothing_was_lived(variant, found, failures)
            lived[variant] = found
        kept = executor.found
    done = time.perf_counter()
    summary, tables = collect(scenario, trial, lived, draws)
    return Found(summary, tables, failures, {"lived_s": done - began, "tables_s": time.perf_counter() - done}, kept)


def fail_if_nothing_was_lived(variant: str, found: Sequence[Any], failures: Sequence[str]) -> None:
    """Every replicate of a variant failed."""
    if not found:
        raise PovsimError(
            f"Every replicate of variant {variant} failed. The first reason: {failures[0] if failures else 'none'}."
        )


def live_one(source: Source, trial: Trial, payer: str, *, pool: Pool | None, threads: int) -> dict[str, Any]:
    """Work of a job: one replicate, reduced to rows. Raises PovsimError where an arm has nobody."""
    scenario = replace(source.scenario, payer=payer)
    lived = live_trial(replicate_of(source, pool, threads), scenario, source.variant, trial, pool, threads)
    fail_if_an_arm_is_empty(lived)
    return {
        "number": source.number,
        "arms": arms_of(lived),
        "effects": effects(lived),
        "quantiles": quantile_effects(lived),
    }


def fail_if_an_arm_is_empty(lived: Lived) -> None:
    """An arm without a unit has no effect."""
    for k, name in enumerate(["control", *(t.name for t in lived.trial.treatments)]):
        if not (lived.arm == k).any():
            raise PovsimError(
                f"The lot left nobody in arm {name}: {np.unique(lived.unit).size} units ({lived.trial.unit}) may be treated. "
                "Widen eligible.rule, raise population.villages, or leave out strata."
            )


def arms_of(lived: Lived) -> list[dict[str, Any]]:
    """A row an arm: units, households, met in the last wave, and what they were before the lot (balance)."""
    rows = []
    for k, name in enumerate(["control", *(t.name for t in lived.trial.treatments)]):
        who = lived.arm == k
        met = who & lived.there[-1] & lived.met[-1]
        rows.append({
            "treatment": name, "units": int(np.unique(lived.unit[who]).size), "households": int(who.sum()),
            "villages": int(np.unique(lived.village[who]).size), "met_last": int(met.sum()),
            "consumption_before": float(np.average(lived.before[who], weights=lived.weight[who])),
            "structurally_poor_before": float(np.average(lived.structural[who], weights=lived.weight[who])),
        })  # fmt: skip
    return rows


def collect(
    scenario: Scenario,
    trial: Trial,
    lived: Mapping[str, Sequence[dict[str, Any]]],
    draws: Mapping[str, Sequence[ParameterDraw]],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Summary and tables of all replicates."""
    ahead = {variant: len(found) for variant, found in draws.items()} if scenario.n_draws is not None else {}
    tables = {
        name: _frame(
            {"variant": variant, "replicate": one["number"], **row}
            for variant, found in lived.items()
            for one in found
            for row in one[name]
        )
        for name in ("effects", "quantiles", "arms")
    }
    over = [_over(key, rows, trial.level, ahead.get(key["variant"], 0)) for key, rows in _grouped(tables["effects"])]
    tables["effects_mean"] = _frame(over)
    last = trial.waves[-1]
    summary = {
        "schema": 1, "command": "trial", "seed": scenario.seed,
        "replicates": max(len(found) for found in lived.values()),
        "uncertainty": {"source": scenario.uncertainty, "draws": ahead} if ahead else None,
        "population": {
            "kind": scenario.population.kind, "villages": scenario.population.villages,
            "households_per_village": scenario.population.households_per_village,
        },
        "economy": scenario.economy.kind,
        "variants": {variant: {"contrasts": _contrasts(over, variant, trial)} for variant in lived},
        "trial": trial.plain(), "months": last,
        "clusters_are": trial.unit, "shares": list(SHARES),
        "effects": [row for row in over if row["group"] == "all"],
        "groups": [row for row in over if row["group"] != "all" and row["month"] == last],
        "quantiles": _quantiles_over(tables["quantiles"]),
        "arms": tables["arms"].to_dicts(),
        "coverage": _coverage(over),
        "reasons": sorted({f"{row['outcome']}, {row['treatment']}, {row['group']}, month {row['month']}: {row['reason']}"
                           for row in over if row["reason"] is not None}),
    }  # fmt: skip
    return summary, tables


def _contrasts(over: Sequence[dict[str, Any]], variant: str, trial: Trial) -> list[dict[str, Any]]:
    """Effects of the last wave as the contrasts of a comparison: against the control as estimated, and truly against the same
    country without the programme."""
    bounds = ("low", "high") if trial.level == 0.95 else (None, None)
    keys = {"control": ("effect", *bounds), "nobody_treated": ("true", "true_low", "true_high")}
    return [
        {
            "arm": row["treatment"], "against": against, "group": row["group"], "measure": row["outcome"],
            "mean": row[mean], "low95": row.get(low), "high95": row.get(high),
        }
        for row in over
        if row["variant"] == variant and row["month"] == trial.waves[-1]
        for against, (mean, low, high) in keys.items()
    ]  # fmt: skip


def _frame(rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), infer_schema_length=None)


def _grouped(frame: pl.DataFrame) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in frame.iter_rows(named=True):
        found.setdefault(tuple(row[name] for name in KEY), []).append(row)
    return [(dict(zip(KEY, key, strict=True)), rows) for key, rows in found.items()]


def _over(key: dict[str, Any], rows: Sequence[dict[str, Any]], level: float, draws: int) -> dict[str, Any]:
    """Means over replicates, which are trials of their own; the truth with t intervals over them.

    draws: the parameters are drawn so often, replicate k lives with draw k modulo draws, and the interval of the truth is that
    of one more draw (0: they are not drawn).
    """
    known = [row for row in rows if row["effect"] is not None]
    out: dict[str, Any] = dict(key)
    out["replicates"], out["reason"] = len(known), rows[0]["reason"] if not known else None
    out["control_mean"] = _mean(row["control_mean"] for row in known)
    out["effect"] = _mean(row["effect"] for row in known)
    out |= _pooled(known, level)
    out["true"] = _mean(row["true"] for row in rows)
    out["true_low"], out["true_high"] = _interval_of_the_truth([row for row in rows if row["true"] is not None], draws)
    out["spillover"] = _mean(row["spillover"] for row in rows)
    out["covers"] = _mean(float(row["covers"]) for row in known if row["covers"] is not None)
    base = out["control_mean"]
    relative = base is not None and base > 0 and key["outcome"] not in SHARES
    out["percent"] = 100 * out["effect"] / base if relative and out["effect"] is not None else None
    out["true_percent"] = 100 * out["true"] / base if relative and out["true"] is not None else None
    return out


def _pooled(known: Sequence[dict[str, Any]], level: float) -> dict[str, float | None]:
    """se, df and interval of the mean of independent trials: variances added, degrees of freedom by Satterthwaite."""
    if not known:
        return {"se": None, "df": None, "low": None, "high": None}
    variance = np.array([row["se"] for row in known]) ** 2
    total = float(variance.sum())
    parts = variance**2 / np.array([row["df"] for row in known])
    df = total**2 / float(parts.sum()) if total > 0 else float(sum(row["df"] for row in known))
    se, mean = total**0.5 / len(known), float(np.mean([row["effect"] for row in known]))
    half = float(stdtrit(df, 0.5 + level / 2)) * se
    return {"se": se, "df": df, "low": mean - half, "high": mean + half}


def _quantiles_over(frame: pl.DataFrame) -> list[dict[str, Any]]:
    if frame.is_empty():
        return []
    keys = ["variant", "outcome", "month", "treatment", "quantile"]
    means = [pl.col(name).mean() for name in ("control_quantile", "effect", "low", "high", "true")]
    return frame.group_by(keys, maintain_order=True).agg(pl.len().alias("replicates"), *means).to_dicts()


def _coverage(over: Sequence[dict[str, Any]]) -> float | None:
    """Share of intervals of income and consumption, waves after the first and all arms that hold what they aim at."""
    rows = [row for row in over if row["group"] == "all" and row["month"] > 0 and row["outcome"] in OF_QUANTILES]
    return _mean(row["covers"] for row in rows)


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _interval_of_the_truth(
    rows: Sequence[Mapping[str, Any]], draws: int, level: float = 0.95
) -> tuple[float | None, float | None]:
    """t interval of the mean over replicates, or, where parameters are drawn, of one more draw: over the means of the draws."""
    by_draw: dict[int, list[float]] = {}
    for row in rows:
        by_draw.setdefault(row["replicate"] % draws if draws else row["replicate"], []).append(row["true"])
    values = [float(np.mean(own)) for own in by_draw.values()]
    n = len(values)
    if n < 2:
        return None, None
    half = float(stdtrit(n - 1, 0.5 + level / 2) * np.std(values, ddof=1) * np.sqrt(1 / n + (draws > 0)))
    return float(np.mean(values)) - half, float(np.mean(values)) + half
