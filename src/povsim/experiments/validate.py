"""All patterns against what was published: simulated as the publications saw them, with bands over draws of the posterior.

F2 to F10 and F13 to F16 on a small national sample a draw; F1, F11 and F12 on one large sample of the most central draw; V1
to V5 as trials, once the hash of the draws is committed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor as Pool
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from povsim.config import Scenario
from povsim.config.shift import NO_SHIFT
from povsim.config.validate import FITTED, SHOWN, Validate
from povsim.experiments.executor import Advance, Executor, Job, Progress
from povsim.experiments.found import Found
from povsim.experiments.patterns.large import BYTES_A_HOUSEHOLD, large_sample
from povsim.experiments.patterns.lives import Size
from povsim.experiments.patterns.nation import FIRST_YEAR, WITHIN, march_headcounts
from povsim.experiments.patterns.posterior import Draw, central, draws_of, file_of, sealed
from povsim.experiments.patterns.recipes import RECIPES, simulate
from povsim.experiments.patterns.targets import Band, Part, band_of, fitted_parts, inside, shown_parts

LARGE = ("F1", "F11", "F12")
DYNAMIC = ("F3", "F4", "F5", "F6", "F7", "F9", "F13", "F14")
DISTRICTS = 514
NO_DRAWS = "point values only: no draws of a posterior were given"
ONE_SAMPLE = "one large sample at the register's values is lived, which the population was fitted with"
BY_YEAR = "share of years of the mean path; the band of each year stands in the table headcounts"
NOT_SEALED = "not lived: the hash of these draws is not committed, and V1 to V5 are first lived after it is"
NOT_ASKED = "not lived: validate.shown is 0"


@dataclass
class _Lived:
    """Statistics of one variant: of each draw on the small sample, of the large one at the register's values, which the
    population was fitted with, and at the most central draw, and of each trial."""

    small: list[dict[str, float]] = field(default_factory=list)
    large: list[dict[str, float]] = field(default_factory=list)
    large_drawn: list[dict[str, float]] = field(default_factory=list)
    trials: list[dict[str, float | None]] = field(default_factory=list)


def run(scenario: Scenario, keys: Validate, progress: Progress) -> Found:
    """Simulate the patterns asked for. Raises PovsimError for draws that cannot be used."""
    path = file_of(keys.posterior)
    wanted = keys.sizes.draws if path is not None else 0
    draws = {v: draws_of(path, v, wanted) if path is not None and wanted else [] for v in scenario.variants}
    fit_for_trials = path is not None and wanted > 0 and sealed(path)
    jobs: list[tuple[str, str, Job]] = []
    for variant in scenario.variants:
        jobs += _jobs(scenario, keys, variant, draws[variant], fit_for_trials)
    began = time.perf_counter()
    failures: list[str] = []
    lived = {variant: _Lived() for variant in scenario.variants}
    with Executor.of(scenario) as executor:
        _live(executor, jobs, progress, failures, lived)
        found = executor.found
    done = time.perf_counter()
    summary = _summary(scenario, keys, lived, bool(wanted), fit_for_trials)
    tables = {"patterns": pl.DataFrame(_plain_rows(summary)), "headcounts": _headcounts(lived, bool(wanted))}
    return Found(summary, tables, failures, {"lived_s": done - began, "tables_s": time.perf_counter() - done}, found)


def _live(
    executor: Executor, jobs: Sequence[tuple[str, str, Job]], progress: Progress, failures: list[str], lived: dict[str, _Lived]
) -> None:
    steps = sum(job.size for _, _, job in jobs)
    with progress("Simulating the patterns (compiling first, if this is the first run)", steps) as bar:
        advance: Advance = bar.advance
        for large in (False, True):  # the large samples last, one at a time in memory where they are many
            chosen = [entry for entry in jobs if entry[1].startswith("large") == large]
            results = executor.map([job for _, _, job in chosen], advance, failures)
            for (variant, kind, _), result in zip(chosen, results, strict=True):
                if result is not None:
                    getattr(lived[variant], kind).append(result)


def _jobs(scenario: Scenario, keys: Validate, variant: str, draws: list[Draw], trials: bool) -> list[tuple[str, str, Job]]:
    """(variant, kind, job) of everything that is to be lived."""
    sizes, asked = keys.sizes, keys.patterns
    given = scenario.overrides()
    used = draws or [Draw({}, NO_SHIFT)] * sizes.samples
    used = [Draw({**draw.values, **given}, draw.shift) for draw in used]
    small = tuple(name for name in asked if name in RECIPES)
    out: list[tuple[str, str, Job]] = []
    size = Size(sizes.villages, sizes.households, scenario.burn_in_months)
    if small:
        for number, draw in enumerate(used):
            args = (variant, dict(draw.values), draw.shift, scenario.seed, number, size, small)
            out.append((variant, "small", Job(f"variant {variant}, draw {number}", small_sample, args)))
    if any(name in LARGE for name in asked):
        memory = float(BYTES_A_HOUSEHOLD * DISTRICTS * sizes.per_district * sizes.of_each)
        share = DISTRICTS * sizes.per_district * sizes.of_each / (10.0 * sizes.villages * sizes.households)
        for kind, draw in (("large", Draw(given, NO_SHIFT)), *([("large_drawn", central(used))] if draws else [])):
            of = (variant, dict(draw.values), draw.shift, sizes.per_district, sizes.of_each, scenario.burn_in_months)
            out.append((variant, kind, Job(f"variant {variant}, every district", large_sample, of, share, memory)))
    shown = tuple(name for name in asked if name in SHOWN)
    if shown and trials:
        population = replace(scenario.population, villages=sizes.shown_villages)
        for number, draw in enumerate(used[: sizes.shown]):
            own = tuple(sorted(draw.values.items()))
            drawn = tuple(sorted(symbol for symbol in draw.values if symbol not in given))
            here = replace(scenario.lived(), population=population, parameters=own, drawn=drawn, shift=draw.shift)
            job = Job(f"variant {variant}, trials of draw {number}", trials_of, (here, variant, number, shown), 3.0)
            out.append((variant, "trials", job))
    return out


def small_sample(
    variant: str, values: dict[str, float], shift: Any, seed: int, number: int, size: Size, patterns: tuple[str, ...],
    *, pool: Pool | None, threads: int,
) -> dict[str, float]:  # fmt: skip
    """Work of a job: the patterns of one draw."""
    return simulate(variant, values, shift, seed=seed, number=number, size=size, patterns=patterns, pool=pool, threads=threads)


def trials_of(
    scenario: Scenario, variant: str, number: int, patterns: tuple[str, ...], *, pool: Pool | None, threads: int
) -> dict[str, float | None]:
    """Work of a job: V1 to V5 of one draw, as trials inside the model."""
    from povsim.experiments.replicate import burn_in
    from povsim.experiments.shown import shown

    replicate = burn_in(scenario, variant, number, pool, threads)
    out: dict[str, float | None] = {}
    for pattern in patterns:
        found = shown(pattern, scenario, variant, number, replicate=replicate, pool=pool, threads=threads)
        out |= {f"{pattern}_{quantity}": value for quantity, value in found.items()}
    return out


def _summary(scenario: Scenario, keys: Validate, lived: Mapping[str, _Lived], drawn: bool, trials: bool) -> dict[str, Any]:
    parts: dict[str, list[Part]] = {}
    for part in fitted_parts():
        parts.setdefault(part.pattern, []).append(part)
    parts |= {name: shown_parts(name) for name in keys.patterns if name in SHOWN}
    rows = []
    for pattern in keys.patterns:
        for variant in scenario.variants:
            bands = [(part, _band(part, lived[variant], drawn, trials, keys)) for part in parts[pattern]]
            rows.append(row_of(pattern, variant, bands))
    dynamic = {
        variant: [sum(bool(r["inside"]) for r in rows if r["variant"] == variant and r["pattern"] in DYNAMIC),
                  sum(r["variant"] == variant and r["pattern"] in DYNAMIC for r in rows)]
        for variant in scenario.variants
    }  # fmt: skip
    return {
        "schema": 1, "command": "validate", "patterns": rows, "dynamic_inside": dynamic, "seed": scenario.seed,
        "draws": keys.sizes.draws if drawn else 0, "samples": 0 if drawn else keys.sizes.samples,
        "variants": list(scenario.variants), "trials": trials and keys.sizes.shown > 0,
        "population": {"villages": keys.sizes.villages, "households_per_village": keys.sizes.households},
        "at_central_draw": {variant: one.large_drawn[0] for variant, one in lived.items() if one.large_drawn},
        "reasons": {} if drawn else {"low80": NO_DRAWS, "high80": NO_DRAWS},
    }  # fmt: skip


def _band(part: Part, lived: _Lived, drawn: bool, trials: bool, keys: Validate) -> Band:
    if part.pattern in SHOWN:
        reason = NOT_SEALED if not trials else NOT_ASKED if keys.sizes.shown == 0 else ""
        return band_of([found.get(part.statistic) for found in lived.trials], drawn, reason)
    if part.pattern in LARGE:
        return band_of([found.get(part.statistic) for found in lived.large], False, ONE_SAMPLE)
    if part.statistic == "F13":
        return Band(mean_path(lived.small), None, None, None, None, BY_YEAR)
    return band_of([found.get(part.statistic) for found in lived.small], drawn, "" if drawn else NO_DRAWS)


def mean_path(found: Sequence[Mapping[str, float]]) -> float | None:
    """F13: share of the published years in which the mean headcount over draws is met; None without a draw.

    A path of a single small sample strays by half a point through chance alone.
    """
    published = {year: known for year, known in march_headcounts().items() if year != FIRST_YEAR}
    paths = np.array([[statistics[f"F13_{year}"] for year in published] for statistics in found if "F13_fall" in statistics])
    if not paths.size:
        return None
    return float((np.abs(np.nanmean(paths, axis=0) - np.array(list(published.values()))) <= WITHIN).mean())


def row_of(pattern: str, variant: str, bands: Sequence[tuple[Part, Band]]) -> dict[str, Any]:
    """The row of a pattern and variant: figures of its part that is farthest off, `inside` where all parts are, and `parts`."""
    verdicts = [inside(part, band) for part, band in bands]
    outside = [k for k, verdict in enumerate(verdicts) if not verdict]
    farthest = max(outside or range(len(bands)), key=lambda k: (bands[k][0].off(bands[k][1].mean), -k))
    part, band = bands[farthest]
    known = None if any(verdict is None for verdict in verdicts) else all(bool(verdict) for verdict in verdicts)
    head = {"pattern": pattern, "variant": variant, **_figures(part, band), "inside": known}
    head |= {"fitted": part.fitted, "source": part.source, "grade": part.grade, "note": part.note}
    every = [{**_figures(p, b), "inside": verdict, "source": p.source, "grade": p.grade, "note": p.note}
             for (p, b), verdict in zip(bands, verdicts, strict=True)]  # fmt: skip
    return head | {"verdict": verdict_of(known, part, band), "parts": every}


def _figures(part: Part, band: Band) -> dict[str, Any]:
    blank = ["simulated"] if band.mean is None else []
    blank += ["low80", "high80", "low95", "high95"] if band.low80 is None else []
    reasons: dict[str, str] = dict.fromkeys(blank, band.reason or "")
    for key, value in (("target", part.target), ("tolerance", part.tolerance)):
        if value is None:
            reasons[key] = "the source gives a direction alone"
    return {
        "part": part.part, "unit": part.unit, "target": part.target, "tolerance": part.tolerance, "low": part.low,
        "high": part.high, "simulated": band.mean, "low80": band.low80, "high80": band.high80, "low95": band.low95,
        "high95": band.high95, "reasons": reasons,
    }  # fmt: skip


def verdict_of(known: bool | None, part: Part, band: Band) -> str:
    """`within` the tolerance, `in_band` (the target in the 80 % band alone), `outside`, `not_lived`."""
    if known is None:
        return "not_lived"
    if not known:
        return "outside"
    return "within" if band.mean is not None and part.within(band.mean) else "in_band"


def _plain_rows(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row a part, for the table."""
    out = []
    for row in summary["patterns"]:
        for part in row["parts"]:
            figures = {key: value for key, value in part.items() if key != "reasons"}
            reason = "; ".join(dict.fromkeys(part["reasons"].values()))
            out.append(
                {"pattern": row["pattern"], "variant": row["variant"], **figures, "fitted": row["fitted"], "reason": reason}
            )
    return out


def _headcounts(lived: Mapping[str, _Lived], drawn: bool) -> pl.DataFrame:
    """F13 year by year: published headcount, simulated mean and 80 % band, percent of persons."""
    rows = []
    for variant, found in lived.items():
        for year, published in march_headcounts().items():
            values = [s[f"F13_{year}"] for s in found.small if f"F13_{year}" in s and math.isfinite(s[f"F13_{year}"])]
            if values:
                band = band_of(values, drawn, "")
                ends = [None if x is None else 100 * x for x in (band.mean, band.low80, band.high80)]
                rows.append({"variant": variant, "year": year, "published": 100 * published, "simulated": ends[0],
                             "low80": ends[1], "high80": ends[2]})  # fmt: skip
    schema = {"variant": pl.String, "year": pl.Int64, "published": pl.Float64, "simulated": pl.Float64, "low80": pl.Float64,
              "high80": pl.Float64}  # fmt: skip
    return pl.DataFrame(rows, schema=schema)


__all__ = ["FITTED", "Found", "row_of", "run", "small_sample", "trials_of", "verdict_of"]
