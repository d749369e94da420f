"""Check of calibration of `povsim fit` on the model itself; writes the tables beside this file.

    python experiments/fit_check/run.py [SIMULATIONS] [FOLDER]

Finished simulations are in the store (outputs/store): a run that was stopped goes on.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from povsim.cli.fit import scenario_of
from povsim.experiments.calibration.abc import Settings, Simulations, distance_of
from povsim.experiments.calibration.identify import LEAST
from povsim.experiments.calibration.problem import LOTS, Problem, simulated, with_errors
from povsim.experiments.calibration.sbc import TRUTHS, Repetitions, left_out, pooled_coverage, table_of
from povsim.experiments.executor import Executor
from povsim.experiments.fitting.goals import goals
from povsim.experiments.fitting.variants import keys_of, problem_of, settings_of, symbols_of

NEAR = 1 / 3
"""Share of the data sets, those nearest to the published targets, that are also looked at alone."""
COLUMNS = {"repetitions": "data_sets", "coverage": "coverage90", "farthest": "outside_band"}


def main(n: int = 450, folder: str | None = None) -> None:
    """Live, fit each by all others, write."""
    scenario = scenario_of({}, ["workers=2"])
    keys = keys_of(scenario)
    symbols, settings = symbols_of(scenario, keys), settings_of(keys)
    parameters: list[dict[str, Any]] = []
    pooled: list[dict[str, Any]] = []
    failures: list[str] = []
    began, done = time.perf_counter(), [0.0]

    def advance(steps: float) -> None:
        done[0] += steps
        total = n * len(scenario.variants)
        print(f"\r{done[0]:.0f} of {total}, {time.perf_counter() - began:.0f} s", end="", file=sys.stderr, flush=True)

    with Executor.of(scenario) as executor:
        for variant in scenario.variants:
            problem = problem_of(scenario, keys, variant, symbols, goals(keys.patterns))
            u, lots = problem.prior.draws(problem.key, n), TRUTHS * LOTS + np.arange(n)
            lived = Simulations(u, simulated(problem, u, lots, executor, advance, failures), lots)
            nearest = near(problem, lived)
            found = left_out(problem, lived, settings, executor)
            which = {"variant": variant}
            rows = parameter_rows(found, nearest)
            parameters += [which | row for row in rows]
            pooled += [which | row for row in pooled_rows(found, nearest, np.array([row["identified"] for row in rows]))]
            print(f"\n{variant}: {len(found.pit)} of {n} simulations have all statistics", file=sys.stderr)
    out = Path(folder) if folder else Path(__file__).parent
    out.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(parameters).write_csv(out / "parameters.csv", float_precision=4)
    pl.DataFrame(pooled).write_csv(out / "pooled.csv", float_precision=4)
    print(f"{time.perf_counter() - began:.0f} s; failures: {failures or 'none'}")


def near(problem: Problem, lived: Simulations) -> NDArray[np.bool_]:
    """Whether each data set that could be fitted is among those nearest to what was published."""
    noisy = with_errors(problem, lived.statistics, lived.lots)
    fine = np.isfinite(noisy).all(axis=1)
    far = distance_of(problem, Settings(), lived.u, noisy)(noisy[fine])
    return np.asarray(far <= np.quantile(far, NEAR))


def parameter_rows(found: Repetitions, nearest: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """A row a parameter. told: share of the data sets whose own contraction is what a fit asks for; a right posterior has a
    mean contraction of about the squared correlation of truth and mean."""
    rows = table_of(found, 1 - 0.05 / len(found.symbols))
    told = (found.contraction >= LEAST).mean(axis=0)
    near_by = [np.corrcoef(found.truth[nearest, j], found.mean[nearest, j])[0, 1] for j in range(len(found.symbols))]
    return [
        {COLUMNS.get(key, key): value for key, value in row.items() if key != "reason"}
        | {"told": float(told[j]), "correlation_squared": row["correlation"] ** 2, "correlation_nearest": float(near_by[j])}
        for j, row in enumerate(rows)
    ]


def pooled_rows(found: Repetitions, nearest: NDArray[np.bool_], identified: NDArray[np.bool_]) -> Iterator[dict[str, Any]]:
    """Coverage over many intervals: all data sets and the nearest, all parameters and those that are identified."""
    for which, rows in (("all", np.ones_like(nearest)), ("nearest", nearest)):
        for of, columns in (("all", np.ones_like(identified)), ("identified", identified)):
            at = np.ix_(rows, columns)
            part = replace(found, low=found.low[at], truth=found.truth[at], high=found.high[at])
            share, error = pooled_coverage(part)
            yield {
                "data_sets": which, "parameters": of, "intervals": part.low.size, "coverage90": share,
                "clustered_se": error, "within_two": abs(share - 0.9) <= 2 * error,
            }  # fmt: skip


if __name__ == "__main__":
    given = sys.argv[1:]
    main(*(int(text) for text in given[:1]), *given[1:2])
